/* Events between threads, and their one-line message. */
#include "event.h"

#include <pthread.h>
#include <string.h>

#include "siphash.h"
#include "text.h"

static int compare(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

int event_compare(const struct event *a, const struct event *b)
{
    int order = compare(a->time_ns, b->time_ns);
    if (order == 0)
        order = compare(a->flow_uid, b->flow_uid);
    return order != 0 ? order : compare(a->number, b->number);
}

size_t event_packed_len(const struct event *event)
{
    return sizeof *event + event->facts.len;
}

void event_pack(const struct event *event, uint8_t *to)
{
    memcpy(to, event, sizeof *event);
    if (event->facts.len > 0)
        memcpy(to + sizeof *event, event->facts.data, event->facts.len);
}

bool event_unpack(struct bytes packed, struct event *event)
{
    if (packed.len < sizeof *event)
        return false;
    memcpy(event, packed.data, sizeof *event);
    event->facts = bytes_after(packed, sizeof *event);
    return event->kind < EVENT_KINDS;
}

/* RFC 9562 section 5.8: 48 bits of ms, version 8, variant 10, the rest is ours. */
void event_id(const struct event *event, const char *sensor, struct bytes key,
              char id[EVENT_ID_LEN + 1])
{
    static const struct siphash_key keys[2] = { { 0x6576656e742d6964U, 1 },
                                                { 0x6576656e742d6964U, 2 } };
    uint8_t text[256];
    struct bytes name = bytes_first(bytes_of_string(sensor), 128);
    uint64_t parts[4] = { event->flow_uid, event->number, event->kind,
                          event->flow_uid ? 0 : event->frame };
    size_t len = sizeof parts;
    memcpy(text, parts, sizeof parts);
    if (key.len > 0) { /* a finding's id is derived from its group: no flow */
        memset(text, 0, sizeof(uint64_t));
        key = bytes_first(key, 64);
        memcpy(text + len, key.data, key.len);
        len += key.len;
    }
    if (name.len > 0)
        memcpy(text + len, name.data, name.len);
    struct bytes all = bytes_over(text, len + name.len);
    uint64_t high = siphash13(&keys[0], all), low = siphash13(&keys[1], all);
    uint64_t ms = event->time_ns / 1000000;
    const struct {
        uint64_t number;
        int digits;
    } groups[] = { { ms >> 16, 8 },
                   { ms, 4 },
                   { 0x8000 | (high & 0xFFF), 4 },
                   { 0x8000 | (high >> 12 & 0x3FFF), 4 },
                   { low, 12 } };
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (i > 0)
            *id++ = '-';
        id = text_hex(id, groups[i].number, groups[i].digits);
    }
    *id = '\0';
}

/* A message template of events.def, cut into pieces once. */
#define PIECES_MAX 40

enum piece_type { PIECE_TEXT, PIECE_FIELD, PIECE_OPEN, PIECE_CLOSE };

struct piece {
    enum piece_type type;
    enum field field;
    struct bytes text;
};

static struct template
{
    struct piece piece[PIECES_MAX];
    size_t pieces;
}
templates[EVENT_KINDS];

/* One piece off the front of a template. A field that does not exist shows as its own text. */
static struct piece cut_piece(struct bytes *rest)
{
    struct piece piece = { .type = PIECE_TEXT };
    size_t n = 0;
    if (rest->data[0] == '[' || rest->data[0] == ']') {
        piece.type = rest->data[0] == '[' ? PIECE_OPEN : PIECE_CLOSE;
        n = 1;
    } else if (rest->data[0] == '{') {
        n = bytes_index(*rest, '}');
        piece.field = schema_find(bytes_first(bytes_after(*rest, 1), n - 1));
        n = n < rest->len ? n + 1 : n;
        piece.type = piece.field < FIELDS ? PIECE_FIELD : PIECE_TEXT;
    } else {
        while (n < rest->len && !strchr("[]{", rest->data[n]))
            n++;
    }
    piece.text = bytes_first(*rest, n);
    *rest = bytes_after(*rest, n);
    return piece;
}

static void cut_template(const char *text, struct template *template)
{
    struct bytes rest = bytes_of_string(text);
    template->pieces = 0;
    while (rest.len > 0 && template->pieces < PIECES_MAX)
        template->piece[template->pieces++] = cut_piece(&rest);
}

static void cut_templates(void)
{
    for (unsigned kind = 0; kind < EVENT_KINDS; kind++)
        cut_template(schema_event((enum event_kind)kind)->message, &templates[kind]);
}

struct line {
    char *to;
    size_t len, size;
};

static void add(struct line *line, struct bytes text)
{
    struct bytes kept = text_cut(text, line->size - 1 - line->len);
    if (kept.len > 0)
        memcpy(line->to + line->len, kept.data, kept.len);
    line->len += kept.len;
    if (kept.len < text.len)
        line->size = line->len + 1; /* cut here: nothing shorter may slip in behind */
}

static void add_value(struct line *line, const struct fact *fact)
{
    char value[FACTS_TEXT_MAX + 1];
    fact_print(fact, value, sizeof value);
    add(line, bytes_of_string(value));
}

/* Of a list, all values. */
static bool add_field(struct line *line, enum field field, const struct facts_index *facts)
{
    struct fact fact;
    bool any = false;
    if (schema_field(field)->visibility == VISIBILITY_INTERNAL ||
        !facts_lookup(facts, field, &fact))
        return false;
    if (schema_field(field)->arity == ARITY_ONE) {
        add_value(line, &fact);
        return true;
    }
    for (size_t at = 0; facts_next(facts->records, &at, &fact);) {
        if (fact.field != field)
            continue;
        if (any)
            add(line, BYTES_LITERAL(", "));
        add_value(line, &fact);
        any = true;
    }
    return true;
}

static void fill(const struct template *template, const struct facts_index *facts, char *to,
                 size_t size)
{
    struct line line = { to, 0, size };
    size_t optional = 0; /* where the [...] began */
    bool complete = true;
    for (size_t i = 0; i < template->pieces; i++) {
        const struct piece *piece = &template->piece[i];
        switch (piece->type) {
        case PIECE_TEXT:
            add(&line, piece->text);
            break;
        case PIECE_FIELD:
            complete &= add_field(&line, piece->field, facts);
            break;
        case PIECE_OPEN:
            optional = line.len;
            complete = true;
            break;
        case PIECE_CLOSE:
            if (!complete)
                line.len = optional;
            break;
        }
    }
    to[line.len] = '\0';
}

void event_message(enum event_kind kind, const struct facts_index *facts, char *to, size_t size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, cut_templates);
    fill(&templates[kind], facts, to, size);
}

void event_text(const char *template, const struct facts_index *facts, char *to, size_t size)
{
    struct template cut;
    cut_template(template, &cut);
    fill(&cut, facts, to, size);
}
