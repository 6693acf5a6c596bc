/* Items that several rules have in common are judged once for each event: bands of one finding, and
 * rules that begin alike. */
#include <string.h>

#include "match_internal.h"

struct shared_item {
    uint64_t hash;
    const struct item *item; /* NULL: free */
    struct item_memo *memo;
};

struct shared_items {
    struct shared_item *table;
    size_t mask;
};

static size_t count_items(const struct rule_set *set)
{
    size_t count = 0;
    for (size_t r = 0; r < set->count; r++) {
        const struct expression *expression = &set->rules[r].expression;
        for (size_t s = 0; s < expression->search_count; s++) {
            for (size_t g = 0; g < expression->searches[s].count; g++)
                count += expression->searches[s].groups[g].count;
        }
    }
    return count;
}

bool shared_items_init(struct matcher *m)
{
    size_t items = count_items(m->set), size = 16;
    while (size < 2 * items)
        size *= 2;
    m->shared = arena_take(m->arena, 1, sizeof *m->shared);
    if (!m->shared)
        return false;
    m->shared->table = arena_take(m->arena, size, sizeof *m->shared->table);
    m->shared->mask = size - 1;
    return m->shared->table != NULL;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

static uint64_t mix_bytes(uint64_t hash, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001B3);
    return mix(hash, len);
}

static uint64_t mix_value(uint64_t hash, enum test test, const struct value *value)
{
    switch (test) {
    case TEST_PATTERN:
        hash = mix_bytes(hash, value->pattern.text, value->pattern.len);
        return mix_bytes(hash, value->pattern.marks, value->pattern.len);
    case TEST_NETWORK:
        return mix_bytes(hash, value->network.address, value->network.len) + value->network.bits;
    case TEST_REGEX:
        return mix_bytes(hash, value->regex.text, strlen(value->regex.text));
    case TEST_SAME:
        return mix(hash, value->field);
    case TEST_EXISTS:
    case TEST_NULL:
        return hash;
    default:
        return mix(hash, value->number);
    }
}

static uint64_t hash_item(const struct item *item)
{
    uint64_t hash = mix((uint64_t)item->field * 32 + item->test, item->value_count);
    for (size_t i = 0; i < item->value_count; i++)
        hash = mix_value(hash, item->test, &item->values[i]);
    return hash;
}

static bool same_value(enum test test, const struct value *a, const struct value *b)
{
    switch (test) {
    case TEST_PATTERN:
        return a->pattern.len == b->pattern.len &&
               (a->pattern.len == 0 ||
                (memcmp(a->pattern.text, b->pattern.text, a->pattern.len) == 0 &&
                 memcmp(a->pattern.marks, b->pattern.marks, a->pattern.len) == 0));
    case TEST_NETWORK:
        return a->network.len == b->network.len && a->network.bits == b->network.bits &&
               memcmp(a->network.address, b->network.address, sizeof a->network.address) == 0;
    case TEST_REGEX:
        return strcmp(a->regex.text, b->regex.text) == 0 &&
               a->regex.ignore_case == b->regex.ignore_case &&
               a->regex.multiline == b->regex.multiline && a->regex.dot_all == b->regex.dot_all;
    case TEST_SAME:
        return a->field == b->field;
    case TEST_EXISTS:
    case TEST_NULL:
        return true;
    default:
        return a->number == b->number;
    }
}

static bool same_item(const struct item *a, const struct item *b)
{
    if (a->field != b->field || a->keyword != b->keyword || a->test != b->test ||
        a->all != b->all || a->not_equal != b->not_equal || a->cased != b->cased ||
        a->exists != b->exists || a->value_count != b->value_count)
        return false;
    for (size_t i = 0; i < a->value_count; i++) {
        if (!same_value(a->test, &a->values[i], &b->values[i]))
            return false;
    }
    return true;
}

bool share_item(struct matcher *m, struct item_code *code)
{
    uint64_t hash = hash_item(code->item);
    for (size_t i = hash & m->shared->mask;; i = (i + 1) & m->shared->mask) {
        struct shared_item *shared = &m->shared->table[i];
        if (!shared->item) {
            shared->memo = arena_take(m->arena, 1, sizeof *shared->memo);
            shared->item = code->item;
            shared->hash = hash;
        }
        if (shared->hash == hash && same_item(shared->item, code->item)) {
            code->memo = shared->memo;
            if (code->memo)
                code->memo->users++;
            return code->memo != NULL;
        }
    }
}

static void unshare_group(const struct group_code *group)
{
    for (size_t i = 0; i < group->count; i++) {
        struct item_code *item = &group->items[i];
        if (item->memo->users == 1 && item->source != SOURCE_ROWS)
            item->memo = NULL;
    }
}

void unshare_lonely(struct matcher *m)
{
    for (size_t r = 0; r < m->set->count; r++) {
        const struct expression *expression = &m->set->rules[r].expression;
        for (size_t s = 0; s < expression->search_count; s++) {
            for (size_t g = 0; g < m->rules[r].searches[s].count; g++)
                unshare_group(&m->rules[r].searches[s].groups[g]);
        }
    }
}
