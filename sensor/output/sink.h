/* What a sink is: a place that rendered events go to. A sink is driven by one thread and never
 * sees another. */
#ifndef MAILTAP_SINK_H
#define MAILTAP_SINK_H

#include <stdatomic.h>

#include "rendered.h"

#define SINK_REASON_MAX 256

/* What a sink says of itself. Its thread writes, anyone reads the numbers; the texts belong to the
 * thread and may be read once the sink is closed, or when open() failed. */
struct sink_report {
    _Atomic uint64_t written;  /* delivered, as far as the other side says so */
    _Atomic uint64_t dropped;  /* not delivered: no room, or nobody there */
    _Atomic uint64_t rejected; /* refused by the other side, each for itself */
    /* One line each, without the sink's name; empty: no trouble. */
    char trouble[SINK_REASON_MAX];   /* why events were dropped, or why open() failed */
    char rejection[SINK_REASON_MAX]; /* why the first one was rejected */
};

struct sink_type {
    const char *name;
    unsigned batch; /* events after which flush() is due at once */
    /* `options` is the sink's own structure. 0, or -errno with the reason in report->trouble; then
     * nothing is left to close. */
    int (*open)(void **sink, const void *options, struct sink_report *);
    /* Takes one event, copying it. 0, or -errno if this sink is at its end: then the event was
     * not taken. A single event that cannot be delivered is counted, and that is no error. */
    int (*write)(void *sink, const struct rendered *);
    /* Delivers what was taken. 0: all of it; 1: some is still waiting, call again in a while;
     * -errno: this sink is at its end. */
    int (*flush)(void *sink);
    /* Makes a last attempt, counts the undelivered as dropped, completes the report and frees. */
    void (*close)(void *sink);
};

#endif
