/* What the sensor says of its own view: a stats event for each minute of packet time, with numbers
 * and with claims that rules can match (mailtap.sensor.*): are packets lost, cut, seen from one
 * side only? */
#ifndef MAILTAP_HEALTH_H
#define MAILTAP_HEALTH_H

#include "counters.h"
#include "facts.h"

struct health {
    uint64_t said[COUNTERS]; /* as the last event that found room told them */
    uint64_t due_ns;         /* the next one; 0: no packet yet */
};

/* Whether a minute is over. The first call starts the first one. */
bool health_due(struct health *, uint64_t now_ns);
/* Fills in what was counted since the last event. False if there was nothing at all. */
bool health_facts(const struct health *, const struct counters *, struct facts *);
/* Whether these facts claim that something is wrong. */
bool health_is_bad(const struct facts *);
/* The event is on its way: count from here. Otherwise the next one tells of this minute too. */
void health_told(struct health *, const struct counters *);

#endif
