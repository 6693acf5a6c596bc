/* What came too early, by sequence number and by arrival. */
#include "tcp_waiting.h"

#include <stdlib.h>
#include <string.h>

#include "tcp_side.h"

void waiting_init(struct waiting_queue *q)
{
    *q = (struct waiting_queue){ 0 };
    for (int d = 0; d < DIRECTIONS; d++)
        TAILQ_INIT(&q->by_seq[d]);
    TAILQ_INIT(&q->by_arrival);
}

uint32_t piece_span(const struct piece *piece)
{
    return (uint32_t)piece->bytes.len + piece->missing;
}

uint32_t piece_end(const struct piece *piece)
{
    return piece->seq + piece_span(piece);
}

void piece_skip(struct piece *piece, uint32_t n)
{
    uint32_t here = (uint32_t)piece->bytes.len;
    piece->missing -= n > here ? n - here : 0;
    piece->bytes = bytes_after(piece->bytes, n);
    piece->seq += n;
}

void piece_keep(struct piece *piece, uint32_t n)
{
    uint32_t here = (uint32_t)piece->bytes.len;
    piece->missing = n > here ? n - here : 0;
    piece->bytes = bytes_first(piece->bytes, n);
}

void waiting_unlink(struct waiting_queue *q, struct waiting *w)
{
    TAILQ_REMOVE(&q->by_seq[w->direction], w, by_seq);
    TAILQ_REMOVE(&q->by_arrival, w, by_arrival);
    q->count--;
    q->bytes -= w->piece.bytes.len;
}

void waiting_free(struct pool *streams, struct waiting *w)
{
    size_t size = w->size;
    explicit_bzero(w, size);
    free(w);
    pool_give(streams, size);
}

void waiting_pass(struct waiting_queue *q, struct pool *streams, enum direction d, uint32_t next)
{
    struct waiting *w;
    while ((w = TAILQ_FIRST(&q->by_seq[d])) && seq_distance(w->piece.seq, next) < 0) {
        uint32_t passed = next - w->piece.seq;
        if (passed < piece_span(&w->piece)) {
            q->bytes -= w->piece.bytes.len;
            piece_skip(&w->piece, passed);
            q->bytes += w->piece.bytes.len;
            return;
        }
        waiting_unlink(q, w);
        waiting_free(streams, w);
    }
}

bool waiting_room(const struct waiting_queue *q, const struct piece *piece)
{
    return q->count < WAITING_SEGMENTS && q->bytes + piece->bytes.len <= WAITING_BYTES;
}

/* Keeps a copy, in front of `before` or at the end. False if it finds no memory. */
static bool wait_before(struct waiting_queue *q, struct pool *streams, enum direction d,
                        const struct piece *piece, struct waiting *before)
{
    size_t size = sizeof(struct waiting) + piece->bytes.len;
    struct waiting *w = NULL;
    if (waiting_room(q, piece) && pool_take(streams, size)) {
        w = malloc(size);
        if (!w)
            pool_give(streams, size);
    }
    if (!w)
        return false;
    w->piece = *piece;
    w->size = size;
    w->direction = d;
    w->piece.bytes.data = (const uint8_t *)(w + 1);
    if (piece->bytes.len > 0)
        memcpy(w + 1, piece->bytes.data, piece->bytes.len);
    if (before)
        TAILQ_INSERT_BEFORE(before, w, by_seq);
    else
        TAILQ_INSERT_TAIL(&q->by_seq[d], w, by_seq);
    TAILQ_INSERT_TAIL(&q->by_arrival, w, by_arrival);
    q->count++;
    q->bytes += piece->bytes.len;
    return true;
}

/* Two copies of a stretch that both begin at the same byte. */
static bool contradict(struct bytes a, struct bytes b)
{
    size_t both = a.len < b.len ? a.len : b.len;
    return !bytes_equal(bytes_first(a, both), bytes_first(b, both));
}

/* A copy of what waits was sent when its side had less of the other one: so that is no cause of it.
 * (Of a segment that was sent again with a newer number the later copy may come first.) */
static void note_less_cause(struct waiting *w, const struct piece *copy)
{
    if (copy->has_ack && seq_distance(copy->ack, w->piece.ack) < 0 &&
        seq_distance(piece_end(copy), piece_end(&w->piece)) >= 0)
        w->piece.ack = copy->ack;
}

struct waiting_added waiting_add(struct waiting_queue *q, struct pool *streams, enum direction d,
                                 struct piece piece)
{
    struct waiting_added added = { false, 0 };
    const struct waiting *last = TAILQ_LAST(&q->by_seq[d], waiting_list);
    struct waiting *w = TAILQ_FIRST(&q->by_seq[d]);
    if (last && seq_distance(piece.seq, piece_end(&last->piece)) >= 0)
        w = NULL; /* the usual case: behind everything */
    for (; w && piece_span(&piece) > 0; w = TAILQ_NEXT(w, by_seq)) {
        if (seq_distance(piece.seq, piece_end(&w->piece)) >= 0)
            continue;
        int32_t before = seq_distance(w->piece.seq, piece.seq);
        if (before > 0) {
            struct piece front = piece;
            uint32_t n = piece_span(&piece);
            if (n > (uint32_t)before)
                n = (uint32_t)before;
            piece_keep(&front, n);
            added.refused += !wait_before(q, streams, d, &front, w);
            piece_skip(&piece, n);
        }
        if (piece_span(&piece) == 0)
            return added;
        uint32_t offset = piece.seq - w->piece.seq;
        if (contradict(bytes_after(w->piece.bytes, offset), piece.bytes))
            added.contradicts = true;
        note_less_cause(w, &piece);
        uint32_t overlap = piece_span(&w->piece) - offset;
        piece_skip(&piece, overlap < piece_span(&piece) ? overlap : piece_span(&piece));
    }
    if (piece_span(&piece) > 0)
        added.refused += !wait_before(q, streams, d, &piece, NULL);
    return added;
}
