/* A ring of byte records between exactly one writing and one reading thread.
 *
 * Records are contiguous and at most a quarter of the ring long. The writer may wait for room
 * (reading files) or be told that there is none (live capture, which never waits). */
#ifndef MAILTAP_RING_H
#define MAILTAP_RING_H

#include "bytes.h"
#include "doorbell.h"

struct ring;

/* Size is rounded up to a power of two. `readable` is the reader's own bell, which
 * several rings may share. NULL if there is no memory. */
struct ring *ring_new(size_t size, struct doorbell *readable);
void ring_free(struct ring *); /* wipes what it held */

/* Room for a record of this length, or NULL if it does not fit now (or ever). */
uint8_t *ring_reserve(struct ring *, size_t len);
/* The same, waiting for the reader; NULL only if the record can never fit or the reader closed the
 * ring. */
uint8_t *ring_reserve_wait(struct ring *, size_t len);
/* Publishes the reserved record. The reader is woken only once a quarter of the ring is full: it
 * looks by itself every so often, and ring_wake() is for what cannot wait so long. */
void ring_commit(struct ring *);
void ring_wake(struct ring *);

/* The oldest record, valid until ring_release(). False if there is none. */
bool ring_peek(struct ring *, struct bytes *record);
void ring_release(struct ring *);

/* The reader will read no more: a waiting writer gives up, and later records are refused. */
void ring_close(struct ring *);

size_t ring_largest_record(const struct ring *);
size_t ring_size(const struct ring *);
/* What is not in use, as the writer sees it: the reader may have freed more. */
size_t ring_free_bytes(const struct ring *);

#endif
