/* Known answers: FIPS 180 for SHA-1, RFC 4231 for HMAC-SHA-256. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "digest.h"
#include "text.h"

static void assert_hex(const uint8_t *data, size_t len, const char *hex)
{
    char text[65];
    for (size_t i = 0; i < len; i++)
        text_hex(text + 2 * i, data[i], 2);
    text[2 * len] = '\0';
    assert_string_equal(text, hex);
}

static void digests(void **state)
{
    (void)state;
    uint8_t out[DIGEST_SHA256_LEN];
    assert_true(digest_sha1(BYTES_LITERAL("abc"), out));
    assert_hex(out, DIGEST_SHA1_LEN, "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_true(digest_hmac_sha256(BYTES_LITERAL("Jefe"), BYTES_LITERAL("what do ya want for nothing?"), out));
    assert_hex(out, DIGEST_SHA256_LEN, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
