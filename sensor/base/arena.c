/* Memory that lives and dies as one. */
#include "arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)64 * 1024)

struct chunk {
    struct chunk *next;
    size_t len, capacity;
    alignas(max_align_t) uint8_t data[];
};

struct arena {
    struct chunk *chunks; /* the newest first */
    size_t used, max;
    bool full;
};

struct arena *arena_new(size_t max)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena)
        arena->max = max;
    return arena;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    for (struct chunk *chunk; (chunk = arena->chunks) != NULL; free(chunk))
        arena->chunks = chunk->next;
    free(arena);
}

static bool add_chunk(struct arena *arena, size_t bytes)
{
    size_t capacity = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
    struct chunk *chunk = calloc(1, sizeof *chunk + capacity);
    if (!chunk)
        return false;
    chunk->capacity = capacity;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    return true;
}

void *arena_take(struct arena *arena, size_t n, size_t size)
{
    const size_t step = alignof(max_align_t);
    if (size > 0 && n > (arena->max - arena->used) / size) {
        arena->full = true;
        return NULL;
    }
    size_t bytes = (n * size + step - 1) / step * step;
    struct chunk *chunk = arena->chunks;
    if ((!chunk || bytes > chunk->capacity - chunk->len) && !add_chunk(arena, bytes)) {
        arena->full = true;
        return NULL;
    }
    chunk = arena->chunks;
    void *block = chunk->data + chunk->len;
    chunk->len += bytes;
    arena->used += bytes < arena->max - arena->used ? bytes : arena->max - arena->used;
    return block;
}

const char *arena_text(struct arena *arena, struct bytes text)
{
    char *copy = arena_take(arena, text.len + 1, 1);
    if (copy && text.len > 0)
        memcpy(copy, text.data, text.len);
    return copy;
}

size_t arena_bytes(const struct arena *arena)
{
    return arena->used;
}

bool arena_full(const struct arena *arena)
{
    return arena->full;
}
