/* Growth up to the maximum, the budget, wiping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buffer.h"

static void grows_to_its_maximum_and_no_further(void **state)
{
    (void)state;
    struct pool pool;
    struct buffer buffer;
    pool_init(&pool, 10000);
    buffer_init(&buffer, 1000, &pool);
    uint8_t chunk[300];
    memset(chunk, 'x', sizeof chunk);
    for (int i = 0; i < 3; i++)
        assert_true(buffer_append(&buffer, bytes_over(chunk, sizeof chunk)));
    assert_false(buffer_append(&buffer, bytes_over(chunk, 101)));
    assert_int_equal(buffer.len, 900);
    assert_true(buffer_append(&buffer, bytes_over(chunk, 100)));
    assert_null(buffer_room(&buffer, 1));
    assert_int_equal(pool.used, 1000);
    buffer_free(&buffer);
    assert_int_equal(pool.used, 0);
    assert_true(buffer_append(&buffer, BYTES_LITERAL("again")));
    buffer_free(&buffer);
}

static void pool_says_no(void **state)
{
    (void)state;
    struct pool pool;
    struct buffer buffer;
    pool_init(&pool, 200);
    buffer_init(&buffer, 100000, &pool);
    assert_true(buffer_append(&buffer, BYTES_LITERAL("some text")));
    uint8_t chunk[500] = { 0 };
    assert_false(buffer_append(&buffer, bytes_over(chunk, sizeof chunk)));
    assert_true(bytes_equal(buffer_view(&buffer), BYTES_LITERAL("some text")));
    assert_int_equal(pool.refused, 1);
    buffer_free(&buffer);
    assert_false(pool_take(&pool, 201));
    assert_true(pool_take(&pool, 200));
    assert_false(pool_take(&pool, 1));
    pool_give(&pool, 200);
    assert_int_equal(pool.peak, 200);
}

static void consuming_wipes_what_it_leaves(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 1000, NULL);
    buffer_append(&buffer, BYTES_LITERAL("AUTH secret-behind"));
    buffer_consume(&buffer, 12);
    assert_true(bytes_equal(buffer_view(&buffer), BYTES_LITERAL("behind")));
    for (size_t i = buffer.len; i < 18; i++)
        assert_int_equal(buffer.data[i], 0);
    buffer_consume(&buffer, 99);
    assert_int_equal(buffer.len, 0);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(buffer.data[i], 0);
    buffer_free(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_to_its_maximum_and_no_further),
        cmocka_unit_test(pool_says_no),
        cmocka_unit_test(consuming_wipes_what_it_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
