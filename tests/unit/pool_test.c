/* A budget of bytes at its edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pool.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static void assert_pool(const struct pool *pool, size_t used, size_t peak, uint64_t refused)
{
    assert_int_equal(pool->used, used);
    assert_int_equal(pool->peak, peak);
    assert_int_equal(pool->refused, refused);
}

TEST(up_to_the_limit)
{
    struct pool pool;
    pool_init(&pool, 100);
    assert_pool(&pool, 0, 0, 0);
    assert_true(pool_take(&pool, 0));
    assert_true(pool_take(&pool, 60));
    assert_false(pool_take(&pool, 41));
    assert_pool(&pool, 60, 60, 1);
    assert_true(pool_take(&pool, 40));
    assert_true(pool_take(&pool, 0));
    assert_false(pool_take(&pool, 1));
    assert_pool(&pool, 100, 100, 2);
    pool_give(&pool, 70);
    assert_true(pool_take(&pool, 20));
    assert_pool(&pool, 50, 100, 2);
    pool_give(&pool, 50);
    pool_give(&pool, 0);
    assert_pool(&pool, 0, 100, 2);
}

TEST(no_sum_wraps)
{
    struct pool pool;
    pool_init(&pool, SIZE_MAX);
    assert_true(pool_take(&pool, 1));
    assert_false(pool_take(&pool, SIZE_MAX));
    assert_true(pool_take(&pool, SIZE_MAX - 1));
    assert_false(pool_take(&pool, 1));
    pool_give(&pool, SIZE_MAX);
    assert_pool(&pool, 0, SIZE_MAX, 2);
}

TEST(nothing_to_give)
{
    struct pool pool;
    pool_init(&pool, 0);
    assert_true(pool_take(&pool, 0));
    assert_false(pool_take(&pool, 1));
    assert_pool(&pool, 0, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(up_to_the_limit),
        cmocka_unit_test(no_sum_wraps),
        cmocka_unit_test(nothing_to_give),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
