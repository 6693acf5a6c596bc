/* Correlations say, for any stream of events, what a slow implementation says that keeps all events
 * and looks at each of them again: every type, bounds, aliases, correlations of correlations,
 * losses, and rules exchanged for the same ones at any time.
 *
 *   correlation_law_test [CASES]       SEED=7 tries others; a case that fails is printed whole */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/correlation_scene.h"
#include "random.h"

#define EVENTS_MAX 40
#define DETECTION  4 /* detection rules 0 to 3; bits 4 to 7 are nobody's */
#define FIRST      8
#define MORE       3 /* correlations at most */
#define OVERS_MAX  512
#define KEY_NONE   0

bool rule_field(enum event_kind kind, const struct facts_index *facts, enum field field,
                struct fact *fact)
{
    (void)kind;
    return facts_lookup(facts, field, fact);
}

bool matcher_rows(struct matcher *m, size_t rule, enum event_kind kind,
                  const struct facts_index *facts, enum field field, struct row_set *rows)
{
    (void)m, (void)rule, (void)kind, (void)facts, (void)field, (void)rows;
    abort(); /* nothing here counts rows */
}

/* The names of users and the bytes of addresses are the same, so that aliases meet. */
static const char *const names[] = { NULL, "aaaa", "bbbb", "cccc", "dddd" };

struct over {
    size_t rule;
    struct correlation_result result;
    uint64_t last_ns;
};

struct overs {
    struct over list[OVERS_MAX];
    size_t count;
};

/* One thing that happens. */
struct happening {
    enum { EVENT, LOSS, SWAP, PAUSE } what;
    unsigned client, user; /* places in names[] */
    struct scene_event event;
};

struct stream {
    struct scene_set rules;
    struct happening list[EVENTS_MAX];
    size_t count;
};

/* --- the slow implementation --------------------------------------------------------------------
 */

/* An event as one window of a correlation sees it. */
struct entry {
    uint64_t time_ns;
    unsigned key, user;
    uint32_t steps;
};

struct bounded_window {
    bool open, tainted;
    unsigned key;
    size_t first; /* entry */
};

struct naive {
    struct entry entries[MORE][EVENTS_MAX * 2];
    size_t counts[MORE];
    struct bounded_window windows[MORE][EVENTS_MAX * 2];
    size_t window_counts[MORE];
    bool lost;
    uint64_t lost_ns; /* up to then */
    struct overs overs;
};

static bool is_bounded(const struct correlation *what)
{
    return what->type <= VALUE_COUNT && (what->at_most != UINT64_MAX || what->has_except);
}

static bool allows(const struct correlation *what, uint64_t count)
{
    return count >= what->at_least && count <= what->at_most &&
           !(what->has_except && count == what->except);
}

/* Of the entries `from` to the last that have this key and are not before `oldest`. */
static void look(const struct naive *naive, size_t c, const struct correlation *what, size_t from,
                 unsigned key, uint64_t oldest, struct correlation_result *result)
{
    uint64_t latest[sizeof names / sizeof names[0]] = { 0 };
    bool seen[sizeof names / sizeof names[0]] = { false };
    *result = (struct correlation_result){ .first_ns = UINT64_MAX };
    for (size_t i = from; i < naive->counts[c]; i++) {
        const struct entry *entry = &naive->entries[c][i];
        if (entry->key != key || entry->time_ns < oldest)
            continue;
        result->count++;
        result->last_ns = entry->time_ns;
        if (result->first_ns == UINT64_MAX)
            result->first_ns = entry->time_ns;
        latest[entry->user] = entry->time_ns;
        seen[entry->user] = true;
    }
    if (what->type != VALUE_COUNT)
        return;
    uint64_t first_ns = result->first_ns;
    result->count = 0;
    result->first_ns = UINT64_MAX;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        result->count += seen[i];
        if (seen[i] && latest[i] < result->first_ns)
            result->first_ns = latest[i];
    }
    if (is_bounded(what))
        result->first_ns = first_ns;
}

/* The chain that ends with the last entry and begins as late as it can. */
static bool chain(const struct naive *naive, size_t c, const struct correlation *what, unsigned key,
                  uint64_t oldest, struct correlation_result *result)
{
    size_t step = what->rule_count, i = naive->counts[c];
    while (step > 0 && i-- > 0) {
        const struct entry *entry = &naive->entries[c][i];
        bool fits = entry->key == key && (entry->steps >> (step - 1) & 1);
        if (!fits && i + 1 == naive->counts[c])
            return false;
        if (!fits)
            continue;
        step--;
        result->first_ns = entry->time_ns;
    }
    return step == 0 && result->first_ns >= oldest;
}

static bool any_order(const struct naive *naive, size_t c, const struct correlation *what,
                      unsigned key, uint64_t oldest, struct correlation_result *result)
{
    result->first_ns = UINT64_MAX;
    for (size_t step = 0; step < what->rule_count; step++) {
        uint64_t latest = UINT64_MAX;
        for (size_t i = 0; i < naive->counts[c]; i++) {
            const struct entry *entry = &naive->entries[c][i];
            if (entry->key == key && (entry->steps >> step & 1) && entry->time_ns >= oldest)
                latest = entry->time_ns;
        }
        if (latest == UINT64_MAX)
            return false;
        if (latest < result->first_ns)
            result->first_ns = latest;
    }
    return true;
}

static bool naive_judge(struct naive *naive, size_t c, const struct correlation *what, unsigned key,
                        uint64_t now, struct correlation_result *result)
{
    uint64_t oldest = now > what->timespan_ns ? now - what->timespan_ns : 0;
    if (what->type == EVENT_COUNT || what->type == VALUE_COUNT) {
        look(naive, c, what, 0, key, oldest, result);
        return allows(what, result->count);
    }
    *result = (struct correlation_result){ what->rule_count, 0, now };
    return what->type == TEMPORAL ? any_order(naive, c, what, key, oldest, result)
                                  : chain(naive, c, what, key, oldest, result);
}

/* All bounded windows that end before `now`: by their end, then by rule, then by their beginning.
 */
static void naive_time(struct naive *naive, const struct scene_set *rules, uint64_t now)
{
    for (;;) {
        struct bounded_window *next = NULL;
        uint64_t end = now;
        size_t of = 0;
        for (size_t c = 0; FIRST + c < rules->set.count; c++) {
            for (size_t w = 0; w < naive->window_counts[c]; w++) {
                struct bounded_window *window = &naive->windows[c][w];
                uint64_t ends =
                    naive->entries[c][window->first].time_ns + rules->what[FIRST + c].timespan_ns;
                if (!window->open || ends >= end)
                    continue;
                next = window;
                end = ends;
                of = c;
            }
        }
        if (!next)
            return;
        struct over over = { .rule = FIRST + of };
        look(naive, of, &rules->what[FIRST + of], next->first, next->key, 0, &over.result);
        over.last_ns = over.result.last_ns;
        next->open = false;
        if (!next->tainted && allows(&rules->what[FIRST + of], over.result.count))
            naive->overs.list[naive->overs.count++] = over;
    }
}

static void naive_enter(struct naive *naive, size_t c, const struct correlation *what,
                        const struct entry *entry)
{
    size_t place = naive->counts[c]++;
    naive->entries[c][place] = *entry;
    if (!is_bounded(what))
        return;
    for (size_t w = 0; w < naive->window_counts[c]; w++) {
        if (naive->windows[c][w].open && naive->windows[c][w].key == entry->key)
            return;
    }
    naive->windows[c][naive->window_counts[c]++] =
        (struct bounded_window){ true, naive->lost && entry->time_ns <= naive->lost_ns, entry->key,
                                 place };
}

static bool naive_feed(struct naive *naive, size_t c, const struct correlation *what,
                       const struct happening *now, uint64_t hits,
                       struct correlation_result *result)
{
    bool held = false, done[sizeof names / sizeof names[0]] = { [KEY_NONE] = true };
    if (what->type == VALUE_COUNT && now->user == KEY_NONE)
        return false;
    for (size_t r = 0; r < what->rule_count; r++) {
        struct entry entry = { now->event.time_ns, KEY_NONE, now->user, 0 };
        for (size_t other = r; other < what->rule_count; other++) {
            unsigned key = what->group[0][other] == FIELD_CLIENT_IP ? now->client : now->user;
            bool matches = hits >> what->rules[other] & 1;
            if (other == r && matches)
                entry.key = key;
            if (matches && key == entry.key)
                entry.steps |= UINT32_C(1) << other;
        }
        if (done[entry.key])
            continue;
        done[entry.key] = true;
        naive_enter(naive, c, what, &entry);
        struct correlation_result said;
        if (!is_bounded(what) &&
            naive_judge(naive, c, what, entry.key, now->event.time_ns, &said) && !held) {
            held = true;
            *result = said;
        }
    }
    return held;
}

static struct scene_answer naive_play(struct naive *naive, const struct scene_set *rules,
                                      const struct happening *now)
{
    struct scene_answer answer = { .hits = now->event.rules };
    naive_time(naive, rules, now->event.time_ns);
    for (size_t c = 0; FIRST + c < rules->set.count; c++) {
        const struct correlation *what = &rules->what[FIRST + c];
        if (!(now->event.held_back >> (FIRST + c) & 1) &&
            naive_feed(naive, c, what, now, answer.hits, &answer.results[FIRST + c]))
            answer.hits |= UINT64_C(1) << (FIRST + c);
    }
    return answer;
}

static void naive_lost(struct naive *naive, uint64_t until_ns)
{
    naive->lost = true;
    naive->lost_ns = until_ns;
    for (size_t c = 0; c < MORE; c++) {
        for (size_t w = 0; w < naive->window_counts[c]; w++) {
            struct bounded_window *window = &naive->windows[c][w];
            window->tainted |= naive->entries[c][window->first].time_ns <= until_ns;
        }
    }
}

/* --- random streams -----------------------------------------------------------------------------
 */

static void random_correlation(struct scene_set *rules, uint64_t *random)
{
    enum correlation_type type = (enum correlation_type)random_below(random, 4);
    struct correlation *what = scene_correlation(rules, type, 0, random_below(random, 8) * 10);
    size_t place = (size_t)(what - rules->what);
    what->group_count = 1;
    what->rule_count = 1 + random_below(random, 3);
    bool aliases = random_below(random, 4) == 0;
    for (size_t r = 0; r < what->rule_count; r++) {
        size_t rule = random_below(random, DETECTION + (place - FIRST));
        what->rules[r] = (uint16_t)(rule < DETECTION ? rule : rule - DETECTION + FIRST);
        what->group[0][r] = aliases && random_below(random, 2) ? FIELD_USER_NAME : FIELD_CLIENT_IP;
    }
    what->at_least = random_below(random, 5);
    if (type > VALUE_COUNT || random_below(random, 2))
        return;
    if (random_below(random, 3)) {
        what->at_most = what->at_least + random_below(random, 3);
    } else {
        what->has_except = true;
        what->except = random_below(random, 4);
    }
}

static void random_stream(struct stream *stream, uint64_t seed)
{
    uint64_t random = random_state(seed), now = random_below(&random, 30);
    *stream = (struct stream){ .count = 1 + random_below(&random, EVENTS_MAX) };
    for (int i = 0; i < FIRST; i++)
        scene_rule(&stream->rules);
    for (size_t i = 1 + random_below(&random, MORE); i > 0; i--)
        random_correlation(&stream->rules, &random);
    for (size_t i = 0; i < stream->count; i++) {
        struct happening *happening = &stream->list[i];
        size_t kind = random_below(&random, 20);
        now += random_below(&random, 3) ? 10 * random_below(&random, 3) : random_below(&random, 12);
        *happening = (struct happening){ kind == 0   ? LOSS
                                         : kind == 1 ? SWAP
                                         : kind == 2 ? PAUSE
                                                     : EVENT,
                                         (unsigned)random_below(&random, 4),
                                         (unsigned)random_below(&random, 5),
                                         { .time_ns = now } };
        happening->event.user = names[happening->user];
        if (happening->client)
            memcpy(&happening->event.client, names[happening->client], 4);
        happening->event.rules = random_below(&random, 1 << DETECTION);
        if (random_below(&random, 8) == 0)
            happening->event.held_back = random_below(&random, 1 << MORE) << FIRST;
    }
}

static void print_stream(const struct stream *stream)
{
    static const char *const types[] = { "events", "values", "any order", "in order" };
    for (size_t i = FIRST; i < stream->rules.set.count; i++) {
        const struct correlation *what = &stream->rules.what[i];
        printf("  %zu: %s, span %llu, at least %llu, at most %lld, except %lld of", i,
               types[what->type], (unsigned long long)what->timespan_ns,
               (unsigned long long)what->at_least, (long long)what->at_most,
               what->has_except ? (long long)what->except : -1);
        for (size_t r = 0; r < what->rule_count; r++)
            printf(" %u by %s", what->rules[r], schema_field(what->group[0][r])->name);
        printf("\n");
    }
    for (size_t i = 0; i < stream->count; i++) {
        static const char *const kinds[] = { "event", "loss", "swap", "pause" };
        const struct happening *now = &stream->list[i];
        printf("  %llu %s client %s user %s rules %llx held back %llx\n",
               (unsigned long long)now->event.time_ns, kinds[now->what],
               now->client ? names[now->client] : "-", now->user ? names[now->user] : "-",
               (unsigned long long)now->event.rules, (unsigned long long)now->event.held_back);
    }
}

/* --- the law ------------------------------------------------------------------------------------
 */

static void on_over(void *arg, size_t rule, const struct correlation_result *result,
                    const struct event *last)
{
    struct overs *overs = arg;
    overs->list[overs->count++] = (struct over){ rule, *result, last->time_ns };
}

static bool same_result(const struct correlation_result *a, const struct correlation_result *b)
{
    return a->count == b->count && a->first_ns == b->first_ns && a->last_ns == b->last_ns;
}

/* What is kept beyond the condition is no more than four times what it names. */
static void cut(const struct correlation *what, struct correlation_result *said,
                struct correlation_result *expected)
{
    uint64_t most = 4 * (what->at_least > 0 ? what->at_least : 1);
    if (what->type <= VALUE_COUNT && expected->count > most && said->count == most) {
        expected->count = most;
        expected->first_ns = said->first_ns;
    }
}

static bool same_answer(const struct stream *stream, struct scene_answer *said,
                        struct scene_answer *expected)
{
    uint64_t mask = (UINT64_C(1) << stream->rules.set.count) - 1;
    if ((said->hits & mask) != (expected->hits & mask))
        return false;
    for (size_t i = FIRST; i < stream->rules.set.count; i++) {
        if (!(expected->hits >> i & 1))
            continue;
        cut(&stream->rules.what[i], &said->results[i], &expected->results[i]);
        if (!same_result(&said->results[i], &expected->results[i]))
            return false;
    }
    return true;
}

static bool same_overs(const struct overs *said, const struct overs *expected)
{
    bool same = said->count == expected->count;
    for (size_t i = 0; same && i < said->count; i++)
        same = said->list[i].rule == expected->list[i].rule &&
               said->list[i].last_ns == expected->list[i].last_ns &&
               same_result(&said->list[i].result, &expected->list[i].result);
    return same;
}

static void copy_rules(struct scene_set *to, const struct scene_set *from)
{
    *to = *from;
    to->set.rules = to->rules;
    for (size_t i = FIRST; i < from->set.count; i++)
        to->rules[i].correlation = &to->what[i];
}

/* Plays it twice; returns where they differ, the count if they do not. */
static size_t play(struct stream *stream)
{
    static struct naive naive;
    static struct overs overs;
    static struct scene_set copies[2];
    memset(&naive, 0, sizeof naive);
    overs.count = 0;
    unsigned swaps = 0;
    copy_rules(&copies[0], &stream->rules);
    struct correlator *correlator = correlator_new(
        &copies[0].set,
        &(struct correlation_options){
            .max_windows = 256, .max_bytes = 1 << 18, .over = on_over, .arg = &overs });
    size_t at = 0;
    bool same = correlator != NULL;
    for (; same && at < stream->count; at++) {
        const struct happening *now = &stream->list[at];
        if (now->what == EVENT) {
            struct scene_answer said = scene_play(correlator, &now->event);
            struct scene_answer expected = naive_play(&naive, &stream->rules, now);
            same = same_answer(stream, &said, &expected);
        } else if (now->what == LOSS) {
            correlator_lost(correlator, now->event.time_ns);
            naive_lost(&naive, now->event.time_ns);
        } else if (now->what == PAUSE) {
            correlator_time(correlator, now->event.time_ns);
            naive_time(&naive, &stream->rules, now->event.time_ns);
        } else {
            struct scene_set *other = &copies[++swaps % 2];
            copy_rules(other, &stream->rules);
            same = correlator_swap(correlator, &other->set);
            memset(&copies[(swaps + 1) % 2], 0xff, sizeof copies[0]);
        }
        same = same && same_overs(&overs, &naive.overs);
    }
    if (correlator && correlator_counters(correlator).evicted > 0)
        same = false;
    correlator_free(correlator);
    return same ? stream->count : at - 1;
}

/* Leaves out what the difference does not need. */
static void shrink(struct stream *stream)
{
    stream->count = play(stream) + 1;
    for (size_t i = stream->count; i-- > 0;) {
        struct stream less = *stream;
        memmove(&less.list[i], &less.list[i + 1], (less.count - i - 1) * sizeof less.list[0]);
        less.count--;
        copy_rules(&less.rules, &stream->rules);
        if (play(&less) < less.count) {
            *stream = less;
            copy_rules(&stream->rules, &less.rules);
        }
    }
}

int main(int argc, char **argv)
{
    const char *seed_text = getenv("SEED");
    uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : 1;
    uint64_t cases = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
    static struct stream stream;
    for (uint64_t i = 0; i < cases; i++) {
        random_stream(&stream, seed * 1000000007 + i);
        if (play(&stream) == stream.count)
            continue;
        shrink(&stream);
        printf("FAIL case %llu of SEED=%llu, made small; the last line differs:\n",
               (unsigned long long)i, (unsigned long long)seed);
        print_stream(&stream);
        return 1;
    }
    printf("%llu streams, as the slow implementation has them\n", (unsigned long long)cases);
    return 0;
}
