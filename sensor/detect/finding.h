/* Findings: what rules that hold have to say, as one event per group, not per occurrence.
 *
 * A finding is new when its group is first seen, updated when a rule of higher level holds for it
 * (several rules may be bands of one finding), closed when its window ends or the input does. What
 * goes on beyond the window is said again. */
#ifndef MAILTAP_FINDING_H
#define MAILTAP_FINDING_H

#include "correlation.h"
#include "event.h"
#include "rules.h"

struct findings;

/* Copies a fact as it may be shown, or leaves it out. */
struct detect_privacy {
    void (*copy)(void *arg, const struct fact *, struct facts *to);
    void *arg;
};

/* `out` gets the findings, as events. The set must outlive it, or be exchanged. NULL if there is no
 * memory. */
struct findings *findings_new(const struct rule_set *, const struct event_receiver *out);
void findings_free(struct findings *); /* NULL is fine; emits nothing */

/* Packet time goes on: closes what is over. Called before the events of that time. */
void findings_time(struct findings *, uint64_t now_ns);
/* This rule of the set holds for the event; of a correlation, with what it counted. Of rules that
 * share an id only the one of the highest level is told of an event. */
void findings_occurrence(struct findings *, size_t rule, const struct event *,
                         const struct facts_index *, const struct correlation_result *);
/* The input ends: closes what is open. */
void findings_end(struct findings *);
/* Prepares for other rules: false, with nothing changed, if there is no memory. NULL: they will not
 * come after all. */
bool findings_ready(struct findings *, const struct rule_set *);
/* From now on the rules that it is ready for, which cannot fail. What is open goes on under the
 * same rule there, and is closed if there is none. */
void findings_swap(struct findings *);

/* Evidence is text made of facts: it shows them only so. Otherwise as they are. */
void findings_privacy(struct findings *, struct detect_privacy);

size_t findings_bytes(const struct findings *); /* at most */

#endif
