/* Rules as short text, to compare with what is expected. */
#ifndef MAILTAP_TEST_RULE_TEXT_H
#define MAILTAP_TEST_RULE_TEXT_H

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "rules.h"

/* A literal *, ? or backslash has a backslash before it, as in rules. */
static inline void pattern_text(const struct pattern *pattern, FILE *out)
{
    for (size_t i = 0; i < pattern->len; i++) {
        if (pattern->marks[i] == MARK_LITERAL && strchr("*?\\", pattern->text[i]))
            putc('\\', out);
        putc(pattern->text[i], out);
    }
}

static inline void network_text(const struct network *network, FILE *out)
{
    char text[INET6_ADDRSTRLEN];
    inet_ntop(network->len == 4 ? AF_INET : AF_INET6, network->address, text, sizeof text);
    fprintf(out, "%s/%u", text, network->bits);
}

static inline void value_text(enum test test, const struct value *value, FILE *out)
{
    if (test == TEST_PATTERN)
        pattern_text(&value->pattern, out);
    else if (test == TEST_NETWORK)
        network_text(&value->network, out);
    else if (test == TEST_REGEX)
        fprintf(out, "%s/%s%s%s", value->regex.text, value->regex.ignore_case ? "i" : "",
                value->regex.multiline ? "m" : "", value->regex.dot_all ? "s" : "");
    else if (test == TEST_SAME)
        fputs(value->field == FIELDS ? "?" : schema_field(value->field)->name, out);
    else
        fprintf(out, "%llu", (unsigned long long)value->number);
}

/* name test [flags] values */
static inline void item_text(const struct item *item, FILE *out)
{
    static const char *const tests[] = { "~",  "=",  "<",    "<=",     ">",   ">=",
                                         "in", "re", "same", "exists", "null" };
    fprintf(out, "%s %s", item->keyword ? "(any)" : item->name, tests[item->test]);
    if (item->test == TEST_EXISTS)
        fputs(item->exists ? " yes" : " no", out);
    fprintf(out, "%s%s%s%s", item->all ? " all" : "", item->not_equal ? " neq" : "",
            item->cased ? " cased" : "", item->threshold ? " threshold" : "");
    for (size_t i = 0; i < item->value_count; i++) {
        fputs(i > 0 ? " | " : " ", out);
        value_text(item->test, &item->values[i], out);
    }
}

static inline void search_text(const struct search *search, FILE *out)
{
    for (size_t i = 0; i < search->count; i++) {
        fputs(i == 0 ? "" : search->all ? " AND " : " OR ", out);
        for (size_t k = 0; k < search->groups[i].count; k++) {
            fputs(k > 0 ? ", " : "", out);
            item_text(&search->groups[i].items[k], out);
        }
    }
}

static inline void steps_text(const struct expression *expression, FILE *out)
{
    static const char *const names[] = { "", "not", "and", "or" };
    for (size_t i = 0; i < expression->step_count; i++) {
        const struct step *step = &expression->steps[i];
        fprintf(out, "%s%s", i > 0 ? " " : "",
                step->operation == OPERATION_SEARCH ? expression->searches[step->search].name
                                                    : names[step->operation]);
    }
}

#endif
