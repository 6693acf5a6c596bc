/* The ring: order, wrapping, its largest record, a writer that waits, a reader that leaves, and two
 * threads. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "ring.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static void fill(uint8_t *to, size_t len, uint32_t number)
{
    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)(number * 31 + i);
}

static void assert_record(struct bytes record, size_t len, uint32_t number)
{
    assert_int_equal(record.len, len);
    for (size_t i = 0; i < len; i++) {
        if (record.data[i] != (uint8_t)(number * 31 + i))
            fail_msg("record %u differs at byte %zu", number, i);
    }
}

static bool push(struct ring *ring, size_t len, uint32_t number)
{
    uint8_t *to = ring_reserve(ring, len);
    if (!to)
        return false;
    fill(to, len, number);
    ring_commit(ring);
    return true;
}

static void expect(struct ring *ring, size_t len, uint32_t number)
{
    struct bytes record;
    assert_true(ring_peek(ring, &record));
    assert_record(record, len, number);
    assert_true(ring_peek(ring, &record)); /* looking twice shows the same */
    assert_record(record, len, number);
    ring_release(ring);
}

TEST(one_after_the_other)
{
    struct doorbell bell;
    struct bytes record;
    doorbell_init(&bell);
    struct ring *ring = ring_new(4096, &bell);
    assert_non_null(ring);
    assert_false(ring_peek(ring, &record));
    assert_true(push(ring, 10, 1));
    assert_true(push(ring, 0, 2));
    assert_true(push(ring, 7, 3));
    expect(ring, 10, 1);
    expect(ring, 0, 2);
    expect(ring, 7, 3);
    assert_false(ring_peek(ring, &record));
    ring_free(ring);
    ring_free(NULL);
    doorbell_destroy(&bell);
}

TEST(seen_when_committed)
{
    struct doorbell bell;
    struct bytes record;
    doorbell_init(&bell);
    struct ring *ring = ring_new(1, &bell); /* rounded up */
    assert_true(ring_largest_record(ring) >= 1024);
    uint8_t *to = ring_reserve(ring, 5);
    assert_non_null(to);
    assert_false(ring_peek(ring, &record));
    to = ring_reserve(ring, 3); /* thinking again is allowed */
    fill(to, 3, 9);
    ring_commit(ring);
    expect(ring, 3, 9);
    assert_false(ring_peek(ring, &record));
    ring_free(ring);
    doorbell_destroy(&bell);
}

TEST(largest_record)
{
    struct doorbell bell;
    doorbell_init(&bell);
    struct ring *ring = ring_new(5000, &bell);
    size_t largest = ring_largest_record(ring);
    assert_int_equal(largest, 2048); /* a quarter of 8192 */
    assert_null(ring_reserve(ring, largest + 1));
    assert_null(ring_reserve(ring, SIZE_MAX));
    assert_null(ring_reserve_wait(ring, largest + 1)); /* does not wait for what can never be */
    /* It always fits into an empty ring, wherever the ring stands. */
    for (uint32_t i = 0; i < 3000; i++) {
        assert_true(push(ring, largest, i));
        expect(ring, largest, i);
        assert_true(push(ring, i % 13, i)); /* moves on by a few words */
        expect(ring, i % 13, i);
    }
    ring_free(ring);
    doorbell_destroy(&bell);
}

/* Fills the ring to the brim at every place, with records of every length, and empties it. */
TEST(full_and_empty_again)
{
    struct doorbell bell;
    struct bytes record;
    doorbell_init(&bell);
    struct ring *ring = ring_new(4096, &bell);
    for (size_t len = 0; len <= 1024; len++) {
        uint32_t count = 0;
        while (push(ring, len, count))
            count++;
        size_t stride = (8 + len + 7) / 8 * 8;
        assert_true(count * stride <= 4096);
        assert_true((count + 2) * stride >
                    4096 + 8); /* lost: less than a record, twice if a lap ends on the way */
        for (uint32_t i = 0; i < count; i++)
            expect(ring, len, i);
        assert_false(ring_peek(ring, &record));
    }
    ring_free(ring);
    doorbell_destroy(&bell);
}

/* Random pushes and pulls of one thread against a queue of lengths. */
TEST(against_a_model)
{
    enum { QUEUE = 4096 };
    static size_t lengths[QUEUE];
    uint32_t pushed = 0, pulled = 0, refused = 0;
    uint64_t seed = 99;
    struct doorbell bell;
    struct bytes record;
    doorbell_init(&bell);
    struct ring *ring = ring_new(4096, &bell);
    for (unsigned i = 0; i < 300000; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        size_t len = (size_t)(seed >> 33) % (seed >> 63 ? 1025 : 40);
        bool drain = i / 1000 % 2; /* now more writing, now more reading */
        if ((seed >> 45) % 8 < (drain ? 2 : 6)) {
            if (push(ring, len, pushed))
                lengths[pushed++ % QUEUE] = len;
            else
                refused++;
        } else if (pulled < pushed) {
            expect(ring, lengths[pulled % QUEUE], pulled);
            pulled++;
        } else {
            assert_false(ring_peek(ring, &record));
        }
    }
    assert_true(refused > 1000 && pulled > 10000);
    ring_free(ring);
    doorbell_destroy(&bell);
}

struct pipe {
    struct doorbell bell;
    struct ring *ring;
    uint32_t count;
    bool waits; /* the writer: else it tries again and again */
    atomic_bool done;
    atomic_bool gave_up;
};

static size_t length_of(uint32_t number)
{
    return number % 1009 == 0 ? 1024 : number * 7 % 61;
}

static void *writer(void *arg)
{
    struct pipe *pipe = arg;
    for (uint32_t i = 0; i < pipe->count; i++) {
        size_t len = length_of(i);
        uint8_t *to =
            pipe->waits ? ring_reserve_wait(pipe->ring, len) : ring_reserve(pipe->ring, len);
        if (!to && pipe->waits) {
            atomic_store(&pipe->gave_up, true);
            break;
        }
        while (!to) {
            ring_wake(pipe->ring);
            to = ring_reserve(pipe->ring, len);
        }
        fill(to, len, i);
        ring_commit(pipe->ring);
    }
    atomic_store(&pipe->done, true);
    ring_wake(pipe->ring);
    return NULL;
}

static bool something_to_read(void *arg)
{
    struct pipe *pipe = arg;
    struct bytes record;
    return ring_peek(pipe->ring, &record) || atomic_load(&pipe->done);
}

static void through_the_pipe(uint32_t count, bool waits)
{
    struct pipe pipe = { .count = count, .waits = waits };
    pthread_t thread;
    struct bytes record;
    doorbell_init(&pipe.bell);
    pipe.ring = ring_new(16384, &pipe.bell);
    assert_int_equal(pthread_create(&thread, NULL, writer, &pipe), 0);
    for (uint32_t i = 0; i < count;) {
        if (!ring_peek(pipe.ring, &record)) {
            doorbell_wait(&pipe.bell, something_to_read, &pipe, 1000);
            continue;
        }
        assert_record(record, length_of(i), i);
        ring_release(pipe.ring);
        i++;
    }
    pthread_join(thread, NULL);
    assert_false(ring_peek(pipe.ring, &record));
    assert_false(atomic_load(&pipe.gave_up));
    ring_free(pipe.ring);
    doorbell_destroy(&pipe.bell);
}

TEST(a_million_records_waiting)
{
    through_the_pipe(1000000, true);
}

TEST(a_hundred_thousand_records_trying)
{
    through_the_pipe(100000, false);
}

static void nap(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
}

/* The reader is late, then leaves: the writer that waits for it gives up. */
TEST(the_reader_leaves)
{
    struct pipe pipe = { .count = 1000000, .waits = true };
    pthread_t thread;
    doorbell_init(&pipe.bell);
    pipe.ring = ring_new(4096, &pipe.bell);
    assert_int_equal(pthread_create(&thread, NULL, writer, &pipe), 0);
    nap();
    for (uint32_t i = 0; i < 10; i++) {
        struct bytes record;
        while (!ring_peek(pipe.ring, &record)) {
        }
        assert_record(record, length_of(i), i);
        ring_release(pipe.ring);
    }
    nap();
    ring_close(pipe.ring);
    pthread_join(thread, NULL);
    assert_true(atomic_load(&pipe.gave_up));
    assert_null(ring_reserve(pipe.ring, 1));
    assert_null(ring_reserve_wait(pipe.ring, 1));
    ring_free(pipe.ring);
    doorbell_destroy(&pipe.bell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_after_the_other),
        cmocka_unit_test(seen_when_committed),
        cmocka_unit_test(largest_record),
        cmocka_unit_test(full_and_empty_again),
        cmocka_unit_test(against_a_model),
        cmocka_unit_test(a_million_records_waiting),
        cmocka_unit_test(a_hundred_thousand_records_trying),
        cmocka_unit_test(the_reader_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
