/* The matcher says of every rule and event what the naive evaluator says: random rules, random
 * events. The same seed gives the same run; MAILTAP_SEED and MAILTAP_ROUNDS choose others. Nothing
 * is allocated for an event. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "match.h"
#include "naive_match.h"
#include "random.h"
#include "rule_maker.h"

#define RULES_MOST       200
#define EVENTS_PER_ROUND 25

/* --- counting allocations -----------------------------------------------------------------------
 */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

static unsigned long allocations;

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    allocations++;
    return __real_realloc(block, size);
}

/* --- the law ------------------------------------------------------------------------------------
 */

static unsigned long compared, matched, rows_compared, rows_kept, faults;

static void complain(const char *what, const struct rule *rule, enum event_kind kind,
                     struct bytes facts, uint64_t seed)
{
    if (faults++ > 0)
        return;
    printf("seed %llu: %s\n", (unsigned long long)seed, what);
    print_rule(rule);
    print_event(kind, facts);
}

static bool is_in(const struct row_set *rows, unsigned row)
{
    return rows->words[row / 64] >> row % 64 & 1;
}

/* Of a rule that holds: each row with the field is kept if the rule holds with it alone. */
static void compare_rows(struct matcher *m, const struct rule_set *set, size_t place,
                         enum event_kind kind, const struct facts_index *facts, uint64_t seed)
{
    struct row_set rows, with = { 0 };
    struct fact fact;
    matcher_rows(m, place, kind, facts, FIELD_SMTP_RECIPIENT_ADDRESS, &rows);
    for (size_t at = 0; facts_next(facts->records, &at, &fact);) {
        if (fact.field != FIELD_SMTP_RECIPIENT_ADDRESS || is_in(&with, fact.row))
            continue;
        with.words[fact.row / 64] |= UINT64_C(1) << fact.row % 64;
        bool holds = naive_rule_in_row(&set->rules[place], kind, facts->records, fact.row);
        rows_kept += holds;
        rows_compared++;
        if (is_in(&rows, fact.row) != holds)
            complain("the rows are wrong", &set->rules[place], kind, facts->records, seed);
    }
    for (unsigned row = 0; row < 64 * ROW_WORDS; row++) {
        if (is_in(&rows, row) && !is_in(&with, row))
            complain("there is no such row", &set->rules[place], kind, facts->records, seed);
    }
}

static void compare_event(struct matcher *m, const struct rule_set *set, enum event_kind kind,
                          struct bytes facts, uint64_t seed)
{
    static char why[300];
    uint64_t words[(RULES_MOST + 63) / 64];
    struct rule_hits hits = { words, set->count };
    struct facts_index index;
    bool any = false;
    facts_index(&index, facts);
    unsigned long before = allocations;
    bool said = matcher_event(m, kind, &index, &hits);
    if (allocations != before)
        complain("memory was allocated", &set->rules[0], kind, facts, seed);
    for (size_t i = 0; i < set->count; i++) {
        const struct rule *rule = &set->rules[i];
        bool hit = words[i / 64] >> i % 64 & 1;
        any |= hit && !rule->correlation;
        compared++;
        matched += hit;
        if (hit != naive_rule(rule, kind, facts))
            complain(hit ? "matches, but should not" : "does not match, but should", rule, kind,
                     facts, seed);
        if (hit)
            compare_rows(m, set, i, kind, &index, seed);
        size_t size = 1 + i % sizeof why;
        if (matcher_why_not(m, i, kind, &index, why, size) == hit || !memchr(why, 0, size) ||
            (!hit && size > 1 && why[0] == '\0'))
            complain("the reason why not is wrong", rule, kind, facts, seed);
    }
    if (any != said)
        complain("what is returned is wrong", &set->rules[0], kind, facts, seed);
}

static void one_round(uint64_t seed)
{
    struct choices choices = { .random = random_state(seed) };
    struct arena *arena = arena_new((size_t)64 * 1024 * 1024);
    struct problems problems;
    struct facts facts;
    struct rule_set *set = NULL;
    struct matcher *m = NULL;
    facts_init(&facts, NULL);
    if (arena && problems_init(&problems, arena))
        set = make_rules(&choices, arena, 1 + choose(&choices, RULES_MOST));
    if (set)
        m = matcher_new(set, &problems);
    if (!m || problems.errors > 0) {
        puts("the rules could not be made");
        exit(1);
    }
    for (int i = 0; i < EVENTS_PER_ROUND; i++) {
        enum event_kind kind = make_event(&choices, &facts);
        compare_event(m, set, kind, buffer_view(&facts.records), seed);
    }
    matcher_free(m);
    facts_free(&facts);
    arena_free(arena);
}

static unsigned long setting(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 10) : otherwise;
}

int main(void)
{
    unsigned long seed = setting("MAILTAP_SEED", 1), rounds = setting("MAILTAP_ROUNDS", 60);
    for (unsigned long i = 0; i < rounds; i++)
        one_round(seed + i);
    printf("%lu rules against events compared, %lu matched; %lu rows, %lu kept; %lu faults\n",
           compared, matched, rows_compared, rows_kept, faults);
    return faults > 0 || matched < compared / 50;
}
