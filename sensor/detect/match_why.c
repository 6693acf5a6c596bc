/* Why a rule does not hold, in words: follows the condition down to the first thing that fails. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "match_internal.h"
#include "text.h"

#define VALUE_TEXT   80
#define VALUES_SHOWN 3

struct line {
    char *to;
    size_t size, len;
};

__attribute__((format(printf, 2, 3))) static void say(struct line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line->to + line->len, line->size - line->len, format, args);
    va_end(args);
    line->len += n > 0 ? (size_t)n : 0;
    if (line->len >= line->size)
        line->len = line->size - 1;
}

/* --- what was asked for -------------------------------------------------------------------------
 */

static void say_pattern(struct line *line, const struct pattern *pattern)
{
    say(line, "'");
    for (size_t i = 0; i < pattern->len; i++) {
        uint8_t c = pattern->text[i];
        if (pattern->marks[i] != MARK_LITERAL)
            say(line, "%c", pattern->marks[i] == MARK_ONE ? '?' : '*');
        else
            say(line, c == '*' || c == '?' || c == '\\' ? "\\%c" : "%c", c);
    }
    say(line, "'");
}

static void say_number(struct line *line, const struct item *item, uint64_t number)
{
    static const char *const claims[] = { "unknown", "no", "yes" };
    enum field_type type =
        item->field < FIELDS && !item->keyword ? schema_field(item->field)->type : TYPE_NUMBER;
    if (type == TYPE_CLAIM && number < 3)
        say(line, "%s", claims[number]);
    else if (type == TYPE_BOOL)
        say(line, "%s", number ? "true" : "false");
    else
        say(line, "%llu", (unsigned long long)number);
}

static void say_network(struct line *line, const struct network *network)
{
    char text[VALUE_TEXT];
    struct fact address = { FIELD_CLIENT_IP, 0, bytes_over(network->address, network->len) };
    fact_print(&address, text, sizeof text);
    say(line, "%s", text);
    if (network->bits != network->len * 8)
        say(line, "/%u", network->bits);
}

static void say_value(struct line *line, const struct item *item, const struct value *value)
{
    switch (item->test) {
    case TEST_PATTERN:
        say_pattern(line, &value->pattern);
        break;
    case TEST_NETWORK:
        say_network(line, &value->network);
        break;
    case TEST_REGEX:
        say(line, "/%s/", value->regex.text);
        break;
    case TEST_SAME:
        say(line, "the value of %s",
            value->field < FIELDS ? schema_field(value->field)->name : "another field");
        break;
    case TEST_EXISTS:
    case TEST_NULL:
        break;
    default:
        say_number(line, item, value->number);
        break;
    }
}

static const char *const relations[] = {
    [TEST_PATTERN] = "",
    [TEST_NUMBER] = "",
    [TEST_LESS] = "less than ",
    [TEST_AT_MOST] = "at most ",
    [TEST_GREATER] = "more than ",
    [TEST_AT_LEAST] = "at least ",
    [TEST_NETWORK] = "within ",
    [TEST_REGEX] = "like ",
    [TEST_SAME] = "",
    [TEST_EXISTS] = "",
    [TEST_NULL] = "",
};

static void say_wanted(struct line *line, const struct item *item)
{
    if (item->test == TEST_EXISTS || item->test == TEST_NULL) {
        say(line, "%s",
            (item->test == TEST_EXISTS && item->exists) != item->not_equal ? "present" : "absent");
        return;
    }
    say(line, "%s%s", item->not_equal ? "something other than " : "", relations[item->test]);
    for (size_t i = 0; i < item->value_count && i < VALUES_SHOWN; i++) {
        if (i > 0)
            say(line, item->all ? " and " : " or ");
        say_value(line, item, &item->values[i]);
    }
    if (item->value_count > VALUES_SHOWN)
        say(line, " and %zu more", item->value_count - VALUES_SHOWN);
    if (item->value_count == 0)
        say(line, "one of an empty list");
}

/* --- what there is ------------------------------------------------------------------------------
 */

static void say_fact(struct line *line, const struct fact *fact)
{
    char text[VALUE_TEXT];
    fact_print(fact, text, sizeof text);
    say(line, "%s", text[0] ? text : "empty");
}

/* Returns how many there are. */
static size_t say_values(struct matcher *m, struct line *line, const struct item_code *code)
{
    struct fact fact;
    size_t count = 0;
    struct walk walk = walk_over(m, code->source, code->item->field);
    while (walk_next(m, &walk, &fact)) {
        if (count < VALUES_SHOWN) {
            say(line, count > 0 ? ", " : "");
            say_fact(line, &fact);
        }
        count++;
    }
    if (count > VALUES_SHOWN)
        say(line, " and %zu more", count - VALUES_SHOWN);
    if (count == 0)
        say(line, "absent");
    return count;
}

static bool is_hidden(const struct item *item)
{
    return !item->keyword && item->field < FIELDS &&
           schema_field(item->field)->visibility == VISIBILITY_INTERNAL;
}

/* --- an item that does not hold -----------------------------------------------------------------
 */

static void say_missed(struct matcher *m, struct line *line, const struct item_code *code)
{
    const struct item *item = code->item;
    size_t count = 1;
    say(line, "%s is ", item->keyword ? "no text of the event" : item->name);
    if (is_hidden(item))
        say(line, "not shown");
    else if (!item->keyword)
        count = say_values(m, line, code);
    if (!item->keyword)
        say(line, count > 1 && !item->all ? ", none of them " : ", not ");
    say_wanted(line, item);
}

/* --- an item that holds -------------------------------------------------------------------------
 */

/* Whether the group holds in that row. */
static bool holds_in(struct matcher *m, const struct group_code *group,
                     const struct item_code *code, unsigned row)
{
    struct row_set only = { { 0 } };
    if (code->source != SOURCE_ROWS)
        return true;
    only.words[row / 64] = UINT64_C(1) << row % 64;
    m->only = &only;
    m->only_object = code->object;
    bool holds = group_holds(m, group);
    m->only = NULL;
    return holds;
}

/* A whole text or address, which is found among the sorted ones. */
static bool is_whole(const struct item *item, const struct value *value)
{
    if (item->test == TEST_NETWORK)
        return value->network.bits == value->network.len * 8;
    for (size_t i = 0; i < value->pattern.len; i++) {
        if (value->pattern.marks[i] != MARK_LITERAL)
            return false;
    }
    return true;
}

/* What the value meets: place `at` of those that are not sorted. Nothing if it is just that. */
static void say_met(struct line *line, const struct item_code *code, size_t at)
{
    const struct item *item = code->item;
    bool some_sorted = !code->all && (item->test == TEST_PATTERN || item->test == TEST_NETWORK);
    if (at >= code->value_count || code->test == TEST_NUMBER)
        return;
    for (size_t i = 0; i < item->value_count; i++) {
        if ((some_sorted && is_whole(item, &item->values[i])) || at-- > 0)
            continue;
        say(line, ", which is %s", item->test == TEST_PATTERN ? "like " : relations[item->test]);
        say_value(line, item, &item->values[i]);
        return;
    }
}

/* The value for which the item holds, in the row in which the whole group does. */
static bool find_met(struct matcher *m, const struct group_code *group,
                     const struct item_code *code, struct fact *fact, size_t *at)
{
    struct walk walk = walk_over(m, code->source, code->item->field);
    while (walk_next(m, &walk, fact)) {
        *at = item_meets(m, code, fact);
        if ((*at != SIZE_MAX) != code->item->not_equal && holds_in(m, group, code, fact->row))
            return true;
    }
    return false;
}

static void say_held(struct matcher *m, struct line *line, const struct group_code *group,
                     const struct item_code *code)
{
    const struct item *item = code->item;
    struct fact fact;
    size_t at;
    if (is_hidden(item) || !find_met(m, group, code, &fact, &at)) {
        say(line, "%s is %s", item->name, is_hidden(item) ? "not shown" : "absent");
        return;
    }
    say(line, "%s is ", schema_field(fact.field)->name);
    say_fact(line, &fact);
    if (!item->not_equal) {
        say_met(line, code, at);
        return;
    }
    say(line, ", ");
    say_wanted(line, item);
}

/* The whole of it holds: all of its items, or the first ones. */
static void say_group(struct matcher *m, struct line *line, const struct group_code *group)
{
    for (size_t i = 0; i < group->count && i < VALUES_SHOWN; i++) {
        say(line, i > 0 ? " and " : "");
        say_held(m, line, group, &group->items[i]);
    }
    if (group->count > VALUES_SHOWN)
        say(line, " and %zu more", group->count - VALUES_SHOWN);
}

/* The item of the group that fails; NULL: each holds for itself, but not all in one row. */
static const struct item_code *failing_item(struct matcher *m, const struct group_code *group)
{
    for (size_t i = 0; i < group->count; i++) {
        struct group_code alone = { &group->items[i], 1, group->items[i].source == SOURCE_ROWS };
        if (!group_holds(m, &alone))
            return &group->items[i];
    }
    return NULL;
}

static void say_fails(struct matcher *m, struct line *line, const struct search_code *search)
{
    for (size_t g = 0; g < search->count; g++) {
        const struct group_code *group = &search->groups[g];
        if (group_holds(m, group))
            continue;
        const struct item_code *item = failing_item(m, group);
        if (item)
            say_missed(m, line, item);
        else
            say(line, "no one row has all of it");
        if (!search->all && search->count > 1)
            say(line, ", and the other %zu do not hold either", search->count - 1);
        return;
    }
    say(line, "it is empty");
}

static void say_holds(struct matcher *m, struct line *line, const struct search_code *search)
{
    for (size_t g = 0; g < search->count; g++) {
        if (!group_holds(m, &search->groups[g]) || search->groups[g].count == 0)
            continue;
        say_group(m, line, &search->groups[g]);
        return;
    }
    say(line, "it holds");
}

static void say_search(struct matcher *m, struct line *line, const struct rule_code *rule,
                       size_t number, bool should_hold)
{
    const struct search_code *search = &rule->searches[number];
    const char *name = rule->rule->expression.searches[number].name;
    say(line, "%s%s: ", should_hold ? "" : "taken away by ", name);
    if (should_hold)
        say_fails(m, line, search);
    else
        say_holds(m, line, search);
}

/* --- the condition ------------------------------------------------------------------------------
 */

/* The truth of each step. */
static void judge_steps(struct matcher *m, const struct rule_code *rule, const uint16_t *right,
                        bool *truth)
{
    const struct expression *expression = &rule->rule->expression;
    for (size_t i = 0; i < expression->step_count; i++) {
        const struct step *step = &expression->steps[i];
        switch (step->operation) {
        case OPERATION_SEARCH:
            truth[i] = search_holds(m, &rule->searches[step->search]);
            break;
        case OPERATION_NOT:
            truth[i] = !truth[i - 1];
            break;
        case OPERATION_AND:
            truth[i] = truth[right[i] - 1] && truth[i - 1];
            break;
        case OPERATION_OR:
            truth[i] = truth[right[i] - 1] || truth[i - 1];
            break;
        }
    }
}

/* The first search that is to blame: of two operands the left one, unless it is as it should be. */
static void say_condition(struct matcher *m, struct line *line, const struct rule_code *rule)
{
    const struct expression *expression = &rule->rule->expression;
    uint16_t right[EXPRESSION_STEPS_MAX];
    bool truth[EXPRESSION_STEPS_MAX], wanted = true;
    if (!expression_operands(expression, right) || expression->step_count == 0)
        return;
    judge_steps(m, rule, right, truth);
    size_t root = expression->step_count - 1;
    while (expression->steps[root].operation != OPERATION_SEARCH) {
        if (expression->steps[root].operation == OPERATION_NOT) {
            wanted = !wanted;
            root--;
        } else {
            size_t left = (size_t)right[root] - 1;
            root = truth[left] != wanted ? left : root - 1;
        }
    }
    say_search(m, line, rule, expression->steps[root].search, wanted);
}

bool matcher_why_not(struct matcher *m, size_t place, enum event_kind kind,
                     const struct facts_index *facts, char *to, size_t size)
{
    const struct rule_code *rule = &m->rules[place];
    struct line line = { to, size, 0 };
    to[0] = '\0';
    if (!view_begin(m, kind, facts)) {
        say(&line, "the event is too long");
    } else if (rule->rule->disabled) {
        say(&line, "the rule is disabled");
    } else if (rule->rule->waits_for) {
        say(&line, "the rule waits for the option %s", rule->rule->waits_for);
    } else if (!rule->active) {
        say(&line, "the rule has an error");
    } else if (!(rule->kinds >> kind & 1)) {
        say(&line, "another kind of event: %s", schema_event(kind)->name);
    } else if (!rule_concerns(m, rule)) {
        char text[VALUE_TEXT];
        text_copy(text, sizeof text, m->view.protocol);
        say(&line, "another protocol: %s, not %s", text[0] ? text : "unknown",
            rule->rule->protocol);
    } else if (rule_holds(m, rule)) {
        return false;
    } else if (m->gave_up) {
        say(&line, "a regular expression was given up at its limits");
    } else {
        say_condition(m, &line, rule);
    }
    return true;
}
