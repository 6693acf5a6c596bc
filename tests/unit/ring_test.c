/* One writer, one reader: order, wrapping, fullness, closing. Runs under ThreadSanitizer too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "ring.h"

static void write_number(struct ring *ring, uint64_t number, size_t len)
{
    uint8_t *to = ring_reserve_wait(ring, len);
    assert_non_null(to);
    memset(to, (int)(number & 0x7F), len);
    memcpy(to, &number, len < 8 ? len : 8);
    ring_commit(ring);
}

static void wraps_and_fills(void **state)
{
    (void)state;
    struct doorbell bell;
    struct bytes record;
    doorbell_init(&bell);
    struct ring *ring = ring_new(4096, &bell);
    assert_false(ring_peek(ring, &record));
    assert_null(ring_reserve(ring, ring_largest_record(ring) + 1));
    assert_null(ring_reserve_wait(ring, ring_largest_record(ring) + 1));
    for (uint64_t lap = 0; lap < 1000; lap++) {
        uint64_t written = 0;
        size_t len = 8 + (size_t)(lap * 13 % 700);
        while (ring_reserve(ring, len)) {
            write_number(ring, lap * 1000 + written, len);
            written++;
        }
        assert_true(written >= 2);
        for (uint64_t i = 0; i < written; i++) {
            uint64_t number;
            assert_true(ring_peek(ring, &record));
            memcpy(&number, record.data, 8);
            assert_int_equal(record.len, len);
            assert_true(number == lap * 1000 + i);
            ring_release(ring);
        }
        assert_false(ring_peek(ring, &record));
    }
    ring_close(ring);
    assert_null(ring_reserve(ring, 8));
    assert_null(ring_reserve_wait(ring, 8));
    ring_free(ring);
    ring_free(NULL);
    doorbell_destroy(&bell);
}

#define RECORDS 200000

static void *writer(void *arg)
{
    for (uint64_t i = 0; i < RECORDS; i++)
        write_number(arg, i, 8 + i % 200);
    ring_wake(arg);
    return NULL;
}

static bool readable(void *arg)
{
    struct bytes record;
    return ring_peek(arg, &record);
}

static void two_threads_keep_order(void **state)
{
    (void)state;
    struct doorbell bell;
    struct bytes record;
    pthread_t thread;
    doorbell_init(&bell);
    struct ring *ring = ring_new(8192, &bell);
    assert_int_equal(pthread_create(&thread, NULL, writer, ring), 0);
    for (uint64_t i = 0; i < RECORDS; i++) {
        uint64_t number;
        while (!ring_peek(ring, &record))
            doorbell_wait(&bell, readable, ring, 1000);
        memcpy(&number, record.data, 8);
        assert_true(number == i && record.len == 8 + i % 200);
        ring_release(ring);
    }
    pthread_join(thread, NULL);
    ring_free(ring);
    doorbell_destroy(&bell);
}

static void *blocked_writer(void *arg)
{
    uint8_t *room;
    while ((room = ring_reserve_wait(arg, 512))) {
        memset(room, 0, 512);
        ring_commit(arg);
    }
    return NULL;
}

static void closing_frees_a_waiting_writer(void **state)
{
    (void)state;
    struct doorbell bell;
    pthread_t thread;
    doorbell_init(&bell);
    struct ring *ring = ring_new(4096, &bell);
    assert_int_equal(pthread_create(&thread, NULL, blocked_writer, ring), 0);
    doorbell_wait(&bell, readable, ring, 1000);
    ring_close(ring);
    pthread_join(thread, NULL);
    ring_free(ring);
    doorbell_destroy(&bell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wraps_and_fills),
        cmocka_unit_test(two_threads_keep_order),
        cmocka_unit_test(closing_frees_a_waiting_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
