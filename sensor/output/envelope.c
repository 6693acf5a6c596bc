/* The common envelope of every event (ECS 9.4). */
#include "envelope.h"

#define MESSAGE_MAX 512

/* Adds each word of a comma-separated list. */
static void add_list(struct facts *to, enum field field, const char *words)
{
    struct bytes rest = bytes_of_string(words);
    while (rest.len > 0) {
        size_t n = bytes_index(rest, ',');
        facts_text(to, field, bytes_first(rest, n));
        rest = bytes_after(rest, n + 1);
    }
}

static void identify(const struct envelope *envelope, const struct event *event,
                     const struct facts_index *facts, struct facts *to)
{
    char id[EVENT_ID_LEN + 1];
    struct fact finding;
    bool about_finding =
        event->kind == EVENT_FINDING && facts_lookup(facts, FIELD_FINDING_ID, &finding);
    event_id(event, envelope->observer, about_finding ? finding.value : BYTES_NONE, id);
    facts_string(to, FIELD_EVENT_ID, id);
    if (!about_finding)
        return;
    struct event source = { .kind = event->source.kind,
                            .number = event->source.number,
                            .time_ns = event->source.time_ns,
                            .flow_uid = event->flow_uid,
                            .frame = event->frame };
    event_id(&source, envelope->observer, BYTES_NONE, id);
    facts_string(to, FIELD_FINDING_SOURCE_EVENT_IDS, id);
}

/* Who opened the connection is the source; both ends are related. */
static void add_ends(const struct facts_index *facts, struct facts *to)
{
    static const struct {
        enum field from, to;
    } ends[] = {
        { FIELD_CLIENT_IP, FIELD_SOURCE_IP },     { FIELD_CLIENT_IP, FIELD_RELATED_IP },
        { FIELD_CLIENT_PORT, FIELD_SOURCE_PORT }, { FIELD_SERVER_IP, FIELD_DESTINATION_IP },
        { FIELD_SERVER_IP, FIELD_RELATED_IP },    { FIELD_SERVER_PORT, FIELD_DESTINATION_PORT },
        { FIELD_PROXIED_IP, FIELD_RELATED_IP },
    };
    struct fact fact;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (facts_lookup(facts, ends[i].from, &fact)) {
            fact.field = ends[i].to;
            facts_copy(to, &fact);
        }
    }
}

/* Copies the event's own facts as privacy allows; user names are related users too. */
static void add_facts(const struct envelope *envelope, const struct facts_index *facts,
                      struct facts *to)
{
    struct fact fact, user;
    for (size_t at = 0; facts_next(facts->records, &at, &fact);)
        privacy_copy(&envelope->privacy, &fact, to);
    if (facts_lookup(facts, FIELD_USER_NAME, &user)) {
        user.field = FIELD_RELATED_USER;
        privacy_copy(&envelope->privacy, &user, to);
    }
}

void envelope_complete(struct envelope *envelope, const struct event *event,
                       const struct facts_index *own, struct facts *to)
{
    const struct event_row *row = schema_event(event->kind);
    facts_clear(to);
    facts_number(to, FIELD_TIMESTAMP, event->time_ns);
    facts_string(to, FIELD_ECS_VERSION, "9.4.0");
    facts_string(to, FIELD_EVENT_KIND, row->kind);
    add_list(to, FIELD_EVENT_CATEGORY, row->categories);
    add_list(to, FIELD_EVENT_TYPE, row->types);
    facts_string(to, FIELD_EVENT_ACTION, row->action);
    facts_string(to, FIELD_EVENT_DATASET, row->dataset);
    facts_string(to, FIELD_EVENT_MODULE, "mailtap");
    identify(envelope, event, own, to);
    facts_number(to, FIELD_EVENT_SEQUENCE, ++envelope->sequence[row->stream]);
    facts_string(to, FIELD_OBSERVER_NAME, envelope->observer);
    facts_string(to, FIELD_OBSERVER_PRODUCT, "mailtap");
    facts_string(to, FIELD_OBSERVER_TYPE, "sensor");
    facts_string(to, FIELD_OBSERVER_VERSION, MAILTAP_VERSION);
    if (frame_file(event->frame) < envelope->files && event->frame > 0) {
        facts_string(to, FIELD_FILE, envelope->file[frame_file(event->frame)]);
        facts_number(to, FIELD_FRAME, frame_number(event->frame));
    }
    add_ends(own, to);
    add_facts(envelope, own, to);
}

void envelope_message(enum event_kind kind, const struct facts_index *published, struct facts *to)
{
    char message[MESSAGE_MAX];
    event_message(kind, published, message, sizeof message);
    facts_string(to, FIELD_MESSAGE, message);
}
