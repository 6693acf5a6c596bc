/* The bounded table: eviction order, expiry, reuse, and random operations against a naive model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lru.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

struct value {
    uint64_t number;
    uint8_t rest[40];
};

/* What was given up, in order. */
struct log {
    uint32_t keys[64];
    uint64_t values[64];
    size_t count;
};

static void note(void *arg, const void *key, void *value)
{
    struct log *log = arg;
    assert_true(log->count < 64);
    memcpy(&log->keys[log->count], key, sizeof log->keys[0]);
    log->values[log->count++] = ((struct value *)value)->number;
}

static struct lru *new_table(uint32_t max, uint64_t idle_ns, struct log *log)
{
    struct lru *lru = lru_new(&(struct lru_options){
        .key_size = sizeof(uint32_t),
        .value_size = sizeof(struct value),
        .max_entries = max,
        .idle_ns = idle_ns,
        .evicted = log ? note : NULL,
        .arg = log,
    });
    assert_non_null(lru);
    return lru;
}

static struct value *find(struct lru *lru, uint32_t key, uint64_t now_ns)
{
    return lru_find(lru, lru_hash(lru, &key), &key, now_ns);
}

static struct value *add(struct lru *lru, uint32_t key, uint64_t now_ns)
{
    struct value *value = lru_add(lru, lru_hash(lru, &key), &key, now_ns);
    assert_non_null(value);
    static const struct value zero;
    assert_memory_equal(value, &zero, sizeof zero);
    value->number = key * UINT64_C(10);
    memset(value->rest, 0xEE,
           sizeof value->rest); /* so that a slot used again shows what was left in it */
    return value;
}

static void assert_order(struct lru *lru, const uint32_t *keys, size_t count)
{
    const void *value = lru_oldest(lru);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(value);
        assert_memory_equal(lru_key(lru, value), &keys[i], sizeof keys[i]);
        value = lru_newer(lru, value);
    }
    assert_null(value);
    assert_int_equal(lru_count(lru), count);
}

#define ASSERT_ORDER(lru, ...)                                                                     \
    assert_order(lru, (const uint32_t[]){ __VA_ARGS__ },                                           \
                 sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

TEST(empty)
{
    struct lru *lru = new_table(4, 1, NULL);
    assert_null(find(lru, 1, 0));
    assert_null(lru_oldest(lru));
    assert_int_equal(lru_count(lru), 0);
    uint32_t key = 7;
    lru_prefetch_bucket(lru, lru_hash(lru, &key));
    lru_prefetch(lru, lru_hash(lru, &key));
    lru_expire(lru, UINT64_MAX);
    lru_free(lru);
    lru_free(NULL);
}

TEST(least_recently_used_goes)
{
    struct log log = { .count = 0 };
    struct lru *lru = new_table(3, 0, &log);
    add(lru, 1, 10);
    add(lru, 2, 11);
    add(lru, 3, 12);
    ASSERT_ORDER(lru, 1, 2, 3);
    assert_int_equal(find(lru, 1, 13)->number, 10);
    ASSERT_ORDER(lru, 2, 3, 1);
    assert_int_equal(find(lru, 3, 14)->number, 30); /* from the middle */
    ASSERT_ORDER(lru, 2, 1, 3);
    assert_int_equal(find(lru, 3, 15)->number, 30); /* the newest stays the newest */
    ASSERT_ORDER(lru, 2, 1, 3);
    assert_true(lru_evictions(lru) == 0);
    add(lru, 4, 16);
    ASSERT_ORDER(lru, 1, 3, 4);
    assert_int_equal(log.count, 1);
    assert_int_equal(log.keys[0], 2);
    assert_int_equal(log.values[0], 20);
    assert_true(lru_evictions(lru) == 1);
    assert_null(find(lru, 2, 17));
    lru_free(lru); /* gives up the rest, oldest first */
    assert_int_equal(log.count, 4);
    assert_int_equal(log.keys[1], 1);
    assert_int_equal(log.keys[2], 3);
    assert_int_equal(log.keys[3], 4);
}

TEST(one_entry)
{
    struct lru *lru = new_table(1, 0, NULL);
    for (uint32_t key = 0; key < 100; key++) {
        add(lru, key, key);
        ASSERT_ORDER(lru, key);
        assert_non_null(find(lru, key, key));
        assert_null(find(lru, key + 1, key));
    }
    assert_true(lru_evictions(lru) == 99);
    lru_free(lru);
}

TEST(expiry)
{
    struct log log = { .count = 0 };
    struct lru *lru = new_table(8, 100, &log);
    add(lru, 1, 1000);
    add(lru, 2, 1050);
    add(lru, 3, 1060);
    lru_expire(lru, 1099);
    assert_int_equal(log.count, 0);
    find(lru, 1, 1099); /* being found is use, also of the newest */
    find(lru, 1, 1100);
    lru_expire(lru, 1149);
    assert_int_equal(log.count, 0);
    lru_expire(lru, 1150);
    ASSERT_ORDER(lru, 3, 1);
    lru_expire(lru, 1199);
    ASSERT_ORDER(lru, 1);
    lru_expire(lru, 1200);
    assert_int_equal(lru_count(lru), 0);
    assert_int_equal(log.count, 3);
    assert_int_equal(log.keys[0], 2);
    assert_int_equal(log.keys[2], 1);
    assert_true(lru_evictions(lru) == 0); /* not because it was full */
    lru_free(lru);
}

/* Captures may bear any time, the clock may even step back: nothing expires before its age. */
TEST(expiry_at_the_end_of_time)
{
    struct lru *lru = new_table(8, 100, NULL);
    add(lru, 1, UINT64_MAX - 50);
    lru_expire(lru, UINT64_MAX - 40);
    assert_int_equal(lru_count(lru), 1);
    lru_expire(lru, UINT64_MAX);
    assert_int_equal(lru_count(lru), 1);
    lru_expire(lru, 0);
    assert_int_equal(lru_count(lru), 1);
    add(lru, 2, 1000);
    lru_expire(lru, 500);
    assert_int_equal(lru_count(lru), 2);
    lru_free(lru);
}

/* With lazy_ns a use so soon after the last one that counted changes nothing. */
TEST(lazy_use)
{
    struct log log = { .count = 0 };
    struct lru *lru = lru_new(&(struct lru_options){ .key_size = sizeof(uint32_t),
                                                     .value_size = sizeof(struct value),
                                                     .max_entries = 2,
                                                     .lazy_ns = 100,
                                                     .evicted = note,
                                                     .arg = &log });
    add(lru, 1, 1000);
    add(lru, 2, 1010);
    assert_non_null(find(lru, 1, 1099)); /* keeps its place */
    add(lru, 3, 1100);
    assert_int_equal(log.keys[0], 1);
    assert_non_null(find(lru, 2, 1110)); /* counts: 100 after it came */
    add(lru, 4, 1120);
    assert_int_equal(log.keys[1], 3);
    lru_free(lru);
}

TEST(likely_is_a_hint_and_no_use)
{
    struct log log = { .count = 0 };
    struct lru *lru = new_table(2, 0, &log);
    uint32_t key = 1, absent = 9;
    assert_null(lru_likely(lru, lru_hash(lru, &key)));
    add(lru, 1, 10);
    add(lru, 2, 20);
    const struct value *value = lru_likely(lru, lru_hash(lru, &key));
    assert_true(!value || value->number == 10); /* another may stand before it in its bucket */
    assert_null(lru_likely(lru, lru_hash(lru, &absent)));
    add(lru, 3, 30);
    assert_int_equal(log.keys[0], 1);
    lru_free(lru);
}

TEST(never_expires)
{
    struct lru *lru = new_table(8, 0, NULL);
    add(lru, 1, 0);
    lru_expire(lru, UINT64_MAX);
    assert_int_equal(lru_count(lru), 1);
    lru_free(lru);
}

TEST(removed_slots_are_used_again)
{
    struct log log = { .count = 0 };
    struct lru *lru = new_table(4, 0, &log);
    struct value *values[4];
    for (uint32_t i = 0; i < 4; i++)
        values[i] = add(lru, i, i);
    lru_remove(lru, values[1]); /* middle */
    lru_remove(lru, values[0]); /* oldest */
    lru_remove(lru, values[3]); /* newest */
    ASSERT_ORDER(lru, 2);
    assert_null(find(lru, 0, 9));
    assert_null(find(lru, 1, 9));
    assert_non_null(find(lru, 2, 9));
    assert_int_equal(log.count, 0); /* a removed one is not given up */
    for (uint32_t i = 10; i < 13; i++) {
        const struct value *value = add(lru, i, i);
        assert_true(value == values[0] || value == values[1] || value == values[3]);
    }
    ASSERT_ORDER(lru, 2, 10, 11, 12);
    assert_true(lru_evictions(lru) == 0);
    lru_free(lru);
}

TEST(values_do_not_move)
{
    enum { MAX = 5000 };
    static struct value *values[MAX];
    struct lru *lru = new_table(MAX, 0, NULL);
    size_t bytes = lru_bytes(lru);
    assert_true(bytes >= MAX * (sizeof(struct value) + sizeof(uint32_t)));
    for (uint32_t i = 0; i < MAX; i++)
        values[i] = add(lru, i, i);
    assert_int_equal(lru_count(lru), MAX);
    assert_true(lru_evictions(lru) == 0);
    for (uint32_t i = 0; i < MAX; i++) {
        uint32_t key = i;
        lru_prefetch_bucket(lru, lru_hash(lru, &key));
        lru_prefetch(lru, lru_hash(lru, &key));
        assert_ptr_equal(find(lru, i, MAX), values[i]);
        assert_true(values[i]->number == i * UINT64_C(10));
        assert_int_equal((uintptr_t)values[i] % 16, 0); /* any type may lie there */
    }
    assert_int_equal(lru_bytes(lru), bytes);
    lru_free(lru);
}

/* Keys of odd sizes end where they end: the table reads no byte behind them. */
TEST(keys_of_any_size)
{
    for (size_t size = 1; size <= 40; size++) {
        struct lru *lru =
            lru_new(&(struct lru_options){ .key_size = size, .value_size = 1, .max_entries = 8 });
        uint8_t *key = malloc(size);
        assert_non_null(lru);
        assert_non_null(key);
        memset(key, 0xAA, size);
        uint8_t *value = lru_add(lru, lru_hash(lru, key), key, 0);
        assert_ptr_equal(lru_find(lru, lru_hash(lru, key), key, 0), value);
        assert_memory_equal(lru_key(lru, value), key, size);
        key[size - 1] ^= 1;
        assert_null(lru_find(lru, lru_hash(lru, key), key, 0));
        free(key);
        lru_free(lru);
    }
}

/* Equal hashes: only the key tells. */
TEST(colliding_hashes)
{
    struct lru *lru = new_table(8, 0, NULL);
    uint32_t keys[6] = { 1, 2, 3, 4, 5, 6 };
    void *values[6];
    for (size_t i = 0; i < 6; i++)
        values[i] = lru_add(lru, 42, &keys[i], 0);
    for (size_t i = 0; i < 6; i++)
        assert_ptr_equal(lru_find(lru, 42, &keys[i], 0), values[i]);
    lru_remove(lru, values[2]);
    lru_remove(lru, values[5]);
    lru_remove(lru, values[0]);
    for (size_t i = 0; i < 6; i++)
        assert_ptr_equal(lru_find(lru, 42, &keys[i], 0),
                         i == 2 || i == 5 || i == 0 ? NULL : values[i]);
    lru_free(lru);
}

/* The model: an array, oldest first, searched from end to end. */
#define MODEL_MAX  37
#define MODEL_IDLE 400

static struct {
    uint32_t key;
    uint64_t number, used_ns;
} model[MODEL_MAX];
static size_t model_count;
static uint64_t model_evicted;

static void model_drop(size_t i)
{
    memmove(&model[i], &model[i + 1], (model_count - i - 1) * sizeof model[0]);
    model_count--;
}

static size_t model_find(uint32_t key)
{
    for (size_t i = 0; i < model_count; i++) {
        if (model[i].key == key)
            return i;
    }
    return SIZE_MAX;
}

static void model_use(size_t i, uint64_t now)
{
    uint32_t key = model[i].key;
    uint64_t number = model[i].number;
    model_drop(i);
    model[model_count].key = key;
    model[model_count].number = number;
    model[model_count++].used_ns = now;
}

static void model_gives_up(void *arg, const void *key, void *value)
{
    (void)arg;
    assert_true(model_count > 0);
    assert_memory_equal(key, &model[0].key, sizeof model[0].key);
    assert_true(((struct value *)value)->number == model[0].number);
    model_drop(0);
    model_evicted++;
}

TEST(against_a_model)
{
    struct lru *lru = lru_new(&(struct lru_options){ .key_size = sizeof(uint32_t),
                                                     .value_size = sizeof(struct value),
                                                     .max_entries = MODEL_MAX,
                                                     .idle_ns = MODEL_IDLE,
                                                     .evicted = model_gives_up });
    assert_non_null(lru);
    uint64_t now = 1, seed = 20261124;
    for (unsigned i = 0; i < 200000; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        uint32_t key = (uint32_t)(seed >> 33) % 60, choice = (uint32_t)(seed >> 40) % 100;
        now += (seed >> 50) % 8;
        size_t at = model_find(key);
        struct value *value = find(lru, key, now);
        assert_int_equal(value != NULL, at != SIZE_MAX);
        if (value) {
            assert_true(value->number == model[at].number);
            model_use(at, now);
            if (choice < 30) {
                lru_remove(lru, value);
                model_drop(model_count - 1);
            }
        } else if (choice < 80) {
            value = add(lru, key, now);
            value->number = i;
            model[model_count].key = key;
            model[model_count].number = i;
            model[model_count++].used_ns = now;
        }
        if (choice == 99) {
            now += (seed >> 56) * 2;
            lru_expire(lru, now);
            assert_true(model_count == 0 || now - model[0].used_ns < MODEL_IDLE);
        }
        assert_int_equal(lru_count(lru), model_count);
        if (i % 16 == 0) {
            const void *entry = lru_oldest(lru);
            for (size_t k = 0; k < model_count; k++, entry = lru_newer(lru, entry))
                assert_memory_equal(lru_key(lru, entry), &model[k].key, sizeof model[k].key);
            assert_null(entry);
        }
    }
    assert_true(lru_evictions(lru) > 1000);
    assert_true(model_evicted > lru_evictions(lru)); /* some by age */
    lru_free(lru);
    assert_int_equal(model_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),
        cmocka_unit_test(least_recently_used_goes),
        cmocka_unit_test(one_entry),
        cmocka_unit_test(expiry),
        cmocka_unit_test(expiry_at_the_end_of_time),
        cmocka_unit_test(lazy_use),
        cmocka_unit_test(likely_is_a_hint_and_no_use),
        cmocka_unit_test(never_expires),
        cmocka_unit_test(removed_slots_are_used_again),
        cmocka_unit_test(values_do_not_move),
        cmocka_unit_test(keys_of_any_size),
        cmocka_unit_test(colliding_hashes),
        cmocka_unit_test(against_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
