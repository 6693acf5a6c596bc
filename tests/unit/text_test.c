/* Words, numbers, UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text.h"

static void words(void **state)
{
    (void)state;
    struct bytes rest = BYTES_LITERAL("  AUTH\t PLAIN  x ");
    assert_true(bytes_equal(text_next_word(&rest), BYTES_LITERAL("AUTH")));
    assert_true(bytes_equal(text_next_word(&rest), BYTES_LITERAL("PLAIN")));
    assert_true(bytes_equal(text_next_word(&rest), BYTES_LITERAL("x")));
    assert_int_equal(text_next_word(&rest).len, 0);
    assert_true(bytes_equal(text_trim(BYTES_LITERAL(" \ta b\t ")), BYTES_LITERAL("a b")));
    assert_int_equal(text_trim(BYTES_LITERAL("   ")).len, 0);
}

static void numbers(void **state)
{
    (void)state;
    uint64_t n;
    assert_true(text_to_u64(BYTES_LITERAL("18446744073709551615"), &n));
    assert_true(n == UINT64_MAX);
    assert_false(text_to_u64(BYTES_LITERAL("18446744073709551616"), &n));
    assert_false(text_to_u64(BYTES_LITERAL("99999999999999999999"), &n));
    assert_false(text_to_u64(BYTES_LITERAL("-1"), &n));
    assert_false(text_to_u64(BYTES_LITERAL(""), &n));
    assert_true(text_to_u64(BYTES_LITERAL("007"), &n));
    assert_int_equal(n, 7);
    char hex[5] = "....";
    assert_ptr_equal(text_hex(hex, 0xABCDEF, 4), hex + 4);
    assert_string_equal(hex, "cdef");
}

/* RFC 3629 section 4 and its list of what is not UTF-8. */
static void utf8(void **state)
{
    (void)state;
    const struct {
        struct bytes text;
        size_t len;
    } cases[] = {
        { BYTES_LITERAL("a"), 1 },
        { BYTES_LITERAL("\xc3\xa9"), 2 },
        { BYTES_LITERAL("\xe2\x82\xac"), 3 },
        { BYTES_LITERAL("\xf0\x9f\x93\xa7"), 4 },
        { BYTES_LITERAL("\xf4\x8f\xbf\xbf"), 4 },
        { BYTES_LITERAL("\xc0\x80"), 0 },         /* overlong NUL */
        { BYTES_LITERAL("\xe0\x80\x80"), 0 },     /* overlong */
        { BYTES_LITERAL("\xed\xa0\x80"), 0 },     /* a surrogate */
        { BYTES_LITERAL("\xf4\x90\x80\x80"), 0 }, /* above U+10FFFF */
        { BYTES_LITERAL("\xf5\x80\x80\x80"), 0 },
        { BYTES_LITERAL("\x80"), 0 },
        { BYTES_LITERAL("\xe2\x82"), 0 }, /* cut */
        { BYTES_LITERAL("\xe2\x82\x41"), 0 },
        { BYTES_LITERAL(""), 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(text_utf8_length(cases[i].text), cases[i].len);
}

static void cuts_between_characters(void **state)
{
    (void)state;
    struct bytes text = BYTES_LITERAL("a\xe2\x82\xac"
                                      "b");
    assert_int_equal(text_cut(text, 1).len, 1);
    assert_int_equal(text_cut(text, 2).len, 1);
    assert_int_equal(text_cut(text, 3).len, 1);
    assert_int_equal(text_cut(text, 4).len, 4);
    assert_int_equal(text_cut(text, 9).len, 5);
    char small[4];
    text_copy(small, sizeof small, BYTES_LITERAL("abcdef"));
    assert_string_equal(small, "abc");
    text_copy(small, 1, BYTES_LITERAL("abc"));
    assert_string_equal(small, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(numbers),
        cmocka_unit_test(utf8),
        cmocka_unit_test(cuts_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
