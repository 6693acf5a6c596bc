/* Order, cause before effect, and loss.
 *
 *   segment --in order, its cause delivered--> session          (in place: the usual case)
 *           --else--> waiting, by sequence number and by arrival
 *                        |--its turn came--> session
 *                        |--1 s, a bound, the end--> gap, then session
 */
#include "tcp_reassembly.h"

#include <stdlib.h>
#include <string.h>

#include "prefetch.h"
#include "tcp_in_flight.h"
#include "tcp_waiting.h"

/* A hole that nothing waits behind: somebody acknowledged what we have not seen. */
struct acked_hole {
    bool open;
    uint32_t until;
    struct moment noticed;
};

/* What a connection has while its bytes are read. */
struct reassembly {
    const struct tcp_env *env;
    struct holder holder[TCP_BUDGETS];
    struct flow_identity *identity;
    struct session *session; /* NULL until there is something to tell it */
    struct waiting_queue waiting;
    struct acked_hole acked_hole[DIRECTIONS]; /* by the direction in which bytes are missing */
    struct in_flight in_flight[DIRECTIONS];
    uint32_t turn[DIRECTIONS];  /* where a side began to speak after the other one spoke last */
    bool ambiguous[DIRECTIONS]; /* seen before there was a session to tell */
};

/* --- birth and death ----------------------------------------------------------------------------
 */

void tcp_init(struct tcp *t)
{
    *t = (struct tcp){ .due_ns = TCP_NEVER, .state = TCP_READING };
}

void tcp_prefetch(const struct tcp *t, int step)
{
    const struct reassembly *r = t->reassembly;
    if (step == 0)
        prefetch(r, sizeof *r);
    else if (r->session)
        session_prefetch(r->session, step - 1);
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
    for (int i = 0; i < TCP_BUDGETS; i++)
        r->holder[i].owner = t;
    waiting_init(&r->waiting);
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
    while ((w = TAILQ_FIRST(&r->waiting.by_arrival)) != NULL) {
        waiting_unlink(&r->waiting, w);
        waiting_free(streams, w);
    }
    for (int d = 0; d < DIRECTIONS; d++)
        in_flight_free(&r->in_flight[d], streams);
    for (int i = 0; i < TCP_BUDGETS; i++)
        holder_drop(&r->env->holders[i], &r->holder[i]);
    session_free(r->session);
    free(r);
    pool_give(streams, sizeof *r);
    t->reassembly = NULL;
}

static void tell_closer(const struct tcp *t)
{
    for (int d = 0; d < DIRECTIONS; d++) {
        if (tcp_side_closed_first(t->side, (enum direction)d))
            session_closing(t->reassembly->session, (enum direction)d);
    }
}

/* Ends the session, if there is one, and with it the reading. */
static void stop_reading(struct tcp *t, struct moment now, enum ending ending)
{
    struct reassembly *r = t->reassembly;
    if (r && r->session) {
        tell_closer(t);
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

/* From now on the connection is a counter: the session has read enough, or there is no memory for
 * it. */
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

/* --- talking to the session ---------------------------------------------------------------------
 */

/* Whether a side may have said something before the first that was seen of it. If neither start is
 * certain, nobody knows what came before; a side that cannot be seen at all has no start. */
static bool is_midstream(const struct tcp *t)
{
    const struct tcp_side *c = &t->side[FROM_CLIENT], *s = &t->side[FROM_SERVER];
    return (!c->from_start && !s->from_start) || (c->seen && !c->from_start) ||
           (s->seen && !s->from_start);
}

/* The session, made when there is first something to tell it: a SYN that comes late can until then
 * show that the start was seen. NULL, and the connection is no longer read, if there is no memory.
 */
static struct session *session_of(struct tcp *t, struct moment now)
{
    struct reassembly *r = t->reassembly;
    if (r->session)
        return r->session;
    r->session = session_new(r->env->session, r->identity, is_midstream(t));
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
    r->turn[d] = t->side[d].next;
    t->gap_bytes += missing;
    count(r->env->session->counters, COUNT_TCP_GAPS);
    count_many(r->env->session->counters, COUNT_TCP_GAP_BYTES, missing);
    session_gap(session, moment, d, missing);
    stop_if_read_enough(t, moment);
}

/* Keeps a copy of what a retransmission could contradict. What the other side has acknowledged
 * needs none: it will not take other bytes in their place. */
static void keep_in_flight(struct tcp *t, enum direction d, const struct piece *piece)
{
    struct reassembly *r = t->reassembly;
    const struct tcp_side *other = &t->side[other_direction(d)];
    uint32_t end = piece->seq + (uint32_t)piece->bytes.len, spoken = piece->seq - r->turn[d];
    r->turn[other_direction(d)] = other->next;
    if (spoken >= TCP_IN_FLIGHT_BYTES || (other->has_acked && seq_distance(other->acked, end) >= 0))
        return;
    in_flight_add(&r->in_flight[d], r->env->session->streams, piece->seq,
                  bytes_first(piece->bytes, TCP_IN_FLIGHT_BYTES - spoken), TCP_IN_FLIGHT_BYTES);
}

/* Hands over what is next in its direction. The piece may lie in the packet or in a waiting copy.
 */
static void deliver(struct tcp *t, enum direction d, const struct piece *piece)
{
    struct session *session = session_of(t, piece->moment);
    if (!session)
        return;
    if (!t->side[d].moved)
        t->reassembly->turn[d] = piece->seq;
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

/* --- what waits ---------------------------------------------------------------------------------
 */

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
    struct waiting *w = TAILQ_FIRST(&t->reassembly->waiting.by_seq[d]);
    return w && w->piece.seq == t->side[d].next ? w : NULL;
}

static void deliver_waiting(struct tcp *t, struct moment now, struct waiting *w)
{
    struct pool *streams = t->reassembly->env->session->streams;
    waiting_unlink(&t->reassembly->waiting, w);
    w->piece.moment.time_ns = now.time_ns; /* still says which packet, but time does not go back */
    deliver(t, w->direction, &w->piece);
    waiting_free(streams, w);
}

static bool goes_on_behind(const struct waiting *w, uint32_t ack)
{
    return seq_distance(w->piece.segment_end, ack) > 0;
}

/* Two segments that each acknowledge the other: one was sent again, with a newer acknowledgment
 * number than its first copy, which was not captured. What the other acknowledges of it goes first.
 * Which one it is shows where only one goes on behind what the other acknowledges (new bytes were
 * joined to the old ones); else it is the later one. */
static bool break_circle(struct tcp *t, struct moment now)
{
    struct reassembly *r = t->reassembly;
    struct waiting *again = next_in_line(t, FROM_CLIENT), *answer = next_in_line(t, FROM_SERVER);
    if (!again || !answer)
        return false;
    bool client_goes_on = goes_on_behind(again, answer->piece.ack);
    bool server_goes_on = goes_on_behind(answer, again->piece.ack);
    bool client_is_later = again->piece.moment.frame > answer->piece.moment.frame;
    if (client_goes_on != server_goes_on ? server_goes_on : !client_is_later) {
        struct waiting *client = again;
        again = answer;
        answer = client;
    }
    int32_t old = seq_distance(answer->piece.ack, again->piece.seq);
    if (old >= (int32_t)piece_span(&again->piece)) {
        deliver_waiting(t, now, again);
        return true;
    }
    struct piece front = again->piece;
    front.moment.time_ns = now.time_ns;
    piece_keep(&front, (uint32_t)old);
    piece_skip(&again->piece, (uint32_t)old);
    r->waiting.bytes -= front.bytes.len;
    deliver(t, again->direction, &front);
    return true;
}

/* Delivers what is next in one direction. True if that moved anything. */
static bool drain_direction(struct tcp *t, struct moment now, enum direction d)
{
    bool moved = tcp_side_pass_fin(&t->side[d]);
    while (t->reassembly) {
        waiting_pass(&t->reassembly->waiting, t->reassembly->env->session->streams, d,
                     t->side[d].next);
        struct waiting *w = next_in_line(t, d);
        if (!w || !cause_delivered(t, d, &w->piece))
            break;
        deliver_waiting(t, now, w);
        moved = true;
    }
    return moved;
}

/* Delivers all that waits no longer for anything: what one direction delivers may be what the other
 * waits for. */
static void drain(struct tcp *t, struct moment now)
{
    for (;;) {
        bool moved = drain_direction(t, now, FROM_CLIENT);
        moved |= drain_direction(t, now, FROM_SERVER);
        if (!moved && !(t->reassembly && break_circle(t, now)))
            return;
    }
}

/* --- giving up holes ----------------------------------------------------------------------------
 */

/* Gives up the hole before `until`, or the part of it in front of what is here. False if there is
 * none. */
static bool give_up(struct tcp *t, struct moment moment, enum direction d, uint32_t until)
{
    const struct tcp_side *side = &t->side[d];
    const struct waiting *first = TAILQ_FIRST(&t->reassembly->waiting.by_seq[d]);
    if (first && seq_distance(first->piece.seq, until) < 0)
        until = first->piece.seq;
    if (side->has_fin && !side->fin_passed && seq_distance(side->fin, until) < 0)
        until = side->fin;
    int32_t missing = seq_distance(until, side->next);
    if (missing <= 0)
        return false;
    gap(t, moment, d, (uint32_t)missing);
    return true;
}

/* Gives up the smallest hole that stands between the oldest waiting segment and the session, and
 * goes on from there. */
static void give_up_oldest(struct tcp *t, struct moment now)
{
    struct waiting *oldest = TAILQ_FIRST(&t->reassembly->waiting.by_arrival);
    enum direction d = oldest->direction, other = other_direction(d);
    struct waiting *first = TAILQ_FIRST(&t->reassembly->waiting.by_seq[d]);
    struct moment moment = { now.time_ns, oldest->piece.moment.frame };
    if (!give_up(t, moment, d, first->piece.seq)) {
        if (!t->side[other].seen) {
            t->side[other].hidden = true;
            tell_visible(t, moment, other, CLAIM_NO);
        } else {
            give_up(t, moment, other, first->piece.ack);
        }
    }
    drain(t, now);
}

static void give_up_acknowledged(struct tcp *t, struct moment now, enum direction d)
{
    const struct acked_hole *hole = &t->reassembly->acked_hole[d];
    give_up(t, (struct moment){ now.time_ns, hole->noticed.frame }, d, hole->until);
    drain(t, now);
}

static void note_acked_hole(struct tcp *t, struct moment now, enum direction d)
{
    const struct tcp_side *side = &t->side[d], *other = &t->side[other_direction(d)];
    struct acked_hole *hole = &t->reassembly->acked_hole[d];
    /* What is here and waits for its cause is not a hole. */
    if (!side->seen || !other->has_acked || seq_distance(other->acked, side->next) <= 0 ||
        next_in_line(t, d)) {
        hole->open = false;
    } else if (!hole->open || seq_distance(side->next, hole->until) >= 0) {
        *hole = (struct acked_hole){ true, other->acked, now };
    }
}

static uint64_t hole_due(struct moment noticed)
{
    return noticed.time_ns + TCP_HOLE_NS;
}

/* Looks for holes and sets the time at which the first of them is given up. */
static void watch_holes(struct tcp *t, struct moment now)
{
    const struct reassembly *r = t->reassembly;
    t->due_ns = TCP_NEVER;
    if (!r)
        return;
    const struct waiting *oldest = TAILQ_FIRST(&r->waiting.by_arrival);
    if (oldest)
        t->due_ns = hole_due(oldest->piece.moment);
    for (int d = 0; d < DIRECTIONS; d++) {
        note_acked_hole(t, now, (enum direction)d);
        if (r->acked_hole[d].open && hole_due(r->acked_hole[d].noticed) < t->due_ns)
            t->due_ns = hole_due(r->acked_hole[d].noticed);
    }
}

/* Both sides have said that they are done. Of a connection that is only counted, the order does not
 * matter. */
static void end_if_closed(struct tcp *t, struct moment now)
{
    const struct tcp_side *side = t->side;
    if (t->state == TCP_READING && side[FROM_CLIENT].fin_passed && side[FROM_SERVER].fin_passed)
        become_ended(t, now, ENDED_CLOSED);
    else if (t->state == TCP_COUNTED && side[FROM_CLIENT].has_fin && side[FROM_SERVER].has_fin)
        become_ended(t, now, ENDED_CLOSED);
}

static void expire(struct tcp *t, struct moment now)
{
    while (t->reassembly && t->due_ns <= now.time_ns) {
        const struct reassembly *r = t->reassembly;
        const struct waiting *oldest = TAILQ_FIRST(&r->waiting.by_arrival);
        if (oldest && hole_due(oldest->piece.moment) <= now.time_ns)
            give_up_oldest(t, now);
        else if (r->acked_hole[FROM_CLIENT].open &&
                 hole_due(r->acked_hole[FROM_CLIENT].noticed) <= now.time_ns)
            give_up_acknowledged(t, now, FROM_CLIENT);
        else
            give_up_acknowledged(t, now, FROM_SERVER);
        watch_holes(t, now);
    }
    end_if_closed(t, now);
}

/* --- budgets ------------------------------------------------------------------------------------
 */

/* So much stays free for what one segment may need. */
#define RESERVE_MAX (256 * 1024)

static struct pool *budget(const struct tcp_env *env, int which)
{
    return which == TCP_STREAMS ? env->session->streams : env->session->tables;
}

struct usage {
    size_t used[TCP_BUDGETS];
};

static struct usage usage_of(const struct tcp_env *env)
{
    return (struct usage){ { budget(env, TCP_STREAMS)->used, budget(env, TCP_TABLES)->used } };
}

/* What was taken or given back since `before` was by this connection. */
static void account(struct tcp *t, const struct tcp_env *env, const struct usage *before)
{
    for (int i = 0; t->reassembly && i < TCP_BUDGETS; i++) {
        size_t used = budget(env, i)->used;
        if (used != before->used[i])
            holder_changed(&env->holders[i], &t->reassembly->holder[i],
                           (ptrdiff_t)(used - before->used[i]));
    }
}

struct tcp *tcp_largest(const struct tcp_env *env, enum tcp_budget *which)
{
    for (int i = 0; i < TCP_BUDGETS; i++) {
        const struct pool *pool = budget(env, i);
        size_t reserve = pool->limit / 8 < RESERVE_MAX ? pool->limit / 8 : RESERVE_MAX;
        struct holder *holder =
            pool->limit - pool->used < reserve ? holders_largest(&env->holders[i]) : NULL;
        if (holder) {
            *which = (enum tcp_budget)i;
            return holder->owner;
        }
    }
    return NULL;
}

static void relieve_streams(struct tcp *t, struct moment now)
{
    while (t->reassembly && t->reassembly->waiting.count > 0)
        give_up_oldest(t, now);
    struct reassembly *r = t->reassembly;
    if (!r)
        return;
    for (int d = 0; d < DIRECTIONS; d++)
        in_flight_free(&r->in_flight[d], r->env->session->streams);
    if (r->session) {
        session_relieve(r->session, now);
        stop_if_read_enough(t, now);
    }
}

void tcp_relieve(struct tcp *t, enum tcp_budget which, struct moment now)
{
    const struct tcp_env *env = t->reassembly->env;
    struct usage before = usage_of(env);
    count(env->session->counters, COUNT_MEMORY_RELIEVED);
    if (which == TCP_TABLES && t->reassembly->session)
        session_partial(t->reassembly->session, COVERAGE_MEMORY);
    if (which == TCP_STREAMS)
        relieve_streams(t, now);
    else
        become_counted(t, now);
    watch_holes(t, now);
    end_if_closed(t, now);
    account(t, env, &before);
    if (t->reassembly) /* it has nothing more to give until it takes again */
        holder_drop(&env->holders[which], &t->reassembly->holder[which]);
}

void tcp_expire(struct tcp *t, struct moment now)
{
    if (!t->reassembly) {
        end_if_closed(t, now);
        return;
    }
    const struct tcp_env *env = t->reassembly->env;
    struct usage before = usage_of(env);
    expire(t, now);
    account(t, env, &before);
}

void tcp_end(struct tcp *t, struct moment now, enum ending ending)
{
    if (t->state == TCP_ENDED)
        return;
    while (t->reassembly && t->reassembly->waiting.count > 0)
        give_up_oldest(t, now);
    for (int d = 0; t->reassembly && d < DIRECTIONS; d++) {
        const struct tcp_side *other = &t->side[other_direction((enum direction)d)];
        if (t->side[d].seen && other->has_acked)
            give_up(t, now, (enum direction)d, other->acked);
    }
    become_ended(t, now, ending);
}

/* --- arrival ------------------------------------------------------------------------------------
 */

static void wait_for_turn(struct reassembly *r, enum direction d, const struct piece *piece)
{
    struct counters *counters = r->env->session->counters;
    count(counters, COUNT_TCP_HELD);
    struct waiting_added added = waiting_add(&r->waiting, r->env->session->streams, d, *piece);
    count_many(counters, COUNT_MEMORY_REFUSED, added.refused);
    if (added.contradicts)
        ambiguous(r, d);
}

/* Bytes that were delivered before come again. The probe of a keep-alive repeats one byte, often
 * with another value. */
static void compare_with_delivered(struct tcp *t, enum direction d, const struct piece *piece)
{
    struct reassembly *r = t->reassembly;
    bool keep_alive = piece->bytes.len == 1 && piece->seq + 1 == t->side[d].next;
    if (r && !keep_alive && in_flight_differs(&r->in_flight[d], piece->seq, piece->bytes))
        ambiguous(r, d);
}

static void accept_piece(struct tcp *t, struct moment now, enum direction d, struct piece piece)
{
    const struct tcp_side *side = &t->side[d];
    while (t->reassembly) {
        struct reassembly *r = t->reassembly;
        int32_t old = seq_distance(side->next, piece.seq);
        if (old > 0) {
            compare_with_delivered(t, d, &piece);
            uint32_t span = piece_span(&piece);
            piece_skip(&piece, (uint32_t)old < span ? (uint32_t)old : span);
        }
        if (piece_span(&piece) == 0)
            return;
        const struct waiting *first = TAILQ_FIRST(&r->waiting.by_seq[d]);
        bool alone = !first || seq_distance(first->piece.seq, piece_end(&piece)) >= 0;
        if (piece.seq == side->next && alone && cause_delivered(t, d, &piece)) {
            deliver(t, d, &piece);
            return;
        }
        if (waiting_room(&r->waiting, &piece)) {
            wait_for_turn(r, d, &piece);
            return;
        }
        if (r->waiting.count == 0)
            return;
        give_up_oldest(t, now);
    }
}

static void note_ack(struct tcp *t, enum direction d, uint32_t ack)
{
    struct tcp_side *side = &t->side[d];
    if (side->has_acked && seq_distance(ack, side->acked) <= 0)
        return;
    side->has_acked = true;
    side->acked = ack;
    struct reassembly *r = t->reassembly;
    if (r)
        in_flight_acknowledged(&r->in_flight[other_direction(d)], r->env->session->streams, ack);
}

/* The first FIN counts, unless the stream is known to go on behind it. */
static void note_fin(struct tcp *t, enum direction d, uint32_t seq, uint32_t ack)
{
    const struct waiting *last =
        t->reassembly ? TAILQ_LAST(&t->reassembly->waiting.by_seq[d], waiting_list) : NULL;
    if ((t->state == TCP_READING && seq_distance(seq, t->side[d].next) < 0) ||
        (last && seq_distance(piece_end(&last->piece), seq) > 0))
        return;
    tcp_side_fin(&t->side[d], seq, ack);
}

static bool need_reassembly(struct tcp *t, const struct tcp_env *env,
                            struct flow_identity *identity, struct moment now)
{
    if (t->reassembly || reassembly_new(t, env, identity))
        return true;
    out_of_memory(t, env, now);
    return false;
}

/* Bytes were acknowledged that were never seen, and nothing is read of this connection yet. */
static bool acknowledged_unseen(const struct tcp *t)
{
    const struct tcp_side *c = &t->side[FROM_CLIENT], *s = &t->side[FROM_SERVER];
    return (c->seen && s->has_acked && seq_distance(s->acked, c->next) > 0) ||
           (s->seen && c->has_acked && seq_distance(c->acked, s->next) > 0);
}

static void note_payload(struct tcp *t, const struct tcp_env *env, struct flow_identity *identity,
                         struct moment now, enum direction d, const struct segment *s)
{
    const struct tcp_side *side = &t->side[d];
    struct piece piece = {
        .moment = now,
        .seq = s->seq + (s->flags & TCP_SYN ? 1 : 0),
        .has_ack = s->flags & TCP_ACK,
        .ack = s->ack,
        .bytes = s->payload,
        .missing = s->missing,
    };
    piece.segment_end = piece_end(&piece) + (s->flags & TCP_FIN ? 1 : 0);
    if (s->flags & TCP_FIN)
        note_fin(t, d, piece_end(&piece), s->ack);
    int32_t to_fin = side->has_fin ? seq_distance(side->fin, piece.seq) : INT32_MAX;
    if (piece_span(&piece) == 0)
        return;
    if (seq_distance(piece_end(&piece), side->next) <= 0) {
        count(env->session->counters, COUNT_TCP_RETRANSMITTED);
        compare_with_delivered(t, d, &piece);
    } else if (to_fin <= 0) {
        count(env->session->counters, COUNT_TCP_OUTSIDE);
    } else if (need_reassembly(t, env, identity, now)) {
        if (s->ambiguous)
            ambiguous(t->reassembly, d);
        if (piece_span(&piece) > (uint32_t)to_fin)
            piece_keep(&piece, (uint32_t)to_fin);
        accept_piece(t, now, d, piece);
    }
}

/* A reset stands behind all that its side sent, and says so by its number: what is missing before
 * it will not come. */
static void reset(struct tcp *t, struct moment now, enum direction d, const struct segment *s)
{
    while (t->reassembly && t->reassembly->waiting.count > 0)
        give_up_oldest(t, now);
    if (t->reassembly && t->side[d].seen)
        give_up(t, now, d, s->seq);
    if (t->reassembly && t->reassembly->session)
        session_resetting(t->reassembly->session, d);
    tcp_end(t, now, ENDED_RESET);
}

static void take_segment(struct tcp *t, const struct tcp_env *env, struct flow_identity *identity,
                         struct moment now, enum direction d, const struct segment *s)
{
    bool believable = t->state == TCP_COUNTED ||
                      (s->flags & TCP_RST ? tcp_side_reset_plausible(&t->side[d], s->seq)
                                          : tcp_side_plausible(t->side, d, s));
    if (!believable) {
        count(env->session->counters, COUNT_TCP_OUTSIDE);
        return;
    }
    if (s->flags & TCP_RST) {
        if (s->flags & TCP_ACK && t->state == TCP_READING && tcp_side_plausible(t->side, d, s))
            note_ack(t, d, s->ack);
        reset(t, now, d, s);
        return;
    }
    if (t->state == TCP_COUNTED) {
        if (s->flags & TCP_FIN) {
            note_fin(t, d, s->seq, s->ack);
            end_if_closed(t, now);
        }
        return;
    }
    if (tcp_side_start(t->side, d, s))
        tell_visible(t, now, d, CLAIM_YES);
    if (s->flags & TCP_ACK)
        note_ack(t, d, s->ack);
    if (t->state == TCP_READING)
        note_payload(t, env, identity, now, d, s);
    if (t->state == TCP_READING && !t->reassembly && acknowledged_unseen(t))
        need_reassembly(t, env, identity, now);
    drain(t, now);
    watch_holes(t, now);
    end_if_closed(t, now);
}

void tcp_segment(struct tcp *t, const struct tcp_env *env, struct flow_identity *identity,
                 struct moment now, enum direction d, const struct segment *s)
{
    if (t->state == TCP_ENDED)
        return;
    struct usage before = usage_of(env);
    take_segment(t, env, identity, now, d, s);
    account(t, env, &before);
}
