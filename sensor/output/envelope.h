/* Completes an event into what leaves the sensor: the ECS envelope around the facts, with
 * redaction. */
#ifndef MAILTAP_ENVELOPE_H
#define MAILTAP_ENVELOPE_H

#include "event.h"
#include "privacy.h"

struct envelope {
    const char *observer;    /* observer.name */
    const char *const *file; /* base names of the captures that are read */
    unsigned files;          /* 0: live */
    struct privacy privacy;
    uint64_t sequence[STREAMS]; /* of the last event in each stream */
};

/* Fills `to` (emptied first) with all facts of the event as they are published, and counts it in
 * its stream. `own` is the index of its facts. */
void envelope_complete(struct envelope *, const struct event *, const struct facts_index *own,
                       struct facts *to);
/* Adds the line for people, made of what is published. */
void envelope_message(enum event_kind, const struct facts_index *published, struct facts *to);

#endif
