/* Rules made ready: values sorted or shaped, conditions as jumps. */
#include <stdlib.h>
#include <string.h>

#include "match_internal.h"

/* --- items --------------------------------------------------------------------------------------
 */

/* A claim or boolean by its name, if it is one. */
static bool named_number(enum field_type type, const struct shaped *shaped, uint64_t *number)
{
    static const char *const claims[] = { "unknown", "no", "yes" };
    static const char *const booleans[] = { "false", "true" };
    const char *const *names = type == TYPE_CLAIM ? claims : booleans;
    size_t count = type == TYPE_CLAIM ? 3 : 2;
    for (size_t i = 0; i < count; i++) {
        if (shaped->shape == SHAPE_EQUAL && bytes_equal(shaped->text, bytes_of_string(names[i]))) {
            *number = i;
            return true;
        }
    }
    return false;
}

static bool shape_values(struct matcher *m, struct item_code *code, union value_code *values)
{
    const struct item *item = code->item;
    for (size_t i = 0; i < item->value_count; i++) {
        const struct pattern *pattern = &item->values[i].pattern;
        uint8_t *text = arena_take(m->arena, 2, pattern->len + 2);
        if (!text)
            return false;
        values[i].shaped =
            shape_pattern(pattern, code->fold, item->keyword, text, text + pattern->len + 2);
    }
    return true;
}

static bool add_regexes(struct matcher *m, const struct item *item, union value_code *values,
                        struct problems *problems, bool *active)
{
    if (!m->regexes && !(m->regexes = regexes_new()))
        return false;
    for (size_t i = 0; i < item->value_count; i++) {
        values[i].regex =
            regexes_add(m->regexes, &item->values[i].regex, item->values[i].place, problems);
        *active &= values[i].regex != NULL;
    }
    return true;
}

/* As they are written, each in its place. */
static union value_code *copy_values(struct matcher *m, struct item_code *code,
                                     struct problems *problems, bool *active)
{
    const struct item *item = code->item;
    union value_code *values = arena_take(m->arena, item->value_count, sizeof *values);
    if (!values)
        return NULL;
    switch (item->test) {
    case TEST_PATTERN:
        return shape_values(m, code, values) ? values : NULL;
    case TEST_REGEX:
        return add_regexes(m, item, values, problems, active) ? values : NULL;
    case TEST_EXISTS:
    case TEST_NULL:
        return values;
    default:
        break;
    }
    for (size_t i = 0; i < item->value_count; i++) {
        if (item->test == TEST_NETWORK)
            values[i].network = &item->values[i].network;
        else if (item->test == TEST_SAME)
            values[i].field = item->values[i].field;
        else
            values[i].number = item->values[i].number;
    }
    return values;
}

/* "yes" of a claim is compared as a number. */
static void name_numbers(struct item_code *code, union value_code *values, size_t count)
{
    if (code->item->test != TEST_PATTERN || code->item->field >= FIELDS || code->item->keyword)
        return;
    enum field_type type = schema_field(code->item->field)->type;
    uint64_t number;
    if (type != TYPE_CLAIM && type != TYPE_BOOL)
        return;
    for (size_t i = 0; i < count; i++) {
        if (!named_number(type, &values[i].shaped, &number))
            return;
    }
    for (size_t i = 0; i < count; i++) {
        named_number(type, &values[i].shaped, &number);
        values[i].number = number;
    }
    code->test = TEST_NUMBER;
}

static int compare_numbers(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static bool sort_numbers(struct matcher *m, struct item_code *code, const union value_code *values,
                         size_t count)
{
    uint64_t *numbers = arena_take(m->arena, count, sizeof *numbers);
    if (!numbers)
        return false;
    for (size_t i = 0; i < count; i++)
        numbers[i] = values[i].number;
    qsort(numbers, count, sizeof *numbers, compare_numbers);
    code->numbers = numbers;
    code->number_count = count;
    return true;
}

/* The bytes that a value must be, whole; false if it may be several. */
static bool whole_text(const struct item_code *code, const union value_code *value,
                       struct bytes *text)
{
    if (code->test == TEST_PATTERN) {
        *text = value->shaped.text;
        return value->shaped.shape == SHAPE_EQUAL;
    }
    if (code->test != TEST_NETWORK || value->network->bits != value->network->len * 8)
        return false;
    *text = bytes_over(value->network->address, value->network->len);
    return true;
}

/* Whole texts go to where they are found by halves; the others stay in `values`. */
static bool sort_keys(struct matcher *m, struct item_code *code, union value_code *values,
                      size_t count)
{
    struct bytes *keys = arena_take(m->arena, count, sizeof *keys);
    if (!keys)
        return false;
    code->value_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (whole_text(code, &values[i], &keys[code->key_count]))
            code->key_count++;
        else
            values[code->value_count++] = values[i];
    }
    qsort(keys, code->key_count, sizeof *keys, compare_texts);
    code->keys = keys;
    code->values = values;
    return true;
}

static enum source source_of(const struct matcher *m, const struct item *item)
{
    if (item->keyword)
        return SOURCE_KEYWORD;
    return item->field < FIELDS ? m->sources[item->field] : SOURCE_NOWHERE;
}

static unsigned cost_of(const struct item_code *code)
{
    static const unsigned tests[] = {
        [TEST_PATTERN] = 3, [TEST_NUMBER] = 1,   [TEST_LESS] = 1,    [TEST_AT_MOST] = 1,
        [TEST_GREATER] = 1, [TEST_AT_LEAST] = 1, [TEST_NETWORK] = 2, [TEST_REGEX] = 500,
        [TEST_SAME] = 10,   [TEST_EXISTS] = 1,   [TEST_NULL] = 1,
    };
    static const unsigned sources[] = {
        [SOURCE_NOWHERE] = 0, [SOURCE_LAST] = 1,     [SOURCE_LIST] = 4,
        [SOURCE_ROWS] = 8,    [SOURCE_ENVELOPE] = 1, [SOURCE_KEYWORD] = 40,
    };
    size_t values = code->value_count < 1000 ? code->value_count : 1000;
    return tests[code->test] * sources[code->source] * (1 + (unsigned)values);
}

/* A regular expression that is none makes its rule inactive; no memory is false. */
static bool compile_item(struct matcher *m, const struct item *item, struct item_code *code,
                         struct problems *problems, bool *active)
{
    *code = (struct item_code){ .item = item, .test = item->test, .source = source_of(m, item) };
    code->object = code->source == SOURCE_ROWS ? m->objects[item->field] : 0;
    code->fold = !item->cased && item->test != TEST_REGEX;
    code->all =
        item->all && !item->not_equal && item->test != TEST_EXISTS && item->test != TEST_NULL;
    union value_code *values = copy_values(m, code, problems, active);
    if (!values)
        return false;
    name_numbers(code, values, item->value_count);
    code->values = values;
    code->value_count = item->value_count;
    if (!code->all && code->test == TEST_NUMBER) {
        code->value_count = 0;
        if (!sort_numbers(m, code, values, item->value_count))
            return false;
    } else if (!code->all && (code->test == TEST_PATTERN || code->test == TEST_NETWORK)) {
        if (!sort_keys(m, code, values, item->value_count))
            return false;
    }
    enum field_type type = item->field < FIELDS ? schema_field(item->field)->type : TYPE_NUMBER;
    code->texts = code->test == TEST_PATTERN && !code->all && !item->keyword &&
                  (type == TYPE_TEXT || type == TYPE_KEYWORD);
    code->cost = cost_of(code);
    return share_item(m, code);
}

/* --- searches -----------------------------------------------------------------------------------
 */

/* Those about rows last, by object; otherwise by cost, and as written. */
static int compare_items(const void *left, const void *right)
{
    const struct item_code *a = left, *b = right;
    bool a_rows = a->source == SOURCE_ROWS, b_rows = b->source == SOURCE_ROWS;
    if (a_rows != b_rows)
        return a_rows ? 1 : -1;
    if (a_rows && a->object != b->object)
        return a->object < b->object ? -1 : 1;
    if (a->cost != b->cost)
        return a->cost < b->cost ? -1 : 1;
    return (a->item > b->item) - (a->item < b->item);
}

static bool compile_group(struct matcher *m, const struct item_group *group,
                          struct group_code *code, struct problems *problems, bool *active)
{
    code->count = group->count;
    code->items = arena_take(m->arena, group->count, sizeof *code->items);
    if (!code->items)
        return false;
    for (size_t i = 0; i < group->count; i++) {
        if (!compile_item(m, &group->items[i], &code->items[i], problems, active))
            return false;
        code->row_count += code->items[i].source == SOURCE_ROWS;
    }
    qsort(code->items, code->count, sizeof *code->items, compare_items);
    return true;
}

/* Bits: the objects whose rows it asks for. */
static uint32_t objects_of(const struct search_code *search)
{
    uint32_t objects = 0;
    for (size_t g = 0; g < search->count; g++) {
        const struct group_code *group = &search->groups[g];
        for (size_t i = group->count - group->row_count; i < group->count; i++)
            objects |= UINT32_C(1) << group->items[i].object;
    }
    return objects;
}

static bool compile_search(struct matcher *m, const struct search *search, struct search_code *code,
                           struct problems *problems, bool *active)
{
    code->all = search->all;
    code->count = search->count;
    code->groups = arena_take(m->arena, search->count, sizeof *code->groups);
    for (size_t i = 0; code->groups && i < search->count; i++) {
        if (!compile_group(m, &search->groups[i], &code->groups[i], problems, active))
            return false;
    }
    return code->groups != NULL;
}

/* --- conditions ---------------------------------------------------------------------------------
 */

bool expression_operands(const struct expression *expression, uint16_t *right)
{
    uint16_t starts[EXPRESSION_DEPTH_MAX];
    size_t depth = 0;
    if (expression->step_count > EXPRESSION_STEPS_MAX)
        return false;
    for (size_t i = 0; i < expression->step_count; i++) {
        const struct step *step = &expression->steps[i];
        right[i] = 0;
        if (step->operation == OPERATION_SEARCH) {
            if (depth == EXPRESSION_DEPTH_MAX || step->search >= expression->search_count)
                return false;
            starts[depth++] = (uint16_t)i;
        } else if (step->operation == OPERATION_NOT) {
            if (depth == 0)
                return false;
        } else {
            if (depth < 2)
                return false;
            right[i] = starts[--depth];
        }
    }
    return depth == (expression->step_count > 0);
}

/* Before the right operand of an AND or OR stands a jump over it. No step starts two right
 * operands: the operator of the inner one would be part of the outer, and its left operand before
 * it. */
static bool compile_program(struct matcher *m, const struct expression *expression,
                            struct rule_code *code, bool *active)
{
    uint16_t right[EXPRESSION_STEPS_MAX];
    uint32_t jumps[EXPRESSION_STEPS_MAX] = { 0 }; /* by step: its operator, and 1; then its place */
    if (!expression_operands(expression, right)) {
        *active = false;
        return true;
    }
    struct instruction *program = arena_take(m->arena, expression->step_count, sizeof *program);
    if (!program)
        return false;
    for (uint32_t i = 0; i < expression->step_count; i++) {
        if (right[i] > 0)
            jumps[right[i]] = i + 1;
    }
    for (uint32_t i = 0, n = 0; i < expression->step_count; i++) {
        const struct step *step = &expression->steps[i];
        if (jumps[i] > 0) {
            bool and = expression->steps[jumps[i] - 1].operation == OPERATION_AND;
            program[n] = (struct instruction){ and? CODE_UNLESS : CODE_IF, 0 };
            jumps[i] = n++;
        }
        if (step->operation == OPERATION_SEARCH) {
            struct search_code *search = &code->searches[step->search];
            search->shared = search->asked > 0;
            search->asked = 1;
            program[n++] = (struct instruction){ CODE_SEARCH, step->search };
        } else if (step->operation == OPERATION_NOT) {
            program[n++] = (struct instruction){ CODE_NOT, 0 };
        } else {
            program[jumps[right[i]]].operand = n;
        }
        code->length = n;
    }
    code->program = program;
    return true;
}

static bool compile_rule(struct matcher *m, const struct rule *rule, struct rule_code *code,
                         struct problems *problems)
{
    const struct expression *expression = &rule->expression;
    bool active = !rule->disabled && !rule->waits_for;
    code->rule = rule;
    code->protocol = bytes_of_string(rule->protocol ? rule->protocol : "");
    code->kinds = rule->correlation && rule->kinds == 0 ? UINT32_MAX : rule->kinds;
    code->searches = arena_take(m->arena, expression->search_count, sizeof *code->searches);
    if (!code->searches)
        return false;
    for (size_t i = 0; i < expression->search_count; i++) {
        if (!compile_search(m, &expression->searches[i], &code->searches[i], problems, &active))
            return false;
        code->objects |= objects_of(&code->searches[i]);
    }
    if (!compile_program(m, expression, code, &active))
        return false;
    code->active = active;
    return true;
}

bool matcher_compile(struct matcher *m, struct problems *problems)
{
    if (!shared_items_init(m))
        return false;
    m->rules = arena_take(m->arena, m->set->count, sizeof *m->rules);
    for (size_t i = 0; m->rules && i < m->set->count; i++) {
        if (!compile_rule(m, &m->set->rules[i], &m->rules[i], problems))
            return false;
    }
    if (m->rules)
        unshare_lonely(m);
    return m->rules != NULL;
}
