/* Base64 (RFC 4648 section 4). */
#include "base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define RUN_OF_10(c, v)                                                                            \
    [c] = v, [(c) + 1] = (v) + 1, [(c) + 2] = (v) + 2, [(c) + 3] = (v) + 3, [(c) + 4] = (v) + 4,   \
    [(c) + 5] = (v) + 5, [(c) + 6] = (v) + 6, [(c) + 7] = (v) + 7, [(c) + 8] = (v) + 8,            \
    [(c) + 9] = (v) + 9
#define RUN_OF_26(c, v)                                                                            \
    RUN_OF_10(c, v), RUN_OF_10((c) + 10, (v) + 10),                                                \
        [(c) + 20] = (v) + 20, [(c) + 21] = (v) + 21, [(c) + 22] = (v) + 22,                       \
               [(c) + 23] = (v) + 23, [(c) + 24] = (v) + 24, [(c) + 25] = (v) + 25

/* The value of each character, and 1 more: 0 is none of the alphabet. */
static const uint8_t values[256] = {
    RUN_OF_26('A', 1), RUN_OF_26('a', 27), RUN_OF_10('0', 53), ['+'] = 63, ['/'] = 64,
};

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
        uint32_t value = values[from.data[i]];
        if (value == 0)
            return false;
        bits = (bits << 6 | (value - 1)) & 0xFFFFFF;
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
