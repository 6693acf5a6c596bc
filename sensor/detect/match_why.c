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

/* --- what was asked for --------------------------------------------------------------------------
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

static void say_wanted(struct line *line, const struct item *item)
{
    static const char *const tests[] = {
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
    if (item->test == TEST_EXISTS || item->test == TEST_NULL) {
        say(line, "%s",
            (item->test == TEST_EXISTS && item->exists) != item->not_equal ? "present" : "absent");
        return;
    }
    say(line, "%s%s", item->not_equal ? "something other than " : "", tests[item->test]);
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

/* --- what there is -------------------------------------------------------------------------------
 */

static void say_values(struct matcher *m, struct line *line, const struct item_code *code)
{
    char text[VALUE_TEXT];
    struct fact fact;
    size_t count = 0;
    struct walk walk = walk_over(m, code->source, code->item->field);
    while (walk_next(m, &walk, &fact)) {
        if (count < VALUES_SHOWN) {
            fact_print(&fact, text, sizeof text);
            say(line, "%s%s", count > 0 ? ", " : "", text[0] ? text : "empty");
        }
        count++;
    }
    if (count > VALUES_SHOWN)
        say(line, " and %zu more", count - VALUES_SHOWN);
    if (count == 0)
        say(line, "absent");
}

static void say_item(struct matcher *m, struct line *line, const struct item_code *code,
                     bool should_hold)
{
    const struct item *item = code->item;
    const char *but = should_hold ? ", not " : ", which is ";
    if (item->keyword) {
        say(line, "%s text of the event is ", should_hold ? "no" : "a");
        say_wanted(line, item);
        return;
    }
    say(line, "%s is ", item->name);
    if (item->field < FIELDS && schema_field(item->field)->visibility == VISIBILITY_INTERNAL)
        say(line, "not shown");
    else
        say_values(m, line, code);
    say(line, "%s", but);
    say_wanted(line, item);
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

static void say_search(struct matcher *m, struct line *line, const struct rule_code *rule,
                       size_t number, bool should_hold)
{
    const struct search_code *search = &rule->searches[number];
    const struct search *written = &rule->rule->expression.searches[number];
    say(line, "%s%s: ", should_hold ? "" : "not ", written->name);
    for (size_t g = 0; g < search->count; g++) {
        const struct group_code *group = &search->groups[g];
        if (group_holds(m, group) == should_hold)
            continue;
        const struct item_code *item = should_hold        ? failing_item(m, group)
                                       : group->count > 0 ? &group->items[0]
                                                          : NULL;
        if (item)
            say_item(m, line, item, should_hold);
        else
            say(line, should_hold ? "no one row has all of it" : "it holds");
        if (should_hold && !search->all && search->count > 1)
            say(line, ", and the other %zu do not hold either", search->count - 1);
        return;
    }
    say(line, "%s", should_hold ? "it is empty" : "it holds");
}

/* --- the condition -------------------------------------------------------------------------------
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
