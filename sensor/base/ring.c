/* A single-producer, single-consumer ring of byte records.
 *
 *   | len | record ... pad | len | record ... pad | SKIP | (rest of the lap unused) |
 *
 * head and tail count bytes for ever; the place is the count modulo the size. A record that does
 * not fit before the end of the buffer leaves a SKIP mark and starts the next lap. Each side keeps
 * a copy of the other's counter and reads the shared one only when the copy says full or empty. */
#include "ring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "large.h"

#define HEADER sizeof(uint64_t)
#define SKIP   UINT64_MAX

struct ring {
    uint8_t *data;
    uint64_t size;
    struct doorbell *readable;
    struct doorbell writable;
    atomic_bool closed;

    _Alignas(64) _Atomic uint64_t head; /* written by the writer */
    uint64_t tail_seen, reserved;
    _Alignas(64) _Atomic uint64_t tail; /* written by the reader */
    uint64_t head_seen, peeked;
};

static uint64_t stride(size_t len)
{
    return (HEADER + len + 7) / 8 * 8;
}

struct ring *ring_new(size_t size, struct doorbell *readable)
{
    struct ring *ring = aligned_alloc(64, sizeof *ring);
    if (!ring)
        return NULL;
    memset(ring, 0, sizeof *ring);
    ring->size = 4096;
    while (ring->size < size)
        ring->size *= 2;
    ring->data = large_new(ring->size);
    if (!ring->data) {
        free(ring);
        return NULL;
    }
    ring->readable = readable;
    doorbell_init(&ring->writable);
    return ring;
}

void ring_free(struct ring *ring)
{
    if (!ring)
        return;
    doorbell_destroy(&ring->writable);
    uint64_t written = atomic_load(&ring->head);
    explicit_bzero(ring->data, written < ring->size ? written : ring->size);
    large_free(ring->data, ring->size);
    free(ring);
}

size_t ring_largest_record(const struct ring *ring)
{
    return ring->size / 4;
}

size_t ring_size(const struct ring *ring)
{
    return ring->size;
}

size_t ring_free_bytes(const struct ring *ring)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    return ring->size - (head - atomic_load_explicit(&ring->tail, memory_order_acquire));
}

static uint64_t *mark_at(const struct ring *ring, uint64_t count)
{
    return (uint64_t *)(void *)(ring->data + (count & (ring->size - 1)));
}

/* Whether `needed` bytes are free behind head, looking at the shared tail only if the copy says no.
 */
static bool has_room(struct ring *ring, uint64_t head, uint64_t needed)
{
    if (ring->size - (head - ring->tail_seen) >= needed)
        return true;
    ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
    return ring->size - (head - ring->tail_seen) >= needed;
}

uint8_t *ring_reserve(struct ring *ring, size_t len)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint64_t needed = stride(len);
    if (len > ring_largest_record(ring) ||
        atomic_load_explicit(&ring->closed, memory_order_relaxed))
        return NULL;
    uint64_t to_end = ring->size - (head & (ring->size - 1));
    if (to_end < needed) {
        if (!has_room(ring, head, to_end + needed))
            return NULL;
        *mark_at(ring, head) = SKIP;
        head += to_end;
    } else if (!has_room(ring, head, needed)) {
        return NULL;
    }
    *mark_at(ring, head) = len;
    ring->reserved = head + needed;
    return (uint8_t *)mark_at(ring, head) + HEADER;
}

struct reservation {
    struct ring *ring;
    size_t len;
    uint8_t *room;
};

static bool room_or_closed(void *arg)
{
    struct reservation *wanted = arg;
    wanted->room = ring_reserve(wanted->ring, wanted->len);
    return wanted->room || atomic_load(&wanted->ring->closed);
}

uint8_t *ring_reserve_wait(struct ring *ring, size_t len)
{
    struct reservation wanted = { ring, len, NULL };
    if (len > ring_largest_record(ring))
        return NULL;
    while (!room_or_closed(&wanted)) {
        ring_wake(ring);
        doorbell_wait(&ring->writable, room_or_closed, &wanted, 100);
    }
    return wanted.room;
}

void ring_commit(struct ring *ring)
{
    atomic_store_explicit(&ring->head, ring->reserved, memory_order_release);
    if (has_room(ring, ring->reserved, ring->size - ring->size / 4))
        return;
    doorbell_ring(ring->readable);
}

void ring_wake(struct ring *ring)
{
    doorbell_ring(ring->readable);
}

bool ring_peek(struct ring *ring, struct bytes *record)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    if (tail == ring->head_seen) {
        ring->head_seen = atomic_load_explicit(&ring->head, memory_order_acquire);
        if (tail == ring->head_seen)
            return false;
    }
    uint64_t *mark = mark_at(ring, tail);
    if (*mark == SKIP) {
        tail += ring->size - (tail & (ring->size - 1));
        mark = mark_at(ring, tail);
    }
    *record = bytes_over((uint8_t *)mark + HEADER, *mark);
    ring->peeked = tail + stride(*mark);
    return true;
}

void ring_release(struct ring *ring)
{
    atomic_store_explicit(&ring->tail, ring->peeked, memory_order_release);
    /* A writer that waits is woken once there is room worth waking up for, not for each record. */
    if (ring->head_seen - ring->peeked <= ring->size - ring->size / 4)
        doorbell_ring(&ring->writable);
}

void ring_close(struct ring *ring)
{
    atomic_store(&ring->closed, true);
    doorbell_ring(&ring->writable);
}
