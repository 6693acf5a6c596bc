/* Views and the cursor whose error sticks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"

/* A view over an exact heap copy, so that a read past the end is caught. */
static struct bytes copy_of(const char *text, size_t len)
{
    uint8_t *data = malloc(len);
    memcpy(data, text, len);
    return bytes_over(data, len);
}

static void views_cut_and_compare(void **state)
{
    (void)state;
    struct bytes text = BYTES_LITERAL("MAIL FROM:<a>");
    assert_true(bytes_starts_nocase(text, "mail"));
    assert_false(bytes_starts_nocase(text, "mail from:<a>x"));
    assert_true(bytes_equal_nocase(bytes_first(text, 4), "Mail"));
    assert_true(bytes_equal(bytes_after(text, 10), BYTES_LITERAL("<a>")));
    assert_int_equal(bytes_after(text, 99).len, 0);
    assert_int_equal(bytes_first(text, 99).len, text.len);
    assert_int_equal(bytes_index(text, ':'), 9);
    assert_int_equal(bytes_index(text, '!'), text.len);
    assert_int_equal(bytes_index(BYTES_NONE, 'x'), 0);
    assert_true(bytes_contains_nocase(text, "from"));
    assert_false(bytes_contains_nocase(BYTES_LITERAL("fro"), "from"));
    assert_true(bytes_equal(BYTES_NONE, BYTES_LITERAL("")));
    /* Only letters have two cases: '[' and '{' differ by the same bit. */
    assert_false(bytes_equal_nocase(BYTES_LITERAL("["), "{"));
}

static void cursor_reads_both_byte_orders(void **state)
{
    (void)state;
    struct bytes data =
        copy_of("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12", 18);
    struct cursor in = cursor_over(data);
    assert_int_equal(cursor_u8(&in), 0x01);
    assert_int_equal(cursor_u16(&in), 0x0203);
    assert_int_equal(cursor_u24(&in), 0x040506);
    assert_int_equal(cursor_u32(&in), 0x0708090a);
    assert_int_equal(cursor_u16_le(&in), 0x0c0b);
    assert_int_equal(cursor_u32_le(&in), 0x100f0e0d);
    assert_int_equal(cursor_left(&in), 2);
    assert_false(in.failed);
    free((void *)(uintptr_t)data.data);
}

static void cursor_failure_sticks(void **state)
{
    (void)state;
    struct bytes data = copy_of("\xff\xff\xff", 3);
    struct cursor in = cursor_over(data);
    assert_int_equal(cursor_u32(&in), 0);
    assert_true(in.failed);
    assert_int_equal(cursor_u8(&in), 0);
    assert_int_equal(cursor_take(&in, 1).len, 0);
    assert_int_equal(cursor_rest(&in).len, 0);
    in = cursor_over(data);
    struct cursor sub = cursor_sub(&in, 2);
    assert_int_equal(cursor_u16(&sub), 0xffff);
    assert_int_equal(cursor_u8(&sub), 0);
    assert_true(sub.failed);
    assert_false(in.failed);
    sub = cursor_sub(&in, 2);
    assert_true(sub.failed && in.failed);
    in = cursor_over(BYTES_NONE);
    assert_int_equal(cursor_u64(&in), 0);
    assert_true(in.failed);
    free((void *)(uintptr_t)data.data);
}

/* A match may be anything from the first to the last byte, and nothing beyond. */
static void contains_up_to_both_ends(void **state)
{
    (void)state;
    struct bytes text = copy_of("250-xAuTHx", 10);
    assert_true(bytes_contains_nocase(text, "250-"));
    assert_true(bytes_contains_nocase(text, "hx"));
    assert_true(bytes_contains_nocase(text, "250-XAUTHX"));
    assert_false(bytes_contains_nocase(text, "250-XAUTHX!"));
    assert_false(bytes_contains_nocase(text, "hxx"));
    assert_true(bytes_contains_nocase(BYTES_NONE, ""));
    assert_false(bytes_contains_nocase(BYTES_NONE, "a"));
    free((void *)(uintptr_t)text.data);
}

/* Every reader on every length that is too short for it: zero and failed; and on its own length:
 * all of it. */
static uint64_t read_number(struct cursor *in, unsigned reader)
{
    switch (reader) {
    case 0:
        return cursor_u8(in);
    case 1:
        return cursor_u16(in);
    case 2:
        return cursor_u24(in);
    case 3:
        return cursor_u32(in);
    case 4:
        return cursor_u64(in);
    case 5:
        return cursor_u16_le(in);
    default:
        return cursor_u32_le(in);
    }
}

static void every_reader_at_its_end(void **state)
{
    (void)state;
    static const size_t sizes[] = { 1, 2, 3, 4, 8, 2, 4 };
    for (unsigned reader = 0; reader < sizeof sizes / sizeof sizes[0]; reader++) {
        for (size_t len = 1; len <= sizes[reader]; len++) {
            struct bytes data = copy_of("\xff\xff\xff\xff\xff\xff\xff\xff", len);
            struct cursor in = cursor_over(data);
            bool enough = len == sizes[reader];
            uint64_t all = UINT64_MAX >> (64 - 8 * len);
            assert_true(read_number(&in, reader) == (enough ? all : 0));
            assert_int_equal(in.failed, !enough);
            assert_int_equal(read_number(&in, reader), 0);
            assert_true(in.failed);
            assert_int_equal(cursor_take(&in, SIZE_MAX).len, 0);
            free((void *)(uintptr_t)data.data);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_cut_and_compare),   cmocka_unit_test(cursor_reads_both_byte_orders),
        cmocka_unit_test(cursor_failure_sticks),   cmocka_unit_test(contains_up_to_both_ends),
        cmocka_unit_test(every_reader_at_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
