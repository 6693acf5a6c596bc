/* Any bytes as a file of rules. What is loaded keeps its promises: places within the file, postfix
 * conditions that never run dry, values behind every count, correlations behind their rules. A ! at
 * the very end says that they are foreign. Seeds: tests/rules/malformed, as they are. */
#include <stdlib.h>
#include <string.h>

#include "sigma.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_item(const struct item *item)
{
    check(item->name && item->test <= TEST_NULL);
    for (size_t i = 0; i < item->value_count; i++) {
        const struct value *value = &item->values[i];
        check(value->place.file && value->place.line > 0);
        if (item->test == TEST_REGEX)
            check(value->regex.text != NULL);
        if (item->test == TEST_NETWORK)
            check((value->network.len == 4 || value->network.len == 16) &&
                  value->network.bits <= 8 * value->network.len);
        for (size_t k = 0; item->test == TEST_PATTERN && k < value->pattern.len; k++)
            check(value->pattern.marks[k] <= MARK_MANY);
    }
}

static void check_expression(const struct expression *expression, bool may_be_empty)
{
    size_t depth = 0;
    check(may_be_empty || expression->step_count > 0);
    for (size_t i = 0; i < expression->search_count; i++) {
        const struct search *search = &expression->searches[i];
        check(search->name && search->count > 0);
        for (size_t k = 0; k < search->count; k++) {
            check(search->groups[k].count > 0);
            for (size_t n = 0; n < search->groups[k].count; n++)
                check_item(&search->groups[k].items[n]);
        }
    }
    for (size_t i = 0; i < expression->step_count; i++) {
        const struct step *step = &expression->steps[i];
        bool two = step->operation == OPERATION_AND || step->operation == OPERATION_OR;
        check(depth >= (two ? 2U : step->operation == OPERATION_NOT ? 1U : 0U));
        check(step->operation != OPERATION_SEARCH || step->search < expression->search_count);
        depth += step->operation == OPERATION_SEARCH;
        depth -= two;
        check(depth <= EXPRESSION_DEPTH_MAX);
    }
    check(expression->step_count == 0 || depth == 1);
}

static void check_rule(const struct rule_set *set, size_t place)
{
    const struct rule *rule = &set->rules[place];
    const struct correlation *correlation = rule->correlation;
    check(rule->id && rule->id[0] && rule->title && rule->uuid && rule->name && rule->references);
    check(rule->group_count <= GROUP_FIELDS_MAX && rule->window_ns > 0);
    for (size_t i = 0; i < rule->group_count; i++)
        check(rule->group_by[i] < FIELDS);
    check_expression(&rule->expression, correlation != NULL);
    if (!correlation)
        return;
    check(correlation->rule_count > 0 && correlation->rule_count <= CORRELATION_RULES_MAX);
    check(correlation->timespan_ns > 0 && correlation->at_least <= correlation->at_most);
    for (size_t i = 0; i < correlation->rule_count; i++)
        check(correlation->rules[i] < place);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const own[] = { "192.0.2.0/24", "bob", "25", NULL };
    static const char *const nothing[] = { NULL };
    static const struct placeholder placeholders[] = { { "own", "networks.own", own, false },
                                                       { "none", "networks.none", nothing, true } };
    bool others = size > 0 && data[size - 1] == '!';
    struct sigma_options options = { .placeholders = placeholders,
                                     .placeholder_count = 2,
                                     .foreign = others };
    struct problems problems;
    struct rule_set *set =
        sigma_load_text(&options, "fuzz.yml", bytes_over(data, size - others), &problems);
    if (!set)
        return 0; /* too large for its memory */
    for (size_t i = 0; i < set->count; i++)
        check_rule(set, i);
    for (size_t i = 0; i < problems.count; i++)
        check(problems.list[i].text && strcmp(problems.list[i].place.file, "fuzz.yml") == 0 &&
              problems.list[i].place.line <= size + 1);
    arena_free(set->arena);
    return 0;
}
