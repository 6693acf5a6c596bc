/* What the sensor says of its own view: a stats event for each minute of packet time, with numbers
 * and with claims that rules can match (mailtap.sensor.*): are packets lost, cut, seen from one
 * side only?
 *
 * Each worker tells its numbers; the collector adds up those of one minute and judges them. */
#ifndef MAILTAP_HEALTH_H
#define MAILTAP_HEALTH_H

#include "counters.h"
#include "facts.h"

#define HEALTH_NUMBERS 12

/* A worker's side. */
struct health {
    uint64_t said[HEALTH_NUMBERS]; /* as the last event that found room told them */
    uint64_t due_ns;               /* the next one, a full minute; 0: no packet yet */
};

/* Whether a minute is over; *minute_ns is then its end. The first call starts the first one. */
bool health_due(struct health *, uint64_t now_ns, uint64_t *minute_ns);
/* Fills in what was counted since the last event. */
void health_numbers(const struct health *, const struct counters *, struct facts *);
/* The event is on its way: count from here. Otherwise the next one tells of this minute too. */
void health_told(struct health *, const struct counters *);

/* The collector's side: of all workers. */
struct health_sum {
    uint64_t n[HEALTH_NUMBERS];
};

void health_add(struct health_sum *, struct bytes numbers);
/* Fills in the sum and what it means. False if there was nothing at all. */
bool health_judge(const struct health_sum *, struct facts *);
/* Whether any of these claims says that something is wrong. */
bool health_is_bad(const struct facts *);

#endif
