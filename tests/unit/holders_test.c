/* Who holds most. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "holders.h"

static void test_largest_first(void **state)
{
    struct holders all;
    struct holder small = { 0 }, middle = { 0 }, large = { 0 };
    (void)state;
    holders_init(&all);
    assert_null(holders_largest(&all));
    holder_changed(&all, &small, 1000); /* not worth a place */
    assert_null(holders_largest(&all));
    holder_changed(&all, &middle, 5000);
    holder_changed(&all, &large, 70000);
    assert_ptr_equal(holders_largest(&all), &large);
    holder_changed(&all, &large, -66000);
    holder_changed(&all, &middle, 3500); /* 8500 against 4000 */
    assert_ptr_equal(holders_largest(&all), &middle);
    holder_drop(&all, &middle);
    holder_drop(&all, &middle);
    assert_ptr_equal(holders_largest(&all), &large);
    holder_changed(&all, &large, -4000);
    assert_null(holders_largest(&all));
}

static void test_of_equals_the_one_that_was_first(void **state)
{
    struct holders all;
    struct holder holder[3];
    memset(holder, 0, sizeof holder);
    (void)state;
    holders_init(&all);
    for (int i = 0; i < 3; i++)
        holder_changed(&all, &holder[i], 4096);
    holder_changed(&all, &holder[0], 100); /* the same power of two: it keeps its place */
    assert_ptr_equal(holders_largest(&all), &holder[0]);
    holder_drop(&all, &holder[0]);
    assert_ptr_equal(holders_largest(&all), &holder[1]);
}

/* Against a search through all of them. */
static void test_agrees_with_a_search(void **state)
{
    enum { N = 64 };
    static struct holder holder[N];
    struct holders all;
    unsigned seed = 1;
    (void)state;
    holders_init(&all);
    for (int step = 0; step < 20000; step++) {
        seed = seed * 1103515245 + 12345;
        struct holder *one = &holder[seed >> 16 & (N - 1)];
        size_t to = (size_t)1 << (seed >> 24 & 15);
        holder_changed(&all, one, (ptrdiff_t)to - (ptrdiff_t)one->held);
        size_t most = 0;
        for (int i = 0; i < N; i++)
            most = holder[i].held > most ? holder[i].held : most;
        const struct holder *largest = holders_largest(&all);
        if (most < 1024)
            assert_null(largest);
        else
            assert_true(largest->held > most / 2);
    }
}

static void test_very_large(void **state)
{
    struct holders all;
    struct holder holder = { 0 };
    (void)state;
    holders_init(&all);
    holder_changed(&all, &holder, PTRDIFF_MAX);
    assert_ptr_equal(holders_largest(&all), &holder);
    holder_drop(&all, &holder);
    assert_null(holders_largest(&all));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_largest_first),
        cmocka_unit_test(test_of_equals_the_one_that_was_first),
        cmocka_unit_test(test_agrees_with_a_search),
        cmocka_unit_test(test_very_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
