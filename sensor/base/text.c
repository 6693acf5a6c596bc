/* Small questions about text that came from the network. */
#include "text.h"

#include <string.h>

static bool blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

struct bytes text_trim(struct bytes text)
{
    while (text.len > 0 && blank(text.data[0]))
        text = bytes_after(text, 1);
    while (text.len > 0 && blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

struct bytes text_next_word(struct bytes *rest)
{
    struct bytes text = *rest;
    while (text.len > 0 && blank(text.data[0]))
        text = bytes_after(text, 1);
    size_t n = 0;
    while (n < text.len && !blank(text.data[n]))
        n++;
    struct bytes word = bytes_first(text, n);
    while (n < text.len && blank(text.data[n]))
        n++;
    *rest = bytes_after(text, n);
    return word;
}

bool text_to_u64(struct bytes text, uint64_t *value)
{
    uint64_t n = 0;
    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(text.data[i] - '0');
        if (n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *value = n;
    return true;
}

char *text_hex(char *to, uint64_t number, int digits)
{
    static const char names[] = "0123456789abcdef";
    for (int i = digits; i > 0; i--) {
        to[i - 1] = names[number & 15];
        number >>= 4;
    }
    return to + digits;
}

/* RFC 3629 section 4: the first byte gives the length and narrows the second (no overlong forms, no
 * surrogates, nothing above U+10FFFF). */
static const struct utf8_row {
    uint8_t first_low, first_high, second_low, second_high, length;
} utf8_rows[] = {
    { 0xC2, 0xDF, 0x80, 0xBF, 2 }, { 0xE0, 0xE0, 0xA0, 0xBF, 3 }, { 0xE1, 0xEC, 0x80, 0xBF, 3 },
    { 0xED, 0xED, 0x80, 0x9F, 3 }, { 0xEE, 0xEF, 0x80, 0xBF, 3 }, { 0xF0, 0xF0, 0x90, 0xBF, 4 },
    { 0xF1, 0xF3, 0x80, 0xBF, 4 }, { 0xF4, 0xF4, 0x80, 0x8F, 4 },
};

size_t text_utf8_length(struct bytes text)
{
    if (text.len == 0)
        return 0;
    if (text.data[0] < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof(utf8_rows) / sizeof(utf8_rows[0]); i++) {
        const struct utf8_row *row = &utf8_rows[i];
        if (text.data[0] < row->first_low || text.data[0] > row->first_high)
            continue;
        if (text.len < row->length || text.data[1] < row->second_low ||
            text.data[1] > row->second_high)
            return 0;
        for (size_t k = 2; k < row->length; k++) {
            if ((text.data[k] & 0xC0) != 0x80)
                return 0;
        }
        return row->length;
    }
    return 0;
}

struct bytes text_cut(struct bytes text, size_t max)
{
    if (text.len <= max)
        return text;
    size_t n = max;
    /* A sequence is at most four bytes long: step back over at most three continuation bytes. */
    for (int back = 0; back < 3 && n > 0 && (text.data[n] & 0xC0) == 0x80; back++)
        n--;
    return bytes_first(text, n);
}

void text_copy(char *to, size_t size, struct bytes from)
{
    struct bytes kept = text_cut(from, size - 1);
    if (kept.len > 0)
        memcpy(to, kept.data, kept.len);
    to[kept.len] = '\0';
}
