/* MD5 (RFC 1321), SHA-1 and SHA-256 (FIPS 180) and HMAC-SHA-256 (RFC 4231). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "digest.h"
#include "text.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static void assert_hex(const uint8_t *digest, size_t len, const char *expected)
{
    char text[2 * DIGEST_SHA256_LEN + 1];
    for (size_t i = 0; i < len; i++)
        text_hex(text + 2 * i, digest[i], 2);
    text[2 * len] = '\0';
    assert_string_equal(text, expected);
}

static struct bytes filled(uint8_t *block, uint8_t byte, size_t len)
{
    memset(block, byte, len);
    return bytes_over(block, len);
}

TEST(md5)
{
    uint8_t digest[DIGEST_MD5_LEN];
    assert_true(digest_md5(BYTES_NONE, digest));
    assert_hex(digest, sizeof digest, "d41d8cd98f00b204e9800998ecf8427e");
    assert_true(digest_md5(BYTES_LITERAL("message digest"), digest));
    assert_hex(digest, sizeof digest, "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(sha1)
{
    uint8_t digest[DIGEST_SHA1_LEN];
    assert_true(digest_sha1(BYTES_NONE, digest));
    assert_hex(digest, sizeof digest, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_true(digest_sha1(BYTES_LITERAL("abc"), digest));
    assert_hex(digest, sizeof digest, "a9993e364706816aba3e25717850c26c9cd0d89d");
    uint8_t *million = malloc(1000000);
    assert_non_null(million);
    assert_true(digest_sha1(filled(million, 'a', 1000000), digest));
    assert_hex(digest, sizeof digest, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    free(million);
}

TEST(sha256)
{
    uint8_t digest[DIGEST_SHA256_LEN];
    assert_true(digest_sha256(BYTES_NONE, digest));
    assert_hex(digest, sizeof digest,
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_true(digest_sha256(BYTES_LITERAL("abc"), digest));
    assert_hex(digest, sizeof digest,
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(digest_sha256(
        BYTES_LITERAL("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), digest));
    assert_hex(digest, sizeof digest,
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(hmac_sha256)
{
    uint8_t key[131], message[64], fourth[25];
    for (size_t i = 0; i < sizeof fourth; i++)
        fourth[i] = (uint8_t)(i + 1);
    uint8_t twenty[20], aa[20], dd[50];
    const struct {
        struct bytes key, message;
        const char *expected;
    } rows[] = {
        { filled(twenty, 0x0b, 20), BYTES_LITERAL("Hi There"),
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
        { BYTES_LITERAL("Jefe"), BYTES_LITERAL("what do ya want for nothing?"),
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
        { filled(aa, 0xaa, 20), filled(dd, 0xdd, 50),
          "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
        { bytes_over(fourth, sizeof fourth), filled(message, 0xcd, 50),
          "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
        { filled(key, 0xaa, 131),
          BYTES_LITERAL("Test Using Larger Than Block-Size Key - Hash Key First"),
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
        { filled(key, 0xaa, 131),
          BYTES_LITERAL("This is a test using a larger than block-size key and a larger than "
                        "block-size data. "
                        "The key needs to be hashed before being used by the HMAC algorithm."),
          "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
        { BYTES_NONE, BYTES_NONE,
          "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t digest[DIGEST_SHA256_LEN];
        assert_true(digest_hmac_sha256(rows[i].key, rows[i].message, digest));
        assert_hex(digest, sizeof digest, rows[i].expected);
    }
}

TEST(impossible_key)
{
    uint8_t digest[DIGEST_SHA256_LEN], zero[DIGEST_SHA256_LEN] = { 0 }, byte = 1;
    memset(digest, 0xFF, sizeof digest);
    assert_false(digest_hmac_sha256(bytes_over(&byte, (size_t)1 << 31), BYTES_NONE, digest));
    assert_memory_equal(digest, zero, sizeof zero);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(md5),         cmocka_unit_test(sha1),           cmocka_unit_test(sha256),
        cmocka_unit_test(hmac_sha256), cmocka_unit_test(impossible_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
