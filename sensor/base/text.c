/* Small questions about text that came from the network. */
#include "text.h"

#include <arpa/inet.h>
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

size_t text_to_address(struct bytes text, uint8_t address[16])
{
    char name[46]; /* INET6_ADDRSTRLEN */
    if (text.len >= sizeof name || bytes_index(text, 0) < text.len)
        return 0;
    text_copy(name, sizeof name, text);
    return inet_pton(AF_INET, name, address) == 1    ? 4
           : inet_pton(AF_INET6, name, address) == 1 ? 16
                                                     : 0;
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

bool text_is_harmless(struct bytes sequence)
{
    const uint8_t *at = sequence.data;
    if (sequence.len == 1)
        return at[0] >= 0x20 && at[0] != 0x7F;
    if (sequence.len == 2) /* U+0080 to U+009F, U+061C */
        return !(at[0] == 0xC2 && at[1] < 0xA0) && !(at[0] == 0xD8 && at[1] == 0x9C);
    if (sequence.len == 3 && at[0] == 0xE2 && at[1] == 0x80) /* U+200E, U+200F, U+2028 to U+202E */
        return at[2] != 0x8E && at[2] != 0x8F && !(at[2] >= 0xA8 && at[2] <= 0xAE);
    if (sequence.len == 3 && at[0] == 0xE2 && at[1] == 0x81) /* U+2066 to U+2069 */
        return at[2] < 0xA6 || at[2] > 0xA9;
    return sequence.len > 0;
}

/* Writes one character; returns its length, 0 if there is no room. */
static size_t put_utf8(uint32_t c, uint8_t *to, size_t room)
{
    static const uint8_t first[] = { 0, 0x00, 0xC0, 0xE0, 0xF0 };
    size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    if (room < len)
        return 0;
    for (size_t i = len - 1; i > 0; i--, c >>= 6)
        to[i] = (uint8_t)(0x80 | (c & 0x3F));
    to[0] = (uint8_t)(first[len] | c);
    return len;
}

/* RFC 2781 section 2.2. */
size_t text_from_utf16le(struct bytes text, uint8_t *to, size_t size)
{
    size_t written = 0, len = 1;
    struct cursor in = cursor_over(text);
    while (cursor_left(&in) >= 2 && len > 0) {
        uint32_t c = cursor_u16_le(&in);
        struct cursor next = in;
        uint32_t low = cursor_u16_le(&next);
        if (c >= 0xD800 && c < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            in = next;
        } else if (c >= 0xD800 && c < 0xE000) {
            c = 0xFFFD;
        }
        len = put_utf8(c, to + written, size - written);
        written += len;
    }
    return written;
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

unsigned text_distance(const char *a, const char *b)
{
    enum { LONGEST = 63 };
    unsigned row[LONGEST + 1];
    size_t m = strlen(a), n = strlen(b);
    if (m > LONGEST || n > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= n; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= m; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (diagonal + 1 < best)
                best = diagonal + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[n];
}
