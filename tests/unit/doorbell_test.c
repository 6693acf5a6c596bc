/* The doorbell: nobody oversleeps, and nobody sleeps when there is something to do. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "doorbell.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static bool always(void *arg)
{
    (void)arg;
    return true;
}

TEST(ready_does_not_sleep)
{
    struct doorbell bell;
    doorbell_init(&bell);
    uint64_t start = now_ms();
    doorbell_wait(&bell, always, NULL, 60000);
    assert_true(now_ms() - start < 30000);
    doorbell_destroy(&bell);
}

TEST(sleeps_no_longer_than_told)
{
    struct doorbell bell;
    doorbell_init(&bell);
    uint64_t start = now_ms();
    doorbell_wait(&bell, never, NULL, 30);
    uint64_t slept = now_ms() - start;
    assert_true(slept >= 29 && slept < 10000);
    doorbell_wait(&bell, never, NULL, 0);
    doorbell_wait(&bell, never, NULL, 999); /* tv_nsec must carry over */
    assert_true(now_ms() - start < 20000);
    doorbell_destroy(&bell);
}

/* Ringing while nobody sleeps is not remembered: who is awake looks by itself. */
TEST(an_earlier_ring_does_not_count)
{
    struct doorbell bell;
    doorbell_init(&bell);
    doorbell_ring(&bell);
    uint64_t start = now_ms();
    doorbell_wait(&bell, never, NULL, 30);
    assert_true(now_ms() - start >= 29);
    doorbell_destroy(&bell);
}

/* Two threads hand a number back and forth. A lost wake-up would cost a timeout of ten seconds,
 * many of them the time limit of the test. */
#define TURNS 20000

struct table {
    struct doorbell bell[2];
    atomic_uint turn; /* even: thread 0 is next */
};

struct player {
    struct table *table;
    unsigned side;
};

static bool my_turn(void *arg)
{
    const struct player *me = arg;
    return atomic_load(&me->table->turn) % 2 == me->side;
}

static void *play(void *arg)
{
    struct player *me = arg;
    for (unsigned i = 0; i < TURNS; i++) {
        while (!my_turn(me))
            doorbell_wait(&me->table->bell[me->side], my_turn, me, 10000);
        atomic_fetch_add(&me->table->turn, 1);
        doorbell_ring(&me->table->bell[1 - me->side]);
    }
    return NULL;
}

TEST(no_wake_up_is_lost)
{
    static struct table table;
    struct player players[2] = { { &table, 0 }, { &table, 1 } };
    pthread_t threads[2];
    doorbell_init(&table.bell[0]);
    doorbell_init(&table.bell[1]);
    uint64_t start = now_ms();
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, play, &players[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&table.turn), 2 * TURNS);
    assert_true(now_ms() - start < 60000);
    doorbell_destroy(&table.bell[0]);
    doorbell_destroy(&table.bell[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ready_does_not_sleep),
        cmocka_unit_test(sleeps_no_longer_than_told),
        cmocka_unit_test(an_earlier_ring_does_not_count),
        cmocka_unit_test(no_wake_up_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
