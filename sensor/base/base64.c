/* Base64 (RFC 4648 section 4). */
#include "base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int value_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(struct bytes from, uint8_t *to, size_t size, size_t *len)
{
    size_t padding = 0;
    while (padding < 2 && from.len > 0 && from.data[from.len - 1] == '=') {
        from.len--;
        padding++;
    }
    size_t tail = from.len % 4;
    if (tail == 1 || (padding > 0 && tail + padding != 4))
        return false;

    uint32_t bits = 0;
    unsigned held = 0;
    size_t out = 0;
    for (size_t i = 0; i < from.len; i++) {
        int value = value_of(from.data[i]);
        if (value < 0)
            return false;
        bits = (bits << 6 | (uint32_t)value) & 0xFFFFFF;
        held += 6;
        if (held >= 8) {
            if (out == size)
                return false;
            held -= 8;
            to[out++] = (uint8_t)(bits >> held);
        }
    }
    *len = out;
    return true;
}

void base64_encode(struct bytes from, char *to)
{
    size_t out = 0;
    for (size_t i = 0; i < from.len; i += 3) {
        size_t left = from.len - i;
        uint32_t bits = (uint32_t)from.data[i] << 16;
        if (left > 1)
            bits |= (uint32_t)from.data[i + 1] << 8;
        if (left > 2)
            bits |= from.data[i + 2];
        to[out++] = alphabet[bits >> 18];
        to[out++] = alphabet[bits >> 12 & 63];
        to[out++] = left > 1 ? alphabet[bits >> 6 & 63] : '=';
        to[out++] = left > 2 ? alphabet[bits & 63] : '=';
    }
    to[out] = '\0';
}
