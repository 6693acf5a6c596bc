/* A bounded hash table with least-recently-used eviction.
 *
 *   buckets[hash & mask] -> entry -> entry ->        (chain, by index)
 *   slab: { hash, chain, older, newer, used_ns, key, value } x max_entries
 *
 * Index 0 means "none"; entry i stands at slab + (i - 1) * entry_size. */
#include "lru.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "large.h"
#include "prefetch.h"
#include "siphash.h"

#define PREFETCH_BYTES                                                                             \
    256 /* entry, key and the part of the value that comes first and is used most */

struct entry {
    uint64_t hash;
    uint64_t used_ns;
    uint32_t chain, older, newer;
    bool live;
    /* key, then value, both aligned to 16 */
};

struct lru {
    struct lru_options options;
    struct siphash_key key;
    uint32_t *buckets;
    uint32_t mask;
    uint8_t *slab;
    size_t key_offset, value_offset, entry_size;
    uint32_t count, touched,
        free_list; /* entries in use; entries ever used; chain of returned ones */
    uint32_t oldest, newest;
    uint64_t evictions;
};

static size_t align16(size_t n)
{
    return (n + 15) / 16 * 16;
}

static struct entry *entry_at(const struct lru *lru, uint32_t index)
{
    return (struct entry *)(void *)(lru->slab + (size_t)(index - 1) * lru->entry_size);
}

static uint32_t index_of(const struct lru *lru, const struct entry *entry)
{
    return (uint32_t)((size_t)((const uint8_t *)entry - lru->slab) / lru->entry_size) + 1;
}

static void *key_of(const struct lru *lru, const struct entry *entry)
{
    return (uint8_t *)entry + lru->key_offset;
}

static void *value_of(const struct lru *lru, const struct entry *entry)
{
    return (uint8_t *)entry + lru->value_offset;
}

static struct entry *entry_of_value(const struct lru *lru, const void *value)
{
    return (struct entry *)(void *)((uint8_t *)(uintptr_t)value - lru->value_offset);
}

static size_t slab_bytes(const struct lru *lru)
{
    return lru->options.max_entries * lru->entry_size;
}

struct lru *lru_new(const struct lru_options *options)
{
    assert(options->max_entries > 0 && options->key_size > 0);
    struct lru *lru = calloc(1, sizeof *lru);
    if (!lru)
        return NULL;
    lru->options = *options;
    lru->key = siphash_random_key();
    lru->key_offset = align16(sizeof(struct entry));
    lru->value_offset = lru->key_offset + align16(options->key_size);
    lru->entry_size = lru->value_offset + align16(options->value_size);
    uint32_t buckets = 16;
    while (buckets < options->max_entries && buckets < UINT32_C(1) << 31)
        buckets *= 2;
    lru->mask = buckets - 1;
    lru->buckets = calloc(buckets, sizeof *lru->buckets);
    lru->slab = large_new(slab_bytes(lru));
    if (!lru->buckets || !lru->slab) {
        free(lru->buckets);
        large_free(lru->slab, slab_bytes(lru));
        free(lru);
        return NULL;
    }
    return lru;
}

uint64_t lru_hash(const struct lru *lru, const void *key)
{
    return siphash13(&lru->key, bytes_over(key, lru->options.key_size));
}

void lru_prefetch_bucket(const struct lru *lru, uint64_t hash)
{
    __builtin_prefetch(&lru->buckets[hash & lru->mask]);
}

void lru_prefetch(const struct lru *lru, uint64_t hash)
{
    uint32_t index = lru->buckets[hash & lru->mask];
    if (index == 0)
        return;
    prefetch(entry_at(lru, index),
             lru->entry_size < PREFETCH_BYTES ? lru->entry_size : PREFETCH_BYTES);
}

const void *lru_likely(const struct lru *lru, uint64_t hash)
{
    uint32_t index = lru->buckets[hash & lru->mask];
    if (index == 0 || entry_at(lru, index)->hash != hash)
        return NULL;
    return value_of(lru, entry_at(lru, index));
}

static void unlink_use(struct lru *lru, struct entry *entry)
{
    if (entry->older)
        entry_at(lru, entry->older)->newer = entry->newer;
    else
        lru->oldest = entry->newer;
    if (entry->newer)
        entry_at(lru, entry->newer)->older = entry->older;
    else
        lru->newest = entry->older;
}

static void link_newest(struct lru *lru, struct entry *entry, uint64_t now_ns)
{
    uint32_t index = index_of(lru, entry);
    entry->used_ns = now_ns;
    entry->newer = 0;
    entry->older = lru->newest;
    if (lru->newest)
        entry_at(lru, lru->newest)->newer = index;
    else
        lru->oldest = index;
    lru->newest = index;
}

void *lru_find(struct lru *lru, uint64_t hash, const void *key, uint64_t now_ns)
{
    for (uint32_t i = lru->buckets[hash & lru->mask]; i != 0; i = entry_at(lru, i)->chain) {
        struct entry *entry = entry_at(lru, i);
        if (entry->hash != hash || memcmp(key_of(lru, entry), key, lru->options.key_size) != 0)
            continue;
        if (now_ns - entry->used_ns < lru->options.lazy_ns)
            return value_of(lru, entry);
        if (lru->newest != i) {
            unlink_use(lru, entry);
            link_newest(lru, entry, now_ns);
        } else {
            entry->used_ns = now_ns;
        }
        return value_of(lru, entry);
    }
    return NULL;
}

static void unlink_chain(struct lru *lru, struct entry *entry)
{
    uint32_t index = index_of(lru, entry);
    uint32_t *link = &lru->buckets[entry->hash & lru->mask];
    while (*link != index)
        link = &entry_at(lru, *link)->chain;
    *link = entry->chain;
}

void lru_remove(struct lru *lru, void *value)
{
    struct entry *entry = entry_of_value(lru, value);
    assert(entry->live);
    unlink_chain(lru, entry);
    unlink_use(lru, entry);
    explicit_bzero(key_of(lru, entry), lru->entry_size - lru->key_offset);
    entry->live = false;
    entry->chain = lru->free_list;
    lru->free_list = index_of(lru, entry);
    lru->count--;
}

static void give_up_oldest(struct lru *lru)
{
    struct entry *entry = entry_at(lru, lru->oldest);
    if (lru->options.evicted)
        lru->options.evicted(lru->options.arg, key_of(lru, entry), value_of(lru, entry));
    lru_remove(lru, value_of(lru, entry));
}

void *lru_add(struct lru *lru, uint64_t hash, const void *key, uint64_t now_ns)
{
    if (lru->count == lru->options.max_entries) {
        lru->evictions++;
        give_up_oldest(lru);
    }
    uint32_t index = lru->free_list;
    if (index != 0)
        lru->free_list = entry_at(lru, index)->chain;
    else
        index = ++lru->touched;
    struct entry *entry = entry_at(lru, index);
    entry->hash = hash;
    entry->live = true;
    memcpy(key_of(lru, entry), key, lru->options.key_size);
    uint32_t *bucket = &lru->buckets[hash & lru->mask];
    entry->chain = *bucket;
    *bucket = index;
    link_newest(lru, entry, now_ns);
    lru->count++;
    return value_of(lru, entry);
}

const void *lru_key(const struct lru *lru, const void *value)
{
    return key_of(lru, entry_of_value(lru, value));
}

void *lru_oldest(struct lru *lru)
{
    return lru->oldest ? value_of(lru, entry_at(lru, lru->oldest)) : NULL;
}

void *lru_newer(struct lru *lru, const void *value)
{
    uint32_t newer = entry_of_value(lru, value)->newer;
    return newer ? value_of(lru, entry_at(lru, newer)) : NULL;
}

void lru_expire(struct lru *lru, uint64_t now_ns)
{
    uint64_t idle_ns = lru->options.idle_ns;
    if (idle_ns == 0 || now_ns < idle_ns)
        return;
    /* Not used + idle <= now: that sum wraps for the wild times that a damaged capture may bear. */
    while (lru->oldest && entry_at(lru, lru->oldest)->used_ns <= now_ns - idle_ns)
        give_up_oldest(lru);
}

uint32_t lru_count(const struct lru *lru)
{
    return lru->count;
}

uint64_t lru_evictions(const struct lru *lru)
{
    return lru->evictions;
}

size_t lru_bytes(const struct lru *lru)
{
    return sizeof *lru + ((size_t)lru->mask + 1) * sizeof *lru->buckets +
           (size_t)lru->options.max_entries * lru->entry_size;
}

void lru_free(struct lru *lru)
{
    if (!lru)
        return;
    while (lru->oldest)
        give_up_oldest(lru);
    free(lru->buckets);
    large_free(lru->slab, slab_bytes(lru));
    free(lru);
}
