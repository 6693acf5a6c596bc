/* Which fields, protocols, log sources and placeholders rules may name. */
#include <string.h>

#include "loader.h"
#include "text.h"

/* Fields that an event gets only when it is published: rules are judged before. `instead`: where
 * there is one that says the same. */
static const struct {
    enum field field;
    const char *instead;
} later[] = {
    { FIELD_TIMESTAMP, NULL },
    { FIELD_ECS_VERSION, NULL },
    { FIELD_EVENT_ID, NULL },
    { FIELD_EVENT_SEQUENCE, NULL },
    { FIELD_EVENT_SEVERITY, NULL },
    { FIELD_EVENT_RISK_SCORE, NULL },
    { FIELD_MESSAGE, NULL },
    { FIELD_SOURCE_IP, "client.ip" },
    { FIELD_SOURCE_PORT, "client.port" },
    { FIELD_DESTINATION_IP, "server.ip" },
    { FIELD_DESTINATION_PORT, "server.port" },
    { FIELD_OBSERVER_NAME, NULL },
    { FIELD_OBSERVER_PRODUCT, NULL },
    { FIELD_OBSERVER_TYPE, NULL },
    { FIELD_OBSERVER_VERSION, NULL },
    { FIELD_RELATED_IP, "client.ip" },
    { FIELD_RELATED_USER, "user.name" },
    { FIELD_RULE_ID, NULL },
    { FIELD_RULE_UUID, NULL },
    { FIELD_RULE_NAME, NULL },
    { FIELD_THREAT_FRAMEWORK, NULL },
    { FIELD_THREAT_TECHNIQUE_ID, NULL },
    { FIELD_USER_HASH, "user.name" },
    { FIELD_FILE, NULL },
    { FIELD_FRAME, NULL },
    { FIELD_CORRELATION_COUNT, NULL },
};

/* What other collections and tools call our fields. */
static const struct {
    const char *theirs, *ours;
} names[] = {
    { "src_ip", "client.ip" },
    { "dst_ip", "server.ip" },
    { "src_port", "client.port" },
    { "dst_port", "server.port" },
    { "id.orig_h", "client.ip" },
    { "id.resp_h", "server.ip" },
    { "id.orig_p", "client.port" },
    { "id.resp_p", "server.port" },
    { "DestinationPort", "server.port" },
    { "DestinationIp", "server.ip" },
    { "SourceIp", "client.ip" },
    { "user", "user.name" },
    { "username", "user.name" },
    { "User", "user.name" },
    { "helo", "mailtap.smtp.helo" },
    { "mailfrom", "mailtap.smtp.mail_from" },
    { "rcptto", "mailtap.smtp.rcpt_to" },
};

static const char *nearest_field(const struct problems *problems, const char *word)
{
    const char *prefix = "mailtap.";
    struct nearest nearest = nearest_to(word);
    if (problems->count == PROBLEMS_MAX)
        return NULL; /* nobody will read it */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].theirs, word) == 0)
            return names[i].ours;
    }
    for (unsigned i = 0; i < FIELDS; i++) {
        const struct field_row *row = schema_field((enum field)i);
        if (row->visibility == VISIBILITY_INTERNAL)
            continue;
        nearest_consider(&nearest, row->name);
        /* People leave the front off. */
        if (strncmp(row->name, prefix, strlen(prefix)) == 0) {
            const char *before = nearest.best;
            nearest_consider(&nearest, row->name + strlen(prefix));
            if (nearest.best != before && nearest.best == row->name + strlen(prefix))
                nearest.best = row->name;
        }
    }
    return nearest.best;
}

static bool is_known_later(enum field field, const char **instead)
{
    *instead = NULL;
    if (strncmp(schema_field(field)->name, "mailtap.finding.", strlen("mailtap.finding.")) == 0)
        return true;
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        if (later[i].field == field) {
            *instead = later[i].instead;
            return true;
        }
    }
    return false;
}

enum field load_field(struct loader *loader, const char *name, struct place place,
                      enum field_use use)
{
    const char *instead;
    enum field field = schema_find(bytes_of_string(name));
    if (loader->options->foreign)
        return field;
    if (field != FIELDS && schema_field(field)->visibility == VISIBILITY_INTERNAL) {
        if (use == USE_COUNT)
            return field;
        problem_error(loader->problems, place,
                      "\"%s\" is never shown: only correlations may group by it or count it", name);
        return FIELDS;
    }
    if (field == FIELDS) {
        load_unknown(loader, place, "field", name, nearest_field(loader->problems, name));
        return FIELDS;
    }
    if (is_known_later(field, &instead)) {
        problem_error(loader->problems, place, "\"%s\" is not known when rules are judged%s%s%s",
                      name, instead ? ": use \"" : "", instead ? instead : "", instead ? "\"" : "");
        return FIELDS;
    }
    return field;
}

const char *load_type_name(enum field_type type)
{
    static const char *const words[] = {
        [TYPE_TEXT] = "a text",
        [TYPE_KEYWORD] = "a word",
        [TYPE_NUMBER] = "a number",
        [TYPE_IP] = "an address",
        [TYPE_TIME] = "a time",
        [TYPE_BOOL] = "true or false",
        [TYPE_CLAIM] = "yes, no or unknown",
    };
    return words[type];
}

void load_check_template(struct loader *loader, const char *text, const struct yaml_node *node)
{
    for (const char *at = strchr(text, '{'); at; at = strchr(at, '{')) {
        const char *end = strchr(++at, '}');
        struct bytes name = end ? bytes_over(at, (size_t)(end - at)) : bytes_of_string(at);
        enum field field = schema_find(name);
        struct place place = yaml_place_in(node, (size_t)(at - text));
        if (!end) {
            problem_error(loader->problems, place, "the brace { is not closed");
        } else if (field == FIELDS || schema_field(field)->visibility == VISIBILITY_INTERNAL) {
            char word[100];
            text_copy(word, sizeof word, name);
            load_unknown(loader, place, "field", word, nearest_field(loader->problems, word));
        }
    }
}

/* --- protocols and log sources ------------------------------------------------------------------
 */

/* The values of network.protocol, which are the names of the dissectors; and what the log source
 * for it is called, NULL if there is none. */
static const struct {
    const char *protocol, *service;
} protocols[] = {
    { "smtp", "smtp" },         { "imap", "imap" }, { "pop3", "pop3" },
    { "managesieve", "sieve" }, { "tls", NULL }, /* a kind of event, too: that is what the service
                                                    means */
};

#define PROTOCOLS (sizeof protocols / sizeof protocols[0])

void load_warn_protocol(struct loader *loader, const char *protocol, struct place place)
{
    const char *known[PROTOCOLS + 1] = { NULL };
    for (size_t i = 0; i < PROTOCOLS; i++) {
        const char *service = protocols[i].service;
        known[i] = protocols[i].protocol;
        if (bytes_equal_nocase(bytes_of_string(protocol), known[i]))
            return;
        if (service && bytes_equal_nocase(bytes_of_string(protocol), service)) {
            problem_warning(loader->problems, place,
                            "unknown protocol \"%s\", did you mean \"%s\"?", protocol, known[i]);
            return;
        }
    }
    problem_unknown(loader->problems, PROBLEM_WARNING, place, "protocol", protocol, known);
}

static uint32_t all_kinds(void)
{
    uint32_t kinds = (1U << EVENT_KINDS) - 1;
    return kinds & ~(1U << EVENT_FINDING) & ~(1U << EVENT_STATS);
}

static bool load_service(struct loader *loader, const struct yaml_node *node,
                         struct log_source *source)
{
    const char *known[PROTOCOLS + EVENT_KINDS + 2];
    size_t count = 0;
    for (size_t i = 0; i < PROTOCOLS; i++) {
        if (!protocols[i].service)
            continue;
        known[count++] = protocols[i].service;
        if (strcmp(node->text, protocols[i].service) == 0) {
            source->protocol = protocols[i].protocol;
            return true;
        }
    }
    for (unsigned i = 0; i < EVENT_KINDS; i++) {
        const char *name = schema_event((enum event_kind)i)->name;
        bool connection = i == EVENT_FLOW && strcmp(node->text, "connection") == 0;
        if (i == EVENT_FINDING) /* rules make them, and are not about them */
            continue;
        known[count++] = name;
        if (connection || strcmp(node->text, name) == 0) {
            source->kinds = 1U << i;
            return true;
        }
    }
    known[count++] = "connection";
    known[count] = NULL;
    load_unknown_of(loader, node->place, "service", node->text, known);
    return false;
}

/* The member must be absent or this word. */
static bool must_be(struct loader *loader, const struct yaml_node *map, const char *key,
                    const char *word)
{
    const struct yaml_node *node = yaml_member(map, key);
    if (!node || (node->kind == YAML_TEXT && strcmp(node->text, word) == 0))
        return true;
    problem_error(loader->problems, node->place, "%s must be \"%s\" (or left out)", key, word);
    return false;
}

bool load_source(struct loader *loader, const struct yaml_node *node, struct log_source *source)
{
    static const char *const members[] = { "product", "category", "service", "definition", NULL };
    *source = (struct log_source){ .kinds = all_kinds() };
    if (node->kind != YAML_MAP) {
        problem_error(loader->problems, node->place, "logsource must be a map");
        return false;
    }
    if (loader->options->foreign)
        return true;
    bool good = load_known_members(loader, node, "logsource", members);
    good &= must_be(loader, node, "product", "mailtap");
    good &= must_be(loader, node, "category", "network");
    const struct yaml_node *service = yaml_member(node, "service");
    if (!service)
        return good;
    if (!load_word(loader, service, "service"))
        return false;
    return load_service(loader, service, source) && good;
}

/* --- placeholders -------------------------------------------------------------------------------
 */

bool load_is_placeholder(struct bytes text)
{
    return text.len > 2 && text.data[0] == '%' && text.data[text.len - 1] == '%';
}

static const struct placeholder *find_placeholder(const struct loader *loader, struct bytes name)
{
    const struct sigma_options *options = loader->options;
    for (size_t i = 0; i < options->placeholder_count; i++) {
        if (bytes_equal(name, bytes_of_string(options->placeholders[i].name)))
            return &options->placeholders[i];
    }
    return NULL;
}

bool load_knows_placeholder(const struct loader *loader, struct bytes text)
{
    return load_is_placeholder(text) &&
           find_placeholder(loader, bytes_over(text.data + 1, text.len - 2));
}

const struct placeholder *load_placeholder(struct loader *loader, struct bytes text,
                                           struct place place)
{
    char word[64];
    if (!load_is_placeholder(text)) {
        problem_error(loader->problems, place, "expand needs %%name%% as the whole value");
        return NULL;
    }
    struct bytes name = bytes_over(text.data + 1, text.len - 2);
    const struct placeholder *found = find_placeholder(loader, name);
    if (found || loader->options->foreign)
        return found;
    text_copy(word, sizeof word, name);
    struct nearest nearest = nearest_to(word);
    for (size_t i = 0; i < loader->options->placeholder_count; i++)
        nearest_consider(&nearest, loader->options->placeholders[i].name);
    load_unknown(loader, place, "placeholder", word, nearest.best);
    return NULL;
}
