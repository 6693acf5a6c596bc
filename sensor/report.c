/* The report on the terminal. */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "finding.h"
#include "lru.h"
#include "text.h"

#define FINDINGS_MAX   4096
#define SHOWN_PER_RULE 50

struct text_field {
    char value[80];
};

struct line {
    uint64_t severity, count, first_ns, last_ns;
    struct text_field rule, title, user, client, server, port, mechanism, outcome, code, network,
        offered;
    char remediation[FACTS_TEXT_MAX + 1];
    uint64_t order; /* of appearance */
};

/* Sessions that began in clear, by the state of their STARTTLS. */
static const char *const states[] = { "established", "unused",           "not_offered", "refused",
                                      "no_tls",      "handshake_failed", "unknown" };
#define STATES (sizeof states / sizeof states[0])

static const struct {
    const char *reason, *text;
} partial_reasons[] = {
    { "gap", "had packets missing from the capture" },
    { "one_sided", "showed one direction only" },
    { "midstream", "had begun before the capture did" },
    { "truncated", "were cut by the snap length" },
    { "memory", "found no room in the budget (memory.*)" },
    { "unfinished", "had no end yet where the capture stops" },
    { "security_layer", "were wrapped by SASL after the login" },
    { "desync", "broke the rules of their protocol, so that track of them was lost" },
};
#define REASONS (sizeof partial_reasons / sizeof partial_reasons[0])

/* The first stands in the table in any case. */
static const struct {
    const char *name, *protocol;
    uint16_t implicit_port; /* where TLS begins at once; 0: nowhere */
} protocols[] = {
    { "smtp", "smtp", 465 },
    { "imap", "imap", 993 },
    { "pop3", "pop3", 995 },
    { "sieve", "managesieve", 0 },
};
#define PROTOCOLS (sizeof protocols / sizeof protocols[0])

struct report {
    struct lru *findings;
    uint64_t lines;
    uint64_t by_state[STATES], by_reason[REASONS];
    uint64_t clear[PROTOCOLS], upgraded[PROTOCOLS], implicit[PROTOCOLS];
    uint64_t logins, refused_logins, exposing_logins, messages, weirds;
};

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

void report_free(struct report *report)
{
    if (!report)
        return;
    lru_free(report->findings);
    free(report);
}

/* --- taking events in ----------------------------------------------------------------------------
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
    };
    struct text_field id;
    memset(&id, 0, sizeof id);
    get(facts, FIELD_FINDING_ID, id.value, sizeof id.value);
    uint64_t hash = lru_hash(report->findings, &id);
    struct line *line = lru_find(report->findings, hash, &id, 0);
    if (!line) {
        line = lru_add(report->findings, hash, &id, 0);
        line->order = report->lines++;
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        get(facts, texts[i].field, (char *)line + texts[i].offset, sizeof(struct text_field));
    if (!get(facts, FIELD_USER_NAME, line->user.value, sizeof line->user) &&
        !get(facts, FIELD_USER_HASH, line->user.value, sizeof line->user))
        text_copy(line->user.value, sizeof line->user, BYTES_LITERAL("(no name seen)"));
    get_list(facts, FIELD_SESSION_AUTH_OFFERED, line->offered.value, sizeof line->offered);
    get(facts, FIELD_FINDING_REMEDIATION, line->remediation, sizeof line->remediation);
    line->severity = number(facts, FIELD_EVENT_SEVERITY);
    line->count = number(facts, FIELD_FINDING_COUNT);
    line->first_ns = number(facts, FIELD_FINDING_FIRST_SEEN);
    line->last_ns = number(facts, FIELD_FINDING_LAST_SEEN);
}

static void take_starttls(struct report *report, const struct facts_index *facts)
{
    for (size_t i = 0; i < STATES; i++)
        report->by_state[i] += is(facts, FIELD_STARTTLS_STATE, states[i]);
    uint64_t *sessions =
        is(facts, FIELD_STARTTLS_STATE, "established") ? report->upgraded : report->clear;
    for (size_t i = 0; i < PROTOCOLS; i++)
        sessions[i] += is(facts, FIELD_NETWORK_PROTOCOL, protocols[i].protocol);
    struct fact fact;
    for (size_t at = 0; facts_next(facts->records, &at, &fact);) {
        for (size_t i = 0; i < REASONS; i++)
            report->by_reason[i] +=
                fact.field == FIELD_COVERAGE_REASON &&
                bytes_equal(fact.value, bytes_of_string(partial_reasons[i].reason));
    }
}

static void take_flow(struct report *report, const struct facts_index *facts)
{
    if (!is(facts, FIELD_FLOW_TLS_MODE, "implicit"))
        return;
    for (size_t i = 0; i < PROTOCOLS; i++)
        report->implicit[i] += number(facts, FIELD_SERVER_PORT) == protocols[i].implicit_port;
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
        report->messages += is(facts, FIELD_EVENT_ACTION, "smtp-message") ||
                            is(facts, FIELD_EVENT_ACTION, "pop3-retr");
        break;
    case EVENT_WEIRD:
        report->weirds++;
        break;
    case EVENT_KINDS:
        break;
    }
}

/* --- printing ------------------------------------------------------------------------------------
 */

struct page {
    FILE *out;
    bool colour;
};

static void print_coloured(const struct page *page, const char *code, const char *text)
{
    fprintf(page->out, "%s%s%s", page->colour ? code : "", text, page->colour ? "\033[0m" : "");
}

static const struct {
    enum severity severity;
    const char *name, *colour;
} severities[] = {
    { SEVERITY_CRITICAL, "CRITICAL", "\033[1;31m" },
    { SEVERITY_HIGH, "HIGH", "\033[31m" },
    { SEVERITY_MEDIUM, "MEDIUM", "\033[33m" },
    { SEVERITY_LOW, "LOW", "\033[36m" },
    { SEVERITY_INFO, "INFO", "" },
};

static void print_severity(const struct page *page, uint64_t severity)
{
    for (size_t i = 0; i < sizeof severities / sizeof severities[0]; i++) {
        if (severity >= severities[i].severity) {
            print_coloured(page, severities[i].colour, severities[i].name);
            return;
        }
    }
}

/* Text from the network may hold terminal control sequences: they are shown, not obeyed. */
static void print_safe(FILE *out, const char *text, int width)
{
    int columns = 0;
    for (struct bytes rest = bytes_of_string(text); rest.len > 0; columns++) {
        size_t n = text_utf8_length(rest);
        bool control = n == 0 || (n == 1 && (rest.data[0] < ' ' || rest.data[0] == 0x7F)) ||
                       (n == 2 && rest.data[0] == 0xC2 && rest.data[1] < 0xA0);
        if (control)
            fputc('?', out);
        else
            fwrite(rest.data, 1, n, out);
        rest = bytes_after(rest, n > 0 ? n : 1);
    }
    if (columns < width)
        fprintf(out, "%*s", width - columns, "");
}

static void print_time(FILE *out, uint64_t ns, bool date)
{
    char text[TIME_TEXT_LEN + 1];
    time_print(ns, text);
    if (date)
        fprintf(out, "%.10s ", text);
    fprintf(out, "%.8s", text + 11);
}

static int by_severity(const void *a, const void *b)
{
    const struct line *x = *(const struct line *const *)a, *y = *(const struct line *const *)b;
    if (x->severity != y->severity)
        return x->severity < y->severity ? 1 : -1;
    int rule = strcmp(x->rule.value, y->rule.value);
    if (rule != 0)
        return rule;
    return x->order < y->order ? -1 : 1;
}

static void print_server(FILE *out, const struct line *line)
{
    bool v6 = strcmp(line->network.value, "ipv6") == 0;
    char server[sizeof line->server + sizeof line->port + 4];
    snprintf(server, sizeof server, v6 ? "[%s]:%s" : "%s:%s", line->server.value, line->port.value);
    fprintf(out, "%-21s ", server);
}

static const char *outcome_text(const char *outcome)
{
    return strcmp(outcome, "success") == 0   ? "accepted"
           : strcmp(outcome, "failure") == 0 ? "refused"
                                             : "answer not seen";
}

static void print_login(FILE *out, const struct line *line)
{
    print_safe(out, line->user.value, 28);
    fprintf(out, " %-15s to ", line->client.value);
    print_server(out, line);
    fprintf(out, "%-10s %s", line->mechanism.value, outcome_text(line->outcome.value));
    if (line->code.value[0])
        fprintf(out, " (%s)", line->code.value);
}

static void print_offer(FILE *out, const struct line *line)
{
    print_server(out, line);
    fputs("offers ", out);
    print_safe(out, line->offered.value, 0);
}

/* A login has an outcome; otherwise it is about the server. */
static void print_occurrence(const struct page *page, const struct line *line, bool date)
{
    FILE *out = page->out;
    fputs("    ", out);
    bool login = line->outcome.value[0];
    if (login)
        print_login(out, line);
    else
        print_offer(out, line);
    fputs(", ", out);
    if (line->count > 1)
        fprintf(out, "%llu %s, ", (unsigned long long)line->count, login ? "times" : "sessions");
    print_time(out, line->first_ns, date);
    if (line->count > 1) {
        fputs(" to ", out);
        print_time(out, line->last_ns, date);
    }
    fputc('\n', out);
}

/* One paragraph, broken between words. */
static void print_wrapped(FILE *out, const char *head, const char *text)
{
    size_t column = strlen(head);
    fputs(head, out);
    struct bytes rest = bytes_of_string(text), word;
    while ((word = text_next_word(&rest)).len > 0) {
        if (column + 1 + word.len > 100) {
            fprintf(out, "\n%*s", (int)strlen(head), "");
            column = strlen(head);
        }
        fprintf(out, " %.*s", (int)word.len, (const char *)word.data);
        column += 1 + word.len;
    }
    fputc('\n', out);
}

static void print_rule(const struct page *page, struct line *const *line, size_t count, bool date)
{
    fputs("\n  ", page->out);
    print_severity(page, line[0]->severity);
    fprintf(page->out, "  %s  (%s)\n", line[0]->title.value, line[0]->rule.value);
    for (size_t i = 0; i < count && i < SHOWN_PER_RULE; i++)
        print_occurrence(page, line[i], date);
    if (count > SHOWN_PER_RULE)
        fprintf(page->out, "    ... and %zu more: -o json lists them all\n",
                count - SHOWN_PER_RULE);
    print_wrapped(page->out, "    What to do:", line[0]->remediation);
}

static void print_findings(const struct report *report, const struct page *page, bool date)
{
    size_t count = 0, total = lru_count(report->findings);
    struct line **lines = calloc(total + 1, sizeof(struct line *));
    if (!lines)
        return;
    for (struct line *line = lru_oldest(report->findings); line && count < total;
         line = lru_newer(report->findings, line))
        lines[count++] = line;
    qsort(lines, count, sizeof(struct line *), by_severity);
    print_coloured(page, "\033[1m", "\nFindings\n");
    if (count == 0)
        fputs("  none\n", page->out);
    for (size_t i = 0, n; i < count; i += n) {
        for (n = 1; i + n < count && lines[i + n]->severity == lines[i]->severity &&
                    strcmp(lines[i + n]->rule.value, lines[i]->rule.value) == 0;)
            n++;
        print_rule(page, lines + i, n, date);
    }
    if (lru_evictions(report->findings) > 0)
        fprintf(page->out,
                "\n  and %llu findings more, too many for this report: -o json lists them all\n",
                (unsigned long long)lru_evictions(report->findings));
    free(lines);
}

static void print_number(FILE *out, uint64_t n, const char *what)
{
    fprintf(out, "%llu %s%s", (unsigned long long)n, what, n == 1 ? "" : "s");
}

static void print_sessions(const struct report *report, const struct page *page)
{
    FILE *out = page->out;
    print_coloured(page, "\033[1m", "\nMail sessions\n");
    fprintf(out, "  %-10s %10s %10s %14s\n", "protocol", "clear", "upgraded", "implicit TLS");
    for (size_t i = 0; i < PROTOCOLS; i++) {
        uint64_t clear = report->clear[i], upgraded = report->upgraded[i];
        if (i == 0 || clear + upgraded + report->implicit[i] > 0)
            fprintf(out, "  %-10s %10llu %10llu %14llu\n", protocols[i].name,
                    (unsigned long long)clear, (unsigned long long)upgraded,
                    (unsigned long long)report->implicit[i]);
    }
    fputs("  STARTTLS:", out);
    const char *comma = "";
    for (size_t i = 0; i < STATES; i++) {
        if (report->by_state[i] > 0) {
            fprintf(out, "%s %llu %s", comma, (unsigned long long)report->by_state[i], states[i]);
            comma = ",";
        }
    }
    fprintf(out, "%s\n", *comma ? "" : " no session began in clear");
    fputs("  In clear: ", out);
    print_number(out, report->logins, "login attempt");
    fprintf(out, " (%llu refused, %llu exposed a password or token), ",
            (unsigned long long)report->refused_logins,
            (unsigned long long)report->exposing_logins);
    print_number(out, report->messages, "message");
    fprintf(out, ", %llu oddit%s\n", (unsigned long long)report->weirds,
            report->weirds == 1 ? "y" : "ies");
}

static void print_count(FILE *out, bool *any, uint64_t n, const char *text)
{
    if (n == 0)
        return;
    *any = true;
    fprintf(out, "  %llu %s\n", (unsigned long long)n, text);
}

static void print_unseen(const struct report *report, const struct report_input *input,
                         const struct page *page)
{
    static const struct {
        enum counter counter;
        const char *text;
    } rows[] = {
        { COUNT_TCP_GAP_BYTES, "bytes were sent that the capture does not hold" },
        { COUNT_PACKETS_TRUNCATED, "packets were cut by the snap length" },
        { COUNT_DATAGRAMS_GIVEN_UP, "packets came in IP fragments that could not be put together" },
        { COUNT_DECODE_MALFORMED, "packets had headers that contradict themselves" },
        { COUNT_DECODE_UNKNOWN, "packets were of a protocol that is not decoded" },
        { COUNT_DECODE_BAD_CHECKSUM, "segments had a checksum that does not fit (normal on the "
                                     "host that sent them) and were used all the same" },
        { COUNT_FLOWS_EVICTED, "flows were given up because the flow table was full (flows.max)" },
        { COUNT_MEMORY_REFUSED, "times there was no memory within the budget (memory.*)" },
        { COUNT_EVENTS_LOST, "events were lost" },
    };
    FILE *out = page->out;
    bool any = false;
    uint64_t hidden = 0;
    print_coloured(page, "\033[1m", "\nNot seen, or in doubt\n");
    for (size_t i = 0; i < PROTOCOLS; i++)
        hidden += report->upgraded[i] + report->implicit[i];
    print_count(out, &any, hidden, "sessions went on inside TLS, where nothing can be read");
    for (size_t i = 0; i < REASONS; i++) {
        char text[80];
        snprintf(text, sizeof text, "sessions %s", partial_reasons[i].text);
        print_count(out, &any, report->by_reason[i], text);
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        print_count(out, &any, counter_read(input->counters, rows[i].counter), rows[i].text);
    if (!any)
        fputs("  nothing is missing\n", out);
}

void report_print(const struct report *report, const struct report_input *input, FILE *out)
{
    struct page page = { out, input->colour };
    char first[TIME_TEXT_LEN + 1], last[TIME_TEXT_LEN + 1];
    time_print(input->first_ns, first);
    time_print(input->last_ns, last);
    bool date = strncmp(first, last, 10) != 0;
    print_safe(out, input->file, 0);
    fputs(": ", out);
    print_number(out, counter_read(input->counters, COUNT_PACKETS), "packet");
    fputs(", ", out);
    print_number(out, counter_read(input->counters, COUNT_FLOWS), "TCP flow");
    if (input->last_ns > 0) {
        fputs(", ", out);
        print_time(out, input->first_ns, true);
        fputs(" to ", out);
        print_time(out, input->last_ns, date);
        fputs(" UTC", out);
    }
    fputc('\n', out);
    if (input->fault) {
        print_coloured(&page, "\033[1;31m", "INCOMPLETE: ");
        print_safe(out, input->fault, 0);
        fputs("; what follows is from the packets before that\n", out);
    }
    print_findings(report, &page, date);
    print_sessions(report, &page);
    print_unseen(report, input, &page);
}
