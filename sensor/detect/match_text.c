/* Texts with wildcards: what they come down to, and whether a value fits. */
#include <string.h>

#include "match_internal.h"
#include "text.h"

/* Eight letters at a time: adding 0x3F and 0x25 to the low seven bits of each byte sets its top bit
 * from 'A' on, and behind 'Z'. */
static uint64_t fold_word(uint64_t word)
{
    const uint64_t ones = UINT64_MAX / 255;
    uint64_t low = word & ones * 0x7F;
    uint64_t from_a = low + ones * (0x80 - 'A');
    uint64_t behind_z = low + ones * (0x80 - 'Z' - 1);
    uint64_t letters = from_a & ~behind_z & ~word & ones * 0x80;
    return word | letters >> 2;
}

void fold_text(uint8_t *to, const uint8_t *from, size_t len)
{
    size_t i = 0;
    for (; i + sizeof(uint64_t) <= len; i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, from + i, sizeof word);
        word = fold_word(word);
        memcpy(to + i, &word, sizeof word);
    }
    for (; i < len; i++)
        to[i] = from[i] >= 'A' && from[i] <= 'Z' ? (uint8_t)(from[i] | 0x20) : from[i];
}

int compare_texts(const void *left, const void *right)
{
    const struct bytes *a = left, *b = right;
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    return a->len == 0 ? 0 : memcmp(a->data, b->data, a->len);
}

/* Copies the pattern, with one star for many; returns its new length. */
static size_t squeeze(const struct pattern *pattern, bool within, uint8_t *text, uint8_t *marks)
{
    size_t n = 0;
    if (within) {
        text[n] = '*';
        marks[n++] = MARK_MANY;
    }
    for (size_t i = 0; i < pattern->len; i++) {
        if (pattern->marks[i] == MARK_MANY && n > 0 && marks[n - 1] == MARK_MANY)
            continue;
        text[n] = pattern->text[i];
        marks[n++] = pattern->marks[i];
    }
    if (within && marks[n - 1] != MARK_MANY) {
        text[n] = '*';
        marks[n++] = MARK_MANY;
    }
    return n;
}

struct shaped shape_pattern(const struct pattern *pattern, bool fold, bool within, uint8_t *text,
                            uint8_t *marks)
{
    size_t len = squeeze(pattern, within, text, marks);
    if (fold)
        fold_text(text, text, len);
    bool front = len > 0 && marks[0] == MARK_MANY;
    bool back = len > 1 && marks[len - 1] == MARK_MANY;
    struct shaped shaped = { SHAPE_GLOB, bytes_over(text, len), marks };
    for (size_t i = front; i < len - back; i++) {
        if (marks[i] != MARK_LITERAL)
            return shaped;
    }
    static const enum shape shapes[2][2] = { { SHAPE_EQUAL, SHAPE_PREFIX },
                                             { SHAPE_SUFFIX, SHAPE_CONTAINS } };
    shaped.text = bytes_over(text + front, len - front - back);
    shaped.shape = front && shaped.text.len == 0 ? SHAPE_ANY : shapes[front][back];
    return shaped;
}

/* A character of the value: a UTF-8 sequence, or a byte that is none. */
static size_t character(struct bytes value, size_t at)
{
    if (value.data[at] < 0x80)
        return 1;
    size_t len = text_utf8_length(bytes_after(value, at));
    return len > 0 ? len : 1;
}

/* Greedy: when something does not fit, the latest star takes one character more. Earlier stars need
 * not be tried again, so this takes at most len * len steps. */
static bool glob(const struct shaped *pattern, struct bytes value)
{
    const uint8_t *text = pattern->text.data, *marks = pattern->marks;
    size_t p = 0, v = 0, star = SIZE_MAX, resume = 0;
    while (v < value.len) {
        if (p < pattern->text.len && marks[p] == MARK_MANY) {
            star = p++;
            resume = v;
        } else if (p < pattern->text.len && marks[p] == MARK_ONE) {
            v += character(value, v);
            p++;
        } else if (p < pattern->text.len && text[p] == value.data[v]) {
            v++;
            p++;
        } else if (star != SIZE_MAX) {
            resume += character(value, resume);
            v = resume;
            p = star + 1;
        } else {
            return false;
        }
    }
    while (p < pattern->text.len && marks[p] == MARK_MANY)
        p++;
    return p == pattern->text.len;
}

#define SHORT 128 /* bytes among which trying each place is faster than memmem() */

/* Most texts differ in the first or the last byte. */
static inline bool lies_at(struct bytes value, size_t at, struct bytes text)
{
    if (text.len == 0)
        return true;
    const uint8_t *there = value.data + at;
    return there[0] == text.data[0] && there[text.len - 1] == text.data[text.len - 1] &&
           memcmp(there, text.data, text.len) == 0;
}

static bool lies_within(struct bytes value, struct bytes text)
{
    if (text.len == 0)
        return true;
    if (value.len > SHORT)
        return memmem(value.data, value.len, text.data, text.len) != NULL;
    for (size_t at = 0, last = value.len - text.len; at <= last; at++) {
        const uint8_t *first = memchr(value.data + at, text.data[0], last - at + 1);
        if (!first)
            return false;
        at = (size_t)(first - value.data);
        if (lies_at(value, at, text))
            return true;
    }
    return false;
}

bool shape_matches(const struct shaped *shaped, struct bytes value)
{
    struct bytes text = shaped->text;
    if (shaped->shape == SHAPE_GLOB)
        return glob(shaped, value);
    if (value.len < text.len)
        return false;
    switch (shaped->shape) {
    case SHAPE_EQUAL:
        return value.len == text.len && lies_at(value, 0, text);
    case SHAPE_PREFIX:
        return lies_at(value, 0, text);
    case SHAPE_SUFFIX:
        return lies_at(value, value.len - text.len, text);
    case SHAPE_CONTAINS:
        return lies_within(value, text);
    case SHAPE_ANY:
    case SHAPE_GLOB:
        break;
    }
    return true;
}
