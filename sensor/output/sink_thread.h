/* One thread and one ring for each sink, so that a slow sink delays nobody else. */
#ifndef MAILTAP_SINK_THREAD_H
#define MAILTAP_SINK_THREAD_H

#include "sink.h"

struct sink_thread;

struct sink_thread_options {
    const struct sink_type *type;
    const void *options; /* for type->open(); needed during sink_thread_start() only */
    bool wait;           /* put() waits for room (reading files) instead of dropping (live) */
    size_t ring_bytes;   /* 0: 4 MiB. An event may be a quarter of it */
};

struct sink_status {
    uint64_t written, dropped, rejected;
    char error[640]; /* one line: what was not delivered and why; empty: nothing failed */
};

/* Opens the sink in the caller's thread, then starts its own. NULL if either fails; status->error
 * then says why. */
struct sink_thread *sink_thread_start(const struct sink_thread_options *, struct sink_status *);

/* Hands an event over; always the same thread calls. Once the sink has failed, events are dropped
 * and counted at once. */
void sink_thread_put(struct sink_thread *, const struct rendered *);

/* The numbers so far, from any thread. The error text comes with sink_thread_stop(). */
void sink_thread_count(struct sink_thread *, struct sink_status *);

/* Delivers what was put, closes the sink, ends the thread and frees. NULL is fine. */
void sink_thread_stop(struct sink_thread *, struct sink_status *);

#endif
