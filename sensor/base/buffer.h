/* Bytes that grow up to a maximum set at birth, charged to a pool. Freed and cut-off memory is
 * wiped: it may have held a secret. */
#ifndef MAILTAP_BUFFER_H
#define MAILTAP_BUFFER_H

#include "bytes.h"
#include "pool.h"

struct buffer {
    uint8_t *data;
    size_t len, capacity, max;
    struct pool *pool; /* NULL: not charged to anyone (tests, start-up) */
};

void buffer_init(struct buffer *, size_t max, struct pool *);
/* Frees and wipes; the buffer is empty and usable again afterwards. */
void buffer_free(struct buffer *);

/* Appends. False, with nothing appended, if the maximum, the pool or malloc says no. */
bool buffer_append(struct buffer *, struct bytes);
/* For buffer_room(), where the capacity does not suffice. */
bool buffer_grow(struct buffer *, size_t n);
/* Room for n more bytes at data + len, or NULL. The caller adds what it wrote to len. */
static inline uint8_t *buffer_room(struct buffer *buffer, size_t n)
{
    bool grow = n > buffer->capacity - buffer->len;
    return !grow || buffer_grow(buffer, n) ? buffer->data + buffer->len : NULL;
}
/* Removes n bytes from the front (all of them if there are fewer) and wipes what they leave behind.
 */
void buffer_consume(struct buffer *, size_t n);
void buffer_clear(struct buffer *);

struct bytes buffer_view(const struct buffer *);

#endif
