/* What a thread counts. Each thread owns one set and is its only writer; anyone may read. */
#ifndef MAILTAP_COUNTERS_H
#define MAILTAP_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

enum counter {
#define COUNTER(id, name, help) COUNT_##id,
#include "counters.def"
#undef COUNTER
    COUNTERS
};

struct counters {
    _Atomic uint64_t value[COUNTERS];
};

const char *counter_name(enum counter);
const char *counter_help(enum counter);

/* The owner adds: a load and a store, no locked instruction, since nobody else writes. */
static inline void count_many(struct counters *counters, enum counter counter, uint64_t n)
{
    uint64_t value = atomic_load_explicit(&counters->value[counter], memory_order_relaxed);
    atomic_store_explicit(&counters->value[counter], value + n, memory_order_relaxed);
}

static inline void count(struct counters *counters, enum counter counter)
{
    count_many(counters, counter, 1);
}

/* Adds what another set holds. */
void counters_add(struct counters *to, const struct counters *from);

static inline uint64_t counter_read(const struct counters *counters, enum counter counter)
{
    return atomic_load_explicit(&counters->value[counter], memory_order_relaxed);
}

#endif
