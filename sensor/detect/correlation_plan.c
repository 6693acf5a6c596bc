/* Who feeds whom. */
#include "correlation_plan.h"

#include <stdlib.h>
#include <string.h>

/* --- identity -----------------------------------------------------------------------------------
 */

static const struct counting *counting_of(const struct correlation_plan *plan, size_t rule)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->list[i].rule == rule)
            return &plan->list[i];
    }
    return NULL;
}

#define IDENTITY_WORDS (9 + GROUP_FIELDS_MAX * CORRELATION_RULES_MAX + 3 * CORRELATION_RULES_MAX)

/* Of its rules it holds whether they match at all: a window that is open while one of them is
 * switched off would miss its events and claim that there were none. */
static void identify(const struct correlation_plan *plan, const struct rule_set *set,
                     struct counting *counting)
{
    const struct correlation *what = counting->what;
    const struct rule *rule = &set->rules[counting->rule];
    uint64_t words[IDENTITY_WORDS] = {
        rule->fingerprint[0], rule->fingerprint[1], what->type,   what->timespan_ns, what->counted,
        what->at_least,       what->at_most,        what->except, what->has_except,
    };
    size_t n = 9;
    for (size_t r = 0; r < what->rule_count; r++) {
        const struct rule *base = &set->rules[what->rules[r]];
        const struct counting *nested =
            base->correlation ? counting_of(plan, what->rules[r]) : NULL;
        const uint64_t *identity = nested ? nested->identity : base->fingerprint;
        words[n++] = identity[0];
        words[n++] = identity[1];
        words[n++] = !base->disabled && !base->waits_for;
        for (size_t g = 0; g < what->group_count; g++)
            words[n++] = what->group[g][r];
    }
    counting_hash(bytes_over(words, n * sizeof words[0]), counting->identity);
}

/* The same rule may stand in a set twice: each has windows of its own. */
static void tell_apart(const struct correlation_plan *plan, struct counting *counting)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (memcmp(plan->list[i].identity, counting->identity, sizeof counting->identity) == 0) {
            uint64_t words[2] = { counting->identity[0] + 1, counting->identity[1] };
            counting_hash(bytes_over(words, sizeof words), counting->identity);
            i = (size_t)-1; /* and the third of them */
        }
    }
}

static void add(struct correlation_plan *plan, const struct rule_set *set, uint32_t rule)
{
    struct counting *counting = &plan->list[plan->count];
    counting_init(counting, set->rules[rule].correlation);
    counting->rule = rule;
    identify(plan, set, counting);
    tell_apart(plan, counting);
    plan->count++;
}

/* --- the plan -----------------------------------------------------------------------------------
 */

static bool is_active(const struct rule *rule)
{
    return rule->correlation && !rule->disabled && !rule->waits_for;
}

static bool allocate(struct correlation_plan *plan, const struct rule_set *set)
{
    size_t active = 0, readers = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (!is_active(&set->rules[i]))
            continue;
        active++;
        readers += set->rules[i].correlation->rule_count;
    }
    plan->rule_count = set->count;
    plan->reader_count = readers;
    plan->rule_words = (set->count + 63) / 64;
    plan->list_words = (active + 63) / 64;
    plan->list = calloc(active + 1, sizeof *plan->list);
    plan->feeding = calloc(plan->rule_words + 1, sizeof *plan->feeding);
    plan->correlations = calloc(plan->rule_words + 1, sizeof *plan->correlations);
    plan->reader_start = calloc(set->count + 2, sizeof *plan->reader_start);
    plan->readers = calloc(readers + 1, sizeof *plan->readers);
    plan->allowed = calloc(plan->rule_words + 1, sizeof *plan->allowed);
    plan->due = calloc(plan->list_words + 1, sizeof *plan->due);
    return plan->list && plan->feeding && plan->correlations && plan->reader_start &&
           plan->readers && plan->allowed && plan->due;
}

/* readers[reader_start[rule] .. reader_start[rule + 1]): counted first, then filled from the end of
 * each stretch. */
static void list_readers(struct correlation_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct correlation *what = plan->list[i].what;
        for (size_t r = 0; r < what->rule_count; r++) {
            plan->feeding[what->rules[r] / 64] |= UINT64_C(1) << what->rules[r] % 64;
            plan->reader_start[what->rules[r]]++;
        }
    }
    for (size_t rule = 0; rule < plan->rule_count; rule++)
        plan->reader_start[rule + 1] += plan->reader_start[rule];
    for (size_t i = plan->count; i-- > 0;) {
        const struct correlation *what = plan->list[i].what;
        for (size_t r = 0; r < what->rule_count; r++)
            plan->readers[--plan->reader_start[what->rules[r]]] = (uint32_t)i;
    }
}

bool correlation_plan_init(struct correlation_plan *plan, const struct rule_set *set)
{
    *plan = (struct correlation_plan){ 0 };
    if (!allocate(plan, set))
        return false;
    for (size_t i = 0; i < set->count; i++) {
        if (set->rules[i].correlation)
            plan->correlations[i / 64] |= UINT64_C(1) << i % 64;
        if (is_active(&set->rules[i]))
            add(plan, set, (uint32_t)i);
    }
    list_readers(plan);
    return true;
}

void correlation_plan_free(struct correlation_plan *plan)
{
    free(plan->list);
    free(plan->feeding);
    free(plan->correlations);
    free(plan->reader_start);
    free(plan->readers);
    free(plan->allowed);
    free(plan->due);
    *plan = (struct correlation_plan){ 0 };
}

size_t correlation_plan_bytes(const struct correlation_plan *plan)
{
    return (plan->count + 1) * sizeof *plan->list +
           (3 * (plan->rule_words + 1) + plan->list_words + 1) * sizeof(uint64_t) +
           (plan->rule_count + 2 + plan->reader_count + 1) * sizeof(uint32_t);
}

/* --- exchange -----------------------------------------------------------------------------------
 */

static void move_windows(struct counting *from, struct counting *to, uint32_t place)
{
    struct window *window;
    TAILQ_FOREACH(window, &from->windows, link)
    window->correlation = place;
    TAILQ_CONCAT(&to->windows, &from->windows, link);
    to->tainted_before = from->tainted_before;
}

void correlation_plan_move(struct correlation_plan *from, struct correlation_plan *to)
{
    for (size_t i = 0; i < from->count; i++) {
        for (uint32_t j = 0; j < to->count; j++) {
            if (memcmp(from->list[i].identity, to->list[j].identity,
                       sizeof from->list[i].identity) == 0)
                move_windows(&from->list[i], &to->list[j], j);
        }
    }
}
