/* The most recent bytes of one direction that were delivered and not yet acknowledged, kept to tell
 * whether a retransmission says the same. The byte with sequence number n lies at n modulo the
 * capacity. */
#ifndef MAILTAP_TCP_IN_FLIGHT_H
#define MAILTAP_TCP_IN_FLIGHT_H

#include "bytes.h"
#include "pool.h"

struct in_flight {
    uint8_t *data;
    uint32_t capacity;   /* a power of two, or 0 */
    uint32_t start, end; /* sequence numbers of the bytes that are here: start <= n < end */
};

/* Adds bytes that begin at sequence number `seq`; what does not follow what is here replaces it.
 * Keeps the last `max` (a power of two from 256) of them, or nothing if there is no memory. */
void in_flight_add(struct in_flight *, struct pool *, uint32_t seq, struct bytes, uint32_t max);
/* Forgets and wipes what lies before `seq`. */
void in_flight_acknowledged(struct in_flight *, struct pool *, uint32_t seq);
/* Whether these bytes contradict what is here. Bytes that are not here contradict nothing. */
bool in_flight_differs(const struct in_flight *, uint32_t seq, struct bytes);
void in_flight_free(struct in_flight *, struct pool *);

#endif
