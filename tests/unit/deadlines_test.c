/* Deadlines against a naive model: exact, in order, lazily postponed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deadlines.h"

#define THINGS 200

static void behaves_like_the_model(void **state)
{
    (void)state;
    struct deadlines all;
    struct deadline thing[THINGS] = { 0 };
    uint64_t due[THINGS] = { 0 }; /* 0: not set */
    uint64_t random = 88172645463325252U, now = 1;
    assert_true(deadlines_init(&all, THINGS));
    for (int step = 0; step < 100000; step++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        size_t i = random % THINGS;
        if (random % 5 == 0) {
            deadline_cancel(&all, &thing[i]);
            due[i] = 0;
        } else {
            due[i] = now + random % 1000 + 1;
            deadline_set(&all, &thing[i], due[i]);
        }
        now += random % 9;
        uint64_t last = 0;
        for (struct deadline *next; (next = deadlines_next(&all, now));) {
            size_t k = (size_t)(next - thing);
            assert_true(due[k] != 0 && due[k] <= now && due[k] == next->due_ns);
            assert_true(due[k] >= last);
            last = due[k];
            due[k] = 0;
        }
        for (size_t k = 0; k < THINGS; k++)
            assert_true(due[k] == 0 || due[k] > now);
    }
    deadlines_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(behaves_like_the_model) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
