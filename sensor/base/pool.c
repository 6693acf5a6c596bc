/* A budget of bytes. */
#include "pool.h"

#include <assert.h>

void pool_init(struct pool *pool, size_t limit)
{
    *pool = (struct pool){ .limit = limit };
}

bool pool_take(struct pool *pool, size_t n)
{
    if (n > pool->limit - pool->used) {
        pool->refused++;
        return false;
    }
    pool->used += n;
    if (pool->used > pool->peak)
        pool->peak = pool->used;
    return true;
}

void pool_give(struct pool *pool, size_t n)
{
    assert(n <= pool->used);
    pool->used -= n;
}
