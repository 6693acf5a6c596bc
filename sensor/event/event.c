/* Events between threads, and their one-line message. */
#include "event.h"

#include <stdio.h>
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
void event_id(const struct event *event, const char *sensor, struct bytes key, char id[EVENT_ID_LEN + 1])
{
    static const struct siphash_key keys[2] = { { 0x6576656e742d6964U, 1 }, { 0x6576656e742d6964U, 2 } };
    uint8_t text[256];
    struct bytes name = bytes_first(bytes_of_string(sensor), 128);
    uint64_t parts[4] = { event->flow_uid, event->number, event->kind, event->flow_uid ? 0 : event->frame };
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
    unsigned long long ms = event->time_ns / 1000000 & 0xFFFFFFFFFFFFULL;
    snprintf(id, EVENT_ID_LEN + 1, "%08llx-%04llx-8%03llx-%04llx-%012llx", ms >> 16, ms & 0xFFFF,
             (unsigned long long)high & 0xFFF, ((unsigned long long)high >> 12 & 0x3FFF) | 0x8000,
             (unsigned long long)low & 0xFFFFFFFFFFFFULL);
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
}

static bool add_field(struct line *line, struct bytes name, struct bytes facts)
{
    struct fact fact;
    char value[FACTS_TEXT_MAX + 1];
    enum field field = schema_find(name);
    if (field == FIELDS || schema_field(field)->visibility == VISIBILITY_INTERNAL ||
        !facts_find(facts, field, &fact))
        return false;
    fact_print(&fact, value, sizeof value);
    add(line, bytes_of_string(value));
    return true;
}

void event_message(const struct event_row *row, struct bytes facts, char *to, size_t size)
{
    struct line line = { to, 0, size };
    struct bytes rest = bytes_of_string(row->message);
    size_t optional = 0; /* where the [...] began */
    bool complete = true;
    while (rest.len > 0) {
        size_t plain = 0;
        while (plain < rest.len && !strchr("[]{", rest.data[plain]))
            plain++;
        add(&line, bytes_first(rest, plain));
        rest = bytes_after(rest, plain);
        if (rest.len == 0)
            break;
        size_t used = 1;
        if (rest.data[0] == '[') {
            optional = line.len;
            complete = true;
        } else if (rest.data[0] == ']') {
            if (!complete)
                line.len = optional;
        } else {
            used = bytes_index(rest, '}');
            if (!add_field(&line, bytes_first(bytes_after(rest, 1), used - 1), facts))
                complete = false;
            used++;
        }
        rest = bytes_after(rest, used);
    }
    to[line.len] = '\0';
}
