/* Values of rules as patterns. */
#include "pattern.h"

#include <string.h>

#include "base64.h"

static bool is_special(uint8_t byte)
{
    return byte == '*' || byte == '?' || byte == '\\';
}

/* Takes one character off the front: its byte and what it means. */
static enum mark next_mark(struct bytes *text, uint8_t *byte)
{
    *byte = text->data[0];
    bool escape = *byte == '\\' && text->len > 1 && is_special(text->data[1]);
    if (escape)
        *byte = text->data[1];
    *text = bytes_after(*text, escape ? 2 : 1);
    if (escape || *byte == '\\' || !is_special(*byte))
        return MARK_LITERAL;
    return *byte == '*' ? MARK_MANY : MARK_ONE;
}

static void append(uint8_t *bytes, uint8_t *marks, size_t *len, uint8_t byte, enum mark mark)
{
    if (mark == MARK_MANY && *len > 0 && marks[*len - 1] == MARK_MANY)
        return; /* two are one */
    bytes[*len] = byte;
    marks[(*len)++] = (uint8_t)mark;
}

bool pattern_read(struct arena *arena, struct bytes text, bool before, bool after,
                  struct pattern *pattern)
{
    uint8_t *bytes = arena_take(arena, text.len + 2, 1);
    uint8_t *marks = arena_take(arena, text.len + 2, 1);
    size_t len = 0;
    if (!bytes || !marks)
        return false;
    if (before)
        append(bytes, marks, &len, '*', MARK_MANY);
    while (text.len > 0) {
        uint8_t byte;
        enum mark mark = next_mark(&text, &byte);
        append(bytes, marks, &len, byte, mark);
    }
    if (after)
        append(bytes, marks, &len, '*', MARK_MANY);
    *pattern = (struct pattern){ .text = bytes, .marks = marks, .len = len };
    return true;
}

bool pattern_has_wildcard(struct bytes text)
{
    while (text.len > 0) {
        uint8_t byte;
        if (next_mark(&text, &byte) != MARK_LITERAL)
            return true;
    }
    return false;
}

#define DASHES          5
#define DASH_PLACES_MAX 4 /* 5 to the power of 4 ways */

static const struct bytes dashes[DASHES] = {
    { (const uint8_t *)"-", 1 },
    { (const uint8_t *)"/", 1 },
    { (const uint8_t *)"\xe2\x80\x93", 3 },
    { (const uint8_t *)"\xe2\x80\x94", 3 },
    { (const uint8_t *)"\xe2\x80\x95", 3 },
};

static bool is_word_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

/* A dash that introduces an option: no word before it, one behind it. */
static bool is_dash(struct bytes text, size_t i)
{
    return (text.data[i] == '-' || text.data[i] == '/') && i + 1 < text.len &&
           is_word_byte(text.data[i + 1]) && (i == 0 || !is_word_byte(text.data[i - 1]));
}

size_t windash_count(struct bytes text)
{
    size_t count = 1, places = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_dash(text, i))
            continue;
        if (++places > DASH_PLACES_MAX)
            return 0;
        count *= DASHES;
    }
    return count;
}

struct bytes windash_variant(struct arena *arena, struct bytes text, size_t which)
{
    uint8_t *to = arena_take(arena, text.len + (size_t)2 * DASH_PLACES_MAX, 1);
    size_t len = 0;
    for (size_t i = 0; to && i < text.len; i++) {
        struct bytes piece = bytes_over(text.data + i, 1);
        if (is_dash(text, i)) {
            piece = dashes[which % DASHES];
            which /= DASHES;
        }
        memcpy(to + len, piece.data, piece.len);
        len += piece.len;
    }
    return bytes_over(to, len);
}

struct bytes base64_whole(struct arena *arena, struct bytes text)
{
    char *to = arena_take(arena, BASE64_ENCODED_LEN(text.len) + 1, 1);
    if (!to)
        return BYTES_NONE;
    base64_encode(text, to);
    return bytes_of_string(to);
}

/* Three bytes make four characters: those that hold bits of a neighbour are left out. */
struct bytes base64_within(struct arena *arena, struct bytes text, unsigned offset)
{
    static const size_t front[] = { 0, 2, 3 }, end[] = { 0, 3, 2 };
    uint8_t *padded = arena_take(arena, text.len + offset, 1);
    if (!padded)
        return BYTES_NONE;
    if (text.len > 0)
        memcpy(padded + offset, text.data, text.len);
    struct bytes whole = base64_whole(arena, bytes_over(padded, text.len + offset));
    size_t cut = end[(text.len + offset) % 3];
    if (whole.len < front[offset] + cut)
        return BYTES_NONE;
    return bytes_first(bytes_after(whole, front[offset]), whole.len - front[offset] - cut);
}
