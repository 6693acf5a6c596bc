/* Numbers that look random and are the same for the same seed on every machine (splitmix64). */
#ifndef MAILTAP_BENCH_CHANCE_H
#define MAILTAP_BENCH_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

static inline uint64_t chance_bits(struct chance *chance)
{
    uint64_t z = chance->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* 0 up to below. */
static inline uint32_t chance_below(struct chance *chance, uint32_t below)
{
    return (uint32_t)(((chance_bits(chance) >> 32) * below) >> 32);
}

static inline uint32_t chance_between(struct chance *chance, uint32_t least, uint32_t most)
{
    return least + chance_below(chance, most - least + 1);
}

static inline bool chance_one_in(struct chance *chance, uint32_t n)
{
    return chance_below(chance, n) == 0;
}

#endif
