/* Puts other secrets in the place of a dialogue's own. */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base64.h"

#define TOKEN_MAX 4096 /* characters of base64 */

static bool is_base64(uint8_t c)
{
    uint8_t letter = c | 0x20;
    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
           c == '=';
}

/* The next one of its kind: digit, hexadecimal letter, other letter. So what it looks like to a
 * parser, that of a digest too, stays the same. */
static uint8_t another(uint8_t c)
{
    static const char next[] = "1234567890bcdefahijklmnopqrstuvwxyzgBCDEFAHIJKLMNOPQRSTUVWXYZG";
    static const char kinds[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *at = c ? strchr(kinds, c) : NULL;
    return at ? (uint8_t)next[at - kinds] : c;
}

/* Where a secret stands in `old`, writes the other one to the same place of `new`. */
static bool exchange_plain(const struct dialogue *d, struct bytes old, uint8_t *new)
{
    bool any = false;
    for (size_t n = 0; n < d->secrets; n++) {
        struct bytes secret = d->secret[n];
        for (size_t at = 0; at + secret.len <= old.len; at++) {
            if (memcmp(old.data + at, secret.data, secret.len) != 0)
                continue;
            for (size_t i = 0; i < secret.len; i++)
                new[at + i] = another(secret.data[i]);
            any = true;
        }
    }
    return any;
}

static bool exchange_token(const struct dialogue *d, struct bytes token, uint8_t *to)
{
    uint8_t old[BASE64_DECODED_MAX(TOKEN_MAX)], new[sizeof old];
    char encoded[BASE64_ENCODED_LEN(sizeof new) + 1];
    size_t len;
    if (token.len > TOKEN_MAX || !base64_decode(token, old, sizeof old, &len))
        return false;
    memcpy(new, old, len);
    if (!exchange_plain(d, bytes_over(old, len), new))
        return false;
    base64_encode(bytes_over(new, len), encoded);
    memcpy(to, encoded, token.len); /* padding that was forgotten stays so */
    return true;
}

static bool exchange_base64(const struct dialogue *d, struct bytes old, uint8_t *new)
{
    bool any = false;
    for (size_t at = 0, end; at < old.len; at = end + 1) {
        for (end = at; end < old.len && is_base64(old.data[end]); end++)
            ;
        any |= end > at && exchange_token(d, bytes_over(old.data + at, end - at), new + at);
    }
    return any;
}

uint8_t *exchange_secrets(const struct dialogue *d)
{
    size_t len = 0;
    bool any = false;
    for (size_t i = 0; i < d->turns; i++)
        len += d->turn[i].data.len;
    uint8_t *other = malloc(len + 1);
    if (!other)
        abort();
    memcpy(other, d->bytes, len);
    for (size_t i = 0; i < d->turns; i++) {
        struct bytes data = d->turn[i].data;
        if (data.len == 0)
            continue;
        any |= exchange_plain(d, data, other + (data.data - d->bytes));
        any |= exchange_base64(d, data, other + (data.data - d->bytes));
    }
    if (any)
        return other;
    free(other);
    return NULL;
}

void exchange_turns(const struct dialogue *d, const uint8_t *other, const struct turn *turn,
                    size_t turns, struct turn *out)
{
    for (size_t i = 0; i < turns; i++) {
        out[i] = turn[i];
        if (turn[i].data.len > 0)
            out[i].data.data = other + (turn[i].data.data - d->bytes);
    }
}
