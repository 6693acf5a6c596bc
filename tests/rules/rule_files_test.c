/* Folders of rules: each malformed file gives exactly the error that its first line announces, and
 * a public collection loads but for what is named as not supported.
 *
 * usage: rule_files_test SOURCE_FOLDER */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sigma.h"

#define EXPECT "# expect: "

static const char *const servers[] = { "192.0.2.1", "198.51.100.0/24", NULL };
static const char *const nothing[] = { NULL };
static const struct placeholder placeholders[] = {
    { "own_networks", "networks.own", servers, false },
    { "mail_servers", "networks.mail_servers", nothing, true },
};

static struct rule_set *load(const char *path, bool foreign, struct problems *problems)
{
    const char *const paths[] = { path, NULL };
    struct sigma_options options = { .added = paths, .foreign = foreign };
    if (!foreign) {
        options.placeholders = placeholders;
        options.placeholder_count = sizeof placeholders / sizeof placeholders[0];
    }
    return sigma_load(&options, problems);
}

static int is_rule(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 4 && strcmp(entry->d_name + len - 4, ".yml") == 0;
}

/* What problems_print() should say of the file, and a newline. */
static void announced(const char *path, char *to, size_t size)
{
    char line[1024] = "";
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, sizeof line, file) || strncmp(line, EXPECT, strlen(EXPECT)) != 0)
        snprintf(line, sizeof line, EXPECT "(nothing: the first line must begin with \"%s\")\n",
                 EXPECT);
    if (file)
        fclose(file);
    snprintf(to, size, "%s:%s", path, line + strlen(EXPECT));
}

static bool same(const struct problems *problems, const char *expected, const char *what)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        abort();
    problems_print(problems, out);
    fclose(out);
    bool good = strcmp(text, expected) == 0;
    if (!good)
        printf("FAIL %s\n  expected %s  got      %s", what, expected, len > 0 ? text : "nothing\n");
    free(text);
    return good;
}

/* Each file by itself, then the folder: its errors are theirs, one after the other. */
static bool malformed(const char *folder)
{
    struct dirent **entries;
    char all[64 * 1024] = "", path[512], expected[1600];
    struct problems problems;
    bool good = true;
    int count = scandir(folder, &entries, is_rule, alphasort);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        announced(path, expected, sizeof expected);
        struct rule_set *set = load(path, false, &problems);
        good &= set && same(&problems, expected, path);
        if (set)
            arena_free(set->arena);
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s", expected);
        free(entries[i]);
    }
    free(entries);
    struct rule_set *set = load(folder, false, &problems);
    good &= set && same(&problems, all, folder);
    if (set)
        arena_free(set->arena);
    printf("%d malformed files\n", count);
    return good && count > 0;
}

/* Others' rules: what is wrong with one must be that something is not supported. */
static bool sample(const char *folder)
{
    struct problems problems;
    struct rule_set *set = load(folder, true, &problems);
    bool good = set != NULL;
    for (size_t i = 0; set && i < problems.count; i++) {
        if (problems.list[i].kind == PROBLEM_ERROR &&
            !strstr(problems.list[i].text, "not supported"))
            good = false;
    }
    if (set) {
        printf("%zu public rules load, %zu errors name what is not supported\n", set->count,
               problems.errors);
        if (!good || problems.errors > 0)
            problems_print(&problems, stdout);
        arena_free(set->arena);
    }
    return good;
}

static bool extract(const char *archive, char *folder)
{
    char command[1200];
    FILE *file = fopen(archive, "r");
    if (!file)
        return false;
    fclose(file);
    if (!mkdtemp(folder))
        return false;
    snprintf(command, sizeof command, "tar -xzf '%s' -C '%s'", archive, folder);
    return system(command) == 0;
}

int main(int argc, char **argv)
{
    char archive[512], scratch[] = "/tmp/mailtap-rules-XXXXXX", command[600];
    const char *schemas = getenv("MAILTAP_SCHEMAS");
    /* Errors name files: from there, they have the same names everywhere. */
    if (argc != 2 || chdir(argv[1]) != 0)
        return 2;
    bool good = malformed("tests/rules/malformed");
    snprintf(archive, sizeof archive, "%s/sigma-sample.tar.gz",
             schemas ? schemas : "../shared/schemas");
    if (extract(archive, scratch)) {
        good &= sample(scratch);
        snprintf(command, sizeof command, "rm -rf '%s'", scratch);
        good &= system(command) == 0;
    } else {
        printf("no public sample on this machine: left out\n");
    }
    printf(good ? "ok\n" : "FAIL\n");
    return good ? 0 : 1;
}
