/* Rendered events: columns from facts, and the packed form
 *
 *   | struct header | column ... | message | json |     (host byte order, the JSON is the rest) */
#include "rendered.h"

#include <string.h>

#include "facts.h"
#include "text.h"

struct header {
    uint32_t stream, message_len;
    uint32_t len[COLUMNS];
};

static const struct {
    const char *name;
    enum field field, otherwise; /* the second is looked at if the first is absent */
    const char *absent;
} columns[COLUMNS] = {
    [COLUMN_DATASET] = { "dataset", FIELD_EVENT_DATASET, FIELDS, "" },
    /* Grafana types a column by its first value and takes a missing one for 0. */
    [COLUMN_SEVERITY] = { "severity", FIELD_EVENT_SEVERITY, FIELDS, "0" },
    [COLUMN_RULE] = { "rule", FIELD_RULE_ID, FIELDS, "" },
    [COLUMN_SRC] = { "src", FIELD_SOURCE_IP, FIELD_CLIENT_IP, "" },
    [COLUMN_DST] = { "dst", FIELD_DESTINATION_IP, FIELD_SERVER_IP, "" },
    [COLUMN_PROTO] = { "proto", FIELD_NETWORK_PROTOCOL, FIELDS, "" },
};

const char *column_name(enum column column)
{
    return columns[column].name;
}

void rendered_columns(struct rendered *rendered, const struct facts_index *facts,
                      struct column_text *text)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        char *value = text->value[i];
        struct fact fact;
        if (facts_lookup(facts, columns[i].field, &fact) ||
            (columns[i].otherwise != FIELDS && facts_lookup(facts, columns[i].otherwise, &fact)))
            fact_print(&fact, value, sizeof text->value[i]);
        else
            text_copy(value, sizeof text->value[i], bytes_of_string(columns[i].absent));
        rendered->column[i] = bytes_of_string(value);
    }
}

static size_t column_len(const struct rendered *rendered, size_t i)
{
    return text_cut(rendered->column[i], COLUMN_MAX).len;
}

size_t rendered_packed_len(const struct rendered *rendered)
{
    size_t len = sizeof(struct header) + rendered->message.len + rendered->json.len;
    for (size_t i = 0; i < COLUMNS; i++)
        len += column_len(rendered, i);
    return len;
}

static uint8_t *put(uint8_t *to, struct bytes bytes)
{
    if (bytes.len > 0)
        memcpy(to, bytes.data, bytes.len);
    return to + bytes.len;
}

void rendered_pack(const struct rendered *rendered, uint8_t *to)
{
    struct header header = { .stream = rendered->stream,
                             .message_len = (uint32_t)rendered->message.len };
    uint8_t *at = to + sizeof header;
    for (size_t i = 0; i < COLUMNS; i++) {
        struct bytes column = bytes_first(rendered->column[i], column_len(rendered, i));
        header.len[i] = (uint32_t)column.len;
        at = put(at, column);
    }
    put(put(at, rendered->message), rendered->json);
    memcpy(to, &header, sizeof header);
}

bool rendered_unpack(struct bytes packed, struct rendered *rendered)
{
    struct header header;
    if (packed.len < sizeof header)
        return false;
    memcpy(&header, packed.data, sizeof header);
    if (header.stream >= STREAMS)
        return false;
    rendered->stream = (enum event_stream)header.stream;
    struct bytes rest = bytes_after(packed, sizeof header);
    for (size_t i = 0; i < COLUMNS; i++) {
        if (header.len[i] > rest.len)
            return false;
        rendered->column[i] = bytes_first(rest, header.len[i]);
        rest = bytes_after(rest, header.len[i]);
    }
    if (header.message_len > rest.len)
        return false;
    rendered->message = bytes_first(rest, header.message_len);
    rendered->json = bytes_after(rest, header.message_len);
    return true;
}
