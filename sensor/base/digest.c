/* SHA-1 and HMAC-SHA-256 through libcrypto. */
#include "digest.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <string.h>

/* To look an algorithm up takes longer than to hash a short text with it. */
static EVP_MD *sha1;

static void fetch(void)
{
    sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
}

bool digest_sha1(struct bytes in, uint8_t out[DIGEST_SHA1_LEN])
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fetch);
    memset(out, 0, DIGEST_SHA1_LEN);
    return sha1 && EVP_Digest(in.data, in.len, out, NULL, sha1, NULL) == 1;
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
