/* MD5 (JA3), SHA-1 (Community ID), SHA-256 (JA4) and HMAC-SHA-256 (user names and secrets, keyed):
 * the one door to libcrypto here. MD5 and SHA-1 because others compute these names so, never for
 * safety. */
#ifndef MAILTAP_DIGEST_H
#define MAILTAP_DIGEST_H

#include "bytes.h"

#define DIGEST_MD5_LEN    16
#define DIGEST_SHA1_LEN   20
#define DIGEST_SHA256_LEN 32

/* False if libcrypto refuses (out of memory, or a FIPS policy without MD5 and SHA-1); `out` is then
 * zero. */
bool digest_md5(struct bytes, uint8_t out[DIGEST_MD5_LEN]);
bool digest_sha1(struct bytes, uint8_t out[DIGEST_SHA1_LEN]);
bool digest_sha256(struct bytes, uint8_t out[DIGEST_SHA256_LEN]);
bool digest_hmac_sha256(struct bytes key, struct bytes message, uint8_t out[DIGEST_SHA256_LEN]);

#endif
