/* Order, cause before effect, and loss.
 *
 *   segment --in order, its cause delivered--> session          (in place: the usual case)
 *           --else--> waiting, by sequence number and by arrival
 *                        |--its turn came--> session
 *                        |--1 s, a bound, the end--> gap, then session
 *
 * Segments that wait are disjoint: of two copies of a byte the first one stays. */
#include "tcp_reassembly.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "tcp_in_flight.h"

#define AHEAD_MAX (16 * 1024 * 1024)        /* the largest window that anybody uses */
#define BEHIND_MAX (1 << 30)                /* older than any retransmission: RFC 7323 section 5.2 */
#define FIRST_BEHIND_MAX (1024 * 1024)      /* how far the first packet of a side may be from what was acknowledged */
#define LATE_SYN_MAX (64 * 1024)            /* how much data may overtake a SYN */
#define RESET_BEHIND_MAX (64 * 1024)
#define RESET_AHEAD_MAX (1024 * 1024)

/* A stretch of one direction's stream. */
struct piece {
    struct moment moment;
    uint32_t seq;
    bool has_ack;
    uint32_t ack;
    struct bytes bytes;
    uint32_t missing; /* that many more bytes were sent behind `bytes`, and not captured */
};

struct waiting {
    TAILQ_ENTRY(waiting) by_seq, by_arrival;
    struct piece piece; /* its bytes lie behind this struct */
    enum direction direction;
};

TAILQ_HEAD(waiting_list, waiting);

/* A hole that nothing waits behind: somebody acknowledged what we have not seen. */
struct acked_hole {
    bool open;
    uint32_t until;
    struct moment noticed;
};

/* What a connection has while its bytes are read. */
struct reassembly {
    const struct tcp_env *env;
    struct flow_identity *identity;
    struct session *session; /* NULL until there is something to tell it */
    struct waiting_list by_seq[DIRECTIONS], by_arrival;
    uint32_t count;
    size_t bytes;
    struct acked_hole acked_hole[DIRECTIONS]; /* by the direction in which bytes are missing */
    struct in_flight in_flight[DIRECTIONS];
    bool ambiguous[DIRECTIONS]; /* seen before there was a session to tell */
};

/* --- pieces ------------------------------------------------------------------------------------- */

static uint32_t piece_span(const struct piece *piece)
{
    return (uint32_t)piece->bytes.len + piece->missing;
}

static uint32_t piece_end(const struct piece *piece)
{
    return piece->seq + piece_span(piece);
}

/* Cuts n bytes off the front. */
static void piece_skip(struct piece *piece, uint32_t n)
{
    uint32_t here = (uint32_t)piece->bytes.len;
    piece->missing -= n > here ? n - here : 0;
    piece->bytes = bytes_after(piece->bytes, n);
    piece->seq += n;
}

/* Keeps n bytes of the front. */
static void piece_keep(struct piece *piece, uint32_t n)
{
    uint32_t here = (uint32_t)piece->bytes.len;
    piece->missing = n > here ? n - here : 0;
    piece->bytes = bytes_first(piece->bytes, n);
}

/* --- birth and death ----------------------------------------------------------------------------- */

void tcp_init(struct tcp *t)
{
    *t = (struct tcp){ .due_ns = TCP_NEVER, .state = TCP_READING };
}

static size_t waiting_size(const struct piece *piece)
{
    return sizeof(struct waiting) + piece->bytes.len;
}

static void waiting_unlink(struct reassembly *r, struct waiting *w)
{
    TAILQ_REMOVE(&r->by_seq[w->direction], w, by_seq);
    TAILQ_REMOVE(&r->by_arrival, w, by_arrival);
    r->count--;
    r->bytes -= w->piece.bytes.len;
}

static void waiting_free(struct reassembly *r, struct waiting *w)
{
    size_t size = waiting_size(&w->piece);
    explicit_bzero(w, size);
    free(w);
    pool_give(r->env->session->streams, size);
}

static bool reassembly_new(struct tcp *t, const struct tcp_env *env, struct flow_identity *identity)
{
    struct pool *streams = env->session->streams;
    if (!pool_take(streams, sizeof *t->reassembly))
        return false;
    struct reassembly *r = calloc(1, sizeof *r);
    if (!r) {
        pool_give(streams, sizeof *r);
        return false;
    }
    r->env = env;
    r->identity = identity;
    for (int d = 0; d < DIRECTIONS; d++)
        TAILQ_INIT(&r->by_seq[d]);
    TAILQ_INIT(&r->by_arrival);
    t->reassembly = r;
    return true;
}

void tcp_free(struct tcp *t)
{
    struct reassembly *r = t->reassembly;
    t->due_ns = TCP_NEVER;
    if (!r)
        return;
    struct pool *streams = r->env->session->streams;
    struct waiting *w;
    while ((w = TAILQ_FIRST(&r->by_arrival)) != NULL) {
        waiting_unlink(r, w);
        waiting_free(r, w);
    }
    for (int d = 0; d < DIRECTIONS; d++)
        in_flight_free(&r->in_flight[d], streams);
    session_free(r->session);
    free(r);
    pool_give(streams, sizeof *r);
    t->reassembly = NULL;
}

/* Ends the session, if there is one, and with it the reading. */
static void stop_reading(struct tcp *t, struct moment now, enum ending ending)
{
    struct reassembly *r = t->reassembly;
    if (r && r->session) {
        session_end(r->session, now, ending);
        r->env->session_over(r->env->arg, r->identity, r->session);
    }
    tcp_free(t);
}

static void become_ended(struct tcp *t, struct moment now, enum ending ending)
{
    stop_reading(t, now, ending);
    t->state = TCP_ENDED;
    t->ending = (uint8_t)ending;
}

/* From now on the connection is a counter: the session has read enough, or there is no memory for it. */
static void become_counted(struct tcp *t, struct moment now)
{
    stop_reading(t, now, ENDED_EVICTED);
    t->state = TCP_COUNTED;
}

static void out_of_memory(struct tcp *t, const struct tcp_env *env, struct moment now)
{
    count(env->session->counters, COUNT_MEMORY_REFUSED);
    become_counted(t, now);
}

/* --- talking to the session ----------------------------------------------------------------------- */

/* The session, made when there is first something to tell it: a SYN that comes late can until then show that the
 * start was seen. NULL, and the connection is no longer read, if there is no memory. */
static struct session *session_of(struct tcp *t, struct moment now)
{
    struct reassembly *r = t->reassembly;
    if (r->session)
        return r->session;
    bool midstream = !t->side[FROM_CLIENT].syn && !t->side[FROM_SERVER].syn;
    r->session = session_new(r->env->session, r->identity, midstream);
    if (!r->session) {
        out_of_memory(t, r->env, now);
        return NULL;
    }
    for (int d = 0; d < DIRECTIONS; d++) {
        if (t->side[d].seen || t->side[d].hidden)
            session_visible(r->session, now, (enum direction)d,
                            t->side[d].seen ? CLAIM_YES : CLAIM_NO);
        if (r->ambiguous[d])
            session_weird(r->session, WEIRD_TCP_AMBIGUOUS, (enum direction)d);
    }
    return r->session;
}

/* Call after each word to the session. */
static void stop_if_read_enough(struct tcp *t, struct moment now)
{
    if (t->state == TCP_READING && !session_reading(t->reassembly->session))
        become_counted(t, now);
}

static void ambiguous(struct reassembly *r, enum direction d)
{
    if (r->session)
        session_weird(r->session, WEIRD_TCP_AMBIGUOUS, d);
    r->ambiguous[d] = true;
}

static void tell_visible(struct tcp *t, struct moment now, enum direction d, enum claim visible)
{
    struct reassembly *r = t->reassembly;
    if (r && r->session) {
        session_visible(r->session, now, d, visible);
        stop_if_read_enough(t, now);
    }
}

static void gap(struct tcp *t, struct moment moment, enum direction d, uint32_t missing)
{
    struct reassembly *r = t->reassembly;
    struct session *session = session_of(t, moment);
    if (!session)
        return;
    t->side[d].next += missing;
    t->side[d].moved = true;
    t->gap_bytes += missing;
    count(r->env->session->counters, COUNT_TCP_GAPS);
    count_many(r->env->session->counters, COUNT_TCP_GAP_BYTES, missing);
    session_gap(session, moment, d, missing);
    stop_if_read_enough(t, moment);
}

/* Bytes that the other side has acknowledged already need no copy: it will not take others in their place. */
static void keep_in_flight(struct tcp *t, enum direction d, const struct piece *piece)
{
    struct reassembly *r = t->reassembly;
    const struct tcp_side *other = &t->side[other_direction(d)];
    uint32_t end = piece->seq + (uint32_t)piece->bytes.len;
    if (other->has_acked && seq_distance(other->acked, end) >= 0)
        return;
    in_flight_add(&r->in_flight[d], r->env->session->streams, piece->seq, piece->bytes,
                  TCP_IN_FLIGHT_BYTES);
}

/* Hands over what is next in its direction. The piece may lie in the packet or in a waiting copy. */
static void deliver(struct tcp *t, enum direction d, const struct piece *piece)
{
    struct session *session = session_of(t, piece->moment);
    if (!session)
        return;
    t->side[d].next += (uint32_t)piece->bytes.len;
    t->side[d].moved = true;
    if (piece->missing > 0)
        session_partial(session, COVERAGE_TRUNCATED);
    if (piece->bytes.len > 0) {
        keep_in_flight(t, d, piece);
        session_data(session, piece->moment, d, piece->bytes);
        stop_if_read_enough(t, piece->moment);
    }
    if (piece->missing > 0 && t->state == TCP_READING)
        gap(t, piece->moment, d, piece->missing);
}

/* --- what waits ----------------------------------------------------------------------------------- */

/* Whether what a segment acknowledges has been delivered. */
static bool cause_delivered(const struct tcp *t, enum direction d, const struct piece *piece)
{
    const struct tcp_side *other = &t->side[other_direction(d)];
    if (!piece->has_ack || other->hidden)
        return true;
    return other->seen && seq_distance(piece->ack, other->next) <= 0;
}

static struct waiting *next_in_line(const struct tcp *t, enum direction d)
{
    struct waiting *w = TAILQ_FIRST(&t->reassembly->by_seq[d]);
    return w && w->piece.seq == t->side[d].next ? w : NULL;
}

static void deliver_waiting(struct tcp *t, struct moment now, struct waiting *w)
{
    struct reassembly *r = t->reassembly;
    struct piece piece = w->piece;
    piece.moment.time_ns = now.time_ns; /* it says which packet, but time does not go back */
    waiting_unlink(r, w);
    deliver(t, w->direction, &piece);
    if (t->reassembly) {
        waiting_free(r, w);
        return;
    }
    /* The session has read enough, and r is gone with it. */
}

/* A FIN takes its turn like a byte. True if it did. */
static bool pass_fin(struct tcp_side *side)
{
    if (!side->has_fin || side->fin_passed || side->fin != side->next)
        return false;
    side->next++;
    side->fin_passed = true;
    return true;
}

