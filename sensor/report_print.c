/* The report on the terminal. */
#include <stdlib.h>
#include <string.h>

#include "report_internal.h"
#include "severity.h"
#include "text.h"

#define SHOWN_PER_RULE 50

struct page {
    FILE *out;
    bool colour;
};

static void print_coloured(const struct page *page, const char *code, const char *text)
{
    fprintf(page->out, "%s%s%s", page->colour ? code : "", text, page->colour ? "\033[0m" : "");
}

static void print_severity(const struct page *page, uint64_t severity)
{
    static const struct {
        enum severity at_least;
        const char *code;
    } colours[] = {
        { SEVERITY_CRITICAL, "\033[1;31m" },
        { SEVERITY_HIGH, "\033[31m" },
        { SEVERITY_MEDIUM, "\033[33m" },
        { SEVERITY_LOW, "\033[36m" },
        { SEVERITY_NONE, "" },
    };
    size_t i = 0;
    while (severity < colours[i].at_least)
        i++;
    print_coloured(page, colours[i].code, severity_label(severity));
}

/* Text from the network may hold terminal control sequences: they are shown, not obeyed. */
static void print_safe(FILE *out, const char *text, int width)
{
    int columns = 0;
    for (struct bytes rest = bytes_of_string(text); rest.len > 0; columns++) {
        size_t n = text_utf8_length(rest);
        if (text_is_harmless(bytes_first(rest, n)))
            fwrite(rest.data, 1, n, out);
        else
            fputc('?', out);
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

static void print_server(FILE *out, const struct line *line, int width)
{
    bool v6 = strcmp(line->network.value, "ipv6") == 0;
    char server[sizeof line->server + sizeof line->port + 4];
    snprintf(server, sizeof server, v6 ? "[%s]:%s" : "%s:%s", line->server.value, line->port.value);
    fprintf(out, "%-*s", width, server);
}

static const char *outcome_text(const char *outcome)
{
    return strcmp(outcome, "success") == 0   ? "accepted"
           : strcmp(outcome, "failure") == 0 ? "refused"
                                             : "answer not seen";
}

static void print_login(FILE *out, const struct line *line)
{
    print_safe(out, line->user.value[0] ? line->user.value : "(no name seen)", 28);
    fprintf(out, " %-15s to ", line->client.value);
    print_server(out, line, 22);
    fprintf(out, "%-10s %s", line->mechanism.value, outcome_text(line->outcome.value));
    if (line->code.value[0])
        fprintf(out, " (%s)", line->code.value);
}

static void print_offer(FILE *out, const struct line *line)
{
    print_server(out, line, 22);
    fputs("offers ", out);
    print_safe(out, line->offered.value, 0);
}

static void print_pair(FILE *out, const struct line *line)
{
    fprintf(out, "%-15s to ", line->client.value);
    print_server(out, line, 0);
}

static void print_evidence(FILE *out, const struct line *line)
{
    print_safe(out, line->evidence, 0);
}

/* One client, at one server or at any; or one server, whoever comes. */
static void print_case(FILE *out, const struct line *line)
{
    bool client = line->of_client || !line->of_server;
    if (client)
        fprintf(out, "%-15s ", line->client.value);
    if (line->of_server) {
        fputs(client ? "to " : "", out);
        print_server(out, line, 22);
    }
    print_evidence(out, line);
}

/* What a finding is about, told by what it has: a user's login, a client's doings, the sensor
 * itself, what a server offers, a session. */
static const struct subject {
    size_t told_by[2]; /* offsets in struct line of texts that those further down lack */
    void (*print)(FILE *, const struct line *);
    const char *counts;
} subjects[] = {
#define AT(member) offsetof(struct line, member)
    { { AT(user), AT(login) }, print_login, "times" },
    { { AT(evidence), AT(client) }, print_case, "times" },
    { { AT(evidence), AT(evidence) }, print_evidence, "minutes" },
    { { AT(login), AT(login) }, print_login, "times" },
    { { AT(offered), AT(offered) }, print_offer, "sessions" },
    { { AT(client), AT(client) }, print_pair, "times" },
#undef AT
};

static const struct subject *subject_of(const struct line *line)
{
    size_t last = sizeof subjects / sizeof subjects[0] - 1, i = 0;
    const char *texts = (const char *)line;
    while (i < last && (!texts[subjects[i].told_by[0]] || !texts[subjects[i].told_by[1]]))
        i++;
    return &subjects[i];
}

static void print_occurrence(const struct page *page, const struct line *line, bool date)
{
    FILE *out = page->out;
    fputs("    ", out);
    const struct subject *subject = subject_of(line);
    subject->print(out, line);
    fputs(", ", out);
    if (line->count > 1)
        fprintf(out, "%llu %s, ", (unsigned long long)line->count, subject->counts);
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
    if (line[0]->remediation[0])
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

static void print_protocols(const struct report *report, FILE *out)
{
    fprintf(out, "  %-12s %8s %10s %14s\n", "protocol", "clear", "upgraded", "implicit TLS");
    for (size_t i = 0; i < REPORT_PROTOCOLS; i++) {
        uint64_t clear = report->sessions[i].clear, upgraded = report->sessions[i].upgraded,
                 implicit = report->sessions[i].implicit;
        if (i == REPORT_SMTP || clear + upgraded + implicit > 0)
            fprintf(out, "  %-12s %8llu %10llu %14llu\n", report_protocols[i],
                    (unsigned long long)clear, (unsigned long long)upgraded,
                    (unsigned long long)implicit);
    }
}

/* One of a list of numbers, of which those that are none are left out. */
static void print_listed(FILE *out, const char **comma, uint64_t n, const char *what)
{
    if (n == 0)
        return;
    fprintf(out, "%s %llu %s", *comma, (unsigned long long)n, what);
    *comma = ",";
}

static void print_handshakes(const struct report *report, FILE *out)
{
    const char *comma = "";
    if (report->handshakes == 0)
        return;
    fputs("  TLS:", out);
    for (size_t i = 0; i < REPORT_VERSIONS; i++)
        print_listed(out, &comma, report->by_version[i], report_versions[i].text);
    fprintf(out, "%s ", *comma ? ";" : "");
    print_number(out, report->handshakes, "handshake");
    fprintf(out, ", %llu resumed, %llu failed\n", (unsigned long long)report->resumed_handshakes,
            (unsigned long long)report->failed_handshakes);
}

static void print_sessions(const struct report *report, const struct page *page)
{
    FILE *out = page->out;
    print_coloured(page, "\033[1m", "\nMail sessions\n");
    print_protocols(report, out);
    fputs("  STARTTLS:", out);
    const char *comma = "";
    for (size_t i = 0; i < REPORT_STATES; i++)
        print_listed(out, &comma, report->by_state[i], report_states[i]);
    fprintf(out, "%s\n", *comma ? "" : " no session began in clear");
    print_handshakes(report, out);
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
        { COUNT_MEMORY_RELIEVED, "times the largest session gave up memory so that others kept "
                                 "theirs (memory.*)" },
        { COUNT_EVENTS_LOST, "events were lost" },
    };
    FILE *out = page->out;
    bool any = false;
    uint64_t hidden = 0;
    print_coloured(page, "\033[1m", "\nNot seen, or in doubt\n");
    for (size_t i = 0; i < REPORT_PROTOCOLS; i++)
        hidden += report->sessions[i].upgraded + report->sessions[i].implicit;
    print_count(out, &any, hidden, "sessions went on inside TLS, where nothing can be read");
    for (size_t i = 0; i < REPORT_REASONS; i++) {
        char text[80];
        snprintf(text, sizeof text, "sessions %s", report_reasons[i].text);
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
