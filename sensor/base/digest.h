/* SHA-1 (Community ID only) and HMAC-SHA-256 (user names and secrets, keyed): the one door to
 * libcrypto here. */
#ifndef MAILTAP_DIGEST_H
#define MAILTAP_DIGEST_H

#include "bytes.h"

#define DIGEST_SHA1_LEN   20
#define DIGEST_SHA256_LEN 32

/* False if libcrypto refuses (out of memory, or a FIPS policy without SHA-1); `out` is then zero.
 */
bool digest_sha1(struct bytes, uint8_t out[DIGEST_SHA1_LEN]);
bool digest_hmac_sha256(struct bytes key, struct bytes message, uint8_t out[DIGEST_SHA256_LEN]);

#endif
