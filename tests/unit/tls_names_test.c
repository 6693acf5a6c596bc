/* The numbers of TLS and their names: what is known to all, what is not registered, and that each
 * row is found, which a table out of order would prevent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tls_names.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

TEST(suites)
{
    static const struct {
        uint16_t number;
        const char *name;
    } rows[] = {
#define SUITE(number, name) { number, name },
#include "tls_suites.def"
#undef SUITE
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(i == 0 || rows[i - 1].number < rows[i].number);
        assert_string_equal(tls_suite_name(rows[i].number), rows[i].name);
    }
    assert_string_equal(tls_suite_name(0x0000), "TLS_NULL_WITH_NULL_NULL");
    assert_string_equal(tls_suite_name(0x0062), "TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA");
    assert_string_equal(tls_suite_name(0x1301), "TLS_AES_128_GCM_SHA256");
    assert_string_equal(tls_suite_name(0xC02F), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    assert_string_equal(tls_suite_name(0xC0AA), "TLS_PSK_DHE_WITH_AES_128_CCM_8");
    assert_string_equal(tls_suite_name(0xFFE1), "SSL_RSA_FIPS_WITH_DES_CBC_SHA");
    assert_null(tls_suite_name(0x0047));
    assert_null(tls_suite_name(0x0A0A));
    assert_null(tls_suite_name(0xFFFF));
}

/* How many numbers up to 0xFFFF have a name. */
static unsigned named(const char *(*name_of)(uint16_t))
{
    unsigned count = 0;
    for (uint32_t number = 0; number <= 0xFFFF; number++)
        count += name_of((uint16_t)number) != NULL;
    return count;
}

TEST(groups)
{
    assert_int_equal(named(tls_group_name), 57);
    assert_string_equal(tls_group_name(0x0001), "sect163k1");
    assert_string_equal(tls_group_name(0x0017), "secp256r1");
    assert_string_equal(tls_group_name(0x001D), "x25519");
    assert_string_equal(tls_group_name(0x0100), "ffdhe2048");
    assert_string_equal(tls_group_name(0x0201), "MLKEM768");
    assert_string_equal(tls_group_name(0x11EB), "SecP256r1MLKEM768");
    assert_string_equal(tls_group_name(0x11EC), "X25519MLKEM768");
    assert_string_equal(tls_group_name(0x11ED), "SecP384r1MLKEM1024");
    assert_string_equal(tls_group_name(0x6399), "X25519Kyber768Draft00");
    assert_string_equal(tls_group_name(0xFF02), "arbitrary_explicit_char2_curves");
    assert_null(tls_group_name(0));
    assert_null(tls_group_name(0xDADA));
}

TEST(signatures)
{
    /* All pairs of TLS 1.2: md5 to sha512 with RSA, DSA and ECDSA. */
    for (unsigned hash = 1; hash <= 6; hash++)
        for (unsigned algorithm = 1; algorithm <= 3; algorithm++)
            assert_non_null(tls_signature_name((uint16_t)(hash << 8 | algorithm)));
    assert_string_equal(tls_signature_name(0x0101), "rsa_pkcs1_md5");
    assert_string_equal(tls_signature_hash(0x0101), "md5");
    assert_string_equal(tls_signature_name(0x0202), "dsa_sha1");
    assert_string_equal(tls_signature_hash(0x0202), "sha1");
    assert_string_equal(tls_signature_name(0x0303), "ecdsa_sha224");
    assert_string_equal(tls_signature_hash(0x0303), "sha224");
    assert_string_equal(tls_signature_name(0x0403), "ecdsa_secp256r1_sha256");
    assert_string_equal(tls_signature_name(0x0806), "rsa_pss_rsae_sha512");
    assert_string_equal(tls_signature_hash(0x0806), "sha512");
    assert_string_equal(tls_signature_name(0x0807), "ed25519");
    assert_string_equal(tls_signature_hash(0x0807), "intrinsic");
    assert_string_equal(tls_signature_name(0x0905), "mldsa65");
    assert_null(tls_signature_name(0x0000));
    assert_null(tls_signature_hash(0x0204));
}

TEST(alerts_and_compressions)
{
    assert_string_equal(tls_alert_name(0), "close_notify");
    assert_string_equal(tls_alert_name(40), "handshake_failure");
    assert_string_equal(tls_alert_name(70), "protocol_version");
    assert_string_equal(tls_alert_name(121), "ech_required");
    assert_null(tls_alert_name(1));
    assert_null(tls_alert_name(255));
    assert_string_equal(tls_compression_name(0), "null");
    assert_string_equal(tls_compression_name(1), "deflate");
    assert_string_equal(tls_compression_name(64), "lzs");
    assert_null(tls_compression_name(2));
}

TEST(suites_of_ssl_2)
{
    assert_string_equal(tls_sslv2_suite_name(0x010080), "SSL_CK_RC4_128_WITH_MD5");
    assert_string_equal(tls_sslv2_suite_name(0x0700C0), "SSL_CK_DES_192_EDE3_CBC_WITH_MD5");
    assert_string_equal(tls_sslv2_suite_name(0x080080), "SSL_CK_RC4_64_WITH_MD5");
    assert_null(tls_sslv2_suite_name(0x000004)); /* TLS_RSA_WITH_RC4_128_MD5 in their format */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suites),          cmocka_unit_test(groups),
        cmocka_unit_test(signatures),      cmocka_unit_test(alerts_and_compressions),
        cmocka_unit_test(suites_of_ssl_2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
