/* Which rules need not be looked at: for each kind of event and each field that rules ask an exact
 * value of, a bitmap of rules for each value. A rule stays if it stays in every field.
 *
 * Only what a rule requires counts: items that must hold whatever else does. */
#include <string.h>

#include "match_internal.h"

#define REQUIREMENTS_MAX 16 /* of one rule */
#define KEYS_MAX         16 /* of one requirement: long lists are left to the rule itself */
#define RULES_LEAST      3  /* a field that fewer rules ask for costs more than it saves */
#define BUCKETS_MAX      8192
#define BITMAP_BYTES     ((size_t)2 * 1024 * 1024) /* of one kind */

struct requirement {
    enum field field;
    const struct item_code *item; /* NULL: the rule's protocol */
};

struct requirements {
    struct requirement list[REQUIREMENTS_MAX];
    size_t count;
};

/* --- what a rule requires -----------------------------------------------------------------------
 */

static size_t key_count(const struct requirement *requirement)
{
    const struct item_code *item = requirement->item;
    return item ? item->key_count + item->number_count : 1;
}

/* Whether the field must have one of a few whole values. */
static bool is_exact(const struct item_code *code)
{
    const struct item *item = code->item;
    size_t keys = code->key_count + code->number_count;
    if (item->keyword || item->field >= FIELDS || code->all || item->not_equal ||
        code->value_count > 0 || keys == 0 || keys > KEYS_MAX)
        return false;
    enum field_type type = schema_field(item->field)->type;
    bool text = type == TYPE_TEXT || type == TYPE_KEYWORD;
    switch (code->test) {
    case TEST_PATTERN:
        return text;
    case TEST_NETWORK:
        return type == TYPE_IP;
    case TEST_NUMBER:
        return !text && type != TYPE_IP;
    default:
        return false;
    }
}

static void require(struct requirements *to, enum field field, const struct item_code *item)
{
    if (to->count < REQUIREMENTS_MAX)
        to->list[to->count++] = (struct requirement){ field, item };
}

/* Every item of every group must hold if there is one group, or all must. */
static void require_search(struct requirements *to, const struct search_code *search)
{
    if (search->count != 1 && !search->all)
        return;
    for (size_t g = 0; g < search->count; g++) {
        for (size_t i = 0; i < search->groups[g].count; i++) {
            struct item_code *item = &search->groups[g].items[i];
            item->required = true;
            if (is_exact(item))
                require(to, item->item->field, item);
        }
    }
}

/* From the last step backwards: both operands of an AND that is required are. Marks the items. */
static void rule_requirements(const struct rule_code *rule, struct requirements *to)
{
    const struct expression *expression = &rule->rule->expression;
    uint16_t right[EXPRESSION_STEPS_MAX], roots[EXPRESSION_DEPTH_MAX + 1];
    size_t depth = 0;
    to->count = 0;
    if (rule->protocol.len > 0)
        require(to, FIELD_NETWORK_PROTOCOL, NULL);
    if (!expression_operands(expression, right) || expression->step_count == 0)
        return;
    roots[depth++] = (uint16_t)(expression->step_count - 1);
    while (depth > 0) {
        uint16_t root = roots[--depth];
        const struct step *step = &expression->steps[root];
        if (step->operation == OPERATION_SEARCH) {
            require_search(to, &rule->searches[step->search]);
        } else if (step->operation == OPERATION_AND && depth + 2 <= EXPRESSION_DEPTH_MAX) {
            roots[depth++] = (uint16_t)(root - 1);
            roots[depth++] = (uint16_t)(right[root] - 1);
        }
    }
}

/* --- buckets ------------------------------------------------------------------------------------
 */

static uint32_t hash_key(size_t field, struct bytes key)
{
    uint64_t hash = (field + 1) * UINT64_C(0x9E3779B97F4A7C15) + key.len;
    while (key.len > 0) {
        uint64_t word = 0;
        size_t n = key.len < sizeof word ? key.len : sizeof word;
        memcpy(&word, key.data, n);
        hash = (hash ^ word) * UINT64_C(0xD6E8FEB86659FD93);
        hash ^= hash >> 32;
        key = bytes_after(key, n);
    }
    return (uint32_t)hash;
}

/* The bucket of this key, or the free one where it would be. */
static struct bucket *find_bucket(const struct kind_index *kind, size_t field, struct bytes key,
                                  uint32_t hash)
{
    for (size_t i = hash & kind->bucket_mask;; i = (i + 1) & kind->bucket_mask) {
        struct bucket *bucket = &kind->buckets[i];
        if (!bucket->rules ||
            (bucket->hash == hash && bucket->field == field && bytes_equal(bucket->key, key)))
            return bucket;
    }
}

static bool keep_key(struct matcher *m, struct bucket *bucket, struct bytes key)
{
    uint8_t *copy = arena_take(m->arena, key.len, 1);
    if (!copy)
        return false;
    if (key.len > 0)
        memcpy(copy, key.data, key.len);
    bucket->key = bytes_over(copy, key.len);
    return true;
}

/* Puts the rule into the bucket of the key, or where all look if there are too many buckets. False
 * if there is no memory. */
static bool add_key(struct matcher *m, struct kind_index *kind, size_t place, size_t slot,
                    struct bytes key)
{
    struct index_field *field = &kind->fields[place];
    uint64_t bit = UINT64_C(1) << slot % 64;
    uint32_t hash = hash_key(place, key);
    struct bucket *bucket = find_bucket(kind, place, key, hash);
    if (!bucket->rules) {
        if (kind->bucket_count == kind->bucket_max) {
            field->any[slot / 64] |= bit;
            return true;
        }
        if (!keep_key(m, bucket, key) ||
            !(bucket->rules = arena_take(m->arena, kind->words, sizeof *bucket->rules)))
            return false;
        bucket->hash = hash;
        bucket->field = (uint32_t)place;
        kind->bucket_count++;
    }
    bucket->rules[slot / 64] |= bit;
    field->longest_key = key.len > field->longest_key ? key.len : field->longest_key;
    return true;
}

static bool add_requirement(struct matcher *m, struct kind_index *kind, size_t place, size_t slot,
                            const struct requirement *requirement)
{
    const struct item_code *item = requirement->item;
    uint8_t small[FACTS_TEXT_MAX];
    for (size_t i = 0; i < key_count(requirement); i++) {
        struct bytes key = m->rules[kind->rules[slot]].protocol;
        if (item && item->number_count > 0)
            key = bytes_over(&item->numbers[i], sizeof item->numbers[i]);
        else if (item)
            key = item->keys[i];
        if (key.len > sizeof small)
            continue; /* no text is so long */
        if (!item || item->test == TEST_PATTERN) {
            fold_text(small, key.data, key.len);
            key = bytes_over(small, key.len);
        }
        if (!add_key(m, kind, place, slot, key))
            return false;
    }
    return true;
}

/* --- building -----------------------------------------------------------------------------------
 */

/* The fields that most rules ask for. */
static void choose_fields(const struct matcher *m, struct kind_index *kind)
{
    struct requirements required;
    uint32_t count[FIELDS] = { 0 };
    for (size_t slot = 0; slot < kind->count; slot++) {
        rule_requirements(&m->rules[kind->rules[slot]], &required);
        for (size_t i = 0; i < required.count; i++)
            count[required.list[i].field]++;
    }
    while (kind->field_count < INDEX_FIELDS_MAX) {
        unsigned best = 0;
        for (unsigned f = 1; f < FIELDS; f++)
            best = count[f] > count[best] ? f : best;
        if (count[best] < RULES_LEAST)
            break;
        count[best] = 0;
        kind->fields[kind->field_count++] =
            (struct index_field){ .field = (enum field)best, .source = m->sources[best] };
    }
}

static size_t place_of(const struct kind_index *kind, enum field field)
{
    size_t place = 0;
    while (place < kind->field_count && kind->fields[place].field != field)
        place++;
    return place;
}

static bool take_buckets(struct matcher *m, struct kind_index *kind, size_t keys)
{
    size_t most = BITMAP_BYTES / (kind->words * sizeof(uint64_t)), size = 16;
    kind->bucket_max = most < BUCKETS_MAX ? most : BUCKETS_MAX;
    if (keys < kind->bucket_max)
        kind->bucket_max = keys;
    while (size < 2 * kind->bucket_max)
        size *= 2;
    kind->bucket_mask = size - 1;
    kind->buckets = arena_take(m->arena, size, sizeof *kind->buckets);
    return kind->buckets != NULL;
}

/* First who asks nothing of each field, and how many keys there are at most; then the keys. */
static bool fill_fields(struct matcher *m, struct kind_index *kind)
{
    struct requirements required;
    size_t keys = 0;
    for (size_t f = 0; f < kind->field_count; f++) {
        kind->fields[f].any = arena_take(m->arena, kind->words, sizeof(uint64_t));
        if (!kind->fields[f].any)
            return false;
        memcpy(kind->fields[f].any, kind->every, kind->words * sizeof(uint64_t));
    }
    for (int pass = 0; pass < 2; pass++) {
        for (size_t slot = 0; slot < kind->count; slot++) {
            rule_requirements(&m->rules[kind->rules[slot]], &required);
            for (size_t i = 0; i < required.count; i++) {
                size_t place = place_of(kind, required.list[i].field);
                if (place == kind->field_count)
                    continue;
                keys += key_count(&required.list[i]);
                if (pass == 0)
                    kind->fields[place].any[slot / 64] &= ~(UINT64_C(1) << slot % 64);
                else if (!add_requirement(m, kind, place, slot, &required.list[i]))
                    return false;
            }
        }
        if (pass == 0 && !take_buckets(m, kind, keys))
            return false;
    }
    return true;
}

static bool index_kind(struct matcher *m, enum event_kind number)
{
    struct kind_index *kind = &m->kinds[number];
    for (size_t i = 0; i < m->set->count; i++)
        kind->count += m->rules[i].active && (m->rules[i].kinds >> number & 1);
    kind->words = (kind->count + 63) / 64;
    kind->rules = arena_take(m->arena, kind->count, sizeof *kind->rules);
    kind->every = arena_take(m->arena, kind->words, sizeof *kind->every);
    if (!kind->rules || !kind->every)
        return false;
    for (size_t i = 0, slot = 0; i < m->set->count; i++) {
        if (!m->rules[i].active || !(m->rules[i].kinds >> number & 1))
            continue;
        kind->every[slot / 64] |= UINT64_C(1) << slot % 64;
        kind->rules[slot++] = (uint16_t)i;
    }
    if (kind->count == 0)
        return true;
    choose_fields(m, kind);
    return fill_fields(m, kind);
}

bool matcher_build_index(struct matcher *m)
{
    for (unsigned kind = 0; kind < EVENT_KINDS; kind++) {
        if (!index_kind(m, (enum event_kind)kind) || !index_needs(m, (enum event_kind)kind))
            return false;
    }
    m->candidates = arena_take(m->arena, (m->set->count + 63) / 64, 2 * sizeof *m->candidates);
    return m->candidates != NULL;
}

/* --- asking -------------------------------------------------------------------------------------
 */

/* The rules that ask for this value; NULL: none does. */
static const uint64_t *rules_for(struct matcher *m, const struct kind_index *kind, size_t place,
                                 const struct fact *fact)
{
    const struct index_field *field = &kind->fields[place];
    struct bytes key = fact->value;
    uint64_t number;
    switch (schema_field(field->field)->type) {
    case TYPE_TEXT:
    case TYPE_KEYWORD:
        if (key.len > field->longest_key)
            return NULL;
        key = view_text(m, fact, true, NULL);
        break;
    case TYPE_IP:
        break;
    default:
        view_number(fact, &number);
        key = bytes_over(&number, sizeof number);
        break;
    }
    return find_bucket(kind, place, key, hash_key(place, key))->rules;
}

static void keep(uint64_t *rules, const uint64_t *any, const uint64_t *asked, size_t words)
{
    for (size_t w = 0; w < words; w++)
        rules[w] &= asked ? any[w] | asked[w] : any[w];
}

void matcher_candidates(struct matcher *m, const struct kind_index *kind)
{
    uint64_t *rules = m->candidates, *either = rules + (m->set->count + 63) / 64;
    struct fact fact;
    memcpy(rules, kind->every, kind->words * sizeof *rules);
    for (size_t f = 0; f < kind->field_count; f++) {
        const struct index_field *field = &kind->fields[f];
        if (field->source == SOURCE_LAST) {
            bool there = view_last(m, field->field, &fact);
            keep(rules, field->any, there ? rules_for(m, kind, f, &fact) : NULL, kind->words);
            continue;
        }
        memcpy(either, field->any, kind->words * sizeof *either);
        struct walk walk = walk_over(m, field->source, field->field);
        while (walk_next(m, &walk, &fact)) {
            const uint64_t *asked = rules_for(m, kind, f, &fact);
            for (size_t w = 0; asked && w < kind->words; w++)
                either[w] |= asked[w];
        }
        keep(rules, either, NULL, kind->words);
    }
}
