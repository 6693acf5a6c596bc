/* Views over bytes and the cursor with a sticky error. */
#include "bytes.h"

#include <string.h>
#include <strings.h>

struct bytes bytes_over(const void *data, size_t len)
{
    return (struct bytes){ data, len };
}

struct bytes bytes_of_string(const char *string)
{
    return (struct bytes){ (const uint8_t *)string, strlen(string) };
}

struct bytes bytes_first(struct bytes view, size_t n)
{
    return (struct bytes){ view.data, n < view.len ? n : view.len };
}

struct bytes bytes_after(struct bytes view, size_t n)
{
    if (n >= view.len)
        return BYTES_NONE;
    return (struct bytes){ view.data + n, view.len - n };
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool same_nocase(const uint8_t *data, const char *literal, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (lower(data[i]) != lower((uint8_t)literal[i]))
            return false;
    }
    return true;
}

bool bytes_equal_nocase(struct bytes view, const char *literal)
{
    return view.len == strlen(literal) && same_nocase(view.data, literal, view.len);
}

bool bytes_starts_nocase(struct bytes view, const char *literal)
{
    size_t len = strlen(literal);
    return view.len >= len && same_nocase(view.data, literal, len);
}

bool bytes_contains_nocase(struct bytes view, const char *literal)
{
    size_t len = strlen(literal);
    for (size_t i = 0; i + len <= view.len; i++) {
        if (same_nocase(view.data + i, literal, len))
            return true;
    }
    return false;
}

size_t bytes_index(struct bytes view, uint8_t byte)
{
    if (view.len == 0)
        return 0;
    const uint8_t *found = memchr(view.data, byte, view.len);
    return found ? (size_t)(found - view.data) : view.len;
}

struct cursor cursor_over(struct bytes view)
{
    static const uint8_t nothing[1];
    const uint8_t *start = view.len > 0 ? view.data : nothing;
    return (struct cursor){ start, start + view.len, false };
}

size_t cursor_left(const struct cursor *in)
{
    return (size_t)(in->end - in->at);
}

struct bytes cursor_take(struct cursor *in, size_t n)
{
    if (in->failed || cursor_left(in) < n) {
        in->failed = true;
        return BYTES_NONE;
    }
    struct bytes taken = { in->at, n };
    in->at += n;
    return taken;
}

struct cursor cursor_sub(struct cursor *in, size_t n)
{
    struct cursor sub = cursor_over(cursor_take(in, n));
    sub.failed = in->failed;
    return sub;
}

struct bytes cursor_rest(const struct cursor *in)
{
    return in->failed ? BYTES_NONE : (struct bytes){ in->at, cursor_left(in) };
}

static uint64_t big_endian(struct cursor *in, size_t size)
{
    struct bytes b = cursor_take(in, size);
    uint64_t value = 0;
    for (size_t i = 0; i < b.len; i++)
        value = value << 8 | b.data[i];
    return value;
}

uint8_t cursor_u8(struct cursor *in)
{
    if (in->failed || in->at == in->end) {
        in->failed = true;
        return 0;
    }
    return *in->at++;
}

uint16_t cursor_u16(struct cursor *in)
{
    return (uint16_t)big_endian(in, 2);
}

uint32_t cursor_u24(struct cursor *in)
{
    return (uint32_t)big_endian(in, 3);
}

uint32_t cursor_u32(struct cursor *in)
{
    return (uint32_t)big_endian(in, 4);
}

uint64_t cursor_u64(struct cursor *in)
{
    return big_endian(in, 8);
}

static uint32_t little_endian(struct cursor *in, size_t size)
{
    struct bytes b = cursor_take(in, size);
    uint32_t value = 0;
    for (size_t i = b.len; i > 0; i--)
        value = value << 8 | b.data[i - 1];
    return value;
}

uint16_t cursor_u16_le(struct cursor *in)
{
    return (uint16_t)little_endian(in, 2);
}

uint32_t cursor_u32_le(struct cursor *in)
{
    return little_endian(in, 4);
}
