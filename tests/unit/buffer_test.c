/* Buffers: what they hold, what they are charged, what they refuse, and that they wipe what they
 * let go. */
/* Fortified headers define explicit_bzero() inline; this file needs the name for itself. */
#undef _FORTIFY_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buffer.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* The program's own explicit_bzero() takes the place of libc's, so that the tests see what is
 * wiped, also of memory that is freed right after. */
static struct {
    const uint8_t *at;
    size_t len;
    unsigned calls;
} wiped;

void __explicit_bzero_chk(void *at, size_t len, size_t size);

void explicit_bzero(void *at, size_t len)
{
    volatile uint8_t *byte = at;
    wiped.at = at;
    wiped.len = len;
    wiped.calls++;
    while (len > 0)
        byte[--len] = 0;
}

/* What _FORTIFY_SOURCE makes of it. */
void __explicit_bzero_chk(void *at, size_t len, size_t size)
{
    assert_true(len <= size);
    explicit_bzero(at, len);
}

/* Sanitizers must refuse an impossible malloc as libc does, not end the program. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void assert_holds(const struct buffer *buffer, const char *expected)
{
    struct bytes view = buffer_view(buffer);
    assert_int_equal(view.len, strlen(expected));
    assert_int_equal(buffer->len, view.len);
    if (view.len > 0)
        assert_memory_equal(view.data, expected, view.len);
}

TEST(appending_and_consuming)
{
    struct buffer buffer;
    buffer_init(&buffer, 64, NULL);
    assert_holds(&buffer, "");
    assert_true(buffer_append(&buffer, BYTES_LITERAL("EHLO ")));
    assert_true(buffer_append(&buffer, BYTES_NONE));
    assert_true(buffer_append(&buffer, BYTES_LITERAL("host")));
    assert_holds(&buffer, "EHLO host");
    buffer_consume(&buffer, 0);
    assert_holds(&buffer, "EHLO host");
    buffer_consume(&buffer, 5);
    assert_holds(&buffer, "host");
    buffer_consume(&buffer, 4);
    assert_holds(&buffer, "");
    buffer_consume(&buffer, 7);
    assert_true(buffer_append(&buffer, BYTES_LITERAL("QUIT")));
    buffer_consume(&buffer, SIZE_MAX);
    assert_holds(&buffer, "");
    assert_true(buffer_append(&buffer, BYTES_LITERAL("NOOP")));
    buffer_clear(&buffer);
    buffer_clear(&buffer);
    assert_holds(&buffer, "");
    buffer_free(&buffer);
}

TEST(never_above_the_maximum)
{
    static const uint8_t block[300] = { 1 };
    static const size_t maxima[] = { 1, 127, 128, 129, 200, 256, 257, 300 };
    for (size_t i = 0; i < sizeof maxima / sizeof maxima[0]; i++) {
        size_t max = maxima[i];
        struct buffer buffer;
        struct pool pool;
        pool_init(&pool, 1000);
        buffer_init(&buffer, max, &pool);
        assert_false(buffer_append(
            &buffer, bytes_over(block, max + 1 <= sizeof block ? max + 1 : SIZE_MAX)));
        assert_int_equal(buffer.len, 0);
        for (size_t n = 0; n < max; n++) {
            assert_true(buffer_append(&buffer, bytes_over(block, 1)));
            assert_true(buffer.capacity <= max);
        }
        assert_false(buffer_append(&buffer, bytes_over(block, 1)));
        assert_null(buffer_room(&buffer, 1));
        assert_null(buffer_room(&buffer, SIZE_MAX));
        assert_true(buffer_append(&buffer, BYTES_NONE));
        assert_int_equal(buffer.len, max);
        assert_int_equal(pool.used, max);
        assert_true(pool.refused == 0);
        buffer_free(&buffer);
        assert_int_equal(pool.used, 0);
    }
    struct buffer none;
    buffer_init(&none, 0, NULL);
    assert_false(buffer_append(&none, bytes_over(block, 1)));
    buffer_free(&none);
}

TEST(room)
{
    struct buffer buffer;
    buffer_init(&buffer, 1000, NULL);
    uint8_t *room = buffer_room(&buffer, 500);
    assert_non_null(room);
    assert_ptr_equal(room, buffer.data);
    memset(room, 'x', 500); /* AddressSanitizer: it is all there */
    assert_int_equal(buffer.len, 0);
    buffer.len = 499;
    assert_ptr_equal(buffer_room(&buffer, 1), buffer.data + 499);
    assert_non_null(buffer_room(&buffer, 501));
    assert_null(buffer_room(&buffer, 502));
    buffer_free(&buffer);
}

TEST(charged_to_the_pool)
{
    struct pool pool;
    struct buffer a, b;
    uint8_t block[400] = { 0 };
    pool_init(&pool, 1024);
    buffer_init(&a, 4096, &pool);
    buffer_init(&b, 4096, &pool);
    assert_int_equal(pool.used, 0); /* nothing is held before something comes */
    assert_true(buffer_append(&a, bytes_over(block, 100)));
    assert_int_equal(pool.used, a.capacity);
    assert_true(buffer_append(&b, bytes_over(block, 200)));
    assert_int_equal(pool.used, a.capacity + b.capacity);
    size_t used = pool.used;
    assert_false(buffer_append(&b, bytes_over(block, 400)));
    assert_int_equal(b.len, 200);
    assert_int_equal(pool.used, used);
    assert_true(pool.refused == 1);
    buffer_clear(&a); /* keeps the memory, so it keeps the charge */
    assert_int_equal(pool.used, used);
    buffer_free(&a);
    assert_int_equal(pool.used, b.capacity);
    assert_true(buffer_append(&a, bytes_over(block, 1))); /* usable again */
    buffer_free(&a);
    buffer_free(&a);
    buffer_free(&b);
    assert_int_equal(pool.used, 0);
}

TEST(malloc_says_no)
{
    struct pool pool;
    struct buffer buffer;
    pool_init(&pool, SIZE_MAX);
    buffer_init(&buffer, SIZE_MAX / 2, &pool);
    assert_true(buffer_append(&buffer, BYTES_LITERAL("kept")));
    size_t used = pool.used;
    assert_null(buffer_room(&buffer, SIZE_MAX / 4));
    assert_holds(&buffer, "kept");
    assert_int_equal(pool.used, used);
    buffer_free(&buffer);
    assert_int_equal(pool.used, 0);
}

TEST(what_goes_is_wiped)
{
    static const uint8_t zero[64];
    struct buffer buffer;
    buffer_init(&buffer, 4096, NULL);
    assert_true(buffer_append(&buffer, BYTES_LITERAL("AUTH PLAIN secret")));

    buffer_consume(&buffer, 11); /* the rest moves to the front; its old place is wiped */
    assert_holds(&buffer, "secret");
    assert_memory_equal(buffer.data + 6, zero, 11);
    buffer_clear(&buffer);
    assert_memory_equal(buffer.data, zero, 17);

    /* Growing moves: the old block is wiped before it is freed. */
    assert_true(buffer_append(&buffer, BYTES_LITERAL("secret")));
    const uint8_t *before = buffer.data;
    uint8_t block[1000] = { 0 };
    wiped.calls = 0;
    assert_true(buffer_append(&buffer, bytes_over(block, sizeof block)));
    assert_ptr_not_equal(buffer.data, before);
    assert_int_equal(wiped.calls, 1);
    assert_ptr_equal(wiped.at, before);
    assert_true(wiped.len >= 6);
    assert_memory_equal(buffer.data, "secret", 6);

    const uint8_t *data = buffer.data;
    wiped.calls = 0;
    buffer_free(&buffer);
    assert_int_equal(wiped.calls, 1);
    assert_ptr_equal(wiped.at, data);
    assert_true(wiped.len >= 1006);
    assert_holds(&buffer, "");
}

/* Random appends and consumes against an array. */
TEST(against_a_model)
{
    enum { MAX = 700 };
    uint8_t model[MAX], block[200];
    size_t len = 0;
    unsigned seed = 20261124;
    struct pool pool;
    struct buffer buffer;
    pool_init(&pool, MAX);
    buffer_init(&buffer, MAX, &pool);
    for (unsigned i = 0; i < 20000; i++) {
        seed = seed * 1103515245 + 12345;
        size_t n = (seed >> 16) % sizeof block;
        if (seed >> 30 & 1) {
            memset(block, (int)(i & 255), n);
            assert_int_equal(buffer_append(&buffer, bytes_over(block, n)), n <= MAX - len);
            if (n <= MAX - len) {
                memcpy(model + len, block, n);
                len += n;
            }
        } else {
            n = n < len ? n : len;
            buffer_consume(&buffer, n);
            memmove(model, model + n, len - n);
            len -= n;
        }
        assert_true(bytes_equal(buffer_view(&buffer), bytes_over(model, len)));
        assert_int_equal(pool.used, buffer.capacity);
    }
    buffer_free(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appending_and_consuming),
        cmocka_unit_test(never_above_the_maximum),
        cmocka_unit_test(room),
        cmocka_unit_test(charged_to_the_pool),
        cmocka_unit_test(malloc_says_no),
        cmocka_unit_test(what_goes_is_wiped),
        cmocka_unit_test(against_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
