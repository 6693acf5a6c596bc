/* A rule in plain words. */
#include "explain.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#define WIDTH       90
#define VALUES_TOLD 12
#define SECOND      UINT64_C(1000000000)

/* Words as many to a line as fit, each line behind `indent` spaces; line breaks count as spaces. */
static void print_wrapped(const char *text, int indent, FILE *out)
{
    int column = 0;
    while (*text) {
        text += strspn(text, " \n\t");
        int len = (int)strcspn(text, " \n\t");
        if (len == 0)
            break;
        if (column > 0 && column + 1 + len > WIDTH) {
            putc('\n', out);
            column = 0;
        }
        column += column == 0 ? fprintf(out, "%*s%.*s", indent, "", len, text)
                              : fprintf(out, " %.*s", len, text);
        text += len;
    }
    putc('\n', out);
}

/* "90 seconds", "5 minutes", "24 hours". */
static void print_span(uint64_t ns, FILE *out)
{
    static const struct {
        uint64_t ns;
        const char *name;
    } units[] = { { 86400 * SECOND, "day" },
                  { 3600 * SECOND, "hour" },
                  { 60 * SECOND, "minute" },
                  { SECOND, "second" } };
    size_t i = 0;
    while (i < 3 && ns % units[i].ns != 0)
        i++;
    fprintf(out, "%" PRIu64 " %s%s", ns / units[i].ns, units[i].name,
            ns / units[i].ns == 1 ? "" : "s");
}

/* --- searches -----------------------------------------------------------------------------------
 */

static void print_pattern(const struct pattern *pattern, FILE *out)
{
    putc('"', out);
    for (size_t i = 0; i < pattern->len; i++) {
        uint8_t c = pattern->text[i];
        if (pattern->marks[i] != MARK_LITERAL)
            putc(pattern->marks[i] == MARK_ONE ? '?' : '*', out);
        else if (c < 0x20 || c == 0x7F)
            fprintf(out, "\\x%02X", c);
        else
            putc(c, out);
    }
    putc('"', out);
}

static void print_network(const struct network *network, FILE *out)
{
    char text[INET6_ADDRSTRLEN] = "";
    inet_ntop(network->len == 4 ? AF_INET : AF_INET6, network->address, text, sizeof text);
    fprintf(out, network->bits == network->len * 8 ? "%s" : "%s/%u", text, network->bits);
}

static void print_value(const struct item *item, const struct value *value, FILE *out)
{
    switch (item->test) {
    case TEST_PATTERN:
        print_pattern(&value->pattern, out);
        break;
    case TEST_NUMBER:
    case TEST_LESS:
    case TEST_AT_MOST:
    case TEST_GREATER:
    case TEST_AT_LEAST:
        fprintf(out, "%" PRIu64, value->number);
        break;
    case TEST_NETWORK:
        print_network(&value->network, out);
        break;
    case TEST_REGEX:
        fprintf(out, "/%s/%s%s%s", value->regex.text, value->regex.ignore_case ? "i" : "",
                value->regex.multiline ? "m" : "", value->regex.dot_all ? "s" : "");
        break;
    case TEST_SAME:
        fputs(schema_field(value->field)->name, out);
        break;
    case TEST_EXISTS:
    case TEST_NULL:
        break;
    }
}

static const char *verb_of(const struct item *item)
{
    switch (item->test) {
    case TEST_PATTERN:
    case TEST_NUMBER:
        return item->not_equal ? "is not" : "is";
    case TEST_LESS:
        return "is less than";
    case TEST_AT_MOST:
        return "is at most";
    case TEST_GREATER:
        return "is more than";
    case TEST_AT_LEAST:
        return "is at least";
    case TEST_NETWORK:
        return item->not_equal ? "is not in" : "is in";
    case TEST_REGEX:
        return item->not_equal ? "does not match" : "matches";
    case TEST_SAME:
        return item->not_equal ? "differs from" : "is the same as";
    case TEST_EXISTS:
        return item->exists ? "is known" : "is not known";
    case TEST_NULL:
        return "is not known or empty";
    }
    return "";
}

static void print_item(const struct item *item, FILE *out)
{
    fprintf(out, "%s %s", item->keyword ? "any text" : item->name, verb_of(item));
    if (item->value_count == 0 && item->test != TEST_EXISTS && item->test != TEST_NULL)
        fputs(" in a list that is empty", out);
    for (size_t i = 0; i < item->value_count && i < VALUES_TOLD; i++) {
        const char *between = i == 0 ? " " : item->all ? " and " : " or ";
        fputs(between, out);
        print_value(item, &item->values[i], out);
    }
    if (item->value_count > VALUES_TOLD)
        fprintf(out, " or one of %zu more", item->value_count - VALUES_TOLD);
    if (item->cased)
        fputs(" (upper and lower case differ)", out);
}

static void print_search(const struct search *search, FILE *out)
{
    for (size_t g = 0; g < search->count; g++) {
        fprintf(out, "    %-16s", g == 0 ? search->name : search->all ? "  and" : "  or");
        for (size_t i = 0; i < search->groups[g].count; i++) {
            if (i > 0)
                fprintf(out, "\n    %-16s", "  and");
            print_item(&search->groups[g].items[i], out);
        }
        putc('\n', out);
    }
}

static void print_expression(const struct expression *expression, bool correlated, FILE *out)
{
    if (expression->step_count == 0)
        return;
    fprintf(out,
            correlated ? "It counts only events for which: %s\n" : "It holds for an event if: %s\n",
            expression->text);
    for (size_t i = 0; i < expression->search_count; i++)
        print_search(&expression->searches[i], out);
    putc('\n', out);
}

/* --- where --------------------------------------------------------------------------------------
 */

static void print_kinds(const struct rule *rule, FILE *out)
{
    const char *between = "";
    fputs("It looks at: ", out);
    for (unsigned kind = 0; kind < EVENT_KINDS; kind++) {
        if (!(rule->kinds >> kind & 1))
            continue;
        fprintf(out, "%s%s", between, schema_event((enum event_kind)kind)->name);
        between = ", ";
    }
    fprintf(out, " events%s%s\n\n", rule->protocol ? " of " : "",
            rule->protocol ? rule->protocol : "");
}

static void mark_fields(const struct expression *expression, bool read[FIELDS])
{
    for (size_t s = 0; s < expression->search_count; s++) {
        const struct search *search = &expression->searches[s];
        for (size_t g = 0; g < search->count; g++) {
            for (size_t i = 0; i < search->groups[g].count; i++) {
                const struct item *item = &search->groups[g].items[i];
                if (item->field < FIELDS)
                    read[item->field] = true;
                if (item->test == TEST_SAME && item->value_count > 0)
                    read[item->values[0].field] = true;
            }
        }
    }
}

/* Of a correlation too: what its windows are kept by, what it counts, and what the rules read that
 * it is about (of those that are correlations, their own). */
static void mark_correlation(const struct rule_set *set, const struct correlation *correlation,
                             bool read[FIELDS])
{
    for (size_t r = 0; r < correlation->rule_count; r++) {
        const struct rule *of = &set->rules[correlation->rules[r]];
        mark_fields(&of->expression, read);
        read[FIELD_NETWORK_PROTOCOL] |= of->protocol != NULL;
        for (size_t i = 0; i < correlation->group_count; i++)
            read[correlation->group[i][r]] = true;
    }
    if (correlation->type == VALUE_COUNT)
        read[correlation->counted] = true;
}

static void print_fields(const struct rule_set *set, const struct rule *rule, FILE *out)
{
    bool read[FIELDS] = { false }, any = false;
    mark_fields(&rule->expression, read);
    if (rule->correlation)
        mark_correlation(set, rule->correlation, read);
    for (size_t i = 0; rule->reports && i < rule->group_count; i++)
        read[rule->group_by[i]] = true;
    for (unsigned i = 0; i < FIELDS; i++) {
        const struct field_row *row = schema_field((enum field)i);
        if (!read[i] || row->visibility == VISIBILITY_INTERNAL)
            continue;
        if (!any)
            fputs("Fields it reads:\n", out);
        any = true;
        fprintf(out, "    %-34s %s\n", row->name, row->doc);
    }
    if (any)
        putc('\n', out);
}

/* --- correlation --------------------------------------------------------------------------------
 */

static void print_bounds(const struct correlation *correlation, FILE *out)
{
    const char *what = correlation->type == VALUE_COUNT ? "different values" : "events";
    if (correlation->at_least > 0)
        fprintf(out, "at least %" PRIu64 " ", correlation->at_least);
    if (correlation->at_least > 0 && correlation->at_most < UINT64_MAX)
        fputs("and ", out);
    if (correlation->at_most < UINT64_MAX)
        fprintf(out, "at most %" PRIu64 " ", correlation->at_most);
    if (correlation->has_except)
        fprintf(out, "any number but %" PRIu64 " of ", correlation->except);
    fputs(what, out);
    if (correlation->type == VALUE_COUNT &&
        schema_field(correlation->counted)->visibility != VISIBILITY_INTERNAL)
        fprintf(out, " of %s", schema_field(correlation->counted)->name);
}

static void print_correlation(const struct rule_set *set, const struct rule *rule, FILE *out)
{
    const struct correlation *correlation = rule->correlation;
    fputs("It holds if, within ", out);
    print_span(correlation->timespan_ns, out);
    switch (correlation->type) {
    case EVENT_COUNT:
    case VALUE_COUNT:
        fputs(", there are ", out);
        print_bounds(correlation, out);
        fputs(" of", out);
        break;
    case TEMPORAL:
        fputs(", these hold, in any order", out);
        break;
    case TEMPORAL_ORDERED:
        fputs(", these hold one after the other", out);
        break;
    }
    fputs(":\n", out);
    for (size_t i = 0; i < correlation->rule_count; i++) {
        const struct rule *of = &set->rules[correlation->rules[i]];
        fprintf(out, "    %s (%s)\n", of->title, of->name[0] ? of->name : of->id);
    }
    if (correlation->group_count > 0)
        fputs("  for the same", out);
    for (size_t i = 0; i < correlation->group_count; i++) {
        const struct field_row *row = schema_field(correlation->group[i][0]);
        fprintf(out, "%s %s", i > 0 ? "," : "",
                row->visibility == VISIBILITY_INTERNAL ? "secret (never shown)" : row->name);
    }
    fputs(correlation->group_count > 0 ? "\n\n" : "\n", out);
}

/* --- all of it ----------------------------------------------------------------------------------
 */

static void print_list(const char *heading, const char *const *texts, FILE *out)
{
    if (!texts || !texts[0])
        return;
    fprintf(out, "%s:\n", heading);
    for (size_t i = 0; texts[i]; i++) {
        print_wrapped(texts[i], 4, out);
    }
    putc('\n', out);
}

static void print_finding(const struct rule *rule, FILE *out)
{
    if (!rule->reports) {
        fputs("It makes no finding of its own: it only feeds correlations.\n\n", out);
        return;
    }
    fputs("One finding for each", out);
    for (size_t i = 0; i < rule->group_count; i++) {
        const struct field_row *row = schema_field(rule->group_by[i]);
        if (row->visibility != VISIBILITY_INTERNAL)
            fprintf(out, "%s %s", i > 0 ? "," : "", row->name);
    }
    fputs(rule->group_count > 0 ? " within " : " sensor within ", out);
    print_span(rule->window_ns, out);
    fprintf(out, "; confidence: %s.\n\n", rule->confidence);
}

static void print_state(const struct rule *rule, FILE *out)
{
    if (rule->disabled)
        fputs("It is disabled by tuning.\n\n", out);
    if (rule->waits_for)
        fprintf(out, "It waits: without %s in the configuration it cannot be judged.\n\n",
                rule->waits_for);
}

void explain_rule(const struct rule_set *set, size_t place, FILE *out)
{
    const struct rule *rule = &set->rules[place];
    fprintf(out, "%s (%s)\n%s\n%s:%u", rule->title, severity_level(rule->level), rule->id,
            rule->place.file, rule->place.line);
    fprintf(out, rule->uuid[0] ? ", %s\n\n" : "%s\n\n", rule->uuid);
    if (rule->description && rule->description[0]) {
        print_wrapped(rule->description, 2, out);
        putc('\n', out);
    }
    print_state(rule, out);
    print_kinds(rule, out);
    print_expression(&rule->expression, rule->correlation != NULL, out);
    if (rule->correlation)
        print_correlation(set, rule, out);
    print_finding(rule, out);
    print_fields(set, rule, out);
    if (rule->remediation) {
        fputs("What to do:\n", out);
        print_wrapped(rule->remediation, 2, out);
        putc('\n', out);
    }
    print_list("False alarms to expect", rule->false_positives, out);
    print_list("References", rule->references, out);
    if (rule->techniques[0])
        fputs("ATT&CK:", out);
    for (size_t i = 0; rule->techniques[i]; i++)
        fprintf(out, " %s", rule->techniques[i]);
    fputs(rule->techniques[0] ? "\n" : "", out);
}
