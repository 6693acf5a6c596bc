/* What the JSON of a record must say, derived from the facts in the most naive way: nothing of it
 * is shared with the writer. Includes the strict reader of json_reader.h. */
#ifndef MAILTAP_TESTS_JSON_EXPECTATION_H
#define MAILTAP_TESTS_JSON_EXPECTATION_H

#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "json_reader.h"
#include "schema.h"

/* A list of lines "path type value"; the value is in hexadecimal, since it may hold any byte. */
struct json_lines {
    char *line[4096];
    size_t count, used;
    char text[1 << 22]; /* of all lines */
};

static inline void json_add_line(struct json_lines *lines, const char *path, char type,
                                 struct bytes text)
{
    size_t path_len = strlen(path), len = path_len + 4 + 2 * text.len;
    char *line = lines->text + lines->used, *to = line;
    if (lines->count == sizeof lines->line / sizeof lines->line[0] ||
        lines->used + len > sizeof lines->text)
        abort();
    lines->used += len;
    memcpy(to, path, path_len);
    to += path_len;
    *to++ = ' ';
    *to++ = type;
    *to++ = ' ';
    for (size_t i = 0; i < text.len; i++) {
        *to++ = "0123456789abcdef"[text.data[i] >> 4];
        *to++ = "0123456789abcdef"[text.data[i] & 15];
    }
    *to = '\0';
    lines->line[lines->count++] = line;
}

static inline void json_found(void *arg, const char *path, char type, struct bytes text)
{
    json_add_line(arg, path, type, text);
}

static inline int json_by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Text as it must arrive: each byte that belongs to no character becomes U+FFFD. */
static inline struct bytes json_cleaned(struct bytes text, uint8_t *to)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len;) {
        size_t n = json_utf8(text.data + i, text.data + text.len);
        memcpy(to + len, n > 0 ? text.data + i : (const uint8_t *)"\xEF\xBF\xBD", n > 0 ? n : 3);
        len += n > 0 ? n : 3;
        i += n > 0 ? n : 1;
    }
    return bytes_over(to, len);
}

static inline void json_derive_value(struct json_lines *lines, const char *path,
                                     const struct fact *fact)
{
    uint8_t clean[3 * FACTS_TEXT_MAX];
    char text[64];
    enum field_type type = schema_field(fact->field)->type;
    if (type == TYPE_TEXT || type == TYPE_KEYWORD) {
        json_add_line(lines, path, 's', json_cleaned(fact->value, clean));
        return;
    }
    fact_print(fact, text, sizeof text);
    char shown = type == TYPE_NUMBER ? 'n' : type == TYPE_BOOL ? text[0] : 's';
    if (type == TYPE_NUMBER) /* exact, without the help of fact_print() */
        snprintf(text, sizeof text, "%llu", (unsigned long long)fact_number(fact));
    json_add_line(lines, path, shown, bytes_of_string(text));
}

/* The place of this row among those that exist in its array of objects. */
static inline unsigned json_dense(struct bytes facts, const char *object, size_t object_len,
                                  uint8_t row)
{
    bool present[256] = { false };
    struct fact fact;
    unsigned place = 0;
    for (size_t at = 0; facts_next(facts, &at, &fact);) {
        const char *name = schema_field(fact.field)->name;
        if (schema_field(fact.field)->arity == ARITY_ROWS &&
            strncmp(name, object, object_len + 1) == 0)
            present[fact.row] = true;
    }
    for (unsigned i = 0; i < row; i++)
        place += present[i];
    return place;
}

static inline bool json_later_fact(struct bytes facts, size_t at, enum field field, int row)
{
    struct fact fact;
    while (facts_next(facts, &at, &fact)) {
        if (fact.field == field && (row < 0 || fact.row == row))
            return true;
    }
    return false;
}

static inline void json_derive_lines(struct json_lines *lines, struct bytes facts)
{
    unsigned in_list[FIELDS] = { 0 };
    struct fact fact;
    for (size_t at = 0; facts_next(facts, &at, &fact);) {
        const struct field_row *row = schema_field(fact.field);
        char path[JSON_PATH_MAX];
        if (row->visibility == VISIBILITY_INTERNAL)
            continue;
        if (row->arity == ARITY_LIST) {
            snprintf(path, sizeof path, "%s[%u]", row->name, in_list[fact.field]++);
        } else if (row->arity == ARITY_ROWS) {
            if (json_later_fact(facts, at, fact.field, fact.row))
                continue;
            size_t len = (size_t)(strrchr(row->name, '.') - row->name);
            snprintf(path, sizeof path, "%.*s[%u]%s", (int)len, row->name,
                     json_dense(facts, row->name, len, fact.row), row->name + len);
        } else {
            if (json_later_fact(facts, at, fact.field, -1))
                continue;
            snprintf(path, sizeof path, "%s", row->name);
        }
        json_derive_value(lines, path, &fact);
    }
}

/* Why this text is not one line of JSON that says these facts, all of them and nothing else; NULL
 * if it is. */
static inline const char *json_differs(struct bytes text, struct bytes facts)
{
    static struct json_lines expected, read;
    const char *why = NULL;
    expected.count = expected.used = read.count = read.used = 0;
    if (!json_read(text, json_found, &read))
        why = "law 7: a line is not JSON";
    else if (bytes_index(text, '\n') != text.len)
        why = "law 7: an event is more than one line";
    json_derive_lines(&expected, facts);
    if (!why && read.count != expected.count)
        why = "law 7: the JSON has more or fewer values than the facts";
    qsort(read.line, read.count, sizeof read.line[0], json_by_text);
    qsort(expected.line, expected.count, sizeof expected.line[0], json_by_text);
    for (size_t i = 0; !why && i < read.count; i++) {
        if (strcmp(read.line[i], expected.line[i]) != 0)
            why = "law 7: the JSON says something else than the facts";
    }
    return why;
}

#endif
