/* Growable bytes with a maximum, charged to a pool, wiped when they go. */
#include "buffer.h"

#include <stdlib.h>
#include <string.h>

/* Few steps while it is small: what grows at all usually becomes some hundred bytes. */
#define SMALLEST 128
#define LARGE    2048

void buffer_init(struct buffer *buffer, size_t max, struct pool *pool)
{
    *buffer = (struct buffer){ .max = max, .pool = pool };
}

void buffer_free(struct buffer *buffer)
{
    if (buffer->data) {
        explicit_bzero(buffer->data, buffer->len);
        free(buffer->data);
        if (buffer->pool)
            pool_give(buffer->pool, buffer->capacity);
    }
    buffer_init(buffer, buffer->max, buffer->pool);
}

bool buffer_grow(struct buffer *buffer, size_t n)
{
    if (n > buffer->max - buffer->len)
        return false;
    size_t needed = buffer->len + n;
    size_t capacity = buffer->capacity ? buffer->capacity : SMALLEST;
    while (capacity < needed)
        capacity *= capacity < LARGE ? 4 : 2;
    if (capacity > buffer->max)
        capacity = buffer->max;
    size_t more = capacity - buffer->capacity;
    if (buffer->pool && !pool_take(buffer->pool, more))
        return false;
    /* Not realloc: it would leave a copy of what may be a secret behind. */
    uint8_t *data = malloc(capacity);
    if (!data) {
        if (buffer->pool)
            pool_give(buffer->pool, more);
        return false;
    }
    if (buffer->data) {
        memcpy(data, buffer->data, buffer->len);
        explicit_bzero(buffer->data, buffer->len);
        free(buffer->data);
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool buffer_append(struct buffer *buffer, struct bytes more)
{
    if (more.len == 0)
        return true;
    uint8_t *room = buffer_room(buffer, more.len);
    if (!room)
        return false;
    memcpy(room, more.data, more.len);
    buffer->len += more.len;
    return true;
}

void buffer_consume(struct buffer *buffer, size_t n)
{
    if (n == 0)
        return;
    if (n >= buffer->len) {
        buffer_clear(buffer);
        return;
    }
    size_t left = buffer->len - n;
    memmove(buffer->data, buffer->data + n, left);
    explicit_bzero(buffer->data + left, n);
    buffer->len = left;
}

void buffer_clear(struct buffer *buffer)
{
    if (buffer->len > 0)
        explicit_bzero(buffer->data, buffer->len);
    buffer->len = 0;
}

struct bytes buffer_view(const struct buffer *buffer)
{
    return (struct bytes){ buffer->data, buffer->len };
}
