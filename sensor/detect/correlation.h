/* Correlations: how often, how many different, and what after what, in windows of packet time.
 *
 * A window belongs to a correlation and the values of its group-by fields; an event that has not
 * all of them is not counted. Windows slide: an event counts while now - its time <= timespan. They
 * are bounded in number and bytes; the one unused longest goes first, and is counted.
 *
 *   event_count       events; one that several of the rules match counts once
 *   value_count       different values of a field, from the latest time of each; of a field with
 *                     several values each counts, but of rows only those for which a rule holds
 *   temporal          all rules matched, in any order; one event may match several
 *   temporal_ordered  judged with events of the last rule: different events matched the rules one
 *                     after the other. Events of the same instant follow in the order of output
 *
 * A condition without an upper bound is judged with each event. One with an upper bound (lt, lte,
 * eq, neq) says that something did not happen: it is judged when more than `timespan` has passed
 * since the first event of its window, and only if nothing was lost meanwhile; never at the end of
 * the input. The window starts anew with the next event. Such a correlation feeds no other.
 *
 * Nothing here depends on a random key. */
#ifndef MAILTAP_CORRELATION_H
#define MAILTAP_CORRELATION_H

#include "event.h"
#include "match.h"

struct correlator;

/* What a correlation says when it holds. */
struct correlation_result {
    /* Events in the window, or different values, or steps. Exact up to four times what the
     * condition names (and 1,024 at most, if it names less); not more is kept. */
    uint64_t count;
    uint64_t first_ns, last_ns; /* of those events; of values, of the latest time of each */
};

struct correlation_options {
    uint32_t max_windows; /* fewer, if they would take more than half of max_bytes */
    size_t max_bytes;     /* of all windows, and what they hold */
    /* A window is over and its upper-bounded condition holds: the rule's place in the set, what it
     * counted, and its latest event with as many of its facts as 1 KiB holds. Must not call the
     * correlator. */
    void (*over)(void *arg, size_t rule, const struct correlation_result *,
                 const struct event *last);
    void *arg;
};

struct correlator *correlator_new(const struct rule_set *, const struct correlation_options *);
void correlator_free(struct correlator *);
size_t correlator_bytes(const struct correlator *); /* at most */

/* Takes in an event and the rules it matched; sets the bits of the correlations that hold now,
 * whose results are then in `results` (by place in the set). A correlation's bit in `hits`
 * beforehand says whether its own expression lets the event through; afterwards whether it holds.
 * Of one that the rules feed and that does not hold, the result's count is what its window has so
 * far with this event (rules or steps, if it is about order); 0 if the event was not counted. The
 * matcher, of the same rules, says which rows of the event a rule is about. */
void correlator_event(struct correlator *, struct matcher *, const struct event *,
                      const struct facts_index *, struct rule_hits *hits,
                      struct correlation_result *results);

/* Everything ends: what comes next has no past. */
void correlator_forget(struct correlator *);

/* Packet time goes on: windows end, in the order of their ends and of rules. correlator_event()
 * does it too. */
void correlator_time(struct correlator *, uint64_t now_ns);
/* Events up to this packet time were lost: windows that were open then claim no absence. */
void correlator_lost(struct correlator *, uint64_t until_ns);

/* Other rules from now on; windows of those that did not change go on. */
bool correlator_swap(struct correlator *, const struct rule_set *);

struct correlator_counters {
    uint64_t windows, evicted, tainted; /* now; given up for room; over, but with events lost */
};
struct correlator_counters correlator_counters(const struct correlator *);

#endif
