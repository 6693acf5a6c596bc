/* What one side of a connection has sent so far, as its sequence numbers tell, and which segments
 * can be part of it at all. No bytes here. */
#ifndef MAILTAP_TCP_SIDE_H
#define MAILTAP_TCP_SIDE_H

#include "decode.h"
#include "flow_identity.h"

/* What one side has sent so far. */
struct tcp_side {
    uint32_t first; /* its initial sequence number, as far as known */
    uint32_t next;  /* sequence number of the next byte to deliver */
    uint32_t acked; /* the highest number that it acknowledged: it has the other side's bytes before
                       that */
    uint32_t fin;   /* sequence number of its FIN */
    uint32_t fin_ack; /* what that FIN acknowledged */
    bool seen : 1, syn : 1, has_acked : 1;
    bool from_start : 1; /* `first` is certain: its SYN was seen, or the SYN that acknowledges it */
    bool has_fin : 1,
        fin_passed : 1; /* a FIN was seen; everything before it was delivered or given up */
    bool moved : 1;     /* something was delivered or given up */
    bool hidden : 1;    /* nothing came of it in time: it is not waited for */
};

/* Sequence numbers wrap: the distance from b to a, negative if a comes before b (RFC 9293
 * section 3.4). */
static inline int32_t seq_distance(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

/* A SYN, or what can be known of the numbers of a side whose SYN was not seen. True if it is the
 * first that is seen of that side. */
bool tcp_side_start(struct tcp_side[DIRECTIONS], enum direction, const struct segment *);
/* Whether a segment, or a reset with this number, can belong to the connection: one that nobody
 * would obey must not blind us. */
bool tcp_side_plausible(const struct tcp_side[DIRECTIONS], enum direction, const struct segment *);
bool tcp_side_reset_plausible(const struct tcp_side *, uint32_t seq);

/* A FIN, at this number, which acknowledged that one. The first one counts. */
void tcp_side_fin(struct tcp_side *, uint32_t seq, uint32_t ack);
/* A FIN takes its turn like a byte. True if it did. */
bool tcp_side_pass_fin(struct tcp_side *);
/* Whether this side closed first, as what the two FINs acknowledge tells, in whatever order they
 * were captured. Of FINs that crossed nobody's was first. */
bool tcp_side_closed_first(const struct tcp_side[DIRECTIONS], enum direction);

#endif
