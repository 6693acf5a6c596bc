/* The JSON writer: append-only into one buffer, driven by the order of fields.def. */
#include "json.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

#define FACTS_RENDERED                                                                             \
    2048 /* facts of one event; a full record of the smallest ones is larger, the rest is cut */
#define ROW_MEMBERS 16 /* fields of one object of an array */
#define DEPTH_MAX   8

/* The facts of one event by field: chains through the array, in order of appearance. */
struct index {
    struct fact facts[FACTS_RENDERED];
    uint16_t next[FACTS_RENDERED];
    uint16_t first[FIELDS], last[FIELDS]; /* 1-based, 0: none */
    uint16_t count;
};

struct writer {
    struct buffer *out;
    struct bytes open[DEPTH_MAX]; /* names of the objects that are open */
    size_t depth;
    bool comma, failed;
};

static void put(struct writer *w, struct bytes text)
{
    if (!buffer_append(w->out, text))
        w->failed = true;
}

static void put_string(struct writer *w, const char *text)
{
    put(w, bytes_of_string(text));
}

static bool plain(uint8_t c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/* One character that cannot stand as it is; returns how many bytes it was. */
static size_t put_special(struct writer *w, struct bytes text)
{
    uint8_t c = text.data[0];
    if (c >= 0x80) {
        size_t n = text_utf8_length(text);
        put(w, n > 0 ? bytes_first(text, n) : BYTES_LITERAL("\xEF\xBF\xBD"));
        return n > 0 ? n : 1;
    }
    char escaped[8];
    if (c == '"' || c == '\\')
        snprintf(escaped, sizeof escaped, "\\%c", c);
    else
        snprintf(escaped, sizeof escaped, "\\u%04x", c);
    put_string(w, escaped);
    return 1;
}

static void put_text(struct writer *w, struct bytes text)
{
    put_string(w, "\"");
    while (text.len > 0) {
        size_t n = 0;
        while (n < text.len && plain(text.data[n]))
            n++;
        put(w, bytes_first(text, n));
        text = bytes_after(text, n);
        if (text.len > 0)
            text = bytes_after(text, put_special(w, text));
    }
    put_string(w, "\"");
}

static void put_value(struct writer *w, const struct fact *fact)
{
    char text[64];
    switch (schema_field(fact->field)->type) {
    case TYPE_TEXT:
    case TYPE_KEYWORD:
        put_text(w, fact->value);
        break;
    case TYPE_NUMBER:
    case TYPE_BOOL:
        fact_print(fact, text, sizeof text);
        put_string(w, text);
        break;
    case TYPE_IP:
    case TYPE_TIME:
    case TYPE_CLAIM:
        fact_print(fact, text, sizeof text);
        put_string(w, "\"");
        put_string(w, text);
        put_string(w, "\"");
        break;
    }
}

static void put_name(struct writer *w, struct bytes name)
{
    if (w->comma)
        put_string(w, ",");
    put_string(w, "\"");
    put(w, name);
    put_string(w, "\":");
    w->comma = false;
}

/* Closes and opens objects until those of `path` (all but its last name) are open; returns the last
 * name. */
static struct bytes walk_to(struct writer *w, struct bytes path)
{
    size_t depth = 0;
    for (;;) {
        size_t dot = bytes_index(path, '.');
        bool last = dot == path.len;
        if (depth < w->depth && (last || !bytes_equal(w->open[depth], bytes_first(path, dot)))) {
            for (; w->depth > depth; w->depth--)
                put_string(w, "}");
            w->comma = true;
        }
        if (last)
            return path;
        if (depth == w->depth) {
            put_name(w, bytes_first(path, dot));
            put_string(w, "{");
            w->open[w->depth++] = bytes_first(path, dot);
        }
        depth++;
        path = bytes_after(path, dot + 1);
    }
}

static struct bytes object_of(enum field field)
{
    struct bytes name = bytes_of_string(schema_field(field)->name);
    size_t len = name.len;
    while (len > 0 && name.data[len - 1] != '.')
        len--;
    return bytes_first(name, len > 0 ? len - 1 : 0);
}

/* All members of one array of objects, from `first` on; returns the number of fields that belong to
 * it. */
static unsigned put_rows(struct writer *w, const struct index *index, unsigned first)
{
    uint16_t by_row[ROW_MEMBERS][256] = { { 0 } };
    struct bytes object = object_of((enum field)first);
    unsigned members = 0, rows = 0;
    while (first + members < FIELDS && members < ROW_MEMBERS &&
           schema_field((enum field)(first + members))->arity == ARITY_ROWS &&
           bytes_equal(object_of((enum field)(first + members)), object)) {
        bool shown = schema_field((enum field)(first + members))->visibility != VISIBILITY_INTERNAL;
        for (unsigned i = shown ? index->first[first + members] : 0; i != 0;
             i = index->next[i - 1]) {
            uint8_t row = index->facts[i - 1].row;
            by_row[members][row] = (uint16_t)i;
            if (row >= rows)
                rows = row + 1U;
        }
        members++;
    }
    if (rows == 0)
        return members;
    put_name(w, walk_to(w, object));
    put_string(w, "[");
    bool any = false;
    for (unsigned row = 0; row < rows; row++) {
        bool open = false;
        for (unsigned m = 0; m < members; m++) {
            if (by_row[m][row] == 0)
                continue;
            if (!open)
                put_string(w, any ? ",{" : "{");
            w->comma = open;
            open = any = true;
            put_name(w, bytes_after(bytes_of_string(schema_field((enum field)(first + m))->name),
                                    object.len + 1));
            put_value(w, &index->facts[by_row[m][row] - 1]);
        }
        if (open)
            put_string(w, "}");
    }
    put_string(w, "]");
    w->comma = true;
    return members;
}

static void put_list(struct writer *w, const struct index *index, enum field field)
{
    put_string(w, "[");
    for (unsigned i = index->first[field]; i != 0; i = index->next[i - 1]) {
        put_value(w, &index->facts[i - 1]);
        if (index->next[i - 1] != 0)
            put_string(w, ",");
    }
    put_string(w, "]");
}

static void build_index(struct index *index, struct bytes facts)
{
    struct fact *fact = index->facts;
    memset(index->first, 0, sizeof index->first);
    index->count = 0;
    for (size_t at = 0; index->count < FACTS_RENDERED && facts_next(facts, &at, fact); fact++) {
        uint16_t i = ++index->count;
        index->next[i - 1] = 0;
        if (index->first[fact->field] == 0)
            index->first[fact->field] = i;
        else
            index->next[index->last[fact->field] - 1] = i;
        index->last[fact->field] = i;
    }
}

bool json_write(struct buffer *out, struct bytes facts)
{
    struct index index;
    struct writer w = { .out = out };
    size_t start = out->len;
    build_index(&index, facts);
    put_string(&w, "{");
    for (unsigned f = 0; f < FIELDS;) {
        const struct field_row *row = schema_field((enum field)f);
        if (row->arity == ARITY_ROWS) {
            f += put_rows(&w, &index, f);
            continue;
        }
        if (index.first[f] != 0 && row->visibility != VISIBILITY_INTERNAL) {
            put_name(&w, walk_to(&w, bytes_of_string(row->name)));
            if (row->arity == ARITY_LIST)
                put_list(&w, &index, (enum field)f);
            else
                put_value(&w, &index.facts[index.last[f] - 1]);
            w.comma = true;
        }
        f++;
    }
    for (; w.depth > 0; w.depth--)
        put_string(&w, "}");
    put_string(&w, "}");
    if (w.failed)
        out->len = start;
    return !w.failed;
}
