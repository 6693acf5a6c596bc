/* RFC 4648 section 10, what SASL clients really send, and what is not base64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base64.h"

static void vectors(void **state)
{
    (void)state;
    static const char *const plain[] = { "", "f", "fo", "foo", "foob", "fooba", "foobar" };
    static const char *const coded[] = { "",         "Zg==",     "Zm8=",    "Zm9v",
                                         "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" };
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        char text[16];
        uint8_t back[16];
        size_t len;
        base64_encode(bytes_of_string(plain[i]), text);
        assert_string_equal(text, coded[i]);
        assert_true(base64_decode(bytes_of_string(coded[i]), back, sizeof back, &len));
        assert_true(bytes_equal(bytes_over(back, len), bytes_of_string(plain[i])));
    }
}

static void rejects(void **state)
{
    (void)state;
    static const char *const wrong[] = { "Z",      "Zg=",     "Zg===", "Zm9v=", "Zm 9v",
                                         "Zm9v\n", "Z\x80==", "====",  "-_-_",  "NTLM supported" };
    uint8_t to[16];
    size_t len;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(base64_decode(bytes_of_string(wrong[i]), to, sizeof to, &len));
    assert_false(base64_decode(BYTES_LITERAL("Zm9vYmFy"), to, 5, &len));
    assert_true(
        base64_decode(BYTES_LITERAL("Zm9vYg"), to, sizeof to, &len)); /* padding forgotten */
    assert_int_equal(len, 4);
}

static void round_trip(void **state)
{
    (void)state;
    for (size_t len = 0; len < 100; len++) {
        uint8_t data[100], back[BASE64_DECODED_MAX(BASE64_ENCODED_LEN(100))];
        char text[BASE64_ENCODED_LEN(100) + 1];
        size_t got;
        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t)(i * 37 + len);
        base64_encode(bytes_over(data, len), text);
        assert_int_equal(strlen(text), BASE64_ENCODED_LEN(len));
        assert_true(base64_decode(bytes_of_string(text), back, sizeof back, &got));
        assert_true(bytes_equal(bytes_over(back, got), bytes_over(data, len)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(rejects),
        cmocka_unit_test(round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
