/* Puts the two byte streams of a TCP connection in order and hands them to its session.
 *
 * In-order bytes go to the session at once and in place. What came too early waits as a copy: until
 * its own direction has come so far, and until the bytes that it acknowledges have been delivered
 * (cause before effect). A hole is given up after TCP_HOLE_NS of packet time, when a bound is hit,
 * or when the connection ends. README.md has the rules. */
#ifndef MAILTAP_TCP_REASSEMBLY_H
#define MAILTAP_TCP_REASSEMBLY_H

#include "decode.h"
#include "holders.h"
#include "session.h"
#include "tcp_side.h"

#define TCP_HOLE_NS         UINT64_C(1000000000)
/* Of each turn that a side speaks, so many bytes are kept until they are acknowledged, to compare
 * retransmissions with. Dialogue is shorter; to copy whole bodies would double what it costs to
 * read them. */
#define TCP_IN_FLIGHT_BYTES (4 * 1024)
#define TCP_NEVER           UINT64_MAX

/* The budgets that a connection draws on while it is read. */
enum tcp_budget { TCP_STREAMS, TCP_TABLES, TCP_BUDGETS };

/* What all connections of one worker share. */
struct tcp_env {
    const struct session_env *session;
    struct holders *holders; /* TCP_BUDGETS of them; their owners are connections */
    /* Called before a session is freed: the last moment to ask it something. */
    void (*session_over)(void *arg, struct flow_identity *, const struct session *);
    void *arg;
};

enum tcp_state {
    TCP_READING, /* bytes are wanted; reassembly and session exist from the first payload on */
    TCP_COUNTED, /* nothing more can be read: segments are only counted */
    TCP_ENDED,   /* the connection is over, see `ending` */
};

struct reassembly;

/* Part of a flow. Its owner may look, but only the functions below change it. */
struct tcp {
    uint64_t due_ns; /* when tcp_expire() must be called; TCP_NEVER */
    uint8_t state;   /* enum tcp_state */
    uint8_t ending;  /* enum ending, once ENDED */
    struct tcp_side side[DIRECTIONS];
    struct reassembly *reassembly; /* NULL before the first payload and once nothing is read */
    uint64_t gap_bytes;
};

void tcp_init(struct tcp *);

/* Begins to load what the next segment will need from memory; each step needs what the one before
 * has loaded. Not for a connection without reassembly. */
#define TCP_PREFETCH_STEPS 3
void tcp_prefetch(const struct tcp *, int step);

/* One segment, at a time that never goes back. The environment and the identity are the same in
 * each call and outlive the connection. */
void tcp_segment(struct tcp *, const struct tcp_env *, struct flow_identity *, struct moment,
                 enum direction, const struct segment *);

/* Gives up the holes that are due. */
void tcp_expire(struct tcp *, struct moment);

/* The connection that holds most of a budget that is nearly used up; NULL while there is enough. */
struct tcp *tcp_largest(const struct tcp_env *, enum tcp_budget *);
/* It gives that up: of the streams what waits and what was not read yet, which becomes a gap; of
 * the tables its session. Call between segments. */
void tcp_relieve(struct tcp *, enum tcp_budget, struct moment);

/* No more segments will come: gives up all holes, ends the session and frees everything. Does
 * nothing if the connection has ended before. */
void tcp_end(struct tcp *, struct moment, enum ending);

/* Frees without ending the session: nothing more is emitted. */
void tcp_free(struct tcp *);

#endif
