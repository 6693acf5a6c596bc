/* Rules against events: the parts put together. */
#include "match.h"

#include <stdlib.h>
#include <string.h>

#include "match_internal.h"

#define COMPILED_MAX ((size_t)256 * 1024 * 1024)

struct matcher *matcher_new(const struct rule_set *set, struct problems *problems)
{
    struct matcher *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->set = set;
    m->events = m->judgements = 1;
    m->arena = arena_new(COMPILED_MAX);
    view_sources(m);
    if (!m->arena || set->count > RULES_MAX || !matcher_compile(m, problems) ||
        !matcher_build_index(m)) {
        matcher_free(m);
        return NULL;
    }
    return m;
}

void matcher_free(struct matcher *m)
{
    if (!m)
        return;
    regexes_free(m->regexes);
    arena_free(m->arena);
    /* Facts may name people. */
    explicit_bzero(m->view.small, m->small_used);
    free(m);
}

size_t matcher_bytes(const struct matcher *m)
{
    return sizeof *m + arena_bytes(m->arena) + regexes_bytes(m->regexes);
}

uint64_t matcher_regex_limits(const struct matcher *m)
{
    return m->regex_limits;
}

static bool try_rule(struct matcher *m, size_t place, struct rule_hits *hits)
{
    struct rule_code *rule = &m->rules[place];
    m->missing = NULL;
    if (!rule_concerns(m, rule) || !rule_holds(m, rule))
        return false;
    hits->words[place / 64] |= UINT64_C(1) << place % 64;
    return rule->rule->correlation == NULL;
}

/* Those that require the same thing as the rule that has just failed for want of it. */
static void drop_candidates(struct matcher *m, const struct kind_index *kind, size_t from)
{
    uint64_t *const *by_kind = m->missing->needed_by;
    const uint64_t *rules = by_kind ? by_kind[m->view.kind] : NULL;
    for (size_t w = from; rules && w < kind->words; w++)
        m->candidates[w] &= ~rules[w];
}

bool matcher_event(struct matcher *m, enum event_kind number, const struct facts_index *facts,
                   struct rule_hits *hits)
{
    const struct kind_index *kind = &m->kinds[number];
    bool any = false;
    memset(hits->words, 0, (hits->count + 63) / 64 * sizeof *hits->words);
    if (kind->count == 0 || !view_begin(m, number, facts))
        return false;
    matcher_candidates(m, kind);
    for (size_t w = 0; w < kind->words; w++) {
        while (m->candidates[w] != 0) {
            size_t slot = w * 64 + (size_t)__builtin_ctzll(m->candidates[w]);
            m->candidates[w] &= m->candidates[w] - 1;
            any |= try_rule(m, kind->rules[slot], hits);
            if (m->missing)
                drop_candidates(m, kind, w);
        }
    }
    return any;
}
