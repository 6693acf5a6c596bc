/* A bounded hash table that forgets the least recently used entry when it is full.
 *
 * Keys and values have fixed sizes and live in one slab, so a value never moves while it is in the
 * table. Keys are hashed with SipHash-1-3 under a random key. For tables that expire, the oldest
 * entries are given up by lru_expire() in order of last use. Nothing here depends on the order of
 * hashes. */
#ifndef MAILTAP_LRU_H
#define MAILTAP_LRU_H

#include "bytes.h"

struct lru;

struct lru_options {
    size_t key_size, value_size;
    uint32_t max_entries;
    uint64_t idle_ns; /* age at which lru_expire() gives an entry up; 0: never */
    /* Used again so soon, an entry keeps its place among the others: which one was used longest ago
     * is exact to this, and most uses touch no neighbour. Ages are older by up to this. */
    uint64_t lazy_ns;
    /* Called before an entry goes for any reason but lru_remove(); may be NULL. */
    void (*evicted)(void *arg, const void *key, void *value);
    void *arg;
};

/* NULL if there is no memory. The slab is reserved whole and touched as it fills. */
struct lru *lru_new(const struct lru_options *);
/* Gives every entry up (calling `evicted`, oldest first), then frees; NULL is fine. */
void lru_free(struct lru *);

/* The hash is computed once by the caller. For a batch: lru_prefetch_bucket() for each, then
 * lru_prefetch() for each, then the look-ups; so the loads from memory run side by side. */
uint64_t lru_hash(const struct lru *, const void *key);
void lru_prefetch_bucket(const struct lru *, uint64_t hash);
void lru_prefetch(const struct lru *, uint64_t hash);

/* The value that is probably under this hash, or NULL: a hint for prefetching what it points to,
 * which counts as no use. */
const void *lru_likely(const struct lru *, uint64_t hash);

/* The value under this key, or NULL; being found at `now_ns` counts as use. */
void *lru_find(struct lru *, uint64_t hash, const void *key, uint64_t now_ns);
/* A zeroed value under a key that is not there yet; evicts the least recently used one if the table
 * is full. */
void *lru_add(struct lru *, uint64_t hash, const void *key, uint64_t now_ns);
void lru_remove(struct lru *, void *value);

const void *lru_key(const struct lru *, const void *value);
/* The value used longest ago, NULL if the table is empty. */
void *lru_oldest(struct lru *);
/* The one used next after this one, NULL at the end: to walk through all of them. */
void *lru_newer(struct lru *, const void *value);
/* Gives up all entries whose last use is idle_ns or more before now. */
void lru_expire(struct lru *, uint64_t now_ns);

uint32_t lru_count(const struct lru *);
uint64_t lru_evictions(const struct lru *); /* entries given up because the table was full */
size_t lru_bytes(const struct lru *);       /* the most memory it can use */

#endif
