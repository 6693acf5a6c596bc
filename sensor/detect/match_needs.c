/* Which rules cannot hold if one item does not: when the first of them fails for want of it, the
 * others need not be tried. */
#include "match_internal.h"

#define NEEDS_BYTES ((size_t)2 * 1024 * 1024) /* of one kind; what has no room is just tried */

/* Notes that this rule needs the item. False if there is no memory. */
static bool add_need(struct matcher *m, enum event_kind number, size_t slot, struct item_memo *memo,
                     size_t *bytes)
{
    const struct kind_index *kind = &m->kinds[number];
    if (!memo->needed_by)
        memo->needed_by = arena_take(m->arena, EVENT_KINDS, sizeof *memo->needed_by);
    if (!memo->needed_by)
        return false;
    uint64_t **rules = &memo->needed_by[number];
    if (!*rules) {
        *bytes += kind->words * sizeof **rules;
        if (*bytes > NEEDS_BYTES)
            return true;
        if (!(*rules = arena_take(m->arena, kind->words, sizeof **rules)))
            return false;
    }
    (*rules)[slot / 64] |= UINT64_C(1) << slot % 64;
    return true;
}

static bool add_needs_of(struct matcher *m, enum event_kind number, size_t slot,
                         const struct search_code *search, size_t *bytes)
{
    for (size_t g = 0; g < search->count; g++) {
        for (size_t i = 0; i < search->groups[g].count; i++) {
            const struct item_code *item = &search->groups[g].items[i];
            if (item->required && item->memo && item->memo->users > 1 &&
                !add_need(m, number, slot, item->memo, bytes))
                return false;
        }
    }
    return true;
}

bool index_needs(struct matcher *m, enum event_kind number)
{
    const struct kind_index *kind = &m->kinds[number];
    size_t bytes = 0;
    for (size_t slot = 0; slot < kind->count; slot++) {
        const struct rule_code *rule = &m->rules[kind->rules[slot]];
        for (size_t s = 0; s < rule->rule->expression.search_count; s++) {
            if (!add_needs_of(m, number, slot, &rule->searches[s], &bytes))
                return false;
        }
    }
    return true;
}
