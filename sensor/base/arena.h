/* Memory that lives and dies as one: what is read at start-up and then only looked at. */
#ifndef MAILTAP_ARENA_H
#define MAILTAP_ARENA_H

#include "bytes.h"

struct arena;

/* Never holds more than `max` bytes. NULL if there is no memory. */
struct arena *arena_new(size_t max);
void arena_free(struct arena *); /* NULL is fine */

/* Zeroed memory for n objects, aligned for anything; NULL if the maximum or malloc says no. n == 0
 * gives a pointer too. */
void *arena_take(struct arena *, size_t n, size_t size);
/* A NUL-terminated copy; NULL as above. */
const char *arena_text(struct arena *, struct bytes);

size_t arena_bytes(const struct arena *); /* handed out so far */
/* Something was refused: what was built is not whole. */
bool arena_full(const struct arena *);

#endif
