/* Digests through libcrypto. */
#include "digest.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <string.h>

/* To look an algorithm up takes longer than to hash a short text with it. */
static EVP_MD *md5, *sha1, *sha256;

static void fetch(void)
{
    md5 = EVP_MD_fetch(NULL, "MD5", NULL);
    sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static bool digest(EVP_MD *const *algorithm, struct bytes in, uint8_t *out, size_t len)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fetch);
    memset(out, 0, len);
    return *algorithm && EVP_Digest(in.data, in.len, out, NULL, *algorithm, NULL) == 1;
}

bool digest_md5(struct bytes in, uint8_t out[DIGEST_MD5_LEN])
{
    return digest(&md5, in, out, DIGEST_MD5_LEN);
}

bool digest_sha1(struct bytes in, uint8_t out[DIGEST_SHA1_LEN])
{
    return digest(&sha1, in, out, DIGEST_SHA1_LEN);
}

bool digest_sha256(struct bytes in, uint8_t out[DIGEST_SHA256_LEN])
{
    return digest(&sha256, in, out, DIGEST_SHA256_LEN);
}

bool digest_hmac_sha256(struct bytes key, struct bytes message, uint8_t out[DIGEST_SHA256_LEN])
{
    memset(out, 0, DIGEST_SHA256_LEN);
    if (key.len > INT_MAX)
        return false;
    static const uint8_t no_key[1]; /* libcrypto takes NULL for a key that is still to come */
    const uint8_t *start = key.len > 0 ? key.data : no_key;
    return HMAC(EVP_sha256(), start, (int)key.len, message.data, message.len, out, NULL) != NULL;
}
