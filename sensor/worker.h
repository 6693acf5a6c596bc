/* The left half of the sensor: one thread that turns packets into events in its ring. */
#ifndef MAILTAP_WORKER_H
#define MAILTAP_WORKER_H

#include <stdio.h>

#include "capture.h"
#include "config.h"
#include "counters.h"
#include "ring.h"
#include "siphash.h"

struct worker;

struct worker_options {
    struct capture *capture;    /* its own; stays the caller's */
    unsigned index, count;      /* which of how many: each reads all packets and keeps its flows */
    struct siphash_key secrets; /* the same for all, random */
    struct ring *ring;
    const struct config *config;
    bool live;   /* never wait for anybody: what finds no room is lost, and counted */
    FILE *trace; /* NULL: none */
};

/* NULL if there is no memory. */
struct worker *worker_new(const struct worker_options *);
/* Reads the capture to its end, or to its damage, and writes the last watermark. */
void worker_run(struct worker *);
void worker_free(struct worker *); /* NULL is fine */

const struct counters *worker_counters(const struct worker *);
/* Bytes of the capture read so far; any thread may ask. */
uint64_t worker_progress(const struct worker *);

/* After worker_run(): why the capture could not be read to its end (NULL: it was), and the time of
 * its first and last packet (0: there was none). */
const char *worker_fault(const struct worker *);
uint64_t worker_first_ns(const struct worker *);
uint64_t worker_last_ns(const struct worker *);

/* The most memory that traffic can make a worker use, in bytes. */
size_t worker_bytes(const struct worker *);

#endif
