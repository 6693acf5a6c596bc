/* A strict JSON reader (RFC 8259) for tests: it accepts nothing else, and shows every value with
 * its path.
 *
 * Independent of the writer on purpose. Objects may not name a member twice; text must be UTF-8;
 * escapes become the bytes they stand for. Paths look like mailtap.smtp.recipients[2].code. */
#ifndef MAILTAP_TESTS_JSON_READER_H
#define MAILTAP_TESTS_JSON_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"

#define JSON_PATH_MAX    256
#define JSON_TEXT_MAX    8192
#define JSON_DEPTH_MAX   16
#define JSON_MEMBERS_MAX 128

struct json_reader {
    const uint8_t *at, *end;
    /* Called for each value that is no object or array: type is 's', 'n', 't', 'f' or '0' (null).
     */
    void (*value)(void *arg, const char *path, char type, struct bytes text);
    void *arg;
    char path[JSON_PATH_MAX];
};

static bool json_read_any(struct json_reader *in, unsigned depth);

static inline bool json_take(struct json_reader *in, char c)
{
    if (in->at == in->end || *in->at != (uint8_t)c)
        return false;
    in->at++;
    return true;
}

static inline bool json_hex4(struct json_reader *in, uint32_t *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdef0123456789ABCDEF";
        const char *digit = in->at < in->end && *in->at ? strchr(digits, *in->at) : NULL;
        if (!digit)
            return false;
        *code = *code << 4 | (uint32_t)((digit - digits) % 16);
        in->at++;
    }
    return true;
}

/* One well-formed character of UTF-8, decoded: length 0 if it is none. */
static inline size_t json_utf8(const uint8_t *at, const uint8_t *end)
{
    static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    uint8_t first = *at;
    size_t n = first < 0x80       ? 1
               : first >> 5 == 6  ? 2
               : first >> 4 == 14 ? 3
               : first >> 3 == 30 ? 4
                                  : 0;
    if (n <= 1 || (size_t)(end - at) < n)
        return n == 1 ? 1 : 0;
    uint32_t code = first & (0xFFU >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if (at[i] >> 6 != 2)
            return 0;
        code = code << 6 | (at[i] & 0x3FU);
    }
    return code >= lowest[n] && code <= 0x10FFFF && code >> 11 != 0x1B ? n : 0;
}

static inline bool json_read_string(struct json_reader *in, uint8_t *to, size_t *len)
{
    *len = 0;
    if (!json_take(in, '"'))
        return false;
    while (in->at < in->end && *in->at != '"') {
        if (*len + 4 > JSON_TEXT_MAX || *in->at < 0x20)
            return false;
        if (*in->at != '\\') {
            size_t n = json_utf8(in->at, in->end);
            if (n == 0)
                return false;
            memcpy(to + *len, in->at, n);
            *len += n;
            in->at += n;
            continue;
        }
        if (++in->at == in->end)
            return false;
        static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
        uint8_t c = *in->at++;
        uint32_t code;
        if (c == 'u') {
            if (!json_hex4(in, &code) || code >= 0x80) /* what the sensor escapes is ASCII */
                return false;
            to[(*len)++] = (uint8_t)code;
        } else {
            const char *name = c ? strchr(names, c) : NULL;
            if (!name)
                return false;
            to[(*len)++] = (uint8_t)meant[name - names];
        }
    }
    return json_take(in, '"');
}

static inline bool json_digits(struct json_reader *in)
{
    const uint8_t *start = in->at;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9')
        in->at++;
    return in->at > start;
}

static inline bool json_read_number(struct json_reader *in)
{
    json_take(in, '-');
    if (!json_take(in, '0') && !json_digits(in))
        return false;
    if (json_take(in, '.') && !json_digits(in))
        return false;
    if (json_take(in, 'e') || json_take(in, 'E')) {
        if (!json_take(in, '+'))
            json_take(in, '-');
        return json_digits(in);
    }
    return true;
}

static inline bool json_read_object(struct json_reader *in, unsigned depth)
{
    struct bytes seen[JSON_MEMBERS_MAX];
    size_t members = 0, path_len = strlen(in->path);
    if (json_take(in, '}'))
        return true;
    do {
        uint8_t name[JSON_TEXT_MAX];
        size_t len;
        const uint8_t *start = in->at;
        if (members == JSON_MEMBERS_MAX || !json_read_string(in, name, &len))
            return false;
        seen[members] = bytes_over(start, (size_t)(in->at - start));
        for (size_t i = 0; i < members; i++) {
            if (bytes_equal(seen[i], seen[members]))
                return false;
        }
        members++;
        snprintf(in->path + path_len, JSON_PATH_MAX - path_len, "%s%.*s", path_len > 0 ? "." : "",
                 (int)len, (const char *)name);
        if (!json_take(in, ':') || !json_read_any(in, depth + 1))
            return false;
        in->path[path_len] = '\0';
    } while (json_take(in, ','));
    return json_take(in, '}');
}

static inline bool json_read_array(struct json_reader *in, unsigned depth)
{
    size_t path_len = strlen(in->path);
    if (json_take(in, ']'))
        return true;
    for (unsigned i = 0;; i++) {
        snprintf(in->path + path_len, JSON_PATH_MAX - path_len, "[%u]", i);
        if (!json_read_any(in, depth + 1))
            return false;
        in->path[path_len] = '\0';
        if (!json_take(in, ','))
            return json_take(in, ']');
    }
}

static bool json_read_any(struct json_reader *in, unsigned depth)
{
    uint8_t text[JSON_TEXT_MAX];
    size_t len = 0;
    const uint8_t *start = in->at;
    char type = 'n';
    if (in->at == in->end || depth > JSON_DEPTH_MAX)
        return false;
    if (json_take(in, '{'))
        return json_read_object(in, depth);
    if (json_take(in, '['))
        return json_read_array(in, depth);
    struct bytes rest = bytes_over(in->at, (size_t)(in->end - in->at));
    if (*in->at == '"') {
        type = 's';
        if (!json_read_string(in, text, &len))
            return false;
    } else if (bytes_equal(bytes_first(rest, 4), BYTES_LITERAL("true"))) {
        type = 't';
        in->at += 4;
    } else if (bytes_equal(bytes_first(rest, 5), BYTES_LITERAL("false"))) {
        type = 'f';
        in->at += 5;
    } else if (bytes_equal(bytes_first(rest, 4), BYTES_LITERAL("null"))) {
        type = '0';
        in->at += 4;
    } else if (!json_read_number(in)) {
        return false;
    }
    if (in->value)
        in->value(in->arg, in->path, type,
                  type == 's' ? bytes_over(text, len)
                              : bytes_over(start, (size_t)(in->at - start)));
    return true;
}

/* Whether the whole text is one JSON object without white space, as the sensor writes it. */
static inline bool json_read(struct bytes text,
                             void (*value)(void *, const char *, char, struct bytes), void *arg)
{
    struct json_reader in = {
        .at = text.data, .end = text.data + text.len, .value = value, .arg = arg
    };
    return text.len > 0 && text.data[0] == '{' && json_read_any(&in, 0) && in.at == in.end;
}

#endif
