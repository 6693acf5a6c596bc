/* The table against a naive model: what is found, what is given up, in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lru.h"

#define ENTRIES 50

struct log {
    uint64_t key[100];
    size_t count;
};

static void evicted(void *arg, const void *key, void *value)
{
    struct log *log = arg;
    (void)value;
    memcpy(&log->key[log->count++], key, sizeof(uint64_t));
}

static uint64_t *find(struct lru *lru, uint64_t key, uint64_t now)
{
    return lru_find(lru, lru_hash(lru, &key), &key, now);
}

static uint64_t *add(struct lru *lru, uint64_t key, uint64_t now)
{
    return lru_add(lru, lru_hash(lru, &key), &key, now);
}

static void gives_up_the_least_recently_used(void **state)
{
    (void)state;
    struct log log = { .count = 0 };
    struct lru *lru = lru_new(&(struct lru_options){
        .key_size = 8, .value_size = 8, .max_entries = 3, .idle_ns = 100, .evicted = evicted, .arg = &log });
    for (uint64_t key = 1; key <= 3; key++)
        *add(lru, key, key) = key * 10;
    assert_int_equal(*find(lru, 1, 4), 10);
    assert_int_equal(*add(lru, 4, 5), 0); /* zeroed */
    assert_int_equal(log.count, 1);
    assert_int_equal(log.key[0], 2);
    assert_int_equal(lru_evictions(lru), 1);
    assert_null(find(lru, 2, 6));
    lru_expire(lru, 102);
    assert_int_equal(log.count, 1);
    lru_expire(lru, 103);
    assert_int_equal(log.key[1], 3);
    assert_int_equal(lru_count(lru), 2);
    assert_true(*(const uint64_t *)lru_key(lru, lru_oldest(lru)) == 1);
    lru_remove(lru, find(lru, 1, 104));
    assert_int_equal(log.count, 2); /* removing is not giving up */
    lru_free(lru);
    assert_int_equal(log.key[2], 4);
    lru_free(NULL);
}

struct model {
    uint64_t key[ENTRIES], value[ENTRIES], used[ENTRIES];
    size_t count;
};

static size_t place(const struct model *model, uint64_t key)
{
    size_t i = 0;
    while (i < model->count && model->key[i] != key)
        i++;
    return i;
}

static void forget(struct model *model, size_t i)
{
    model->count--;
    model->key[i] = model->key[model->count];
    model->value[i] = model->value[model->count];
    model->used[i] = model->used[model->count];
}

static void model_add(struct model *model, uint64_t key, uint64_t value, uint64_t now)
{
    if (model->count == ENTRIES) {
        size_t oldest = 0;
        for (size_t i = 1; i < model->count; i++)
            oldest = model->used[i] < model->used[oldest] ? i : oldest;
        forget(model, oldest);
    }
    model->key[model->count] = key;
    model->value[model->count] = value;
    model->used[model->count++] = now;
}

static void behaves_like_the_model(void **state)
{
    (void)state;
    struct model model = { .count = 0 };
    struct lru *lru = lru_new(&(struct lru_options){ .key_size = 8, .value_size = 8, .max_entries = ENTRIES });
    uint64_t random = 88172645463325252U;
    for (uint64_t now = 1; now < 50000; now++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        uint64_t key = random % 120;
        size_t i = place(&model, key);
        uint64_t *value = find(lru, key, now);
        assert_int_equal(value != NULL, i < model.count);
        if (!value) {
            *add(lru, key, now) = random;
            model_add(&model, key, random, now);
        } else if (random % 7 == 0) {
            lru_remove(lru, value);
            forget(&model, i);
        } else {
            assert_true(*value == model.value[i]);
            model.used[i] = now;
        }
        assert_int_equal(lru_count(lru), model.count);
    }
    size_t walked = 0;
    for (void *value = lru_oldest(lru); value; value = lru_newer(lru, value))
        walked++;
    assert_int_equal(walked, model.count);
    lru_free(lru);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_up_the_least_recently_used),
        cmocka_unit_test(behaves_like_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
