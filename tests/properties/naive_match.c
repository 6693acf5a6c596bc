/* What a rule means, said plainly: recursive, without an index, without preparation. Shares no code
 * with the matcher. */
#include "naive_match.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define NO_ROW      (-1) /* the field as a whole */
#define VALUES_MAX_ 512

struct event_of {
    enum event_kind kind;
    struct bytes facts;
    int only_row; /* NO_ROW: all count */
};

/* --- what the event holds -----------------------------------------------------------------------
 */

struct held {
    struct fact facts[VALUES_MAX_];
    size_t count;
};

static void hold_words(struct held *held, enum field field, const char *words)
{
    for (struct bytes rest = bytes_of_string(words); rest.len > 0;) {
        size_t n = bytes_index(rest, ',');
        held->facts[held->count++] = (struct fact){ field, 0, bytes_first(rest, n) };
        rest = bytes_after(rest, n + 1);
    }
}

static bool hold_envelope(struct held *held, const struct event_of *event, enum field field)
{
    const struct event_row *row = schema_event(event->kind);
    struct fact own;
    if (field == FIELD_EVENT_KIND)
        hold_words(held, field, row->kind);
    else if (field == FIELD_EVENT_CATEGORY)
        hold_words(held, field, row->categories);
    else if (field == FIELD_EVENT_TYPE)
        hold_words(held, field, row->types);
    else if (field == FIELD_EVENT_DATASET)
        hold_words(held, field, row->dataset);
    else if (field == FIELD_EVENT_MODULE)
        hold_words(held, field, "mailtap");
    else if (field == FIELD_EVENT_ACTION && !facts_find(event->facts, field, &own))
        hold_words(held, field, row->action);
    else
        return false;
    return true;
}

/* All values of a field, or those in one row. */
static void hold(struct held *held, const struct event_of *event, enum field field, int row)
{
    struct fact fact;
    held->count = 0;
    if (field >= FIELDS || hold_envelope(held, event, field))
        return;
    for (size_t at = 0; facts_next(event->facts, &at, &fact) && held->count < VALUES_MAX_;) {
        if (fact.field != field || (row != NO_ROW && fact.row != row))
            continue;
        if (schema_field(field)->arity == ARITY_ONE)
            held->count = 0;
        held->facts[held->count++] = fact;
    }
}

static void hold_texts(struct held *held, const struct event_of *event)
{
    struct held of_field;
    held->count = 0;
    for (unsigned f = 0; f < FIELDS; f++) {
        enum field_type type = schema_field((enum field)f)->type;
        struct fact own;
        if ((type != TYPE_TEXT && type != TYPE_KEYWORD) ||
            schema_field((enum field)f)->visibility == VISIBILITY_INTERNAL ||
            !facts_find(event->facts, (enum field)f, &own))
            continue;
        if (schema_field((enum field)f)->arity == ARITY_ONE) {
            of_field.facts[0] = own;
            of_field.count = 1;
        } else {
            of_field.count = 0;
            struct fact fact;
            for (size_t at = 0; facts_next(event->facts, &at, &fact);) {
                if (fact.field == own.field)
                    of_field.facts[of_field.count++] = fact;
            }
        }
        for (size_t i = 0; i < of_field.count; i++)
            held->facts[held->count++] = of_field.facts[i];
    }
}

static struct bytes text_of(const struct fact *fact, char scratch[64])
{
    enum field_type type = schema_field(fact->field)->type;
    if (type == TYPE_TEXT || type == TYPE_KEYWORD)
        return fact->value;
    fact_print(fact, scratch, 64);
    return bytes_of_string(scratch);
}

/* --- one value against one ----------------------------------------------------------------------
 */

static uint8_t small(uint8_t c, bool cased)
{
    return !cased && c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static size_t character(struct bytes text)
{
    size_t len = text_utf8_length(text);
    return len > 0 ? len : 1;
}

/* What has failed already, by what is left of the pattern and of the text: without it many stars
 * take longer than anybody waits. */
#define REMEMBERED 64
static bool failed[REMEMBERED][FACTS_TEXT_MAX + 1];

static bool fits_rest(const uint8_t *pattern, const uint8_t *marks, size_t len, struct bytes text,
                      bool cased)
{
    bool *known = len < REMEMBERED && text.len <= FACTS_TEXT_MAX ? &failed[len][text.len] : NULL;
    bool holds;
    if (len == 0)
        return text.len == 0;
    if (known && *known)
        return false;
    if (marks[0] == MARK_MANY)
        holds = fits_rest(pattern + 1, marks + 1, len - 1, text, cased) ||
                (text.len > 0 &&
                 fits_rest(pattern, marks, len, bytes_after(text, character(text)), cased));
    else if (text.len == 0)
        holds = false;
    else if (marks[0] == MARK_ONE)
        holds =
            fits_rest(pattern + 1, marks + 1, len - 1, bytes_after(text, character(text)), cased);
    else
        holds = small(pattern[0], cased) == small(text.data[0], cased) &&
                fits_rest(pattern + 1, marks + 1, len - 1, bytes_after(text, 1), cased);
    if (known)
        *known = !holds;
    return holds;
}

static bool fits(const uint8_t *pattern, const uint8_t *marks, size_t len, struct bytes text,
                 bool cased)
{
    size_t most = text.len < FACTS_TEXT_MAX ? text.len : FACTS_TEXT_MAX;
    for (size_t i = 0; i <= len && i < REMEMBERED; i++)
        memset(failed[i], 0, most + 1);
    return fits_rest(pattern, marks, len, text, cased);
}

/* At the end of a text bytes_after() gives no data, which fits() does not mind. */
static bool fits_pattern(const struct item *item, const struct pattern *pattern, struct bytes text)
{
    if (!item->keyword)
        return fits(pattern->text, pattern->marks, pattern->len, text, item->cased);
    for (size_t from = 0; from <= text.len; from++) {
        for (size_t len = 0; from + len <= text.len; len++) {
            struct bytes part = bytes_over(text.data ? text.data + from : NULL, len);
            if (fits(pattern->text, pattern->marks, pattern->len, part, item->cased))
                return true;
        }
    }
    return false;
}

static int search(const struct regex *regex, struct bytes text, uint32_t more)
{
    int error;
    size_t at;
    uint32_t options = more | (regex->ignore_case ? PCRE2_CASELESS : 0) |
                       (regex->multiline ? PCRE2_MULTILINE : 0) |
                       (regex->dot_all ? PCRE2_DOTALL : 0);
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)regex->text, PCRE2_ZERO_TERMINATED, options, &error, &at, NULL);
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    if (!code || !data)
        abort();
    int found =
        pcre2_match(code, text.len > 0 ? text.data : (PCRE2_SPTR) "", text.len, 0, 0, data, NULL);
    pcre2_match_data_free(data);
    pcre2_code_free(code);
    return found;
}

static bool fits_regex(const struct regex *regex, struct bytes text)
{
    int found = search(regex, text, PCRE2_UTF);
    if (found < 0 && found != PCRE2_ERROR_NOMATCH)
        found = search(regex, text, 0);
    return found >= 0;
}

static bool lies_within(struct bytes address, const struct network *network)
{
    if (address.len != network->len)
        return false;
    for (unsigned bit = 0; bit < network->bits; bit++) {
        uint8_t mask = (uint8_t)(0x80 >> bit % 8);
        if ((address.data[bit / 8] & mask) != (network->address[bit / 8] & mask))
            return false;
    }
    return true;
}

static bool same_text(struct bytes a, struct bytes b, bool cased)
{
    for (size_t i = 0; i < a.len && a.len == b.len; i++) {
        if (small(a.data[i], cased) != small(b.data[i], cased))
            return false;
    }
    return a.len == b.len;
}

static bool fits_field(const struct event_of *event, const struct item *item, enum field other,
                       const struct fact *fact, int row)
{
    char scratch[64], scratch_other[64];
    struct held held;
    bool rows = other < FIELDS && schema_field(other)->arity == ARITY_ROWS;
    hold(&held, event, other, rows ? row : NO_ROW);
    for (size_t i = 0; i < held.count; i++) {
        if (same_text(text_of(fact, scratch), text_of(&held.facts[i], scratch_other), item->cased))
            return true;
    }
    return false;
}

static bool fits_number(enum test test, const struct fact *fact, uint64_t asked)
{
    uint64_t number = 0;
    enum field_type type = schema_field(fact->field)->type;
    if (type == TYPE_IP)
        return false;
    if (type == TYPE_TEXT || type == TYPE_KEYWORD) {
        if (!text_to_u64(fact->value, &number))
            return false;
    } else {
        number = fact_number(fact);
        number = type == TYPE_BOOL && number > 0 ? 1 : type == TYPE_CLAIM ? number % 3 : number;
    }
    return (test == TEST_NUMBER && number == asked) || (test == TEST_LESS && number < asked) ||
           (test == TEST_AT_MOST && number <= asked) || (test == TEST_GREATER && number > asked) ||
           (test == TEST_AT_LEAST && number >= asked);
}

static bool meets(const struct event_of *event, const struct item *item, const struct value *value,
                  const struct fact *fact, int row)
{
    char scratch[64];
    switch (item->test) {
    case TEST_PATTERN:
        return fits_pattern(item, &value->pattern, text_of(fact, scratch));
    case TEST_REGEX:
        return fits_regex(&value->regex, text_of(fact, scratch));
    case TEST_NETWORK:
        return schema_field(fact->field)->type == TYPE_IP &&
               lies_within(fact->value, &value->network);
    case TEST_SAME:
        return fits_field(event, item, value->field, fact, row);
    default:
        return fits_number(item->test, fact, value->number);
    }
}

/* --- items, groups, searches, conditions --------------------------------------------------------
 */

static bool some_value_meets(const struct event_of *event, const struct item *item,
                             const struct value *value, const struct held *held, int row)
{
    for (size_t i = 0; i < held->count; i++) {
        if (meets(event, item, value, &held->facts[i], row))
            return true;
    }
    return false;
}

static bool positive(const struct event_of *event, const struct item *item, const struct held *held,
                     int row)
{
    if (item->test == TEST_EXISTS)
        return (held->count > 0) == item->exists;
    if (item->test == TEST_NULL) {
        for (size_t i = 0; i < held->count; i++) {
            if (held->facts[i].value.len == 0)
                return true;
        }
        return held->count == 0;
    }
    size_t met = 0;
    for (size_t i = 0; i < item->value_count; i++)
        met += some_value_meets(event, item, &item->values[i], held, row);
    return item->all && !item->not_equal ? met > 0 && met == item->value_count : met > 0;
}

static bool item_holds(const struct event_of *event, const struct item *item, int row)
{
    struct held held;
    if (item->keyword)
        hold_texts(&held, event);
    else
        hold(&held, event, item->field, row);
    bool holds = positive(event, item, &held, row);
    return item->not_equal ? held.count > 0 && !holds : holds;
}

static bool about_rows(const struct item *item)
{
    return !item->keyword && item->field < FIELDS && schema_field(item->field)->arity == ARITY_ROWS;
}

/* There is one object with rows in the vocabulary. */
static bool all_in_row(const struct event_of *event, const struct item_group *group, int row)
{
    for (size_t i = 0; i < group->count; i++) {
        if (about_rows(&group->items[i]) && !item_holds(event, &group->items[i], row))
            return false;
    }
    return true;
}

static bool rows_hold(const struct event_of *event, const struct item_group *group)
{
    struct fact fact;
    bool any = false;
    for (size_t at = 0; facts_next(event->facts, &at, &fact);) {
        if (schema_field(fact.field)->arity != ARITY_ROWS)
            continue;
        if (event->only_row != NO_ROW && event->only_row != fact.row)
            continue;
        any = true;
        if (all_in_row(event, group, fact.row))
            return true;
    }
    return !any && all_in_row(event, group, 0);
}

static bool group_holds(const struct event_of *event, const struct item_group *group)
{
    bool rows = false;
    for (size_t i = 0; i < group->count; i++) {
        rows |= about_rows(&group->items[i]);
        if (!about_rows(&group->items[i]) && !item_holds(event, &group->items[i], NO_ROW))
            return false;
    }
    return !rows || rows_hold(event, group);
}

static bool search_holds(const struct event_of *event, const struct search *search)
{
    size_t hold = 0;
    for (size_t i = 0; i < search->count; i++)
        hold += group_holds(event, &search->groups[i]);
    return search->all ? hold == search->count : hold > 0;
}

/* The operand that ends before *end; both operands are looked at, always. */
static bool condition(const struct event_of *event, const struct expression *expression,
                      size_t *end)
{
    const struct step *step = &expression->steps[--*end];
    if (step->operation == OPERATION_SEARCH)
        return search_holds(event, &expression->searches[step->search]);
    bool right = condition(event, expression, end);
    if (step->operation == OPERATION_NOT)
        return !right;
    bool left = condition(event, expression, end);
    return step->operation == OPERATION_AND ? left && right : left || right;
}

static bool rule_holds(const struct rule *rule, enum event_kind kind, struct bytes facts,
                       int only_row)
{
    const struct event_of event = { kind, facts, only_row };
    struct fact protocol;
    if (rule->disabled || rule->waits_for || !(rule->kinds >> kind & 1))
        return false;
    if (rule->protocol && !(facts_find(facts, FIELD_NETWORK_PROTOCOL, &protocol) &&
                            bytes_equal(protocol.value, bytes_of_string(rule->protocol))))
        return false;
    size_t end = rule->expression.step_count;
    return end == 0 || condition(&event, &rule->expression, &end);
}

bool naive_rule(const struct rule *rule, enum event_kind kind, struct bytes facts)
{
    return rule_holds(rule, kind, facts, NO_ROW);
}

bool naive_rule_in_row(const struct rule *rule, enum event_kind kind, struct bytes facts,
                       unsigned row)
{
    return rule_holds(rule, kind, facts, (int)row);
}
