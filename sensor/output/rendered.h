/* An event rendered once for all sinks: its JSON, the stream it belongs to, and the few columns
 * that Redis entries carry beside the JSON. Flat, so that it can travel in a ring. */
#ifndef MAILTAP_RENDERED_H
#define MAILTAP_RENDERED_H

#include "facts.h"

enum column {
    COLUMN_DATASET,
    COLUMN_SEVERITY,
    COLUMN_RULE,
    COLUMN_SRC,
    COLUMN_DST,
    COLUMN_PROTO,
    COLUMNS,
};

#define COLUMN_MAX 127 /* longer values are cut */

struct rendered {
    enum event_stream stream;
    struct bytes json;            /* one object, without a newline */
    struct bytes message;         /* the event in one line for people */
    struct bytes column[COLUMNS]; /* absent: empty, which is written as it is; severity: "0" */
};

/* Where the text of the columns lives. */
struct column_text {
    char value[COLUMNS][COLUMN_MAX + 1];
};

const char *column_name(enum column);

/* Sets the columns from an event's facts. They point into `text`, which must outlive them. */
void rendered_columns(struct rendered *, const struct facts_index *facts, struct column_text *text);

/* The rendered event in a ring: its length, writing it, reading it back (false if damaged). */
size_t rendered_packed_len(const struct rendered *);
void rendered_pack(const struct rendered *, uint8_t *to);
bool rendered_unpack(struct bytes packed, struct rendered *);

#endif
