/* From events to findings: trackers, rules, correlations, findings, in the order of time.
 *
 * One thread. The rules may be exchanged between two events; whatever did not change goes on. */
#ifndef MAILTAP_DETECT_H
#define MAILTAP_DETECT_H

#include "correlation.h"
#include "event.h"
#include "finding.h"
#include "match.h"

struct detect;

/* Takes the set over (also if it fails). `out` gets the findings, as events. NULL if there is no
 * memory. A rule whose regular expression does not compile never matches: matcher_new() says so to
 * whoever loads rules. */
struct detect *detect_new(struct rule_set *, const struct event_receiver *out);
void detect_free(struct detect *);          /* NULL is fine; emits nothing */
size_t detect_bytes(const struct detect *); /* at most */

/* Counts the event in, before it is published. Where something is tracked about it
 * (mailtap.track.*), its facts and their index are afterwards those in `to`. */
void detect_track(struct detect *, struct event *, struct facts_index *, struct facts *to);
/* What it means; the index is of its facts. */
void detect_event(struct detect *, const struct event *, const struct facts_index *);
/* Events up to this packet time were lost on the way here. */
void detect_lost(struct detect *, uint64_t until_ns);
/* The input ends: closes what is open. Another one may follow, for which nothing was before. */
void detect_end(struct detect *);

/* For people who want to know: called with each event, what held for it, the results of
 * correlations (of those that do not hold, what was counted, 0 if nothing), and the matcher that
 * said so. `hits` has no correlation that does not hold. */
struct detect_watch {
    void (*judged)(void *arg, const struct event *, const struct facts_index *,
                   const struct rule_hits *, const struct correlation_result *, struct matcher *);
    void *arg;
};
void detect_watch(struct detect *, struct detect_watch);
/* How facts may be shown in the text of findings; otherwise as they are. */
void detect_privacy(struct detect *, struct detect_privacy);

/* Other rules from the next event on; the set is taken over, the old one freed. False if there is
 * no memory: then the old ones stay, and the new set is freed. */
bool detect_swap(struct detect *, struct rule_set *);

#endif
