/* The command line. */
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "config_options.h"
#include "log.h"
#include "redis_url.h"
#include "text.h"

#define ROW_VALUE 256 /* getopt's value of a long option: this and its row */
#define ROWS_MAX  128

/* What getopt found, kept until the file has been read: options win over it. */
struct command_line {
    struct {
        const struct option_row *row;
        const char *text;
    } * given;
    size_t count;    /* at most as many as there are letters in all words */
    uint64_t counts; /* how often -v was given */
    bool interface_given;
    const char *config_file, *action; /* action: the long name */
    char *filter;                     /* the arguments behind the options; NULL: none */
    char error[CONFIG_ERROR_MAX];
};

struct getopt_tables {
    char letters[2 * ROWS_MAX + 2];
    struct option names[ROWS_MAX + 1];
};

static void make_tables(struct getopt_tables *tables)
{
    size_t letters = 0, names = 0;
    tables->letters[letters++] = ':'; /* tell a missing argument from an unknown option */
    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_rows[i];
        if (row->letter) {
            tables->letters[letters++] = row->letter;
            if (row->argument)
                tables->letters[letters++] = ':';
        }
        if (row->name)
            tables->names[names++] =
                (struct option){ .name = row->name,
                                 .has_arg = row->argument ? required_argument : no_argument,
                                 .val = ROW_VALUE + (int)i };
    }
    tables->letters[letters] = '\0';
    tables->names[names] = (struct option){ 0 };
}

static const struct option_row *row_of(int value)
{
    if (value >= ROW_VALUE)
        return &option_rows[value - ROW_VALUE];
    for (size_t i = 0; i < option_count; i++) {
        if (option_rows[i].letter == value)
            return &option_rows[i];
    }
    return NULL;
}

static bool usage(struct command_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool usage(struct command_line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line->error, sizeof line->error, format, arguments);
    va_end(arguments);
    return false;
}

static const char *nearest_option(const char *name)
{
    const char *best = NULL;
    unsigned least = (unsigned)strlen(name) / 3 + 1;
    for (size_t i = 0; i < option_count; i++) {
        unsigned distance = option_rows[i].name ? text_distance(name, option_rows[i].name) : 64;
        if (distance < least) {
            least = distance;
            best = option_rows[i].name;
        }
    }
    return best;
}

/* getopt gave up. The word it stopped at may hold a password: only its name is shown. */
static bool bad_option(struct command_line *line, int value, const char *word)
{
    const struct option_row *row = optopt ? row_of(optopt) : NULL;
    size_t len = strcspn(word, "=");
    if (row && value == ':')
        return usage(line, "option %s%s needs an argument: %s", optopt < ROW_VALUE ? "-" : "--",
                     optopt < ROW_VALUE ? (char[]){ (char)optopt, '\0' } : row->name,
                     row->argument);
    if (row)
        return usage(line, "option --%s takes no argument", row->name);
    if (optopt)
        return usage(line, "unknown option -%c", optopt);
    char name[64];
    text_copy(name, sizeof name, bytes_over(word, len));
    const char *nearest = strlen(name) > 2 ? nearest_option(name + 2) : NULL;
    if (nearest)
        return usage(line, "unknown option %s, did you mean --%s?", name, nearest);
    return usage(line, "unknown option %s", name);
}

static bool take_option(struct command_line *line, const struct option_row *row, const char *text)
{
    if (row->type == OPTION_ACTION && row->letter == 'c') {
        if (line->config_file)
            return usage(line, "only one -c is possible");
        line->config_file = text;
    } else if (row->type == OPTION_ACTION) {
        if (line->action && strcmp(line->action, row->name) != 0)
            return usage(line, "--%s and --%s exclude each other", line->action, row->name);
        line->action = row->name;
    } else if (row->type == OPTION_COUNT) {
        line->counts++;
    } else {
        line->interface_given |= row->letter == 'i';
        line->given[line->count].row = row;
        line->given[line->count++].text = text;
    }
    return true;
}

/* The arguments of a verb. */
static bool take_words(struct command_line *line, struct config *config, int argc, char **argv)
{
    for (int i = optind; i < argc; i++) {
        if (!text_list_add(&config->words, argv[i]))
            return usage(line, "out of memory");
    }
    return true;
}

/* The words of the filter, joined by spaces as tcpdump does. */
static bool take_filter(struct command_line *line, int argc, char **argv)
{
    size_t len = 1, at = 0;
    for (int i = optind; i < argc; i++)
        len += strlen(argv[i]) + 1;
    if (optind >= argc)
        return true;
    line->filter = malloc(len);
    if (!line->filter)
        return usage(line, "out of memory");
    for (int i = optind; i < argc; i++)
        at += (size_t)snprintf(line->filter + at, len - at, "%s%s", i > optind ? " " : "", argv[i]);
    return true;
}

static bool read_words(struct command_line *line, struct config *config, int argc, char **argv)
{
    struct getopt_tables tables;
    make_tables(&tables);
    size_t letters = 1; /* "-ppp" are three */
    for (int i = 1; i < argc; i++)
        letters += strlen(argv[i]);
    line->given = calloc(letters, sizeof line->given[0]);
    if (!line->given)
        return usage(line, "out of memory");
    opterr = 0;
    optind = 0; /* glibc: start anew */
    for (;;) {
        const char *word = argv[optind > 0 ? optind : 1];
        int value = getopt_long(argc, argv, tables.letters, tables.names, NULL);
        if (value == -1)
            break;
        if (value == '?' || value == ':')
            return bad_option(line, value, word ? word : "");
        if (!take_option(line, row_of(value), optarg))
            return false;
    }
    return config->rules_verb ? take_words(line, config, argc, argv)
                              : take_filter(line, argc, argv);
}

static const struct option_row *filter_row(void)
{
    for (size_t i = 0; i < option_count; i++) {
        if (option_rows[i].path && strcmp(option_rows[i].path, "capture.filter") == 0)
            return &option_rows[i];
    }
    return NULL;
}

/* How many texts of a list the command line gave: they stay when the file is read again. */
static void mark_given(const struct command_line *line, struct config *config,
                       const struct option_row *row)
{
    struct text_list *list = (struct text_list *)(void *)((char *)config + row->offset);
    for (size_t i = 0; i < line->count; i++)
        list->given += line->given[i].row == row;
}

static bool apply(struct command_line *line, struct config *config)
{
    char reason[CONFIG_ERROR_MAX];
    for (size_t i = 0; i < line->count; i++) {
        const struct option_row *row = line->given[i].row;
        if (!option_set(config, row, line->given[i].text, reason))
            return usage(line, "--%s: %s", row->name, reason);
    }
    for (size_t i = 0; i < option_count; i++) {
        if (option_rows[i].type == OPTION_LIST)
            mark_given(line, config, &option_rows[i]);
    }
    if (line->filter && !option_set(config, filter_row(), line->filter, reason))
        return usage(line, "the filter %s", reason);
    config->verbosity += line->counts;
    if (config->verbosity > VERBOSITY_MAX)
        config->verbosity = VERBOSITY_MAX;
    return config_consistent(config, line->error);
}

static bool wants_hash(const struct config *config)
{
    for (size_t i = 0; i < VISIBILITY_INTERNAL; i++) {
        if (config->privacy.mode[i] == PRIVACY_HASH)
            return true;
    }
    return false;
}

/* What each verb of `mailtap rules` takes. */
static const struct {
    const char *name, *arguments;
    unsigned least, most;
} verbs[] = {
    [RULES_LIST] = { "list", "no arguments", 0, 0 },
    [RULES_CHECK] = { "check", "files or folders of rules, or nothing", 0, UINT_MAX },
    [RULES_EXPLAIN] = { "explain", "ids, names or uuids of rules", 1, UINT_MAX },
    [RULES_TEST] = { "test", "a capture file and, to learn why not, the id of a rule", 1, 2 },
};
#define VERBS (sizeof verbs / sizeof verbs[0])

/* "rules VERB" at the front; false if there is no such verb. */
static bool take_verb(struct command_line *line, struct config *config, const char *word)
{
    for (size_t i = 1; i < VERBS; i++) {
        if (word && strcmp(word, verbs[i].name) == 0) {
            config->rules_verb = (enum rules_verb)i;
            return true;
        }
    }
    return usage(line, "\"mailtap rules\" takes one of: list, check, explain, test");
}

static bool verb_complete(struct command_line *line, struct config *config)
{
    char reason[CONFIG_ERROR_MAX];
    unsigned count = config->words.count;
    enum rules_verb verb = config->rules_verb;
    if (count < verbs[verb].least || count > verbs[verb].most)
        return usage(line, "\"mailtap rules %s\" takes %s", verbs[verb].name,
                     verbs[verb].arguments);
    if (config->files > 0 || line->interface_given)
        return usage(line, "\"mailtap rules %s\" takes neither -r nor -i", verbs[verb].name);
    if (verb == RULES_TEST && !add_capture(config, config->words.items[0], reason))
        return usage(line, "%s", reason);
    return true;
}

/* What a run needs beyond values that are right each for itself. */
static bool complete(struct command_line *line, struct config *config)
{
    if (config->rules_verb && !line->action)
        return verb_complete(line, config);
    bool any = config->files > 0 || config->interface;
    config->redis.finite_input = config->files > 0;
    if (config->files > 0 && line->interface_given)
        return usage(line, "-r and -i exclude each other");
    if (!line->action && !any && line->filter)
        return usage(line, "nothing to read: did you mean -r %.200s?", line->filter);
    if (!line->action && !any)
        return usage(line, "nothing to read: name a capture file with -r or an interface with -i");
    if (any && wants_hash(config) && !config->privacy_key_file)
        return usage(line, "the hash mode needs a key: set privacy.key_file in a file for -c");
    return true;
}

/* The password is in our copy now; take it off the command line that everyone can read. */
static void blank_passwords(const struct command_line *line, int argc, char **argv)
{
    for (size_t i = 0; i < line->count; i++) {
        for (int k = 1; line->given[i].row->type == OPTION_URL && k < argc; k++) {
            size_t len = strlen(argv[k]), tail = strlen(line->given[i].text);
            if (len >= tail && argv[k] + len - tail == line->given[i].text)
                redis_url_blank(argv[k] + len - tail);
        }
    }
}

static struct config_outcome finish(enum config_action action, enum exit_code code)
{
    return (struct config_outcome){ action, code };
}

/* The options that print something instead of running; false: none of them was given. */
static bool print_text(const char *action, FILE *out)
{
    if (strcmp(action, "help") == 0)
        config_help(out);
    else if (strcmp(action, "version") == 0)
        fputs("mailtap " MAILTAP_VERSION "\n", out);
    else if (strcmp(action, "fields") == 0)
        schema_print(out);
    else
        return false;
    return true;
}

static void error_line(FILE *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void error_line(FILE *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    log_line(err, format, arguments);
    va_end(arguments);
}

void config_usage_error(FILE *err, const char *format, ...)
{
    char text[CONFIG_ERROR_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    error_line(err, "%s (see mailtap --help)", text);
}

/* What the operator adds and tunes lies in rules.d beside the file. */
static bool find_rules_folder(struct config *config, const char *config_file)
{
    const char *slash = strrchr(config_file, '/');
    int folder = slash ? (int)(slash - config_file) + 1 : 0;
    config->config_file = strdup(config_file);
    if (asprintf(&config->rules_folder, "%.*srules.d", folder, config_file) < 0)
        config->rules_folder = NULL;
    return config->config_file && config->rules_folder;
}

static struct config_outcome decide(struct command_line *line, struct config *config, FILE *out,
                                    FILE *err)
{
    char error[CONFIG_ERROR_MAX];
    if (line->action && print_text(line->action, out))
        return finish(CONFIG_EXIT, EXIT_OK);
    if (line->config_file && !config_load(config, line->config_file, error)) {
        error_line(err, "%s", error);
        return finish(CONFIG_EXIT, EXIT_CONFIG);
    }
    if (line->config_file && !find_rules_folder(config, line->config_file)) {
        error_line(err, "out of memory");
        return finish(CONFIG_EXIT, EXIT_INCOMPLETE);
    }
    if (!apply(line, config) || !complete(line, config)) {
        config_usage_error(err, "%s", line->error);
        return finish(CONFIG_EXIT, EXIT_USAGE);
    }
    if (!line->action)
        return finish(CONFIG_RUN, EXIT_OK);
    if (strcmp(line->action, "test") == 0)
        return finish(CONFIG_TEST, EXIT_OK);
    config_print(config, out);
    return finish(CONFIG_EXIT, EXIT_OK);
}

struct config_outcome config_parse(struct config *config, int argc, char **argv, FILE *out,
                                   FILE *err)
{
    struct command_line line = { 0 };
    struct config_outcome outcome = { CONFIG_EXIT, EXIT_USAGE };
    *config = (struct config){ 0 };
    bool understood = option_presets(config) || usage(&line, "out of memory");
    if (argc > 1 && strcmp(argv[1], "doctor") == 0) {
        config->doctor = true;
        argv++;
        argc--;
    } else if (argc > 1 && strcmp(argv[1], "rules") == 0) {
        int words = argc > 2 && argv[2][0] != '-' ? 2 : 1; /* "rules --help" */
        understood = understood && ((argc > 2 && words == 1) || take_verb(&line, config, argv[2]));
        argv += words;
        argc -= words;
    }
    if (understood && read_words(&line, config, argc, argv))
        outcome = decide(&line, config, out, err);
    else
        config_usage_error(err, "%s", line.error);
    blank_passwords(&line, argc, argv);
    free(line.given);
    free(line.filter);
    return outcome;
}

static void swap_lists(struct text_list *running, struct text_list *fresh)
{
    struct text_list before = *running;
    fresh->given = running->given;
    *running = *fresh;
    *fresh = before;
}

bool config_reload_lists(struct config *config, FILE *err)
{
    struct config fresh = { 0 };
    char error[CONFIG_ERROR_MAX] = "out of memory";
    bool good = option_presets(&fresh) &&
                (!config->config_file || config_load(&fresh, config->config_file, error));
    for (size_t i = 0; good && i < option_count; i++) {
        const struct text_list *list = option_list(config, &option_rows[i]);
        for (unsigned k = 0; good && option_rows[i].type == OPTION_LIST && k < list->given; k++)
            good = option_set(&fresh, &option_rows[i], list->items[list->count - list->given + k],
                              error);
    }
    if (!good)
        error_line(err, "%s", error);
    for (size_t i = 0; good && i < option_count; i++) {
        size_t offset = option_rows[i].offset;
        if (option_rows[i].type == OPTION_LIST)
            swap_lists((struct text_list *)(void *)((char *)config + offset),
                       (struct text_list *)(void *)((char *)&fresh + offset));
    }
    config_free(&fresh);
    return good;
}

void config_forget_secrets(struct config *config)
{
    if (config->redis.url)
        redis_url_blank(config->redis.url);
}

void config_free(struct config *config)
{
    while (config->files > 0)
        free(config->file[--config->files]);
    text_list_clear(&config->words);
    free(config->rules_folder);
    free(config->config_file);
    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_rows[i];
        if (row->type == OPTION_LIST)
            option_clear_list(config, row);
        if (row->type != OPTION_TEXT && row->type != OPTION_URL)
            continue;
        char **text = (char **)(void *)((char *)config + row->offset);
        if (*text)
            explicit_bzero(*text, strlen(*text));
        free(*text);
        *text = NULL;
    }
}
