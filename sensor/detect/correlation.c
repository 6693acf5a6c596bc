/* Correlations: from the rules that an event matched to the window it belongs to, and what that
 * window says. */
#include "correlation.h"

#include <stdlib.h>

#include "correlation_plan.h"
#include "lru.h"

#define BYTES_OF_WINDOW 256 /* in the table, roughly: how many fit into half of max_bytes */
#define SWEPT_AT_ONCE   4

struct correlator {
    struct correlation_options options;
    struct correlation_plan plan;
    struct lru *windows;
    struct window_memory memory;
    uint64_t now_ns;
    uint64_t end_ns;         /* no bounded window ends before this */
    uint64_t tainted_before; /* events up to this one were lost */
    size_t swept;            /* whose old windows were looked for last */
    struct correlator_counters counters;
};

static uint64_t after(uint64_t time_ns)
{
    return time_ns < UINT64_MAX ? time_ns + 1 : time_ns;
}

/* --- the end of windows -------------------------------------------------------------------------
 */

static void unlink_window(struct correlator *all, struct window *window)
{
    TAILQ_REMOVE(&all->plan.list[window->correlation].windows, window, link);
    window_free(&all->memory, window);
}

static void remove_window(struct correlator *all, struct window *window)
{
    unlink_window(all, window);
    lru_remove(all->windows, window);
}

/* A window goes for want of room. If it claims absence, so would the next one of its group, which
 * cannot know what this one saw: all of them are tainted that begin before this one would end. */
static void lose_window(struct correlator *all, struct window *window)
{
    struct counting *counting = &all->plan.list[window->correlation];
    if (!counting_over(counting, window, all->now_ns)) {
        all->counters.evicted++;
        uint64_t end = after(counting_end(counting, window));
        if (counting->bounded && end > counting->tainted_before)
            counting->tainted_before = end;
    }
    unlink_window(all, window);
}

static void evicted(void *arg, const void *key, void *value)
{
    (void)key;
    lose_window(arg, value);
}

static void give_up(void *arg, struct window *window)
{
    struct correlator *all = arg;
    lose_window(all, window);
    lru_remove(all->windows, window);
}

/* Windows in which nothing counts any more say nothing and only take room. */
static void sweep(struct correlator *all, struct counting *counting)
{
    for (int i = 0; i < SWEPT_AT_ONCE; i++) {
        struct window *window = TAILQ_FIRST(&counting->windows);
        if (counting->bounded || !window || !counting_over(counting, window, all->now_ns))
            return;
        remove_window(all, window);
    }
}

static void judge(struct correlator *all, struct counting *counting, struct window *window)
{
    struct correlation_result result;
    if (window->tainted || window->start_ns < all->tainted_before) {
        all->counters.tainted++;
    } else if (counting_judge(counting, window, &result)) {
        all->options.over(all->options.arg, counting->rule, &result, &window->latest->event);
    }
    remove_window(all, window);
}

/* The bounded window that ends first; of several, that of the first rule. */
static struct counting *first_to_end(struct correlator *all, uint64_t *end_ns)
{
    struct counting *first = NULL;
    *end_ns = UINT64_MAX;
    for (size_t i = 0; i < all->plan.count; i++) {
        struct counting *counting = &all->plan.list[i];
        struct window *window = counting->bounded ? TAILQ_FIRST(&counting->windows) : NULL;
        if (window && (!first || counting_end(counting, window) < *end_ns)) {
            first = counting;
            *end_ns = counting_end(counting, window);
        }
    }
    return first;
}

void correlator_time(struct correlator *all, uint64_t now_ns)
{
    if (now_ns > all->now_ns)
        all->now_ns = now_ns;
    while (all->now_ns > all->end_ns) {
        struct counting *first = first_to_end(all, &all->end_ns);
        if (first && all->now_ns > all->end_ns)
            judge(all, first, TAILQ_FIRST(&first->windows));
    }
    if (all->plan.count > 0) {
        all->swept = (all->swept + 1) % all->plan.count;
        sweep(all, &all->plan.list[all->swept]);
    }
}

void correlator_lost(struct correlator *all, uint64_t until_ns)
{
    if (after(until_ns) > all->tainted_before)
        all->tainted_before = after(until_ns);
}

/* --- from an event to a window ------------------------------------------------------------------
 */

static struct window *open_window(struct correlator *all, struct counting *counting, uint64_t hash,
                                  const struct window_key *key)
{
    struct window *window = lru_add(all->windows, hash, key, all->now_ns);
    window_init(window);
    window->correlation = (uint32_t)(counting - all->plan.list);
    window->start_ns = all->now_ns;
    window->tainted = all->now_ns < counting->tainted_before;
    TAILQ_INSERT_TAIL(&counting->windows, window, link);
    if (counting->bounded && counting_end(counting, window) < all->end_ns)
        all->end_ns = counting_end(counting, window);
    return window;
}

static struct window *window_for(struct correlator *all, struct counting *counting,
                                 const struct window_key *key, const struct count *count)
{
    uint64_t hash = lru_hash(all->windows, key);
    struct window *window = lru_find(all->windows, hash, key, all->now_ns);
    if (!window)
        return counting_opens(counting, count) ? open_window(all, counting, hash, key) : NULL;
    window_used(&all->memory, window);
    if (!counting->bounded) {
        TAILQ_REMOVE(&counting->windows, window, link);
        TAILQ_INSERT_TAIL(&counting->windows, window, link);
    }
    return window;
}

static bool count_in(struct correlator *all, struct counting *counting,
                     const struct window_key *key, struct count *count,
                     struct correlation_result *result)
{
    struct window *window =
        counting_rows(counting, count) ? window_for(all, counting, key, count) : NULL;
    if (!window)
        return false;
    window->last_ns = all->now_ns;
    if (counting->bounded && !window_keep(&all->memory, window, count->event, count->facts)) {
        give_up(all, window); /* it could not say whom it is about */
        return false;
    }
    return counting_add(counting, &all->memory, window, count, result) && !counting->bounded;
}

/* Those of the rules that name the same window as the first of them. */
static uint32_t same_window(const struct counting *counting, uint32_t rules,
                            const struct count *count, const struct window_key *key)
{
    if (!counting->aliases)
        return rules;
    uint32_t same = rules & -rules;
    for (uint32_t left = rules ^ same; left != 0; left &= left - 1) {
        unsigned rule = (unsigned)__builtin_ctz(left);
        struct window_key other;
        if (counting_key(counting, rule, count->event->kind, count->facts, &other) &&
            other.hash[0] == key->hash[0] && other.hash[1] == key->hash[1])
            same |= left & -left;
    }
    return same;
}

/* `rules`: bits by the rules of the correlation, those that the event matched. With aliases it may
 * belong to several windows; the first that holds has the word, otherwise the one that has most. */
static bool feed(struct correlator *all, struct counting *counting, uint32_t rules,
                 struct count *count, struct correlation_result *result)
{
    bool held = false;
    *result = (struct correlation_result){ 0 };
    if (!counting_takes(counting, count))
        return false;
    sweep(all, counting);
    count->steps = rules;
    if (TAILQ_EMPTY(&counting->windows) && !counting_opens(counting, count))
        return false; /* most sequences that end never began */
    while (rules != 0) {
        struct window_key key;
        struct correlation_result said = { 0 };
        unsigned first = (unsigned)__builtin_ctz(rules);
        count->steps = rules & -rules;
        if (counting_key(counting, first, count->event->kind, count->facts, &key)) {
            count->steps = same_window(counting, rules, count, &key);
            bool holds = count_in(all, counting, &key, count, &said);
            if (holds ? !held : !held && said.count > result->count)
                *result = said;
            held |= holds;
        } else if (!counting->aliases) {
            return false;
        }
        rules &= ~count->steps;
    }
    return held;
}

static bool is_set(const uint64_t *words, size_t bit)
{
    return words[bit / 64] >> bit % 64 & 1;
}

static void mark_readers(struct correlation_plan *plan, size_t rule)
{
    for (uint32_t i = plan->reader_start[rule]; i < plan->reader_start[rule + 1]; i++)
        plan->due[plan->readers[i] / 64] |= UINT64_C(1) << plan->readers[i] % 64;
}

/* Which correlations the event's rules feed. The bits of correlations become clear: they have to
 * earn them. */
static bool mark_due(struct correlation_plan *plan, struct rule_hits *hits)
{
    bool any = false;
    for (size_t w = 0; w < plan->rule_words; w++) {
        plan->allowed[w] = hits->words[w] & plan->correlations[w];
        hits->words[w] &= ~plan->correlations[w];
        for (uint64_t left = hits->words[w] & plan->feeding[w]; left != 0; left &= left - 1) {
            mark_readers(plan, w * 64 + (size_t)__builtin_ctzll(left));
            any = true;
        }
    }
    return any;
}

static void feed_due(struct correlator *all, size_t place, struct count *count,
                     struct rule_hits *hits, struct correlation_result *results)
{
    struct counting *counting = &all->plan.list[place];
    size_t rule = counting->rule;
    uint32_t rules = 0;
    results[rule].count = 0;
    for (size_t r = 0; r < counting->what->rule_count; r++)
        rules |= (uint32_t)is_set(hits->words, counting->what->rules[r]) << r;
    if (is_set(all->plan.allowed, rule) && feed(all, counting, rules, count, &results[rule])) {
        hits->words[rule / 64] |= UINT64_C(1) << rule % 64;
        mark_readers(&all->plan, rule);
    }
}

/* Correlations stand behind the rules they are about, so one pass does. */
void correlator_event(struct correlator *all, struct matcher *matcher, const struct event *event,
                      const struct facts_index *facts, struct rule_hits *hits,
                      struct correlation_result *results)
{
    struct correlation_plan *plan = &all->plan;
    correlator_time(all, event->time_ns);
    struct count count = {
        .event = event, .facts = facts, .matcher = matcher, .now_ns = all->now_ns
    };
    if (!mark_due(plan, hits))
        return;
    for (size_t w = 0; w < plan->list_words; w++) {
        while (plan->due[w] != 0) {
            size_t place = w * 64 + (size_t)__builtin_ctzll(plan->due[w]);
            plan->due[w] &= plan->due[w] - 1;
            feed_due(all, place, &count, hits, results);
        }
    }
}

/* --- birth, exchange, death ---------------------------------------------------------------------
 */

static struct lru *windows_new(struct correlator *all)
{
    size_t fit = all->options.max_bytes / 2 / BYTES_OF_WINDOW;
    size_t entries = fit < all->options.max_windows ? fit : all->options.max_windows;
    return lru_new(&(struct lru_options){
        .key_size = sizeof(struct window_key),
        .value_size = sizeof(struct window),
        .max_entries = entries > 0 ? (uint32_t)entries : 1,
        .evicted = evicted,
        .arg = all,
    });
}

struct correlator *correlator_new(const struct rule_set *set,
                                  const struct correlation_options *options)
{
    struct correlator *all = calloc(1, sizeof *all);
    if (!all)
        return NULL;
    all->options = *options;
    all->end_ns = UINT64_MAX;
    all->windows = windows_new(all);
    if (!all->windows || !correlation_plan_init(&all->plan, set)) {
        correlator_free(all);
        return NULL;
    }
    size_t table = lru_bytes(all->windows), max = options->max_bytes;
    window_memory_init(&all->memory, max > table ? max - table : 0, give_up, all);
    return all;
}

bool correlator_swap(struct correlator *all, const struct rule_set *set)
{
    struct correlation_plan plan;
    if (!correlation_plan_init(&plan, set)) {
        correlation_plan_free(&plan);
        return false;
    }
    correlation_plan_move(&all->plan, &plan);
    for (size_t i = 0; i < all->plan.count; i++) {
        while (!TAILQ_EMPTY(&all->plan.list[i].windows))
            remove_window(all, TAILQ_FIRST(&all->plan.list[i].windows));
    }
    correlation_plan_free(&all->plan);
    all->plan = plan;
    all->swept = 0;
    return true;
}

void correlator_forget(struct correlator *all)
{
    for (size_t i = 0; i < all->plan.count; i++) {
        struct counting *counting = &all->plan.list[i];
        while (!TAILQ_EMPTY(&counting->windows))
            remove_window(all, TAILQ_FIRST(&counting->windows));
        counting->tainted_before = 0;
    }
    all->tainted_before = 0;
    all->end_ns = UINT64_MAX;
    all->now_ns = 0;
    all->swept = 0;
}

void correlator_free(struct correlator *all)
{
    if (!all)
        return;
    lru_free(all->windows);
    correlation_plan_free(&all->plan);
    free(all);
}

size_t correlator_bytes(const struct correlator *all)
{
    return sizeof *all + lru_bytes(all->windows) + all->memory.pool.limit +
           correlation_plan_bytes(&all->plan);
}

struct correlator_counters correlator_counters(const struct correlator *all)
{
    struct correlator_counters counters = all->counters;
    counters.windows = lru_count(all->windows);
    return counters;
}
