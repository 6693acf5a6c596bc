/* A budget of bytes. What traffic can make grow is charged to a pool, so that memory stays under a
 * printed bound.
 *
 * A pool belongs to one thread. It hands out permission, not memory. */
#ifndef MAILTAP_POOL_H
#define MAILTAP_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool {
    size_t limit, used, peak;
    uint64_t refused; /* how often the budget said no */
};

void pool_init(struct pool *, size_t limit);
/* Whether n more bytes are within the budget; if so they count as used until given back. */
bool pool_take(struct pool *, size_t n);
void pool_give(struct pool *, size_t n);

#endif
