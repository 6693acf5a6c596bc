/* The table of TCP connections: which one a segment belongs to, who is the client, and when it is
 * over.
 *
 * Time is packet time and never goes back. Everything that is due at or before a packet's time
 * happens before the packet, in order, at its own time. */
#ifndef MAILTAP_FLOW_H
#define MAILTAP_FLOW_H

#include "decode.h"
#include "session.h"

/* How long a flow may be silent. */
#define FLOW_OPENING_NS UINT64_C(60000000000) /* nothing but SYNs so far */
#define FLOW_ESTABLISHED_NS                                                                        \
    UINT64_C(900000000000) /* RFC 5321 section 4.5.3.2 lets a client wait 10 minutes */
/* How long after its end it still absorbs what belongs to it. Not put off by packets: if the
 * connection goes on all the same (a forged reset), it is taken up again as one whose start was not
 * seen. */
#define FLOW_ENDED_NS UINT64_C(10000000000)

/* Which flows get an event when they go. */
enum flow_events {
    FLOW_EVENTS_NONE,
    FLOW_EVENTS_MAIL, /* a dissector took it; TLS from the first byte only on a mail port */
    FLOW_EVENTS_ALL,
};

struct flow_options {
    uint32_t max_flows;
    enum flow_events events;
    bool ignore_vlan;       /* both directions of a connection may carry different tags */
    unsigned share, shares; /* of the flows, only the share-th of so many; shares 0: all */
    bool enforce_checksums; /* segments whose checksum does not fit are not read */
};

struct flow_table;
struct tcp;

/* What a segment is looked up by: the same for both directions. */
struct flow_key {
    struct endpoint low, high;
    uint16_t vlan;
    uint8_t address_len, zero;
};

struct flow_lookup {
    struct flow_key key;
    uint64_t hash;
    const struct tcp *reading; /* for flow_prefetch_reading() only */
    bool from_low;
};

/* NULL if there is no memory. The environment must outlive the table. */
struct flow_table *flow_table_new(const struct flow_options *, const struct session_env *);
/* Frees without ending flows; NULL is fine. */
void flow_table_free(struct flow_table *);

/* Whether its flow is of this table's share. The shares depend on addresses and ports only. */
bool flow_is_ours(const struct flow_table *, const struct segment *);

/* Computes what a segment is found by. For a batch: flow_prepare() for each, flow_prefetch() for
 * each, flow_prefetch_reading() for each and each step from 0 to TCP_PREFETCH_STEPS - 1, then
 * flow_segment() for each; the loads from memory then run side by side. */
void flow_prepare(const struct flow_table *, const struct segment *, struct flow_lookup *);
void flow_prefetch(const struct flow_table *, const struct flow_lookup *);
void flow_prefetch_reading(const struct flow_table *, struct flow_lookup *, int step);

void flow_segment(struct flow_table *, const struct flow_lookup *, const struct segment *,
                  struct moment);

/* Lets time pass without a packet. */
void flow_advance(struct flow_table *, uint64_t time_ns);

/* No more packets will come: all flows end now, in the order of their uids. */
void flow_end_all(struct flow_table *);
/* Ends some of them; false once all have ended, else the uid of the next one. */
bool flow_end_some(struct flow_table *, uint64_t *next_uid);

uint64_t flow_clock(const struct flow_table *);
uint32_t flow_count(const struct flow_table *);
size_t flow_table_bytes(const struct flow_table *); /* the most memory that the table itself uses */

#endif
