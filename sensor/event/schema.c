/* The vocabulary as tables. */
#include "schema.h"

static const struct field_row fields[] = {
#define FIELD(id, name, type, arity, visibility, doc)                                              \
    { name, TYPE_##type, ARITY_##arity, VISIBILITY_##visibility, doc },
#include "fields.def"
#undef FIELD
};

static const struct event_row events[] = {
#define EVENT(id, name, kind, categories, types, action, stream, message)                          \
    { name, "mailtap." name, kind, categories, types, action, STREAM_##stream, message },
#include "events.def"
#undef EVENT
};

static const char *const weirds[] = {
#define WEIRD(id, name, doc) name,
#include "weirds.def"
#undef WEIRD
};

const struct field_row *schema_field(enum field field)
{
    return &fields[field];
}

const struct event_row *schema_event(enum event_kind kind)
{
    return &events[kind];
}

const char *schema_weird(enum weird weird)
{
    return weirds[weird];
}

enum field schema_find(struct bytes name)
{
    for (unsigned i = 0; i < FIELDS; i++) {
        if (bytes_equal(name, bytes_of_string(fields[i].name)))
            return (enum field)i;
    }
    return FIELDS;
}

void schema_print(FILE *out)
{
    static const char *const types[] = {
        "text", "keyword", "number", "ip", "time", "bool", "claim"
    };
    static const char *const arities[] = { "", "[]", "{}[]" };
    for (unsigned i = 0; i < FIELDS; i++) {
        const struct field_row *row = &fields[i];
        if (row->visibility != VISIBILITY_INTERNAL)
            fprintf(out, "%-34s %s%-*s %s\n", row->name, types[row->type],
                    11 - (int)bytes_of_string(types[row->type]).len, arities[row->arity], row->doc);
    }
}
