/* From events to findings, in the order of time. */
#include "detect.h"

#include <stdlib.h>
#include <string.h>

#include "correlation.h"
#include "tracker.h"

#define WINDOWS_MAX   131072
#define WINDOWS_BYTES ((size_t)32 << 20)
#define TRACKED       8192 /* clients, and servers */

/* What depends on the rules, and is exchanged with them. */
struct judged {
    struct rule_set *set;
    struct matcher *matcher;
    uint64_t *hits;
    struct correlation_result *results;
    /* Rules that share an id have the same number here; of them one is told of an event. */
    uint16_t *id_number;
    uint16_t *highest; /* by that number: the place of the rule, plus 1 */
};

struct detect {
    struct judged rules;
    struct correlator *correlator;
    struct findings *findings;
    struct tracker *tracker;
    struct detect_watch watch;
};

static void free_judged(struct judged *rules)
{
    matcher_free(rules->matcher);
    free(rules->hits);
    free(rules->results);
    free(rules->id_number);
    free(rules->highest);
    if (rules->set)
        arena_free(rules->set->arena);
    *rules = (struct judged){ 0 };
}

static void number_ids(struct judged *rules)
{
    const struct rule *all = rules->set->rules;
    for (size_t i = 0; i < rules->set->count; i++) {
        size_t same = 0;
        while (same < i && strcmp(all[same].id, all[i].id) != 0)
            same++;
        rules->id_number[i] = (uint16_t)same;
    }
}

/* Takes the set over. False if there is no memory. */
static bool judge(struct judged *rules, struct rule_set *set)
{
    size_t n = set->count + 1;
    *rules = (struct judged){
        .set = set,
        .matcher = matcher_new(set, NULL),
        .hits = calloc(n / 64 + 1, sizeof(uint64_t)),
        .results = calloc(n, sizeof(struct correlation_result)),
        .id_number = calloc(n, sizeof(uint16_t)),
        .highest = calloc(n, sizeof(uint16_t)),
    };
    if (!rules->matcher || !rules->hits || !rules->results || !rules->id_number || !rules->highest)
        return false;
    number_ids(rules);
    return true;
}

static void window_over(void *arg, size_t rule, const struct correlation_result *result,
                        const struct event *last)
{
    struct detect *detect = arg;
    struct facts_index facts;
    facts_index(&facts, last->facts);
    if (detect->rules.set->rules[rule].reports)
        findings_occurrence(detect->findings, rule, last, &facts, result);
}

struct detect *detect_new(struct rule_set *set, const struct event_receiver *out)
{
    struct detect *detect = calloc(1, sizeof *detect);
    if (!detect) {
        arena_free(set->arena);
        return NULL;
    }
    bool built = judge(&detect->rules, set);
    detect->findings = findings_new(set, out);
    detect->tracker = tracker_new(TRACKED);
    detect->correlator =
        correlator_new(set, &(struct correlation_options){ .max_windows = WINDOWS_MAX,
                                                           .max_bytes = WINDOWS_BYTES,
                                                           .over = window_over,
                                                           .arg = detect });
    if (!built || !detect->findings || !detect->tracker || !detect->correlator) {
        detect_free(detect);
        return NULL;
    }
    return detect;
}

void detect_free(struct detect *detect)
{
    if (!detect)
        return;
    findings_free(detect->findings);
    correlator_free(detect->correlator);
    tracker_free(detect->tracker);
    free_judged(&detect->rules);
    free(detect);
}

size_t detect_bytes(const struct detect *detect)
{
    return matcher_bytes(detect->rules.matcher) + arena_bytes(detect->rules.set->arena) +
           correlator_bytes(detect->correlator) + findings_bytes(detect->findings) +
           tracker_bytes(detect->tracker);
}

void detect_track(struct detect *detect, struct event *event, struct facts_index *facts,
                  struct facts *to)
{
    if (event->kind != EVENT_AUTH && event->kind != EVENT_MESSAGE && event->kind != EVENT_STARTTLS)
        return;
    facts_clear(to);
    tracker_event(detect->tracker, event, facts, to);
    if (to->records.len == 0)
        return;
    facts_join(to, event->facts);
    event->facts = buffer_view(&to->records);
    facts_index(facts, event->facts);
}

/* The place of the next bit that is set, from `at` on; `count` if there is none. */
static size_t next_hit(const struct rule_hits *hits, size_t at)
{
    while (at < hits->count) {
        uint64_t word = hits->words[at / 64] >> at % 64;
        if (word)
            return at + (size_t)__builtin_ctzll(word);
        at = at / 64 * 64 + 64;
    }
    return hits->count;
}

static void find_highest(struct judged *rules, const struct rule_hits *hits)
{
    for (size_t i = next_hit(hits, 0); i < hits->count; i = next_hit(hits, i + 1)) {
        uint16_t *highest = &rules->highest[rules->id_number[i]];
        const struct rule *rule = &rules->set->rules[i];
        if (rule->reports && (*highest == 0 || rule->level > rules->set->rules[*highest - 1].level))
            *highest = (uint16_t)(i + 1);
    }
}

static void tell(struct detect *detect, const struct event *event, const struct facts_index *facts,
                 const struct rule_hits *hits)
{
    struct judged *rules = &detect->rules;
    find_highest(rules, hits);
    for (size_t i = next_hit(hits, 0); i < hits->count; i = next_hit(hits, i + 1)) {
        uint16_t *highest = &rules->highest[rules->id_number[i]];
        if (*highest != i + 1)
            continue;
        bool correlated = rules->set->rules[i].correlation;
        findings_occurrence(detect->findings, i, event, facts,
                            correlated ? &rules->results[i] : NULL);
    }
    for (size_t i = next_hit(hits, 0); i < hits->count; i = next_hit(hits, i + 1))
        rules->highest[rules->id_number[i]] = 0;
}

void detect_event(struct detect *detect, const struct event *event, const struct facts_index *facts)
{
    struct rule_hits hits = { detect->rules.hits, detect->rules.set->count };
    correlator_time(detect->correlator, event->time_ns);
    findings_time(detect->findings, event->time_ns);
    if (detect->watch.judged)
        memset(detect->rules.results, 0, hits.count * sizeof *detect->rules.results);
    bool any = matcher_event(detect->rules.matcher, event->kind, facts, &hits);
    if (any) {
        correlator_event(detect->correlator, detect->rules.matcher, event, facts, &hits,
                         detect->rules.results);
        tell(detect, event, facts, &hits);
    }
    if (!detect->watch.judged)
        return;
    if (!any) /* what correlations let through to be counted is no hit */
        memset(hits.words, 0, (hits.count + 63) / 64 * sizeof(uint64_t));
    detect->watch.judged(detect->watch.arg, event, facts, &hits, detect->rules.results,
                         detect->rules.matcher);
}

void detect_watch(struct detect *detect, struct detect_watch watch)
{
    detect->watch = watch;
}

void detect_privacy(struct detect *detect, struct detect_privacy privacy)
{
    findings_privacy(detect->findings, privacy);
}

void detect_lost(struct detect *detect, uint64_t until_ns)
{
    correlator_lost(detect->correlator, until_ns);
}

void detect_end(struct detect *detect)
{
    findings_end(detect->findings);
    correlator_forget(detect->correlator);
    tracker_forget(detect->tracker);
}

/* Whatever may fail comes before anything changes. */
bool detect_swap(struct detect *detect, struct rule_set *set)
{
    struct judged rules;
    if (!judge(&rules, set) || !findings_ready(detect->findings, set) ||
        !correlator_swap(detect->correlator, set)) {
        findings_ready(detect->findings, NULL);
        free_judged(&rules);
        return false;
    }
    findings_swap(detect->findings);
    free_judged(&detect->rules);
    detect->rules = rules;
    return true;
}
