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

static void harmless(void **state)
{
    (void)state;
    const struct {
        struct bytes text;
        bool harmless;
    } cases[] = {
        { BYTES_LITERAL("a"), true },
        { BYTES_LITERAL("\xc3\xa9"), true },
        { BYTES_LITERAL("\xd8\xa7"), true },
        { BYTES_LITERAL("\xe2\x82\xac"), true },
        { BYTES_LITERAL("\xe2\x80\xa6"), true },
        { BYTES_LITERAL("\xf0\x9f\x93\xa7"), true },
        { BYTES_LITERAL(""), false },
        { BYTES_LITERAL("\x1b"), false },
        { BYTES_LITERAL("\x7f"), false },
        { BYTES_LITERAL("\xc2\x9b"), false },     /* CSI */
        { BYTES_LITERAL("\xd8\x9c"), false },     /* the mark of Arabic */
        { BYTES_LITERAL("\xe2\x80\x8f"), false }, /* from right to left */
        { BYTES_LITERAL("\xe2\x80\xae"), false }, /* the same, whatever the letters */
        { BYTES_LITERAL("\xe2\x81\xa6"), false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(text_is_harmless(cases[i].text), cases[i].harmless);
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

/* Of all three-byte strings exactly as many are accepted as there are characters of each length. */
static void utf8_counted(void **state)
{
    (void)state;
    unsigned accepted[5] = { 0 };
    for (uint32_t i = 0; i < UINT32_C(1) << 24; i++) {
        uint8_t text[3] = { (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };
        size_t n = text_utf8_length(bytes_over(text, 3));
        if (n == 3 || (n == 2 && text[2] == 0) || (n == 1 && text[1] == 0 && text[2] == 0))
            accepted[n]++;
    }
    assert_int_equal(accepted[1], 0x80);
    assert_int_equal(accepted[2], 0x800 - 0x80);
    assert_int_equal(accepted[3], 0x10000 - 0x800 - 0x800); /* without the surrogates */
}

/* At every place, against the naive definition, in a heap block of the exact size. */
static void cuts_everywhere(void **state)
{
    (void)state;
    static const char text[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x93\xA7z\xF0\x9F\x93\xA7\xC3\xA9";
    size_t len = sizeof text - 1;
    uint8_t *copy = malloc(len);
    assert_non_null(copy);
    memcpy(copy, text, len);
    struct bytes all = bytes_over(copy, len);
    for (size_t max = 0; max <= len + 3; max++) {
        size_t expected = max >= len ? len : 0;
        for (size_t at = 0; at < len && max < len; at += text_utf8_length(bytes_after(all, at))) {
            if (at <= max)
                expected = at;
        }
        assert_int_equal(text_cut(all, max).len, expected);
    }
    memset(copy, 0x80, len); /* what is not UTF-8 is cut near */
    for (size_t max = 0; max < len; max++) {
        size_t kept = text_cut(all, max).len;
        assert_true(kept <= max && kept + 3 >= max);
    }
    free(copy);
}

static void from_utf16(void **state)
{
    static const struct {
        const char *from;
        size_t len, room;
        const char *to;
    } rows[] = {
        { "a\0\xE9\0\xAC\x20", 6, 16, "a\xC3\xA9\xE2\x82\xAC" },
        { "=\xD8\xE7\xDCz", 5, 16, "\xF0\x9F\x93\xA7" }, /* a pair, and an odd byte */
        { "=\xD8"
          "a\0",
          4, 16,
          "\xEF\xBF\xBD"
          "a" }, /* half a pair */
        { "\xE7\xDC", 2, 16, "\xEF\xBF\xBD" },
        { "a\0\xE9\0", 4, 2, "a" }, /* no room for the whole */
        { "", 0, 16, "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t text[16];
        size_t len = text_from_utf16le(bytes_over(rows[i].from, rows[i].len), text, rows[i].room);
        assert_int_equal(len, strlen(rows[i].to));
        assert_memory_equal(text, rows[i].to, len);
    }
}

static void addresses(void **state)
{
    static const struct {
        const char *text;
        size_t len;
    } rows[] = {
        { "192.0.2.1", 4 }, { "2001:db8::1", 16 },    { "::ffff:192.0.2.1", 16 },
        { "", 0 },          { "192.0.2", 0 },         { "192.0.2.1 ", 0 },
        { "unknown", 0 },   { "2001:db8::12345", 0 }, { "[2001:db8::1]", 0 },
        { "1.2.3.4.5", 0 }, { "192.0.2.1:25", 0 },    { "fe80::1%eth0", 0 },
    };
    uint8_t address[16];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(text_to_address(bytes_of_string(rows[i].text), address), rows[i].len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),        cmocka_unit_test(numbers),
        cmocka_unit_test(utf8),         cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(utf8_counted), cmocka_unit_test(cuts_everywhere),
        cmocka_unit_test(from_utf16),   cmocka_unit_test(addresses),
        cmocka_unit_test(harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
