/* What a worker writes into its ring: events, watermarks that say "nothing earlier will follow",
 * and, live, how many events found no room. */
#ifndef MAILTAP_RECORDS_H
#define MAILTAP_RECORDS_H

#include "event.h"
#include "ring.h"

/* A record begins with one of these, as a uint64_t. */
enum record_type {
    RECORD_EVENT,     /* a packed event */
    RECORD_WATERMARK, /* struct watermark */
    RECORD_LOST,      /* uint64_t: how many events stood here */
};

/* Nothing that comes before this, in the order of event_compare(), will follow. */
struct watermark {
    uint64_t time_ns; /* packet time */
    uint64_t flow_uid;
};

/* The time of a worker that will write no more. */
#define WATERMARK_END UINT64_MAX

struct record_writer {
    struct ring *ring;
    bool wait;     /* for room (files); otherwise an event that finds none is lost (live) */
    uint64_t lost; /* events since the last one that found room */
};

/* Returns false if the event is lost. Live, a quarter of the ring is kept for logins, TLS, messages
 * and findings. */
bool records_put_event(struct record_writer *, const struct event *);
/* Live, one that finds no room is left out: a later one says more. The last one always waits. */
void records_put_watermark(struct record_writer *, uint64_t time_ns, uint64_t flow_uid);

#endif
