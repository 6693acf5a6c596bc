/* Deadlines: exactly when, in order, and random operations against a naive model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deadlines.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

TEST(exactly_when_due)
{
    struct deadlines all;
    struct deadline a = { 0 };
    assert_true(deadlines_init(&all, 1));
    assert_null(deadlines_next(&all, UINT64_MAX));
    deadline_set(&all, &a, 100);
    assert_null(deadlines_next(&all, 99));
    assert_ptr_equal(deadlines_next(&all, 100), &a);
    assert_null(deadlines_next(&all, UINT64_MAX)); /* once */
    deadline_set(&all, &a, 0);
    assert_ptr_equal(deadlines_next(&all, 0), &a);
    deadline_set(&all, &a, UINT64_MAX);
    assert_null(deadlines_next(&all, UINT64_MAX - 1));
    assert_ptr_equal(deadlines_next(&all, UINT64_MAX), &a);
    deadlines_free(&all);
    deadlines_free(&all);
}

TEST(moved)
{
    struct deadlines all;
    struct deadline a = { 0 }, b = { 0 };
    assert_true(deadlines_init(&all, 2));
    deadline_set(&all, &a, 100);
    deadline_set(&all, &b, 150);
    deadline_set(&all, &a, 200); /* put off: the heap still has it at 100 */
    assert_null(deadlines_next(&all, 149));
    assert_ptr_equal(deadlines_next(&all, 150), &b);
    assert_null(deadlines_next(&all, 199));
    deadline_set(&all, &b, 300);
    deadline_set(&all, &b, 160); /* brought forward */
    assert_ptr_equal(deadlines_next(&all, 200), &b);
    assert_ptr_equal(deadlines_next(&all, 200), &a);
    assert_null(deadlines_next(&all, 1000));

    deadline_set(&all, &a, 10);
    deadline_set(&all, &a, 50);
    deadline_set(&all, &a, 30); /* between where the heap has it and where it was */
    assert_null(deadlines_next(&all, 29));
    assert_ptr_equal(deadlines_next(&all, 30), &a);
    deadlines_free(&all);
}

TEST(cancelled)
{
    struct deadlines all;
    struct deadline some[5];
    memset(some, 0, sizeof some);
    assert_true(deadlines_init(&all, 5));
    for (uint64_t i = 0; i < 5; i++)
        deadline_set(&all, &some[i], 10 * (i + 1));
    deadline_cancel(&all, &some[0]);
    deadline_cancel(&all, &some[2]);
    deadline_cancel(&all, &some[4]);
    deadline_cancel(&all, &some[4]);
    assert_ptr_equal(deadlines_next(&all, 100), &some[1]);
    assert_ptr_equal(deadlines_next(&all, 100), &some[3]);
    assert_null(deadlines_next(&all, 100));
    deadline_cancel(&all, &some[3]); /* already out */
    deadline_set(&all, &some[0], 7);
    assert_ptr_equal(deadlines_next(&all, 100), &some[0]);
    deadlines_free(&all);
}

#define THINGS  300
#define NOT_SET UINT64_MAX

TEST(against_a_model)
{
    static struct deadline things[THINGS];
    static uint64_t due[THINGS];
    struct deadlines all;
    uint64_t now = 0, seed = 4711, fired = 0, postponed = 0;
    assert_true(deadlines_init(&all, THINGS));
    for (size_t i = 0; i < THINGS; i++)
        due[i] = NOT_SET;
    for (unsigned step = 0; step < 100000; step++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        size_t i = (size_t)(seed >> 33) % THINGS;
        unsigned choice = (unsigned)(seed >> 45) % 16;
        if (choice == 0) {
            deadline_cancel(&all, &things[i]);
            due[i] = NOT_SET;
        } else if (choice < 13) {
            uint64_t when = now + (seed >> 50) % 2000;
            postponed += due[i] != NOT_SET && when > due[i];
            due[i] = when;
            deadline_set(&all, &things[i], when);
        } else {
            now += (seed >> 50) % 40;
            uint64_t before = 0;
            for (const struct deadline *next; (next = deadlines_next(&all, now)) != NULL; fired++) {
                size_t which = (size_t)(next - things);
                assert_true(due[which] != NOT_SET && due[which] <= now);
                assert_true(next->due_ns == due[which] && due[which] >= before);
                before = due[which];
                due[which] = NOT_SET;
            }
            for (size_t k = 0; k < THINGS; k++)
                assert_true(due[k] > now); /* none was forgotten */
        }
    }
    assert_true(fired > 1000 && postponed > 1000);
    deadlines_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_when_due),
        cmocka_unit_test(moved),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(against_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
