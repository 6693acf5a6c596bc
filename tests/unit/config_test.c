/* The option table, the YAML file and the command line: what is accepted, and each complaint in its
 * exact words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_options.h"
#include "redis_url.h"

/* Runs config_parse() on words separated by "|", over a YAML file if `yaml` is given (then the
 * words "-c FILE" come first). */
struct parsed {
    struct config config;
    struct config_outcome outcome;
    char path[32];
    char *words[32], *out, *err;
    int count;
};

static void parse(struct parsed *parsed, const char *yaml, size_t yaml_len, const char *words)
{
    size_t size;
    *parsed = (struct parsed){ .path = "/tmp/mailtap-conf-XXXXXX" };
    parsed->words[parsed->count++] = strdup("mailtap");
    if (yaml) {
        int file = mkstemp(parsed->path);
        assert_true(file >= 0);
        assert_int_equal(write(file, yaml, yaml_len), yaml_len);
        close(file);
        parsed->words[parsed->count++] = strdup("-c");
        parsed->words[parsed->count++] = strdup(parsed->path);
    }
    for (const char *at = words; *at; at += strspn(at, "|")) {
        size_t len = strcspn(at, "|");
        parsed->words[parsed->count++] = strndup(at, len);
        at += len;
    }
    FILE *out = open_memstream(&parsed->out, &size);
    FILE *err = open_memstream(&parsed->err, &size);
    assert_true(out && err);
    parsed->outcome = config_parse(&parsed->config, parsed->count, parsed->words, out, err);
    fclose(out);
    fclose(err);
}

static void done(struct parsed *parsed)
{
    unlink(parsed->path);
    config_free(&parsed->config);
    for (int i = 0; i < parsed->count; i++)
        free(parsed->words[i]);
    free(parsed->out);
    free(parsed->err);
}

static void rows_are_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_rows[i];
        assert_non_null(row->help);
        assert_true(row->path || row->name);
        assert_true(!row->name || row->group);
        assert_true(!row->path || row->preset);
        assert_true(!row->path || strchr(row->path, '.'));
        assert_int_equal(row->type == OPTION_CHOICE || row->type == OPTION_PRIVACY,
                         row->choices != NULL);
        assert_false(strstr(row->help, "\n"));
        for (size_t k = 0; k < i; k++) {
            const struct option_row *other = &option_rows[k];
            assert_false(row->path && other->path && strcmp(row->path, other->path) == 0);
            assert_false(row->name && other->name && strcmp(row->name, other->name) == 0);
            assert_false(row->letter && row->letter == other->letter);
        }
    }
}

/* Each word of a list's default is one that the operator could write. */
static void assert_lists_are_valid(void)
{
    struct config config = { 0 };
    option_presets(&config);
    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_rows[i];
        const struct text_list *list = option_list(&config, row);
        for (unsigned k = 0; row->type == OPTION_LIST && row->fault && k < list->count; k++)
            assert_null(row->fault(list->items[k]));
    }
    config_free(&config);
}

static void presets_are_valid(void **state)
{
    (void)state;
    struct config config = { 0 };
    char error[CONFIG_ERROR_MAX];
    assert_true(option_presets(&config));
    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_rows[i];
        if (row->preset && row->type != OPTION_LIST)
            assert_true(option_set(&config, row, row->preset, error));
    }
    assert_lists_are_valid();
    assert_string_equal(config.observer, "mailtap");
    assert_int_equal(config.flows_max, 262144);
    assert_int_equal(config.streams_mib, 256);
    assert_int_equal(config.redis.events_maxlen, 100000);
    assert_null(config.redis.url);
    assert_null(config.filter);
    config_free(&config);
}

static void command_line_sets_values(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p, NULL, 0,
          "-r|a.pcap|-o|json|--observer=tap|--flows|none|--trace|smtp|-vv|tcp|port 25");
    assert_int_equal(p.outcome.action, CONFIG_RUN);
    assert_string_equal(p.config.file[0], "a.pcap");
    assert_int_equal(p.config.format, FORMAT_JSON);
    assert_string_equal(p.config.observer, "tap");
    assert_int_equal(p.config.flows, FLOWS_NONE);
    assert_string_equal(p.config.trace, "smtp");
    assert_int_equal(p.config.verbosity, 2);
    assert_string_equal(p.config.filter, "tcp port 25");
    assert_true(p.config.redis.finite_input);
    assert_string_equal(p.err, "");
    done(&p);
    parse(&p, NULL, 0, "-r|a|-vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv");
    assert_int_equal(p.config.verbosity, VERBOSITY_MAX);
    done(&p);
}

static void privacy_sets_all_classes(void **state)
{
    (void)state;
    struct parsed p;
    static const char yaml[] = "privacy:\n  usernames: mask\n  subjects: hash\n  key_file: /k\n";
    parse(&p, NULL, 0, "-r|a|--privacy|drop");
    assert_int_equal(p.config.privacy.mode[VISIBILITY_USER], PRIVACY_DROP);
    assert_int_equal(p.config.privacy.mode[VISIBILITY_ATTACHMENT], PRIVACY_DROP);
    assert_int_equal(p.config.privacy.mode[VISIBILITY_PUBLIC], PRIVACY_CLEAR);
    done(&p);
    parse(&p, yaml, sizeof yaml - 1, "-r|a");
    assert_int_equal(p.outcome.action, CONFIG_RUN);
    assert_int_equal(p.config.privacy.mode[VISIBILITY_USER], PRIVACY_MASK);
    assert_int_equal(p.config.privacy.mode[VISIBILITY_SUBJECT], PRIVACY_HASH);
    assert_int_equal(p.config.privacy.mode[VISIBILITY_ADDRESS], PRIVACY_CLEAR);
    assert_string_equal(p.config.privacy_key_file, "/k");
    done(&p);
}

static void command_line_wins(void **state)
{
    (void)state;
    struct parsed p;
    static const char yaml[] = "sensor: {name: file}\noutput:\n  format: json\n"
                               "capture:\n  filter: port 25\nflows:\n  max: 1000\n";
    parse(&p, yaml, sizeof yaml - 1, "-r|a|--observer|line|port|110");
    assert_int_equal(p.outcome.action, CONFIG_RUN);
    assert_string_equal(p.config.observer, "line");
    assert_string_equal(p.config.filter, "port 110");
    assert_int_equal(p.config.format, FORMAT_JSON);
    assert_int_equal(p.config.flows_max, 1000);
    done(&p);
}

static const struct {
    const char *words, *error;
} usage_errors[] = {
    { "", "nothing to read: name a capture file with -r or an interface with -i" },
    { "a.pcap", "nothing to read: did you mean -r a.pcap?" },
    { "-r", "option -r needs an argument: FILE" },
    { "--redis", "option --redis needs an argument: URL" },
    { "--help=x", "option --help takes no argument" },
    { "-Z", "unknown option -Z" },
    { "--obsrever=x", "unknown option --obsrever, did you mean --observer?" },
    { "--quite-different", "unknown option --quite-different" },
    { "-r|a|-i|eth0", "-r and -i exclude each other" },
    { "-i|eth0|--snaplen|10", "--snaplen: \"10\" is not a number from 64 to 262144" },
    { "-c|a|-c|b", "only one -c is possible" },
    { "-r|a|-s|", "option -s needs an argument: FILE|DIR" },
    { "rules", "\"mailtap rules\" takes one of: list, check, explain, test" },
    { "rules|explain", "\"mailtap rules explain\" takes ids, names or uuids of rules" },
    { "rules|list|-i|eth0", "\"mailtap rules list\" takes neither -r nor -i" },
    { "-T|--fields", "--test and --fields exclude each other" },
    { "-r|a|-o|xml", "--output: \"xml\" is not one of pretty, json" },
    { "-r|a|--privacy|mask", "--privacy: \"mask\" is not one of clear, hash, drop" },
    { "-r|a|--flows|some", "--flows: \"some\" is not one of mail, all, none" },
    { "-r|a|--privacy|hash", "the hash mode needs a key: set privacy.key_file in a file for -c" },
    { "-r|a|--redis|redis://bob:s3cret@h:x",
      "--redis: \"redis://bob:***@h:x\" is no URL of a Redis: the port is not a number" },
    { "-r|a|--redis|rediss://h", "--redis: \"rediss://h\" is no URL of a Redis: Redis over TLS is "
                                 "not supported" },
    { "-r|a|--redis|redis://bob@h",
      "output.redis.url names a user, but neither it nor output.redis.password_file gives a "
      "password" },
};

static void usage_errors_are_one_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof usage_errors / sizeof usage_errors[0]; i++) {
        struct parsed p;
        char expected[512];
        parse(&p, NULL, 0, usage_errors[i].words);
        snprintf(expected, sizeof expected, "mailtap: %s (see mailtap --help)\n",
                 usage_errors[i].error);
        assert_string_equal(p.err, expected);
        assert_int_equal(p.outcome.action, CONFIG_EXIT);
        assert_int_equal(p.outcome.code, EXIT_USAGE);
        done(&p);
    }
}

static const struct {
    const char *yaml, *error; /* the error stands behind "mailtap: FILE:" */
} file_errors[] = {
    { "output:\n  redis:\n    ulr: x\n",
      "3:5: unknown key \"output.redis.ulr\", did you mean \"output.redis.url\"?" },
    { "outptu:\n  format: json\n", "1:1: unknown key \"outptu\", did you mean \"output\"?" },
    { "zzz: 1\n", "1:1: unknown key \"zzz\"" },
    { "\"\\e[2J\": 1\n", "1:1: unknown key \"\\x1b[2J\"" },
    { "flows:\n  max: many\n", "2:8: flows.max: \"many\" is not a number from 64 to 67108864" },
    { "flows:\n  max: -1\n", "2:8: flows.max: \"-1\" is not a number from 64 to 67108864" },
    { "flows:\n  max: [1]\n", "2:8: flows.max: must be one value, not a list" },
    { "flows:\n  max: {a: 1}\n", "2:8: flows.max: must be one value, not a section" },
    { "flows: 7\n", "1:8: flows: must be a section" },
    { "- flows\n", "1:1: the file must be a map of sections" },
    { "[1]: 2\n", "1:1: a key must be a word" },
    { "output: {format: xml}\n", "1:18: output.format: \"xml\" is not one of pretty, json" },
    { "sensor:\n  name: a\n  name: b\n", "3:3: sensor.name: is set twice" },
    { "sensor:\n  name: a\nsensor:\n", "3:1: sensor: is set twice" },
    { "sensor:\n  name: \"\"\n", "2:9: sensor.name: must not be empty" },
    { "sensor:\n  name: ~\n", "2:9: sensor.name: must not be empty" },
    { "sensor:\n  name: \"a\\0b\"\n", "2:9: sensor.name: must not hold a NUL" },
    { "sensor: {name: a\n", "2:1: did not find expected ',' or '}'" },
    { "sensor:\n\tname: a\n", "2:1: found character that cannot start any token" },
    { "---\nsensor:\n---\nsensor:\n", "4:1: there is a second document" },
    { "a: &a {b: *a}\n", "1:1: unknown key \"a\"" },
    /* A section that holds itself. */
    { "output: &o {redis: *o}\n",
      "1:13: unknown key \"output.redis.redis\", did you mean \"output.redis.prefix\"?" },
    { "output:\n  redis:\n    url: redis://u:pw@h/x\n",
      "3:10: output.redis.url: \"redis://u:***@h/x\" is no URL of a Redis: the database is not a "
      "number" },
};

static void file_errors_name_the_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof file_errors / sizeof file_errors[0]; i++) {
        struct parsed p;
        char expected[512];
        parse(&p, file_errors[i].yaml, strlen(file_errors[i].yaml), "-T");
        snprintf(expected, sizeof expected, "mailtap: %s:%s\n", p.path, file_errors[i].error);
        assert_string_equal(p.err, expected);
        assert_int_equal(p.outcome.action, CONFIG_EXIT);
        assert_int_equal(p.outcome.code, EXIT_CONFIG);
        done(&p);
    }
}

static void unreadable_files_are_bad_configuration(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p, NULL, 0, "-T|-c|/nonexistent.yaml");
    assert_string_equal(p.err,
                        "mailtap: cannot read /nonexistent.yaml: No such file or directory\n");
    assert_int_equal(p.outcome.code, EXIT_CONFIG);
    done(&p);
    parse(&p, NULL, 0, "-T|-c|/dev/zero");
    assert_string_equal(p.err, "mailtap: cannot read /dev/zero: it is larger than 1 MiB\n");
    done(&p);
    static const char both[] = "output: {redis: {url: 'redis://:a@h', password_file: /p}}\n";
    parse(&p, both, sizeof both - 1, "-T");
    assert_int_equal(p.outcome.code, EXIT_CONFIG);
    assert_string_equal(p.err,
                        "mailtap: the password for Redis is given twice, in output.redis.url "
                        "and in output.redis.password_file\n");
    done(&p);
}

static void empty_files_change_nothing(void **state)
{
    (void)state;
    static const char *const files[] = { "", "# nothing\n", "---\n", "output:\nflows: ~\n" };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct parsed p;
        parse(&p, files[i], strlen(files[i]), "-T");
        assert_string_equal(p.err, "");
        assert_int_equal(p.outcome.action, CONFIG_TEST);
        assert_int_equal(p.config.flows_max, 262144);
        done(&p);
    }
}

static void printed_configuration_loads_again(void **state)
{
    (void)state;
    struct parsed first, second;
    parse(&first, NULL, 0,
          "--print-config|--observer|say \"hi\" \\ \t: #|-o|json|--privacy|drop|-v|--flows|all|"
          "--redis|unix:///run/redis.sock?db=3|host|caf\xc3\xa9");
    assert_int_equal(first.outcome.code, EXIT_OK);
    assert_non_null(strstr(first.out, "# "));
    parse(&second, first.out, strlen(first.out), "--print-config");
    assert_string_equal(second.err, "");
    assert_string_equal(second.out, first.out);
    assert_string_equal(second.config.observer, "say \"hi\" \\ \t: #");
    assert_string_equal(second.config.filter, "host caf\xc3\xa9");
    assert_int_equal(second.config.privacy.mode[VISIBILITY_SUBJECT], PRIVACY_DROP);
    done(&first);
    done(&second);
}

static void every_option_is_printed_and_helped(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p, NULL, 0, "--print-config");
    for (size_t i = 0; i < option_count; i++) {
        if (option_rows[i].path)
            assert_non_null(strstr(p.out, option_rows[i].help));
    }
    done(&p);
    parse(&p, NULL, 0, "-h");
    assert_int_equal(p.outcome.code, EXIT_OK);
    for (size_t i = 0; i < option_count; i++) {
        char name[64];
        snprintf(name, sizeof name, "--%s", option_rows[i].name ? option_rows[i].name : "");
        assert_non_null(strstr(p.out, name));
    }
    for (const char *line = p.out; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 84);
    done(&p);
}

static void passwords_stay_hidden(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p, NULL, 0, "--print-config|--redis|redis://bob:s3cret@h");
    assert_non_null(strstr(p.out, "redis://bob:***@h"));
    assert_null(strstr(p.out, "s3cret"));
    assert_string_equal(p.config.redis.url, "redis://bob:s3cret@h");
    assert_string_equal(p.words[3], "redis://bob:******@h"); /* what ps shows */
    config_forget_secrets(&p.config);
    assert_null(strstr(p.config.redis.url, "s3cret"));
    done(&p);
    parse(&p, NULL, 0, "-r|a|--redis=redis://:s3cret@h|--bogus");
    assert_null(strstr(p.err, "s3cret"));
    assert_null(strstr(p.words[3], "s3cret"));
    done(&p);
}

static const struct {
    const char *text;
    bool good, unix_socket;
    const char *host, *port, *db, *user, *password;
} urls[] = {
    { "redis://h", true, false, "h", "6379", "0", "", "" },
    { "redis://h:1/15", true, false, "h", "1", "15", "", "" },
    { "redis://h/", true, false, "h", "6379", "0", "", "" },
    { "redis://:p@h", true, false, "h", "6379", "0", "", "p" },
    { "redis://u:p@w@h:2", true, false, "h", "2", "0", "u", "p@w" },
    { "redis://u:%70%2F%3a@[::1]:3/1", true, false, "::1", "3", "1", "u", "p/:" },
    { "redis://[::1]", true, false, "::1", "6379", "0", "", "" },
    { "unix:///a/b@c.sock", true, true, "/a/b@c.sock", "", "0", "", "" },
    { "redis+unix://u:p@/a.sock?db=4", true, true, "/a.sock", "", "4", "u", "p" },
    { "redis://", false, false, "", "", "", "", "" },
    { "redis://h:99999", false, false, "", "", "", "", "" },
    { "redis://h/x", false, false, "", "", "", "", "" },
    { "redis://u:%zz@h", false, false, "", "", "", "", "" },
    { "redis://u:%4@h", false, false, "", "", "", "", "" },
    { "redis://u:%00@h", false, false, "", "", "", "", "" },
    { "redis://[::1", false, false, "", "", "", "", "" },
    { "unix://a.sock", false, false, "", "", "", "", "" },
    { "unix:///a?x=1", false, false, "", "", "", "", "" },
    { "http://h", false, false, "", "", "", "", "" },
};

static void urls_are_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct redis_url url;
        const char *problem;
        assert_int_equal(redis_url_parse(urls[i].text, &url, &problem), urls[i].good);
        if (!urls[i].good) {
            assert_non_null(problem);
            continue;
        }
        assert_int_equal(url.unix_socket, urls[i].unix_socket);
        assert_string_equal(url.host, urls[i].host);
        assert_string_equal(url.port, urls[i].port);
        assert_string_equal(url.db, urls[i].db);
        assert_string_equal(url.user, urls[i].user);
        assert_string_equal(url.password, urls[i].password);
    }
}

static bool reload(struct parsed *p, const char *yaml)
{
    size_t size;
    char *said = NULL;
    FILE *file = fopen(p->path, "w"), *err = open_memstream(&said, &size);
    assert_true(file && err);
    fputs(yaml, file);
    fclose(file);
    bool good = config_reload_lists(&p->config, err);
    fclose(err);
    assert_int_equal(good, size == 0);
    if (!good)
        assert_non_null(strstr(said, p->path));
    free(said);
    return good;
}

/* Of the file only the lists, and all of them; what the command line gave stays, behind them. */
static void lists_are_read_anew(void **state)
{
    (void)state;
    static const char first[] = "rules: {add: [a, b]}\nown: {domains: x.org}\n";
    struct parsed p;
    parse(&p, first, sizeof first - 1, "-r|f|-s|given");
    const struct config *config = &p.config;
    for (int round = 0; round < 3; round++) {
        assert_true(reload(&p, "rules: {add: [c]}\nown: {networks: []}\nsensor: {name: other}\n"));
        assert_int_equal(config->rules_add.count, 2);
        assert_string_equal(config->rules_add.items[0], "c");
        assert_string_equal(config->rules_add.items[1], "given");
        assert_int_equal(config->own_domains.count, 0);
        assert_int_equal(config->own_networks.count, 0);
        assert_int_equal(config->own_pop3_ports.count, 2);
        assert_string_equal(config->observer, "mailtap");
        assert_false(reload(&p, "rules: {add: [d]}\nown: {ports: {smtp: none}}\n"));
        assert_string_equal(config->rules_add.items[0], "c");
    }
    assert_true(reload(&p, ""));
    assert_int_equal(config->rules_add.count, 1);
    assert_int_equal(config->own_networks.count, 9);
    done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_complete),
        cmocka_unit_test(presets_are_valid),
        cmocka_unit_test(command_line_sets_values),
        cmocka_unit_test(privacy_sets_all_classes),
        cmocka_unit_test(command_line_wins),
        cmocka_unit_test(usage_errors_are_one_line),
        cmocka_unit_test(file_errors_name_the_place),
        cmocka_unit_test(unreadable_files_are_bad_configuration),
        cmocka_unit_test(empty_files_change_nothing),
        cmocka_unit_test(printed_configuration_loads_again),
        cmocka_unit_test(every_option_is_printed_and_helped),
        cmocka_unit_test(passwords_stay_hidden),
        cmocka_unit_test(urls_are_taken_apart),
        cmocka_unit_test(lists_are_read_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
