/* The vocabulary as tables: fields, event kinds and weirds, all from their .def rows. */
#ifndef MAILTAP_SCHEMA_H
#define MAILTAP_SCHEMA_H

#include <stdio.h>

#include "bytes.h"

enum field {
#define FIELD(id, name, type, arity, visibility, doc) FIELD_##id,
#include "fields.def"
#undef FIELD
    FIELDS
};

enum event_kind {
#define EVENT(id, name, kind, categories, types, action, stream, message) EVENT_##id,
#include "events.def"
#undef EVENT
    EVENT_KINDS
};

enum weird {
#define WEIRD(id, name, doc) WEIRD_##id,
#include "weirds.def"
#undef WEIRD
    WEIRDS
};

enum field_type { TYPE_TEXT, TYPE_KEYWORD, TYPE_NUMBER, TYPE_IP, TYPE_TIME, TYPE_BOOL, TYPE_CLAIM };
enum field_arity { ARITY_ONE, ARITY_LIST, ARITY_ROWS };
enum field_visibility {
    VISIBILITY_PUBLIC,
    VISIBILITY_USER,
    VISIBILITY_ADDRESS,
    VISIBILITY_SUBJECT,
    VISIBILITY_ATTACHMENT,
    VISIBILITY_INTERNAL,
};
enum event_stream { STREAM_EVENTS, STREAM_FINDINGS, STREAM_STATS, STREAMS };

struct field_row {
    const char *name;
    enum field_type type;
    enum field_arity arity;
    enum field_visibility visibility;
    const char *doc;
};

struct event_row {
    const char *name, *dataset, *kind;
    const char *categories, *types; /* comma-separated */
    const char *action;
    enum event_stream stream;
    const char *message;
};

const struct field_row *schema_field(enum field);
const struct event_row *schema_event(enum event_kind);
const char *schema_weird(enum weird);

/* The field of this name, or FIELDS if there is none. */
enum field schema_find(struct bytes name);

/* What `mailtap --fields` shows: name, type, arity and meaning, a line each. */
void schema_print(FILE *);

#endif
