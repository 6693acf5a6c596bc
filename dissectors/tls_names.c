/* Tables of the numbers of TLS, after the registries of IANA ("TLS Parameters"), ascending for
 * binary search. */
#include "tls_names.h"

#include <stddef.h>

struct name {
    uint32_t number;
    const char *text;
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *name_in(const struct name *table, size_t count, uint32_t number)
{
    while (count > 0) {
        const struct name *middle = table + count / 2;
        if (middle->number == number)
            return middle->text;
        if (middle->number < number) {
            table = middle + 1;
            count -= count / 2 + 1;
        } else {
            count /= 2;
        }
    }
    return NULL;
}

const char *tls_suite_name(uint16_t suite)
{
    static const struct name suites[] = {
#define SUITE(number, text) { number, text },
#include "tls_suites.def"
#undef SUITE
    };
    return name_in(suites, COUNT(suites), suite);
}

/* Hickman, The SSL Protocol (1995), appendix C.4; the last one is SSLeay's. */
const char *tls_sslv2_suite_name(uint32_t suite)
{
    static const struct name suites[] = {
        { 0x010080, "SSL_CK_RC4_128_WITH_MD5" },
        { 0x020080, "SSL_CK_RC4_128_EXPORT40_WITH_MD5" },
        { 0x030080, "SSL_CK_RC2_128_CBC_WITH_MD5" },
        { 0x040080, "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5" },
        { 0x050080, "SSL_CK_IDEA_128_CBC_WITH_MD5" },
        { 0x060040, "SSL_CK_DES_64_CBC_WITH_MD5" },
        { 0x0700C0, "SSL_CK_DES_192_EDE3_CBC_WITH_MD5" },
        { 0x080080, "SSL_CK_RC4_64_WITH_MD5" },
    };
    return name_in(suites, COUNT(suites), suite);
}

/* RFC 8422, 7027, 7919, 8446, 8734, 8998, 9367; ML-KEM and its hybrids; the drafts with Kyber that
 * came before. */
const char *tls_group_name(uint16_t group)
{
    static const struct name groups[] = {
        { 0x0001, "sect163k1" },
        { 0x0002, "sect163r1" },
        { 0x0003, "sect163r2" },
        { 0x0004, "sect193r1" },
        { 0x0005, "sect193r2" },
        { 0x0006, "sect233k1" },
        { 0x0007, "sect233r1" },
        { 0x0008, "sect239k1" },
        { 0x0009, "sect283k1" },
        { 0x000A, "sect283r1" },
        { 0x000B, "sect409k1" },
        { 0x000C, "sect409r1" },
        { 0x000D, "sect571k1" },
        { 0x000E, "sect571r1" },
        { 0x000F, "secp160k1" },
        { 0x0010, "secp160r1" },
        { 0x0011, "secp160r2" },
        { 0x0012, "secp192k1" },
        { 0x0013, "secp192r1" },
        { 0x0014, "secp224k1" },
        { 0x0015, "secp224r1" },
        { 0x0016, "secp256k1" },
        { 0x0017, "secp256r1" },
        { 0x0018, "secp384r1" },
        { 0x0019, "secp521r1" },
        { 0x001A, "brainpoolP256r1" },
        { 0x001B, "brainpoolP384r1" },
        { 0x001C, "brainpoolP512r1" },
        { 0x001D, "x25519" },
        { 0x001E, "x448" },
        { 0x001F, "brainpoolP256r1tls13" },
        { 0x0020, "brainpoolP384r1tls13" },
        { 0x0021, "brainpoolP512r1tls13" },
        { 0x0022, "GC256A" },
        { 0x0023, "GC256B" },
        { 0x0024, "GC256C" },
        { 0x0025, "GC256D" },
        { 0x0026, "GC512A" },
        { 0x0027, "GC512B" },
        { 0x0028, "GC512C" },
        { 0x0029, "curveSM2" },
        { 0x0100, "ffdhe2048" },
        { 0x0101, "ffdhe3072" },
        { 0x0102, "ffdhe4096" },
        { 0x0103, "ffdhe6144" },
        { 0x0104, "ffdhe8192" },
        { 0x0200, "MLKEM512" },
        { 0x0201, "MLKEM768" },
        { 0x0202, "MLKEM1024" },
        { 0x11EB, "SecP256r1MLKEM768" },
        { 0x11EC, "X25519MLKEM768" },
        { 0x11ED, "SecP384r1MLKEM1024" },
        { 0x11EE, "curveSM2MLKEM768" },
        { 0x6399, "X25519Kyber768Draft00" },
        { 0x639A, "SecP256r1Kyber768Draft00" },
        { 0xFF01, "arbitrary_explicit_prime_curves" },
        { 0xFF02, "arbitrary_explicit_char2_curves" },
    };
    return name_in(groups, COUNT(groups), group);
}

/* TLS 1.2 has a byte for the hash and one for the algorithm; TLS 1.3 made one number of both and
 * gave some pairs new names. The other pairs are named in the same way: RFC 5246 section 7.4.1.4.1.
 * Where the hash is part of the algorithm RFC 8422 section 5.1.3 calls it intrinsic. */
static const struct scheme {
    uint16_t number;
    const char *name, *hash;
} schemes[] = {
    { 0x0101, "rsa_pkcs1_md5", "md5" },
    { 0x0102, "dsa_md5", "md5" },
    { 0x0103, "ecdsa_md5", "md5" },
    { 0x0201, "rsa_pkcs1_sha1", "sha1" },
    { 0x0202, "dsa_sha1", "sha1" },
    { 0x0203, "ecdsa_sha1", "sha1" },
    { 0x0301, "rsa_pkcs1_sha224", "sha224" },
    { 0x0302, "dsa_sha224", "sha224" },
    { 0x0303, "ecdsa_sha224", "sha224" },
    { 0x0401, "rsa_pkcs1_sha256", "sha256" },
    { 0x0402, "dsa_sha256", "sha256" },
    { 0x0403, "ecdsa_secp256r1_sha256", "sha256" },
    { 0x0420, "rsa_pkcs1_sha256_legacy", "sha256" },
    { 0x0501, "rsa_pkcs1_sha384", "sha384" },
    { 0x0502, "dsa_sha384", "sha384" },
    { 0x0503, "ecdsa_secp384r1_sha384", "sha384" },
    { 0x0520, "rsa_pkcs1_sha384_legacy", "sha384" },
    { 0x0601, "rsa_pkcs1_sha512", "sha512" },
    { 0x0602, "dsa_sha512", "sha512" },
    { 0x0603, "ecdsa_secp521r1_sha512", "sha512" },
    { 0x0620, "rsa_pkcs1_sha512_legacy", "sha512" },
    { 0x0704, "eccsi_sha256", "sha256" },
    { 0x0705, "iso_ibs1", NULL },
    { 0x0706, "iso_ibs2", NULL },
    { 0x0707, "iso_chinese_ibs", NULL },
    { 0x0708, "sm2sig_sm3", "sm3" },
    { 0x0709, "gostr34102012_256a", "intrinsic" },
    { 0x070A, "gostr34102012_256b", "intrinsic" },
    { 0x070B, "gostr34102012_256c", "intrinsic" },
    { 0x070C, "gostr34102012_256d", "intrinsic" },
    { 0x070D, "gostr34102012_512a", "intrinsic" },
    { 0x070E, "gostr34102012_512b", "intrinsic" },
    { 0x070F, "gostr34102012_512c", "intrinsic" },
    { 0x0804, "rsa_pss_rsae_sha256", "sha256" },
    { 0x0805, "rsa_pss_rsae_sha384", "sha384" },
    { 0x0806, "rsa_pss_rsae_sha512", "sha512" },
    { 0x0807, "ed25519", "intrinsic" },
    { 0x0808, "ed448", "intrinsic" },
    { 0x0809, "rsa_pss_pss_sha256", "sha256" },
    { 0x080A, "rsa_pss_pss_sha384", "sha384" },
    { 0x080B, "rsa_pss_pss_sha512", "sha512" },
    { 0x081A, "ecdsa_brainpoolP256r1tls13_sha256", "sha256" },
    { 0x081B, "ecdsa_brainpoolP384r1tls13_sha384", "sha384" },
    { 0x081C, "ecdsa_brainpoolP512r1tls13_sha512", "sha512" },
    { 0x0840, "gostr34102012_256", "intrinsic" },
    { 0x0841, "gostr34102012_512", "intrinsic" },
    { 0x0904, "mldsa44", "intrinsic" },
    { 0x0905, "mldsa65", "intrinsic" },
    { 0x0906, "mldsa87", "intrinsic" },
    { 0x0911, "slhdsa_sha2_128s", "intrinsic" },
    { 0x0912, "slhdsa_sha2_128f", "intrinsic" },
    { 0x0913, "slhdsa_sha2_192s", "intrinsic" },
    { 0x0914, "slhdsa_sha2_192f", "intrinsic" },
    { 0x0915, "slhdsa_sha2_256s", "intrinsic" },
    { 0x0916, "slhdsa_sha2_256f", "intrinsic" },
    { 0x0917, "slhdsa_shake_128s", "intrinsic" },
    { 0x0918, "slhdsa_shake_128f", "intrinsic" },
    { 0x0919, "slhdsa_shake_192s", "intrinsic" },
    { 0x091A, "slhdsa_shake_192f", "intrinsic" },
    { 0x091B, "slhdsa_shake_256s", "intrinsic" },
    { 0x091C, "slhdsa_shake_256f", "intrinsic" },
};

static const struct scheme *scheme_of(uint16_t number)
{
    for (const struct scheme *scheme = schemes; scheme < schemes + COUNT(schemes); scheme++)
        if (scheme->number == number)
            return scheme;
    return NULL;
}

const char *tls_signature_name(uint16_t number)
{
    const struct scheme *scheme = scheme_of(number);
    return scheme ? scheme->name : NULL;
}

const char *tls_signature_hash(uint16_t number)
{
    const struct scheme *scheme = scheme_of(number);
    return scheme ? scheme->hash : NULL;
}

/* RFC 9846 section 6 and what earlier versions and extensions defined. */
const char *tls_alert_name(uint8_t description)
{
    static const struct name alerts[] = {
        { 0, "close_notify" },
        { 10, "unexpected_message" },
        { 20, "bad_record_mac" },
        { 21, "decryption_failed" },
        { 22, "record_overflow" },
        { 30, "decompression_failure" },
        { 40, "handshake_failure" },
        { 41, "no_certificate" },
        { 42, "bad_certificate" },
        { 43, "unsupported_certificate" },
        { 44, "certificate_revoked" },
        { 45, "certificate_expired" },
        { 46, "certificate_unknown" },
        { 47, "illegal_parameter" },
        { 48, "unknown_ca" },
        { 49, "access_denied" },
        { 50, "decode_error" },
        { 51, "decrypt_error" },
        { 52, "too_many_cids_requested" },
        { 60, "export_restriction" },
        { 70, "protocol_version" },
        { 71, "insufficient_security" },
        { 80, "internal_error" },
        { 86, "inappropriate_fallback" },
        { 90, "user_canceled" },
        { 100, "no_renegotiation" },
        { 109, "missing_extension" },
        { 110, "unsupported_extension" },
        { 111, "certificate_unobtainable" },
        { 112, "unrecognized_name" },
        { 113, "bad_certificate_status_response" },
        { 114, "bad_certificate_hash_value" },
        { 115, "unknown_psk_identity" },
        { 116, "certificate_required" },
        { 117, "general_error" },
        { 120, "no_application_protocol" },
        { 121, "ech_required" },
    };
    return name_in(alerts, COUNT(alerts), description);
}

/* RFC 3749 and 3943. */
const char *tls_compression_name(uint8_t method)
{
    static const struct name methods[] = { { 0, "null" }, { 1, "deflate" }, { 64, "lzs" } };
    return name_in(methods, COUNT(methods), method);
}
