/* Whether an item holds for the event, and several in one row. */
#include <stdlib.h>
#include <string.h>

#include "match_internal.h"

static bool within(struct bytes address, const struct network *network)
{
    unsigned whole = network->bits / 8, rest = network->bits % 8;
    if (address.len != network->len || network->bits > address.len * 8)
        return false;
    if (memcmp(address.data, network->address, whole) != 0)
        return false;
    return rest == 0 || (address.data[whole] ^ network->address[whole]) >> (8 - rest) == 0;
}

static bool search_regex(struct matcher *m, const struct regex_code *regex, struct bytes text)
{
    if (!regex)
        return false;
    enum regex_answer answer = regex_search(m->regexes, regex, text);
    if (answer == REGEX_GAVE_UP) {
        m->regex_limits++;
        m->gave_up = true;
    }
    return answer == REGEX_YES;
}

/* As another field of the event; of the same row, if both are of one object. */
static bool same_as(struct matcher *m, const struct item_code *code, enum field field,
                    const struct fact *fact, struct bytes text)
{
    if (field >= FIELDS)
        return false;
    uint8_t scratch[SCRATCH_MAX];
    struct fact other;
    struct walk walk = walk_over(m, m->sources[field], field);
    bool rows = code->source == SOURCE_ROWS && m->sources[field] == SOURCE_ROWS &&
                m->objects[field] == code->object;
    while (walk_next(m, &walk, &other)) {
        if ((!rows || other.row == fact->row) &&
            bytes_equal(view_text(m, &other, code->fold, scratch), text))
            return true;
    }
    return false;
}

static bool compares(enum test test, uint64_t number, uint64_t with)
{
    switch (test) {
    case TEST_LESS:
        return number < with;
    case TEST_AT_MOST:
        return number <= with;
    case TEST_GREATER:
        return number > with;
    case TEST_AT_LEAST:
        return number >= with;
    default:
        return number == with;
    }
}

/* What is compared: made once for each value of the event. */
struct subject {
    const struct fact *fact;
    struct bytes text;
    uint64_t number;
};

static bool meets(struct matcher *m, const struct item_code *code, const union value_code *value,
                  const struct subject *subject)
{
    switch (code->test) {
    case TEST_PATTERN:
        return shape_matches(&value->shaped, subject->text);
    case TEST_NETWORK:
        return within(subject->fact->value, value->network);
    case TEST_REGEX:
        return search_regex(m, value->regex, subject->text);
    case TEST_SAME:
        return same_as(m, code, value->field, subject->fact, subject->text);
    case TEST_EXISTS:
    case TEST_NULL:
        return false;
    default:
        return compares(code->test, subject->number, value->number);
    }
}

/* False if the value is of a type that this test says nothing about. */
static bool make_subject(struct matcher *m, const struct item_code *code, const struct fact *fact,
                         struct subject *subject, uint8_t scratch[SCRATCH_MAX])
{
    subject->fact = fact;
    switch (code->test) {
    case TEST_PATTERN:
    case TEST_REGEX:
    case TEST_SAME:
        subject->text = view_text(m, fact, code->fold, scratch);
        return true;
    case TEST_NETWORK:
        subject->text = fact->value;
        return schema_field(fact->field)->type == TYPE_IP;
    case TEST_EXISTS:
    case TEST_NULL:
        return true;
    default:
        return view_number(fact, &subject->number);
    }
}

static int compare_numbers(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Whether it is one of the sorted ones. */
static bool among_sorted(const struct item_code *code, const struct subject *subject)
{
    if (code->key_count == 1)
        return bytes_equal(subject->text, code->keys[0]);
    if (code->key_count > 1)
        return bsearch(&subject->text, code->keys, code->key_count, sizeof *code->keys,
                       compare_texts) != NULL;
    return code->number_count > 0 && bsearch(&subject->number, code->numbers, code->number_count,
                                             sizeof *code->numbers, compare_numbers) != NULL;
}

static inline bool meets_text(const struct item_code *code, struct bytes text)
{
    if (code->key_count > 0 && among_sorted(code, &(struct subject){ .text = text }))
        return true;
    for (size_t i = 0; i < code->value_count; i++) {
        if (shape_matches(&code->values[i].shaped, text))
            return true;
    }
    return false;
}

/* Whether one value of the event is one of those asked for. */
static bool meets_any(struct matcher *m, const struct item_code *code, const struct fact *fact)
{
    if (code->texts)
        return meets_text(code, code->fold ? view_folded(m, fact->value) : fact->value);
    uint8_t scratch[SCRATCH_MAX];
    struct subject subject = { .text = BYTES_NONE };
    if (code->test == TEST_EXISTS)
        return true;
    if (code->test == TEST_NULL)
        return fact->value.len == 0;
    if (!make_subject(m, code, fact, &subject, scratch))
        return false;
    if (among_sorted(code, &subject))
        return true;
    for (size_t i = 0; i < code->value_count; i++) {
        if (meets(m, code, &code->values[i], &subject))
            return true;
    }
    return false;
}

size_t item_meets(struct matcher *m, const struct item_code *code, const struct fact *fact)
{
    uint8_t scratch[SCRATCH_MAX];
    struct subject subject = { .text = BYTES_NONE };
    size_t i = 0;
    if (!meets_any(m, code, fact) || !make_subject(m, code, fact, &subject, scratch))
        return SIZE_MAX;
    while (i < code->value_count && !meets(m, code, &code->values[i], &subject))
        i++;
    return i;
}

static bool decide(const struct item *item, bool present, bool met)
{
    if (item->test == TEST_EXISTS)
        met = present == item->exists;
    if (item->test == TEST_NULL)
        met |= !present;
    return item->not_equal ? present && !met : met;
}

/* Whether each value asked for is met by one of the event's. */
static bool all_hold(struct matcher *m, const struct item_code *code)
{
    uint8_t scratch[SCRATCH_MAX];
    struct subject subject = { .text = BYTES_NONE };
    struct fact fact;
    for (size_t i = 0; i < code->value_count; i++) {
        bool met = false;
        struct walk walk = walk_over(m, code->source, code->item->field);
        while (!met && walk_next(m, &walk, &fact))
            met = make_subject(m, code, &fact, &subject, scratch) &&
                  meets(m, code, &code->values[i], &subject);
        if (!met)
            return false;
    }
    return code->value_count > 0;
}

static bool judge_item(struct matcher *m, const struct item_code *code)
{
    struct fact fact;
    if (code->all)
        return all_hold(m, code);
    if (code->source == SOURCE_LAST) {
        bool present = view_last(m, code->item->field, &fact);
        return decide(code->item, present, present && meets_any(m, code, &fact));
    }
    bool present = false, met = false;
    struct walk walk = walk_over(m, code->source, code->item->field);
    while (!met && walk_next(m, &walk, &fact)) {
        present = true;
        met = meets_any(m, code, &fact);
    }
    return decide(code->item, present, met);
}

/* Whether it must be judged now; otherwise the memo has it. */
static bool ask_anew(struct matcher *m, struct item_memo *memo, bool *gave_up)
{
    *gave_up = m->gave_up;
    if (memo->asked == m->events) {
        m->gave_up |= memo->gave_up;
        return false;
    }
    memo->asked = m->events;
    m->gave_up = false;
    return true;
}

static void keep_answer(struct matcher *m, struct item_memo *memo, bool gave_up)
{
    memo->gave_up = m->gave_up;
    m->gave_up |= gave_up;
}

bool item_holds(struct matcher *m, const struct item_code *code)
{
    struct item_memo *memo = code->memo;
    bool gave_up;
    if (!memo)
        return judge_item(m, code);
    if (ask_anew(m, memo, &gave_up)) {
        memo->answer = judge_item(m, code);
        keep_answer(m, memo, gave_up);
    }
    return memo->answer;
}

/* --- rows ---------------------------------------------------------------------------------------
 */

static void add_row(struct row_set *set, unsigned row)
{
    set->words[row / 64] |= UINT64_C(1) << row % 64;
}

/* decide(), for 64 rows. */
static uint64_t decide_rows(const struct item *item, uint64_t present, uint64_t met)
{
    if (item->test == TEST_EXISTS)
        met = item->exists ? present : ~present;
    if (item->test == TEST_NULL)
        met |= ~present;
    return item->not_equal ? present & ~met : met;
}

/* Rows in which each value asked for is met. */
static void all_rows(struct matcher *m, const struct item_code *code, struct row_set *rows)
{
    uint8_t scratch[SCRATCH_MAX];
    struct subject subject = { .text = BYTES_NONE };
    struct fact fact;
    memset(rows, code->value_count > 0 ? 0xFF : 0, sizeof *rows);
    for (size_t i = 0; i < code->value_count; i++) {
        struct row_set met = { 0 };
        struct walk walk = walk_over(m, SOURCE_ROWS, code->item->field);
        while (walk_next(m, &walk, &fact)) {
            if (make_subject(m, code, &fact, &subject, scratch) &&
                meets(m, code, &code->values[i], &subject))
                add_row(&met, fact.row);
        }
        for (int w = 0; w < ROW_WORDS; w++)
            rows->words[w] &= met.words[w];
    }
}

/* Rows in which the item holds; of those that are not there, anything. */
static void judge_rows(struct matcher *m, const struct item_code *code, struct row_set *rows)
{
    struct row_set present = { 0 }, met = { 0 };
    struct fact fact;
    if (code->all) {
        all_rows(m, code, rows);
        return;
    }
    struct walk walk = walk_over(m, SOURCE_ROWS, code->item->field);
    while (walk_next(m, &walk, &fact)) {
        add_row(&present, fact.row);
        if (meets_any(m, code, &fact))
            add_row(&met, fact.row);
    }
    for (int w = 0; w < ROW_WORDS; w++)
        rows->words[w] = decide_rows(code->item, present.words[w], met.words[w]);
}

static bool overlap(const struct row_set *a, const struct row_set *b)
{
    uint64_t both = 0;
    for (int w = 0; w < ROW_WORDS; w++)
        both |= a->words[w] & b->words[w];
    return both != 0;
}

static bool any_row(const struct row_set *set)
{
    return overlap(set, set);
}

/* Keeps the rows in which the item holds. */
static void keep_rows(struct matcher *m, const struct item_code *code, const struct row_set *there,
                      struct row_set *kept)
{
    struct item_memo *memo = code->memo;
    struct row_set own, *rows = memo ? &memo->rows : &own;
    bool gave_up;
    if (!memo) {
        judge_rows(m, code, rows);
    } else if (ask_anew(m, memo, &gave_up)) {
        judge_rows(m, code, rows);
        memo->answer = overlap(rows, there);
        keep_answer(m, memo, gave_up);
    }
    for (int w = 0; w < ROW_WORDS; w++)
        kept->words[w] &= rows->words[w];
    if (memo && code->required && !memo->answer)
        m->missing = memo;
}

bool same_row(struct matcher *m, const struct item_code *items, size_t count)
{
    struct row_set there, kept;
    view_chain(m, items->item->field, NULL); /* fills in the rows */
    memcpy(&there, m->view.rows[items->object], sizeof there);
    if (!any_row(&there))
        add_row(&there, 0);
    kept = there;
    for (int w = 0; m->only && items->object == m->only_object && w < ROW_WORDS; w++)
        kept.words[w] &= m->only->words[w];
    for (size_t i = 0; i < count && any_row(&kept); i++)
        keep_rows(m, &items[i], &there, &kept);
    return any_row(&kept);
}
