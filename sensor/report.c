/* What the report takes in. */
#include "report_internal.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

#define FINDINGS_MAX 4096

const char *const report_protocols[REPORT_PROTOCOLS] = {
    [REPORT_SMTP] = "smtp",
    [REPORT_IMAP] = "imap",
    [REPORT_POP3] = "pop3",
    [REPORT_SIEVE] = "managesieve",
};

const char *const report_states[REPORT_STATES] = { "established", "unused", "not_offered",
                                                   "refused",     "no_tls", "handshake_failed",
                                                   "unknown" };

const struct report_version report_versions[REPORT_VERSIONS] = {
    { "tls", "1.3", "TLS 1.3" }, { "tls", "1.2", "TLS 1.2" }, { "tls", "1.1", "TLS 1.1" },
    { "tls", "1.0", "TLS 1.0" }, { "ssl", "3.0", "SSL 3.0" }, { "ssl", "2.0", "SSL 2.0" },
};

const struct report_reason report_reasons[REPORT_REASONS] = {
    { "gap", "had packets missing from the capture" },
    { "one_sided", "showed one direction only" },
    { "midstream", "had begun before the capture did" },
    { "truncated", "were cut by the snap length" },
    { "memory", "found no room in the budget (memory.*)" },
    { "unfinished", "had no end yet where the capture stops" },
    { "compressed", "went on compressed (COMPRESS=DEFLATE), where nothing is read" },
    { "security_layer", "were wrapped by SASL after the login" },
    { "foreign", "had a client that spoke TLS to a server that did not" },
    { "desync", "broke the rules of their protocol, so that track of them was lost" },
};

static const struct {
    uint16_t port;
    enum report_protocol protocol;
} implicit_ports[] = { { 465, REPORT_SMTP }, { 993, REPORT_IMAP }, { 995, REPORT_POP3 } };
#define PORTS (sizeof implicit_ports / sizeof implicit_ports[0])

struct report *report_new(void)
{
    struct report *report = calloc(1, sizeof *report);
    if (!report)
        return NULL;
    report->findings = lru_new(&(struct lru_options){ .key_size = sizeof(struct text_field),
                                                      .value_size = sizeof(struct line),
                                                      .max_entries = FINDINGS_MAX });
    if (!report->findings) {
        free(report);
        return NULL;
    }
    return report;
}

size_t report_bytes(const struct report *report)
{
    return report ? sizeof *report + lru_bytes(report->findings) : 0;
}

void report_free(struct report *report)
{
    if (!report)
        return;
    lru_free(report->findings);
    free(report);
}

/* --- taking events in ---------------------------------------------------------------------------
 */

static bool get(const struct facts_index *facts, enum field field, char *to, size_t size)
{
    struct fact fact;
    to[0] = '\0';
    if (!facts_lookup(facts, field, &fact))
        return false;
    fact_print(&fact, to, size);
    return true;
}

static bool is(const struct facts_index *facts, enum field field, const char *value)
{
    char text[80];
    return get(facts, field, text, sizeof text) && strcmp(text, value) == 0;
}

/* All values of a list, with spaces between them; cut at a value if they do not fit. */
static void get_list(const struct facts_index *facts, enum field field, char *to, size_t size)
{
    struct fact fact;
    size_t len = 0;
    to[0] = '\0';
    for (size_t at = 0; facts_next(facts->records, &at, &fact);) {
        if (fact.field != field)
            continue;
        if (len + fact.value.len + 2 > size)
            return;
        int n = snprintf(to + len, size - len, "%s%.*s", len > 0 ? " " : "", (int)fact.value.len,
                         (const char *)fact.value.data);
        len += n > 0 ? (size_t)n : 0;
    }
}

static uint64_t number(const struct facts_index *facts, enum field field)
{
    struct fact fact;
    return facts_lookup(facts, field, &fact) ? fact_number(&fact) : 0;
}

static void take_finding(struct report *report, const struct facts_index *facts)
{
    static const struct {
        enum field field;
        size_t offset;
    } texts[] = {
        { FIELD_RULE_ID, offsetof(struct line, rule) },
        { FIELD_RULE_NAME, offsetof(struct line, title) },
        { FIELD_CLIENT_IP, offsetof(struct line, client) },
        { FIELD_SERVER_IP, offsetof(struct line, server) },
        { FIELD_SERVER_PORT, offsetof(struct line, port) },
        { FIELD_AUTH_MECHANISM, offsetof(struct line, mechanism) },
        { FIELD_EVENT_OUTCOME, offsetof(struct line, outcome) },
        { FIELD_EVENT_CODE, offsetof(struct line, code) },
        { FIELD_NETWORK_TYPE, offsetof(struct line, network) },
        { FIELD_AUTH_CLEARTEXT, offsetof(struct line, login) },
    };
    struct text_field id;
    memset(&id, 0, sizeof id);
    get(facts, FIELD_FINDING_ID, id.value, sizeof id.value);
    uint64_t hash = lru_hash(report->findings, &id);
    struct line *line = lru_find(report->findings, hash, &id, 0);
    uint64_t count = number(facts, FIELD_FINDING_COUNT);
    if (line && line->count == count)
        return; /* it ends, and nothing was added */
    if (!line) {
        line = lru_add(report->findings, hash, &id, 0);
        line->order = report->lines++;
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        get(facts, texts[i].field, (char *)line + texts[i].offset, sizeof(struct text_field));
    if (!get(facts, FIELD_USER_NAME, line->user.value, sizeof line->user))
        get(facts, FIELD_USER_HASH, line->user.value, sizeof line->user);
    get_list(facts, FIELD_SESSION_AUTH_OFFERED, line->offered.value, sizeof line->offered);
    if (!line->offered.value[0] && is(facts, FIELD_SESSION_LOGIN_OFFERED, "yes"))
        text_copy(line->offered.value, sizeof line->offered, BYTES_LITERAL("the LOGIN command"));
    get(facts, FIELD_FINDING_EVIDENCE, line->evidence, sizeof line->evidence);
    line->of_server = facts_has(facts->records, FIELD_FINDING_GROUP_BY, BYTES_LITERAL("server.ip"));
    line->of_client = facts_has(facts->records, FIELD_FINDING_GROUP_BY, BYTES_LITERAL("client.ip"));
    get(facts, FIELD_FINDING_REMEDIATION, line->remediation, sizeof line->remediation);
    line->severity = number(facts, FIELD_EVENT_SEVERITY);
    line->count = count;
    line->first_ns = number(facts, FIELD_FINDING_FIRST_SEEN);
    line->last_ns = number(facts, FIELD_FINDING_LAST_SEEN);
}

static enum report_protocol protocol_of(const struct facts_index *facts)
{
    unsigned i = 0;
    while (i < REPORT_PROTOCOLS && !is(facts, FIELD_NETWORK_PROTOCOL, report_protocols[i]))
        i++;
    return (enum report_protocol)i;
}

static void take_reasons(struct report *report, const struct facts_index *facts)
{
    struct fact fact;
    if (!facts_lookup(facts, FIELD_COVERAGE_REASON, &fact))
        return;
    for (size_t at = 0; facts_next(facts->records, &at, &fact);) {
        if (fact.field != FIELD_COVERAGE_REASON)
            continue;
        for (size_t i = 0; i < REPORT_REASONS; i++)
            report->by_reason[i] +=
                bytes_equal(fact.value, bytes_of_string(report_reasons[i].reason));
    }
}

/* Of an upgrade that was agreed to and then not seen to its end nobody knows which it became. */
static void take_starttls(struct report *report, const struct facts_index *facts)
{
    enum report_protocol protocol = protocol_of(facts);
    if (protocol == REPORT_PROTOCOLS)
        return;
    char state[sizeof(struct text_field)];
    get(facts, FIELD_STARTTLS_STATE, state, sizeof state);
    for (size_t i = 0; i < REPORT_STATES; i++)
        report->by_state[i] += strcmp(state, report_states[i]) == 0;
    if (strcmp(state, "established") == 0)
        report->sessions[protocol].upgraded++;
    else if (strcmp(state, "unknown") != 0 || !is(facts, FIELD_STARTTLS_ACCEPTED, "yes") ||
             is(facts, FIELD_STARTTLS_CONTINUED, "yes"))
        report->sessions[protocol].clear++;
    take_reasons(report, facts);
}

static void take_tls(struct report *report, const struct facts_index *facts)
{
    struct fact role;
    if (!facts_lookup(facts, FIELD_SESSION_ROLE, &role))
        return; /* not mail's */
    report->handshakes++;
    report->failed_handshakes += is(facts, FIELD_TLS_STATE, "failed");
    report->resumed_handshakes += is(facts, FIELD_TLS_RESUMED, "true");
    for (size_t i = 0; i < REPORT_VERSIONS; i++)
        report->by_version[i] +=
            is(facts, FIELD_TLS_VERSION_PROTOCOL, report_versions[i].protocol) &&
            is(facts, FIELD_TLS_VERSION, report_versions[i].version);
}

static void take_flow(struct report *report, const struct facts_index *facts)
{
    if (!is(facts, FIELD_FLOW_TLS_MODE, "implicit"))
        return;
    for (size_t i = 0; i < PORTS; i++)
        report->sessions[implicit_ports[i].protocol].implicit +=
            number(facts, FIELD_SERVER_PORT) == implicit_ports[i].port;
}

/* A mail as a whole; a transaction without one, VRFY and EXPN are none. */
static bool is_message(const struct facts_index *facts)
{
    static const char *const actions[] = { "smtp-message", "pop3-retr", "imap-append",
                                           "imap-fetch" };
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (is(facts, FIELD_EVENT_ACTION, actions[i]))
            return true;
    }
    return false;
}

void report_event(struct report *report, enum event_kind kind, const struct facts_index *facts)
{
    switch (kind) {
    case EVENT_FINDING:
        take_finding(report, facts);
        break;
    case EVENT_STARTTLS:
        take_starttls(report, facts);
        break;
    case EVENT_FLOW:
        take_flow(report, facts);
        break;
    case EVENT_AUTH:
        report->logins++;
        report->exposing_logins += is(facts, FIELD_AUTH_SECRET_OBSERVED, "yes");
        report->refused_logins += is(facts, FIELD_EVENT_OUTCOME, "failure");
        break;
    case EVENT_MESSAGE:
        report->messages += is_message(facts);
        break;
    case EVENT_WEIRD:
        report->weirds++;
        break;
    case EVENT_TLS:
        take_tls(report, facts);
        break;
    case EVENT_STATS: /* what is wrong becomes a finding */
    case EVENT_KINDS:
        break;
    }
}
