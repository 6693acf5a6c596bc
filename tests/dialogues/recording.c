/* A session environment whose events are kept, and what was kept as text. */
#include "recording.h"

#include <stdlib.h>
#include <string.h>

static void record(void *arg, const struct event *event)
{
    struct recording *recording = arg;
    if (recording->events == EVENTS_MAX) {
        fprintf(stderr, "more than %d events\n", EVENTS_MAX);
        exit(2);
    }
    struct recorded_event *to = &recording->event[recording->events++];
    to->event = *event;
    facts_init(&to->facts, NULL);
    facts_join(&to->facts, event->facts);
    to->event.facts = buffer_view(&to->facts.records);
}

void stage_open(struct stage *stage, bool traced, struct recording *recording)
{
    *recording = (struct recording){ .events = 0 };
    *stage = (struct stage){ .recording = recording };
    pool_init(&stage->streams, 16 << 20);
    pool_init(&stage->tables, 16 << 20);
    facts_init(&stage->own, NULL);
    facts_init(&stage->assembly, NULL);
    stage->env = (struct session_env){ .out = { record, recording },
                                       .streams = &stage->streams,
                                       .tables = &stage->tables,
                                       .counters = &stage->counters,
                                       .own = &stage->own,
                                       .assembly = &stage->assembly,
                                       .secrets = { 1, 2 } };
    if (traced)
        stage->env.trace = open_memstream(&recording->trace, &recording->trace_len);
}

void stage_close(struct stage *stage)
{
    if (stage->env.trace)
        fclose(stage->env.trace);
    facts_free(&stage->own);
    facts_free(&stage->assembly);
    if (stage->streams.used != 0 || stage->tables.used != 0) {
        fprintf(stderr, "budget not given back: streams %zu, tables %zu\n", stage->streams.used,
                stage->tables.used);
        abort();
    }
}

void recording_free(struct recording *recording)
{
    for (size_t i = 0; i < recording->events; i++)
        facts_free(&recording->event[i].facts);
    free(recording->trace);
}

/* --- writing ------------------------------------------------------------------------------------
 */

/* The same in every dialogue, or different on every run. */
static bool shown(const struct fact *fact)
{
    if (schema_field(fact->field)->visibility == VISIBILITY_INTERNAL)
        return false;
    switch (fact->field) {
    case FIELD_CLIENT_IP:
    case FIELD_CLIENT_PORT:
    case FIELD_SERVER_IP:
    case FIELD_SERVER_PORT:
    case FIELD_NETWORK_TRANSPORT:
    case FIELD_NETWORK_TYPE:
    case FIELD_NETWORK_PROTOCOL:
    case FIELD_NETWORK_COMMUNITY_ID:
    case FIELD_FLOW_UID:
        return false;
    case FIELD_COVERAGE:
        return !bytes_equal(fact->value, BYTES_LITERAL("full"));
    default:
        return true;
    }
}

static void write_value(FILE *out, const struct fact *fact)
{
    char value[FACTS_TEXT_MAX + 1];
    fact_print(fact, value, sizeof value);
    for (const char *c = value; *c; c++) {
        if (*c >= ' ' && *c < 0x7F && *c != '\\')
            fputc(*c, out);
        else
            fprintf(out, "\\x%02x", (unsigned)(uint8_t)*c);
    }
}

char *recording_text(const struct recording *recording)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    for (size_t i = 0; i < recording->events; i++) {
        struct bytes facts = recording->event[i].event.facts;
        fprintf(out, "=> %s\n", schema_event(recording->event[i].event.kind)->name);
        for (unsigned f = 0; f < FIELDS; f++) {
            struct fact fact;
            for (size_t at = 0; facts_next(facts, &at, &fact);) {
                if (fact.field != f || !shown(&fact))
                    continue;
                fprintf(out, "   %s", schema_field((enum field)f)->name);
                if (schema_field((enum field)f)->arity == ARITY_ROWS)
                    fprintf(out, "[%u]", fact.row);
                fputs(" = ", out);
                write_value(out, &fact);
                fputc('\n', out);
            }
        }
    }
    fclose(out);
    return text;
}
