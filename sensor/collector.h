/* The right half of the sensor: order, findings, redaction, JSON, sinks. One thread.
 *
 * Workers write packed records into their rings: events, and watermarks that say "nothing earlier
 * will follow". Events are released up to the smallest watermark, in the order of time, flow and
 * number, so that the number of workers changes nothing in the output. */
#ifndef MAILTAP_COLLECTOR_H
#define MAILTAP_COLLECTOR_H

#include "config.h"
#include "detect.h"
#include "envelope.h"
#include "records.h"
#include "report.h"
#include "sink_thread.h"

#define SINKS_MAX 8

struct collector_options {
    struct ring *ring[WORKERS_MAX];
    unsigned rings;
    struct doorbell *bell; /* rung by every ring */
    struct sink_thread *sink[SINKS_MAX];
    unsigned sinks;
    bool live;             /* every minute tells that the sensor is alive */
    struct report *report; /* NULL: none */
    struct envelope envelope;
    struct rule_set *rules;    /* taken over, also if the collector cannot be built */
    struct detect_watch watch; /* { NULL }: nobody wants to know */
};

struct collector;

/* NULL if there is no memory. */
struct collector *collector_new(const struct collector_options *);
/* Runs until every worker wrote WATERMARK_END and everything was handed to the sinks. */
void collector_run(struct collector *);
void collector_free(struct collector *);

/* From another thread: judge by these rules from now on. The set is taken over. */
void collector_offer_rules(struct collector *, struct rule_set *);

/* The most memory that its tables can use, in bytes. */
size_t collector_bytes(const struct collector *);

#endif
