/* The headers of the PROXY protocol: each form, what is none, and cut at every place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proxy_header.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

static const struct {
    const char *text;
    size_t len;
    enum proxy_verdict verdict;
    size_t header_len, address_len;
    uint16_t port;
} rows[] = {
#define ROW(text, ...)                                                                             \
    {                                                                                              \
        text, sizeof(text) - 1, __VA_ARGS__                                                        \
    }
    ROW("", PROXY_MORE, 0, 0, 0),
    ROW("PROXY TCP4 192.0.2.1 192.0.2.2 40000 25\r\nEHLO", PROXY_WHOLE, 41, 4, 40000),
    ROW("PROXY TCP6 2001:db8::1 2001:db8::2 1 25\r\n", PROXY_WHOLE, 41, 16, 1),
    ROW("PROXY UNKNOWN\r\n", PROXY_WHOLE, 15, 0, 0),
    ROW("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", PROXY_WHOLE, 35, 0, 0),
    ROW("PROXY TCP4 192.0.2.1 192.0.2.2 40000 25", PROXY_MORE, 0, 0, 0),
    ROW("PROXY TCP4 192.0.2.1 192.0.2.2 40000 25\n", PROXY_NONE, 0, 0, 0),
    ROW("PROXY TCP4 2001:db8::1 2001:db8::2 1 25\r\n", PROXY_NONE, 0, 0, 0),
    ROW("PROXY TCP4 192.0.2.1 192.0.2.2 99999 25\r\n", PROXY_NONE, 0, 0, 0),
    ROW("PROXY 12345\r\n", PROXY_NONE, 0, 0, 0),
    ROW("proxy tcp4 192.0.2.1 192.0.2.2 40000 25\r\n", PROXY_NONE, 0, 0, 0),
    ROW("EHLO c.example.net\r\n", PROXY_NONE, 0, 0, 0),
    ROW("\r\nEHLO c.example.net\r\n", PROXY_NONE, 0, 0, 0),
    ROW(SIGNATURE "\x21\x11\0\x0C\xC0\0\2\1\xC0\0\2\2\x9C\x40\0\x19more", PROXY_WHOLE, 28, 4,
        40000),
    ROW(SIGNATURE "\x21\x11\0\x0C\xC0\0\2\1\xC0\0\2\2\x9C\x40\0", PROXY_MORE, 0, 0, 0),
    ROW(SIGNATURE "\x20\0\0\0", PROXY_WHOLE, 16, 0, 0),
    ROW(SIGNATURE "\x20\x11\0\x04"
                  "abcd",
        PROXY_WHOLE, 20, 0, 0),
    ROW(SIGNATURE "\x21\x31\0\x02"
                  "ab",
        PROXY_WHOLE, 18, 0, 0), /* a unix socket */
    ROW(SIGNATURE "\x21\x11\0\x04"
                  "abcd",
        PROXY_NONE, 0, 0, 0),                             /* too short for its family */
    ROW(SIGNATURE "\x11\x11\0\x0C", PROXY_NONE, 0, 0, 0), /* no version 2 */
    ROW(SIGNATURE "\x22\x11\0\x0C", PROXY_NONE, 0, 0, 0), /* no such command */
    ROW(SIGNATURE "\x21\x11\xFF\xFF", PROXY_NONE, 0, 0, 0),
};

static void forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct proxy_header header;
        enum proxy_verdict verdict =
            proxy_header_read(bytes_over(rows[i].text, rows[i].len), &header);
        if (verdict != rows[i].verdict)
            fail_msg("row %zu: %d", i, verdict);
        if (verdict != PROXY_WHOLE)
            continue;
        assert_int_equal(header.len, rows[i].header_len);
        assert_int_equal(header.address_len, rows[i].address_len);
        assert_int_equal(header.port, rows[i].port);
    }
}

static void cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t len = 0; rows[i].verdict == PROXY_WHOLE && len < rows[i].header_len; len++) {
            struct proxy_header header;
            assert_int_equal(proxy_header_read(bytes_over(rows[i].text, len), &header), PROXY_MORE);
        }
    }
}

/* A line that does not end is none once it is longer than any header. */
static void endless(void **state)
{
    char text[200] = "PROXY TCP4 ";
    struct proxy_header header;
    (void)state;
    memset(text + 11, '1', sizeof text - 11);
    assert_int_equal(proxy_header_read(bytes_over(text, 106), &header), PROXY_MORE);
    assert_int_equal(proxy_header_read(bytes_over(text, 107), &header), PROXY_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(endless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
