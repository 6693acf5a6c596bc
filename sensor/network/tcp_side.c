/* Sequence numbers: where a side begins, what can be its segment, where it ends. */
#include "tcp_side.h"

#define AHEAD_MAX  (16 * 1024 * 1024) /* the largest window that anybody uses */
#define BEHIND_MAX (1 << 30)          /* older than any retransmission: RFC 7323 section 5.2 */
#define FIRST_BEHIND_MAX                                                                           \
    (1024 * 1024) /* how far the first packet of a side may be from what was acknowledged */
#define OVERTAKEN_MAX    (64 * 1024) /* how much may overtake the first packets of a side */
#define RESET_BEHIND_MAX (64 * 1024)
#define RESET_AHEAD_MAX  (1024 * 1024)

/* Whether these bytes lie before those with which their side seemed to begin. */
static bool overtaken(const struct tcp_side *side, const struct segment *s)
{
    uint32_t before = side->next - s->seq;
    bool keep_alive = before == 1 && s->payload.len <= 1;
    return before > 0 && before <= OVERTAKEN_MAX && s->payload.len > 0 && !keep_alive;
}

/* The SYN of the other side acknowledges the SYN of this one: so it begins here, also if nothing of
 * its start was captured. */
static void answered_syn(struct tcp_side *side, uint32_t ack)
{
    if (side->from_start || side->moved)
        return;
    /* Far from what was seen of that side it is not this connection's. */
    if (side->seen && side->next - ack > OVERTAKEN_MAX)
        return;
    side->first = ack - 1;
    side->next = ack;
    side->from_start = true;
}

bool tcp_side_start(struct tcp_side sides[DIRECTIONS], enum direction d, const struct segment *s)
{
    struct tcp_side *side = &sides[d];
    const struct tcp_side *other = &sides[other_direction(d)];
    bool first = !side->seen;
    if (s->flags & TCP_SYN) {
        /* It may come late; what has been delivered by then cannot be undone. */
        bool late = !side->syn && !side->moved && side->first - s->seq <= OVERTAKEN_MAX;
        if (first || late) {
            side->first = s->seq;
            side->next = s->seq + 1;
            side->syn = side->from_start = true;
        }
        if (first && s->flags & TCP_ACK)
            answered_syn(&sides[other_direction(d)], s->ack);
    } else if (first && !(side->from_start && s->seq - side->next <= AHEAD_MAX)) {
        side->next = s->seq;
        side->from_start = false; /* if its SYN was answered, then not this one */
        uint32_t behind = s->seq - other->acked;
        if (other->has_acked && behind <= FIRST_BEHIND_MAX)
            side->next = other->acked; /* the other side waited for this: the start of a hole, if
                                          there is one */
        side->first = side->next - 1;
    } else if (!side->from_start && !side->moved && overtaken(side, s)) {
        side->next = s->seq;
        side->first = s->seq - 1;
    }
    side->seen = true;
    side->hidden = false;
    return first;
}

bool tcp_side_plausible(const struct tcp_side sides[DIRECTIONS], enum direction d,
                        const struct segment *s)
{
    const struct tcp_side *side = &sides[d], *other = &sides[other_direction(d)];
    if ((s->flags & TCP_ACK) && other->seen) {
        int32_t ahead = seq_distance(s->ack, other->next);
        if (ahead > AHEAD_MAX || ahead < -BEHIND_MAX)
            return false;
    }
    if (side->seen && !(s->flags & TCP_SYN)) {
        int32_t ahead = seq_distance(s->seq, side->next);
        if (ahead > AHEAD_MAX || ahead < -BEHIND_MAX)
            return false;
    }
    return true;
}

bool tcp_side_reset_plausible(const struct tcp_side *side, uint32_t seq)
{
    if (!side->seen)
        return true;
    int32_t ahead = seq_distance(seq, side->next);
    return ahead >= -RESET_BEHIND_MAX && ahead <= RESET_AHEAD_MAX;
}

void tcp_side_fin(struct tcp_side *side, uint32_t seq, uint32_t ack)
{
    if (side->has_fin)
        return;
    side->has_fin = true;
    side->fin = seq;
    side->fin_ack = ack;
}

bool tcp_side_pass_fin(struct tcp_side *side)
{
    if (!side->has_fin || side->fin_passed || side->fin != side->next)
        return false;
    side->next++;
    side->fin_passed = side->moved = true;
    return true;
}

/* Whether this side's FIN answers the other's. */
static bool fin_answers(const struct tcp_side *side, const struct tcp_side *other)
{
    return side->has_fin && other->has_fin && seq_distance(side->fin_ack, other->fin) > 0;
}

bool tcp_side_closed_first(const struct tcp_side sides[DIRECTIONS], enum direction d)
{
    const struct tcp_side *side = &sides[d], *other = &sides[other_direction(d)];
    if (!side->has_fin || !other->has_fin)
        return side->has_fin;
    return fin_answers(other, side) && !fin_answers(side, other);
}
