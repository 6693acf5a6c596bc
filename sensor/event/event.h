/* An event on its way from a worker to the collector: a header and the facts, flat. */
#ifndef MAILTAP_EVENT_H
#define MAILTAP_EVENT_H

#include "facts.h"

/* Which packet: its number in its file, from 1, and which of the files that were read, from 0. */
static inline uint64_t frame_of(unsigned file, uint64_t number)
{
    return (uint64_t)file << 48 | number;
}

static inline unsigned frame_file(uint64_t frame)
{
    return (unsigned)(frame >> 48);
}

static inline uint64_t frame_number(uint64_t frame)
{
    return frame & ((UINT64_C(1) << 48) - 1);
}

struct event_origin {
    enum event_kind kind;
    uint32_t number;
    uint64_t time_ns;
};

struct event {
    enum event_kind kind;
    uint32_t
        number; /* of the event within its flow, from 0; of a finding: of the message about it */
    uint64_t time_ns;           /* packet time */
    uint64_t flow_uid;          /* unkeyed hash of the flow */
    uint64_t frame;             /* frame_of() the packet that completed it */
    struct event_origin source; /* of a finding: the event that led to it */
    struct bytes facts;
};

/* Order of output: time, then flow, then number in the flow. <0, 0, >0. */
int event_compare(const struct event *, const struct event *);

/* Whoever receives events: the ring, a test, a sink. The event is valid during the call only. */
struct event_receiver {
    void (*receive)(void *arg, const struct event *);
    void *arg;
};

/* The event in the ring: its length, writing it, reading it back (false if damaged). */
size_t event_packed_len(const struct event *);
void event_pack(const struct event *, uint8_t *to);
bool event_unpack(struct bytes packed, struct event *);

/* event.id: shaped like a UUIDv8, derived from sensor, flow, kind and number, so that reading a
 * file again gives the same ids. `key` is the finding's id for findings, else empty. */
#define EVENT_ID_LEN 36
void event_id(const struct event *, const char *sensor, struct bytes key,
              char id[EVENT_ID_LEN + 1]);

/* Fills in the message template of events.def from the facts, or a template of the caller's own
 * that is written in the same way. Always NUL-terminated. */
void event_message(enum event_kind, const struct facts_index *, char *to, size_t size);
void event_text(const char *template, const struct facts_index *, char *to, size_t size);

#endif
