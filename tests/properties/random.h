/* Numbers that look random and are the same on every run with the same seed. */
#ifndef MAILTAP_RANDOM_H
#define MAILTAP_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Seeds that are neighbours give states that are not. */
static inline uint64_t random_state(uint64_t seed)
{
    return seed * 0x9E3779B97F4A7C15U + 1;
}

static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* From 0 to n - 1; n is at least 1. */
static inline size_t random_below(uint64_t *state, size_t n)
{
    return (size_t)(next_random(state) % n);
}

#endif
