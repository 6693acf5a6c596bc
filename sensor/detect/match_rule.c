/* Whether a group, a search and a rule hold for the event, and for which of its rows. */
#include <string.h>

#include "match_internal.h"

bool group_holds(struct matcher *m, const struct group_code *group)
{
    size_t plain = group->count - group->row_count;
    for (size_t i = 0; i < plain; i++) {
        if (item_holds(m, &group->items[i]))
            continue;
        if (group->items[i].required)
            m->missing = group->items[i].memo;
        return false;
    }
    for (size_t i = plain, n; i < group->count; i += n) {
        for (n = 1; i + n < group->count && group->items[i + n].object == group->items[i].object;)
            n++;
        if (!same_row(m, &group->items[i], n))
            return false;
    }
    return true;
}

static bool groups_hold(struct matcher *m, const struct search_code *search)
{
    for (size_t i = 0; i < search->count; i++) {
        if (group_holds(m, &search->groups[i]) != search->all)
            return !search->all;
    }
    return search->all;
}

bool search_holds(struct matcher *m, struct search_code *search)
{
    if (!search->shared)
        return groups_hold(m, search);
    if (search->asked != m->judgements)
        search->answer = groups_hold(m, search);
    search->asked = m->judgements;
    return search->answer;
}

/* A regular expression that gave up says neither yes nor no: then the rule does not hold. */
bool rule_holds(struct matcher *m, const struct rule_code *rule)
{
    bool holds = true;
    m->gave_up = false;
    m->missing = NULL;
    for (uint32_t at = 0; at < rule->length; at++) {
        const struct instruction *step = &rule->program[at];
        switch (step->code) {
        case CODE_SEARCH:
            holds = search_holds(m, &rule->searches[step->operand]);
            break;
        case CODE_NOT:
            holds = !holds;
            break;
        case CODE_UNLESS:
            at = holds ? at : step->operand - 1;
            break;
        case CODE_IF:
            at = holds ? step->operand - 1 : at;
            break;
        }
    }
    return holds && !m->gave_up;
}

bool rule_concerns(const struct matcher *m, const struct rule_code *rule)
{
    return rule->active && (rule->kinds >> m->view.kind & 1) &&
           (rule->protocol.len == 0 || bytes_equal(rule->protocol, m->view.protocol));
}

/* --- rows ---------------------------------------------------------------------------------------
 */

/* Rows in which there is this field. */
static void rows_with(struct matcher *m, enum field field, struct row_set *rows)
{
    *rows = (struct row_set){ 0 };
    for (const struct entry *entry = view_chain(m, field, NULL); entry;
         entry = view_chain(m, field, entry))
        rows->words[entry->row / 64] |= UINT64_C(1) << entry->row % 64;
}

static void keep_rows_that_hold(struct matcher *m, const struct rule_code *rule,
                                struct row_set *rows)
{
    struct row_set one;
    m->only = &one;
    for (int w = 0; w < ROW_WORDS; w++) {
        for (uint64_t left = rows->words[w]; left != 0; left &= left - 1) {
            one = (struct row_set){ 0 };
            one.words[w] = left & -left;
            m->judgements++;
            if (!rule_holds(m, rule))
                rows->words[w] &= ~one.words[w];
        }
    }
    m->only = NULL;
    m->judgements++;
}

bool matcher_rows(struct matcher *m, size_t place, enum event_kind kind,
                  const struct facts_index *facts, enum field field, struct row_set *rows)
{
    const struct rule_code *rule = &m->rules[place];
    memset(rows, 0xFF, sizeof *rows);
    if (field >= FIELDS || m->sources[field] != SOURCE_ROWS || !view_begin(m, kind, facts))
        return true;
    rows_with(m, field, rows);
    m->only_object = m->objects[field];
    if (rule->objects >> m->only_object & 1)
        keep_rows_that_hold(m, rule, rows);
    uint64_t any = 0;
    for (int w = 0; w < ROW_WORDS; w++)
        any |= rows->words[w];
    return any != 0;
}
