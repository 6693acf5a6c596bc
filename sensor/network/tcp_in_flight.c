/* A ring addressed by sequence number. */
#include "tcp_in_flight.h"

#include <stdlib.h>
#include <string.h>

#include "tcp_side.h"

#define FIRST_CAPACITY                                                                             \
    256 /* holds most commands and replies; what had to be larger is given back when it is empty   \
         */

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Bytes from `seq` on, before `end`, that lie in one piece: a range is at most two pieces. */
static uint32_t part_len(const struct in_flight *ring, uint32_t seq, uint32_t end)
{
    uint32_t to_edge = ring->capacity - (seq & (ring->capacity - 1));
    return least(to_edge, end - seq);
}

static uint8_t *place(const struct in_flight *ring, uint32_t seq)
{
    return ring->data + (seq & (ring->capacity - 1));
}

static void put(struct in_flight *ring, uint32_t seq, struct bytes bytes)
{
    uint32_t end = seq + (uint32_t)bytes.len;
    while (seq != end) {
        uint32_t n = part_len(ring, seq, end);
        memcpy(place(ring, seq), bytes.data, n);
        bytes = bytes_after(bytes, n);
        seq += n;
    }
}

/* Wiped before freed: what is in flight may be a password. */
static void release(uint8_t *data, uint32_t capacity, struct pool *pool)
{
    if (!data)
        return;
    explicit_bzero(data, capacity);
    free(data);
    pool_give(pool, capacity);
}

static bool grow(struct in_flight *ring, struct pool *pool, uint32_t needed)
{
    struct in_flight larger = { .capacity = ring->capacity ? ring->capacity : FIRST_CAPACITY };
    while (larger.capacity < needed)
        larger.capacity *= 2;
    if (!pool_take(pool, larger.capacity))
        return false;
    larger.data = malloc(larger.capacity);
    if (!larger.data) {
        pool_give(pool, larger.capacity);
        return false;
    }
    larger.start = ring->start;
    larger.end = ring->end;
    for (uint32_t seq = ring->start; seq != ring->end;) {
        uint32_t n = part_len(ring, seq, ring->end);
        put(&larger, seq, bytes_over(place(ring, seq), n));
        seq += n;
    }
    release(ring->data, ring->capacity, pool);
    *ring = larger;
    return true;
}

void in_flight_add(struct in_flight *ring, struct pool *pool, uint32_t seq, struct bytes bytes,
                   uint32_t max)
{
    uint32_t end = seq + (uint32_t)bytes.len;
    if (bytes.len > max) {
        bytes = bytes_after(bytes, bytes.len - max);
        seq = end - (uint32_t)bytes.len;
    }
    if (seq != ring->end || ring->start == ring->end)
        ring->start = ring->end = seq;
    if (end - ring->start > max)
        ring->start = end - max;
    if (end - ring->start > ring->capacity && !grow(ring, pool, end - ring->start)) {
        ring->start = ring->end = end;
        return;
    }
    put(ring, seq, bytes);
    ring->end = end;
}

void in_flight_acknowledged(struct in_flight *ring, struct pool *pool, uint32_t seq)
{
    if (seq_distance(seq, ring->end) > 0)
        seq = ring->end;
    if (seq_distance(seq, ring->start) <= 0)
        return;
    while (ring->start != seq) {
        uint32_t n = part_len(ring, ring->start, seq);
        explicit_bzero(place(ring, ring->start), n);
        ring->start += n;
    }
    if (ring->start == ring->end && ring->capacity > FIRST_CAPACITY)
        in_flight_free(ring, pool);
}

bool in_flight_differs(const struct in_flight *ring, uint32_t seq, struct bytes bytes)
{
    int32_t before = seq_distance(ring->start, seq);
    if (before > 0) {
        bytes = bytes_after(bytes, (size_t)before);
        seq = ring->start;
    }
    int32_t have = seq_distance(ring->end, seq);
    if (have <= 0)
        return false;
    bytes = bytes_first(bytes, (size_t)have);
    while (bytes.len > 0) {
        uint32_t n = part_len(ring, seq, seq + (uint32_t)bytes.len);
        if (memcmp(place(ring, seq), bytes.data, n) != 0)
            return true;
        bytes = bytes_after(bytes, n);
        seq += n;
    }
    return false;
}

void in_flight_free(struct in_flight *ring, struct pool *pool)
{
    release(ring->data, ring->capacity, pool);
    *ring = (struct in_flight){ 0 };
}
