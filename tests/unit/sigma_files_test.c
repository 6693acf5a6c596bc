/* Folders of rules: order, what is passed over, what cannot be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sigma.h"

/* Each test works in an empty folder of its own. */
static int enter(void **state)
{
    char *folder = strdup("/tmp/mailtap-sigma-XXXXXX");
    *state = folder;
    return folder && mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    free(*state);
    return chdir("/") == 0 ? system(command) : -1;
}

static void rule(const char *path, const char *title, const char *more)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file,
            "title: %s\nlogsource: {product: mailtap}\ndetection:\n  s: {user.name: bob}\n"
            "  condition: s\n%s",
            title, more);
    fclose(file);
}

static struct rule_set *load(const char *shipped, const char *added, struct problems *problems)
{
    const char *const one[] = { shipped, NULL }, *const other[] = { added, NULL };
    const struct sigma_options options = { .shipped = one, .added = other };
    struct rule_set *set = sigma_load(&options, problems);
    assert_non_null(set);
    return set;
}

static void expect(const struct problems *problems, const char *expected)
{
    char got[2048] = "";
    FILE *out = fmemopen(got, sizeof got - 1, "w");
    problems_print(problems, out);
    fclose(out);
    assert_string_equal(got, expected);
}

static void order(void **state)
{
    (void)state;
    struct problems problems;
    assert_int_equal(mkdir("rules", 0700) | mkdir("rules/b", 0700) | mkdir("rules/.git", 0700), 0);
    rule("rules/c.yaml", "fourth", "");
    rule("rules/b/z.yml", "third", "");
    rule("rules/b/a.yml", "second", "");
    rule("rules/B.yml", "first", "");
    rule("rules/d.yml.orig", "not a rule", "");
    rule("rules/README.md", "not a rule", "");
    rule("rules/.hidden.yml", "not a rule", "");
    rule("rules/.git/x.yml", "not a rule", "");
    rule("mine.conf", "fifth", ""); /* named: read whatever its ending */
    struct rule_set *set = load("rules/", "mine.conf", &problems);
    expect(&problems, "");
    assert_int_equal(set->count, 5);
    const char *const titles[] = { "first", "second", "third", "fourth", "fifth" };
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(set->rules[i].title, titles[i]);
        assert_int_equal(set->rules[i].shipped, i < 4);
    }
    assert_string_equal(set->rules[1].place.file, "rules/b/a.yml");
    arena_free(set->arena);
}

static void unreadable(void **state)
{
    (void)state;
    struct problems problems;
    assert_int_equal(mkdir("rules", 0700), 0);
    rule("rules/a.yml", "good", "");
    assert_int_equal(mkfifo("rules/fifo.yml", 0600), 0);
    assert_int_equal(symlink("nowhere", "rules/gone.yml"), 0);
    rule("rules/large.yml", "large", "");
    assert_int_equal(truncate("rules/large.yml", 10 * 1024 * 1024), 0);
    struct rule_set *set = load("rules", "missing", &problems);
    expect(&problems, "missing: No such file or directory\n"
                      "rules/fifo.yml: not a file\n"
                      "rules/gone.yml: No such file or directory\n"
                      "rules/large.yml: too large: more than 1 MiB\n");
    assert_int_equal(set->count, 1);
    arena_free(set->arena);
}

/* A folder that is its own member ends at some depth. */
static void circle_of_folders(void **state)
{
    (void)state;
    struct problems problems;
    assert_int_equal(mkdir("rules", 0700), 0);
    assert_int_equal(symlink(".", "rules/again"), 0);
    rule("rules/z.yml", "good", "");
    struct rule_set *set = load("rules", NULL, &problems);
    assert_int_equal(problems.errors, 1);
    assert_non_null(strstr(problems.list[0].text, "nested too deeply"));
    arena_free(set->arena);
}

/* The operator's own tune what is installed, and may not take its ids. */
static void shipped_and_added(void **state)
{
    (void)state;
    struct problems problems;
    const char *id = "id: 6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a01\n";
    rule("shipped.yml", "theirs", id);
    rule("added.yml", "mine", id);
    struct rule_set *set = load("shipped.yml", "added.yml", &problems);
    expect(&problems, "added.yml:6:5: the id \"6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a01\" is taken, by "
                      "shipped.yml line 1\n");
    assert_int_equal(set->count, 1);
    assert_true(set->rules[0].shipped);
    arena_free(set->arena);
    rule("added.yml", "mine", "---\ntuning: [{rule: theirs, disable: true}]\n");
    set = load("shipped.yml", "added.yml", &problems);
    expect(&problems, "");
    assert_true(set->rules[0].disabled && !set->rules[1].disabled);
    arena_free(set->arena);
}

static void empty(void **state)
{
    (void)state;
    struct problems problems;
    assert_int_equal(mkdir("rules", 0700), 0);
    int file = open("rules/a.yml", O_CREAT | O_WRONLY, 0600);
    assert_true(file >= 0);
    close(file);
    struct rule_set *set = load("rules", NULL, &problems);
    expect(&problems, "");
    assert_int_equal(set->count, 0);
    arena_free(set->arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(order, enter, leave),
        cmocka_unit_test_setup_teardown(unreadable, enter, leave),
        cmocka_unit_test_setup_teardown(circle_of_folders, enter, leave),
        cmocka_unit_test_setup_teardown(shipped_and_added, enter, leave),
        cmocka_unit_test_setup_teardown(empty, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
