/* One correlation: groups, windows, conditions. */
#include "counting.h"

#include <string.h>

#include "siphash.h"

#define COUNT_KEPT_MAX 1024 /* what a window keeps beyond the count that its condition needs */
#define COUNT_KEPT     4    /* so many times that count, so that results say more than "enough" */
#define VALUE_PLAIN    32   /* longer values of a group are hashed first */

/* What windows hold must not depend on the run: these keys are constants. */
static const struct siphash_key content_keys[2] = { { 0x636f7272656c6174U, 1 },
                                                    { 0x636f7272656c6174U, 2 } };

void counting_hash(struct bytes text, uint64_t hash[2])
{
    hash[0] = siphash13(&content_keys[0], text);
    hash[1] = siphash13(&content_keys[1], text);
}

/* --- what a correlation is ----------------------------------------------------------------------
 */

static bool has_bound(const struct correlation *what)
{
    bool counts = what->type == EVENT_COUNT || what->type == VALUE_COUNT;
    return counts && (what->at_most != UINT64_MAX || what->has_except);
}

static bool has_aliases(const struct correlation *what)
{
    for (size_t g = 0; g < what->group_count; g++) {
        for (size_t r = 1; r < what->rule_count; r++) {
            if (what->group[g][r] != what->group[g][0])
                return true;
        }
    }
    return false;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Enough to judge the condition, and some more. */
static uint32_t kept_limit(const struct correlation *what)
{
    uint64_t needed = larger(what->at_least, 1);
    if (what->at_most != UINT64_MAX)
        needed = larger(needed, what->at_most + 1);
    if (what->has_except && what->except != UINT64_MAX)
        needed = larger(needed, what->except + 1);
    if (needed > CORRELATION_COUNT_MAX + 1)
        needed = CORRELATION_COUNT_MAX + 1;
    uint64_t more = needed * COUNT_KEPT < COUNT_KEPT_MAX ? needed * COUNT_KEPT : COUNT_KEPT_MAX;
    return (uint32_t)larger(needed, more);
}

void counting_init(struct counting *counting, const struct correlation *what)
{
    *counting = (struct counting){ .what = what };
    counting->bounded = has_bound(what);
    counting->aliases = has_aliases(what);
    counting->limit = kept_limit(what);
    TAILQ_INIT(&counting->windows);
}

static bool holds(const struct counting *counting, uint64_t count)
{
    const struct correlation *what = counting->what;
    return count >= what->at_least && count <= what->at_most &&
           !(what->has_except && count == what->except);
}

/* --- time ---------------------------------------------------------------------------------------
 */

/* An event counts while now - its time <= timespan. */
static uint64_t oldest_that_counts(const struct counting *counting, uint64_t now_ns)
{
    uint64_t timespan_ns = counting->what->timespan_ns;
    return now_ns > timespan_ns ? now_ns - timespan_ns : 0;
}

uint64_t counting_end(const struct counting *counting, const struct window *window)
{
    uint64_t timespan_ns = counting->what->timespan_ns;
    return window->start_ns <= UINT64_MAX - timespan_ns ? window->start_ns + timespan_ns
                                                        : UINT64_MAX;
}

bool counting_over(const struct counting *counting, const struct window *window, uint64_t now_ns)
{
    if (counting->bounded)
        return now_ns > counting_end(counting, window);
    return window->last_ns < oldest_that_counts(counting, now_ns);
}

/* --- groups -------------------------------------------------------------------------------------
 */

/* Of several values the first; what the envelope will add counts too. */
static bool group_value(enum event_kind kind, const struct facts_index *facts, enum field field,
                        struct fact *fact)
{
    if (facts->place[field] == 0 || schema_field(field)->arity == ARITY_ONE)
        return rule_field(kind, facts, field, fact);
    for (size_t at = 0; facts_next(facts->records, &at, fact);) {
        if (fact->field == field)
            return true;
    }
    return false;
}

bool counting_key(const struct counting *counting, unsigned rule, enum event_kind kind,
                  const struct facts_index *facts, struct window_key *key)
{
    uint8_t text[sizeof counting->identity + GROUP_FIELDS_MAX * (1 + VALUE_PLAIN)];
    size_t len = sizeof counting->identity;
    memcpy(text, counting->identity, len);
    for (size_t g = 0; g < counting->what->group_count; g++) {
        struct fact fact;
        if (!group_value(kind, facts, counting->what->group[g][rule], &fact))
            return false;
        uint64_t hash[2];
        bool plain = fact.value.len <= VALUE_PLAIN;
        if (!plain)
            counting_hash(fact.value, hash);
        struct bytes value = plain ? fact.value : bytes_over(hash, sizeof hash);
        text[len++] = plain ? (uint8_t)value.len : UINT8_MAX;
        if (value.len > 0)
            memcpy(text + len, value.data, value.len);
        len += value.len;
    }
    counting_hash(bytes_over(text, len), key->hash);
    return true;
}

/* --- counting -----------------------------------------------------------------------------------
 */

bool counting_takes(const struct counting *counting, const struct count *count)
{
    struct fact fact;
    return counting->what->type != VALUE_COUNT ||
           rule_field(count->event->kind, count->facts, counting->what->counted, &fact);
}

static bool counts_rows(const struct correlation *what)
{
    return what->type == VALUE_COUNT && schema_field(what->counted)->arity == ARITY_ROWS;
}

bool counting_rows(const struct counting *counting, struct count *count)
{
    const struct correlation *what = counting->what;
    struct row_set rows, own;
    uint64_t any = 0;
    if (!counts_rows(what))
        return true;
    count->rows = (struct row_set){ 0 };
    matcher_rows(count->matcher, counting->rule, count->event->kind, count->facts, what->counted,
                 &own);
    for (uint32_t left = count->steps; left != 0; left &= left - 1) {
        matcher_rows(count->matcher, what->rules[__builtin_ctz(left)], count->event->kind,
                     count->facts, what->counted, &rows);
        for (int w = 0; w < ROW_WORDS; w++)
            count->rows.words[w] |= rows.words[w] & own.words[w];
    }
    for (int w = 0; w < ROW_WORDS; w++)
        any |= count->rows.words[w];
    return any != 0;
}

static bool row_counts(const struct count *count, unsigned row)
{
    return count->rows.words[row / 64] >> row % 64 & 1;
}

bool counting_opens(const struct counting *counting, const struct count *count)
{
    return counting->what->type != TEMPORAL_ORDERED || (count->steps & 1);
}

bool counting_judge(const struct counting *counting, const struct window *window,
                    struct correlation_result *result)
{
    *result = (struct correlation_result){ .last_ns = window->last_ns };
    if (counting->what->type == VALUE_COUNT)
        result->count = window_values(window, &result->first_ns);
    else if (counting->bounded)
        result->count = window->count;
    else
        result->count = window_times(window, &result->first_ns);
    if (counting->bounded)
        result->first_ns = window->start_ns;
    return holds(counting, result->count);
}

static bool add_event(const struct counting *counting, struct window_memory *memory,
                      struct window *window, const struct count *count,
                      struct correlation_result *result)
{
    window->count++;
    if (!counting->bounded)
        window_add_time(memory, window, count->now_ns, oldest_that_counts(counting, count->now_ns),
                        counting->limit);
    return counting_judge(counting, window, result);
}

/* Each value of a field that has several; of rows, those that count. */
static bool add_values(const struct counting *counting, struct window_memory *memory,
                       struct window *window, const struct count *count,
                       struct correlation_result *result)
{
    enum field field = counting->what->counted;
    uint64_t oldest = counting->bounded ? 0 : oldest_that_counts(counting, count->now_ns);
    bool several = count->facts->place[field] != 0 && schema_field(field)->arity != ARITY_ONE;
    bool rows = counts_rows(counting->what);
    struct fact fact;
    size_t at = 0;
    bool any = several ? facts_next(count->facts->records, &at, &fact)
                       : rule_field(count->event->kind, count->facts, field, &fact);
    while (any) {
        if ((!several || fact.field == field) && (!rows || row_counts(count, fact.row)))
            window_add_value(memory, window, siphash13(&content_keys[0], fact.value), count->now_ns,
                             oldest, counting->limit);
        any = several && facts_next(count->facts->records, &at, &fact);
    }
    return counting_judge(counting, window, result);
}

/* Times in steps are one more than they are, so that 0 is none. */
static uint64_t step_time(uint64_t time_ns)
{
    return time_ns < UINT64_MAX ? time_ns + 1 : time_ns;
}

/* Steps hold the latest time of each rule. */
static bool add_step(const struct counting *counting, struct window_memory *memory,
                     struct window *window, const struct count *count,
                     struct correlation_result *result)
{
    uint64_t *steps, oldest = oldest_that_counts(counting, count->now_ns);
    uint32_t n = (uint32_t)counting->what->rule_count;
    if (!window_steps(memory, window, n, &steps))
        return false;
    *result = (struct correlation_result){ 0, count->now_ns, count->now_ns };
    for (uint32_t i = 0; i < n; i++) {
        if (count->steps >> i & 1)
            steps[i] = step_time(count->now_ns);
        if (steps[i] <= oldest)
            continue;
        result->count++;
        if (steps[i] - 1 < result->first_ns)
            result->first_ns = steps[i] - 1;
    }
    return result->count == n;
}

/* Steps hold the latest beginning of a chain that ends there. From the last step to the first, so
 * that no event serves two. */
static bool add_link(const struct counting *counting, struct window_memory *memory,
                     struct window *window, const struct count *count,
                     struct correlation_result *result)
{
    uint64_t *steps, oldest = oldest_that_counts(counting, count->now_ns);
    uint32_t n = (uint32_t)counting->what->rule_count;
    if (!window_steps(memory, window, n, &steps))
        return false;
    for (uint32_t i = n; i-- > 0;) {
        uint64_t start = i > 0 ? steps[i - 1] : step_time(count->now_ns);
        if ((count->steps >> i & 1) && start > steps[i])
            steps[i] = start;
    }
    uint32_t done = n;
    while (done > 0 && steps[done - 1] <= oldest)
        done--;
    *result = (struct correlation_result){ .count = done, .last_ns = count->now_ns };
    if (done > 0)
        result->first_ns = steps[done - 1] - 1;
    return done == n && (count->steps >> (n - 1) & 1);
}

bool counting_add(const struct counting *counting, struct window_memory *memory,
                  struct window *window, const struct count *count,
                  struct correlation_result *result)
{
    static bool (*const by_type[])(const struct counting *, struct window_memory *, struct window *,
                                   const struct count *, struct correlation_result *) = {
        [EVENT_COUNT] = add_event,
        [VALUE_COUNT] = add_values,
        [TEMPORAL] = add_step,
        [TEMPORAL_ORDERED] = add_link,
    };
    return by_type[counting->what->type](counting, memory, window, count, result);
}
