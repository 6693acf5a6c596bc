/* A number for all that decides what a rule matches: rules with the same go on when rules are
 * exchanged. Not secret, not against attackers: rules are the operator's own. */
#include <string.h>

#include "loader.h"
#include "siphash.h"

static void mix(uint64_t hash[2], struct bytes bytes)
{
    struct siphash_key one = { hash[0], hash[1] ^ bytes.len }, two = { ~hash[1], hash[0] };
    uint64_t first = siphash13(&one, bytes), second = siphash13(&two, bytes);
    hash[0] = first;
    hash[1] = second;
}

static void mix_number(uint64_t hash[2], uint64_t number)
{
    mix(hash, bytes_over(&number, sizeof number));
}

static void mix_text(uint64_t hash[2], const char *text)
{
    mix(hash, text ? bytes_of_string(text) : BYTES_LITERAL("\1"));
}

static void mix_field(uint64_t hash[2], enum field field)
{
    mix_text(hash, field == FIELDS ? NULL : schema_field(field)->name);
}

static void mix_value(uint64_t hash[2], enum test test, const struct value *value)
{
    switch (test) {
    case TEST_PATTERN:
        mix(hash, bytes_over(value->pattern.text, value->pattern.len));
        mix(hash, bytes_over(value->pattern.marks, value->pattern.len));
        break;
    case TEST_NUMBER:
    case TEST_LESS:
    case TEST_AT_MOST:
    case TEST_GREATER:
    case TEST_AT_LEAST:
        mix_number(hash, value->number);
        break;
    case TEST_NETWORK:
        mix(hash, bytes_over(value->network.address, value->network.len));
        mix_number(hash, value->network.bits);
        break;
    case TEST_REGEX:
        mix_text(hash, value->regex.text);
        mix_number(hash, (uint64_t)value->regex.ignore_case |
                             (uint64_t)value->regex.multiline << 1 |
                             (uint64_t)value->regex.dot_all << 2);
        break;
    case TEST_SAME:
        mix_field(hash, value->field);
        break;
    case TEST_EXISTS:
    case TEST_NULL:
        break;
    }
}

static void mix_item(uint64_t hash[2], const struct item *item)
{
    mix_text(hash, item->name);
    mix_number(hash, (uint64_t)item->test | (uint64_t)item->keyword << 8 |
                         (uint64_t)item->all << 9 | (uint64_t)item->not_equal << 10 |
                         (uint64_t)item->cased << 11 | (uint64_t)item->exists << 12);
    mix_number(hash, item->value_count);
    for (size_t i = 0; i < item->value_count; i++)
        mix_value(hash, item->test, &item->values[i]);
}

static void mix_search(uint64_t hash[2], const struct search *search)
{
    mix_number(hash, search->count << 1 | search->all);
    for (size_t i = 0; i < search->count; i++) {
        mix_number(hash, search->groups[i].count);
        for (size_t k = 0; k < search->groups[i].count; k++)
            mix_item(hash, &search->groups[i].items[k]);
    }
}

static void mix_expression(uint64_t hash[2], const struct expression *expression)
{
    mix_number(hash, expression->search_count);
    for (size_t i = 0; i < expression->search_count; i++)
        mix_search(hash, &expression->searches[i]);
    mix_number(hash, expression->step_count);
    for (size_t i = 0; i < expression->step_count; i++)
        mix_number(hash,
                   (uint64_t)expression->steps[i].operation << 16 | expression->steps[i].search);
}

static void mix_correlation(uint64_t hash[2], const struct correlation *correlation,
                            const struct rule *rules)
{
    const uint64_t numbers[] = { correlation->type,       correlation->timespan_ns,
                                 correlation->at_least,   correlation->at_most,
                                 correlation->except,     correlation->has_except,
                                 correlation->rule_count, correlation->group_count };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        mix_number(hash, numbers[i]);
    mix_field(hash, correlation->counted);
    for (size_t i = 0; i < correlation->rule_count; i++) {
        const struct rule *rule = &rules[correlation->rules[i]];
        mix(hash, bytes_over(rule->fingerprint, sizeof rule->fingerprint));
        for (size_t k = 0; k < correlation->group_count; k++)
            mix_field(hash, correlation->group[k][i]);
    }
}

void load_fingerprint(struct rule *rule, const struct rule *rules)
{
    uint64_t *hash = rule->fingerprint;
    hash[0] = hash[1] = 0;
    /* So that rules that say the same are still two. */
    mix_text(hash, rule->uuid);
    mix_text(hash, rule->id);
    mix_number(hash, rule->kinds);
    mix_text(hash, rule->protocol);
    mix_text(hash, rule->waits_for);
    mix_number(hash, rule->disabled);
    mix_expression(hash, &rule->expression);
    if (rule->correlation)
        mix_correlation(hash, rule->correlation, rules);
}
