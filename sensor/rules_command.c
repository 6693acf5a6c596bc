/* What an operator asks about rules: list, check, explain. */
#include "rules_command.h"

#include <string.h>

#include "explain.h"
#include "log.h"
#include "rule_files.h"

static const char *state_of(const struct rule *rule)
{
    if (rule->disabled)
        return "disabled";
    if (rule->waits_for)
        return "waits for";
    return rule->reports ? "" : "feeds others";
}

static void list(const struct rule_set *set, FILE *out)
{
    size_t reporting = 0, waiting = 0;
    fprintf(out, "%-13s  %-30s  %s\n", "Level", "Finding", "Title");
    for (size_t i = 0; i < set->count; i++) {
        const struct rule *rule = &set->rules[i];
        const char *state = state_of(rule);
        reporting += rule->reports && !rule->disabled && !rule->waits_for;
        waiting += rule->waits_for != NULL;
        fprintf(out, "%-13s  %-30s  %s", severity_level(rule->level), rule->id, rule->title);
        if (state[0])
            fprintf(out, " (%s%s%s)", state, rule->waits_for ? " " : "",
                    rule->waits_for ? rule->waits_for : "");
        putc('\n', out);
    }
    fprintf(out, "\n%zu rules, %zu of them make findings", set->count, reporting);
    if (waiting > 0)
        fprintf(out, "; %zu wait for options: set them in the file for -c", waiting);
    fputs(".\n", out);
}

bool rule_is_called(const struct rule *rule, const char *name)
{
    return strcmp(rule->id, name) == 0 || strcmp(rule->uuid, name) == 0 ||
           strcmp(rule->name, name) == 0;
}

static void no_such_rule(const struct rule_set *set, const char *name)
{
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < set->count; i++) {
        nearest_consider(&nearest, set->rules[i].id);
        nearest_consider(&nearest, set->rules[i].name);
    }
    if (nearest.best)
        log_error("no rule is called %s, did you mean %s?", name, nearest.best);
    else
        log_error("no rule is called %s: \"mailtap rules list\" shows them", name);
}

static bool explain(const struct rule_set *set, const char *name, FILE *out)
{
    size_t found = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (!rule_is_called(&set->rules[i], name) && strcmp(set->rules[i].title, name) != 0)
            continue;
        fputs(found++ > 0 ? "\n----\n\n" : "", out);
        explain_rule(set, i, out);
    }
    if (found == 0)
        no_such_rule(set, name);
    return found > 0;
}

static void print_number(FILE *out, size_t n, const char *what)
{
    fprintf(out, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

static enum exit_code check(const struct config *config, FILE *out)
{
    struct problems problems = { 0 };
    bool ours = config->words.count == 0;
    struct rule_set *set = ours ? rule_files_load(config, &problems)
                                : rule_files_check(config, (const char *const *)config->words.items,
                                                   config->foreign, &problems);
    if (!set) {
        log_error("out of memory");
        return EXIT_INCOMPLETE;
    }
    bool good = rule_files_good(&problems);
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++)
        count += ours || !set->rules[i].shipped;
    print_number(out, count, "rule");
    fputs(count == 1 ? " is well, " : " are well, ", out);
    print_number(out, problems.errors, "error");
    fputs(", ", out);
    print_number(out, problems.warnings, "warning");
    if (ours) {
        fputs("; read: ", out);
        rule_files_print_sources(config, out);
    }
    putc('\n', out);
    arena_free(set->arena);
    return good ? EXIT_OK : EXIT_CONFIG;
}

enum exit_code rules_command(const struct config *config, FILE *out)
{
    if (config->rules_verb == RULES_CHECK)
        return check(config, out);
    struct problems problems = { 0 };
    struct rule_set *set = rule_files_load(config, &problems);
    if (!set) {
        log_error("out of memory");
        return EXIT_INCOMPLETE;
    }
    enum exit_code code = rule_files_good(&problems) ? EXIT_OK : EXIT_CONFIG;
    if (config->rules_verb == RULES_LIST)
        list(set, out);
    for (unsigned i = 0; config->rules_verb == RULES_EXPLAIN && i < config->words.count; i++) {
        if (i > 0)
            fputs("\n----\n\n", out);
        if (!explain(set, config->words.items[i], out))
            code = EXIT_USAGE;
    }
    arena_free(set->arena);
    return code;
}
