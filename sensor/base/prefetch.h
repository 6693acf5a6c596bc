/* Begins to load memory that will be needed soon. */
#ifndef MAILTAP_PREFETCH_H
#define MAILTAP_PREFETCH_H

#include <stddef.h>

#define CACHE_LINE 64

static inline void prefetch(const void *what, size_t size)
{
    for (size_t line = 0; line < size; line += CACHE_LINE)
        __builtin_prefetch((const char *)what + line);
}

#endif
