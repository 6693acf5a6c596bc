/* Anonymous mappings; small blocks come from the heap, where sanitizers watch them. */
#include "large.h"

#include <stdlib.h>
#include <sys/mman.h>

#define SMALL ((size_t)1 << 20)
#define PLAIN ((size_t)2 << 20)

void *large_new(size_t size)
{
    if (size < SMALL)
        return calloc(1, size);
    void *block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        return NULL;
    /* A wish: without it all works as well. The beginning stays small: a run with little to do
     * should not clear megabytes. */
    if (size > PLAIN)
        madvise((char *)block + PLAIN, size - PLAIN, MADV_HUGEPAGE);
    return block;
}

void large_free(void *block, size_t size)
{
    if (size < SMALL)
        free(block);
    else if (block)
        munmap(block, size);
}
