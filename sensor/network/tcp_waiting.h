/* The segments of a connection that wait for their turn: copies, in the order of their sequence
 * numbers and in that of their arrival. They are disjoint: of two copies of a byte the first one
 * stays. */
#ifndef MAILTAP_TCP_WAITING_H
#define MAILTAP_TCP_WAITING_H

#include <sys/queue.h>

#include "flow_identity.h"
#include "pool.h"

#define WAITING_BYTES    (256 * 1024) /* of one connection */
#define WAITING_SEGMENTS 1024

/* A stretch of one direction's stream. */
struct piece {
    struct moment moment;
    uint32_t seq;
    bool has_ack;
    uint32_t ack;
    struct bytes bytes;
    uint32_t missing;     /* that many more bytes were sent behind `bytes`, and not captured */
    uint32_t segment_end; /* of the whole segment that it was sent in, with its FIN */
};

/* How many sequence numbers it takes, and the one behind it. */
uint32_t piece_span(const struct piece *);
uint32_t piece_end(const struct piece *);
/* Cuts n bytes off the front; keeps n bytes of the front. */
void piece_skip(struct piece *, uint32_t n);
void piece_keep(struct piece *, uint32_t n);

struct waiting {
    TAILQ_ENTRY(waiting) by_seq, by_arrival;
    struct piece piece; /* its bytes lie behind this struct */
    size_t size;        /* of both, as charged to the pool */
    enum direction direction;
};

TAILQ_HEAD(waiting_list, waiting);

struct waiting_queue {
    struct waiting_list by_seq[DIRECTIONS], by_arrival;
    uint32_t count;
    size_t bytes;
};

void waiting_init(struct waiting_queue *);
/* Whether it may wait here, by the bounds of one connection. */
bool waiting_room(const struct waiting_queue *, const struct piece *);
/* Lets a copy wait, without the parts of it that wait already. What finds no memory is lost, and
 * becomes a gap in time. */
struct waiting_added {
    bool contradicts; /* what waited there already has other bytes */
    uint32_t refused; /* so many parts found no memory */
};
struct waiting_added waiting_add(struct waiting_queue *, struct pool *, enum direction,
                                 struct piece);
/* Drops what stands in front of where the stream is known to be now: a start that was learnt late,
 * or a FIN, may have moved on over it. */
void waiting_pass(struct waiting_queue *, struct pool *, enum direction, uint32_t next);
/* Takes one out; then it has to be freed. It is wiped: what waits may be a password. */
void waiting_unlink(struct waiting_queue *, struct waiting *);
void waiting_free(struct pool *, struct waiting *);

#endif
