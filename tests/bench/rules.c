/* What rules cost: nanoseconds for each event, by the kind of event and the number of rules, beside
 * what it costs to index the event's facts, which has to be done anyway.
 *
 *   bench_rules [RULES [KIND]]     (300, all kinds; 0: the rules that come with mailtap)
 *
 * The rules are of the shapes that real ones have: a login with some property, a message with some
 * recipient, a session with some state; one in ten with a list of networks, one in twenty with a
 * regular expression, one in a hundred with a keyword. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../properties/random.h"
#include "../unit/rule_in_c.h"
#include "match.h"
#include "shipped.h"

#define ROUNDS       5
#define EVENTS_TIMED 200000
#define VARIANTS     64 /* different events of each kind */

static uint64_t state;

static size_t pick(size_t n)
{
    return random_below(&state, n);
}

#define PICK(array) ((array)[pick(sizeof(array) / sizeof(array)[0])])

/* --- rules --------------------------------------------------------------------------------------
 */

static const char *const actions[] = { "smtp-auth", "imap-login", "imap-authenticate",
                                       "pop3-user-pass|pop3-apop|pop3-auth", "sieve-authenticate" };
static const char *const names[] = {
    "root|admin|test|postmaster", "*admin*", "svc-*", "*@example.org", "backup?", "*@*.example.net"
};

struct shape {
    enum field field;
    enum test test;
    const char *const values[4];
};

static const struct shape auth_shapes[] = {
    { FIELD_EVENT_OUTCOME, TEST_PATTERN, { "success", "failure", "failure", "unknown" } },
    { FIELD_AUTH_CLEARTEXT, TEST_PATTERN, { "yes", "yes", "no", "yes" } },
    { FIELD_AUTH_EXPOSED, TEST_PATTERN, { "password|token", "response", "none", "token" } },
    { FIELD_AUTH_MECHANISM,
      TEST_PATTERN,
      { "PLAIN|LOGIN", "CRAM-MD5|DIGEST-MD5", "NTLM", "XOAUTH2" } },
    { FIELD_SERVER_PORT, TEST_NUMBER, { "25", "143", "587|2525", "110" } },
    { FIELD_AUTH_ATTEMPT, TEST_AT_LEAST, { "3", "5", "10", "2" } },
    { FIELD_CLIENT_IP,
      TEST_NETWORK,
      { "10.0.0.0/8|192.168.0.0/16|172.16.0.0/12", "198.51.100.0/24", "203.0.113.7|203.0.113.8",
        "2001:db8::/32" } },
};
static const struct shape message_shapes[] = {
    { FIELD_EVENT_OUTCOME, TEST_PATTERN, { "success", "failure", "failure", "unknown" } },
    { FIELD_SMTP_RCPT_COUNT, TEST_AT_LEAST, { "10", "50", "100", "3" } },
    { FIELD_SMTP_RECIPIENT_CODE, TEST_NUMBER, { "550", "450|451", "250", "554" } },
    { FIELD_SMTP_MAIL_FROM, TEST_PATTERN, { "*@example.org", "", "bounce*", "*invoice*" } },
    { FIELD_SMTP_RCPT_TO, TEST_PATTERN, { "*@example.org", "postmaster@*", "*sales*", "abuse@*" } },
    { FIELD_SMTP_HELO, TEST_PATTERN, { "localhost*", "*.local", "[*]", "*dyn*" } },
};
static const struct shape starttls_shapes[] = {
    { FIELD_STARTTLS_STATE,
      TEST_PATTERN,
      { "unused", "refused", "not_offered", "handshake_failed" } },
    { FIELD_STARTTLS_OFFERED, TEST_PATTERN, { "yes", "no", "yes", "unknown" } },
    { FIELD_SESSION_AUTH_OFFERED, TEST_PATTERN, { "PLAIN|LOGIN", "NTLM", "GSSAPI", "CRAM-MD5" } },
    { FIELD_SESSION_BANNER,
      TEST_PATTERN,
      { "*Postfix*", "*Exim*", "*Dovecot*", "*Sendmail 8.1?*" } },
    { FIELD_STARTTLS_PIPELINED_BYTES, TEST_GREATER, { "0", "0", "10", "100" } },
    { FIELD_SERVER_PORT, TEST_NUMBER, { "25", "143", "587", "110" } },
};
static const struct shape flow_shapes[] = {
    { FIELD_FLOW_REASON, TEST_PATTERN, { "reset", "timeout", "evicted", "closed" } },
    { FIELD_NETWORK_BYTES, TEST_GREATER, { "1000000", "100000000", "10000", "1000000000" } },
    { FIELD_SERVER_PORT, TEST_NUMBER, { "25", "143|993", "587", "110|995" } },
    { FIELD_FLOW_TLS_MODE, TEST_PATTERN, { "none", "implicit", "starttls", "none" } },
    { FIELD_CLIENT_IP,
      TEST_NETWORK,
      { "10.0.0.0/8", "198.51.100.0/24", "203.0.113.0/24", "::/0" } },
};

static const struct {
    enum event_kind kind;
    unsigned share;
    const struct shape *shapes;
    size_t count;
} families[] = {
    { EVENT_AUTH, 45, auth_shapes, sizeof auth_shapes / sizeof auth_shapes[0] },
    { EVENT_MESSAGE, 20, message_shapes, sizeof message_shapes / sizeof message_shapes[0] },
    { EVENT_STARTTLS, 20, starttls_shapes, sizeof starttls_shapes / sizeof starttls_shapes[0] },
    { EVENT_FLOW, 15, flow_shapes, sizeof flow_shapes / sizeof flow_shapes[0] },
};

static struct search make_selection(struct arena *arena, size_t family)
{
    struct item items[6] = { 0 };
    size_t n = 0;
    if (families[family].kind == EVENT_AUTH && pick(3) > 0)
        items[n++] = item_of(arena, FIELD_EVENT_ACTION, TEST_PATTERN, PICK(actions));
    if (families[family].kind == EVENT_AUTH && pick(4) == 0)
        items[n++] = item_of(arena, FIELD_USER_NAME, TEST_PATTERN, PICK(names));
    for (size_t i = 1 + pick(3); i > 0; i--) {
        const struct shape *shape = &families[family].shapes[pick(families[family].count)];
        items[n++] = item_of(arena, shape->field, shape->test, PICK(shape->values));
    }
    return search_of(arena, items);
}

static struct search make_filter(struct arena *arena, unsigned number)
{
    struct item items[2] = { 0 };
    if (number % 20 == 0) {
        items[0] = item_of(arena, FIELD_USER_NAME, TEST_REGEX, "^[a-z]+[0-9]{3,}$");
    } else if (number % 100 == 1) {
        items[0] = item_of(arena, FIELDS, TEST_PATTERN, "mailer-daemon");
        items[0].keyword = true;
    } else {
        items[0] = item_of(arena, FIELD_CLIENT_IP, TEST_NETWORK, "192.0.2.0/24|198.51.100.0/24");
    }
    return search_of(arena, items);
}

static struct rule make_rule(struct arena *arena, unsigned number)
{
    size_t family = 0;
    unsigned share = number * 37 % 100;
    while (share >= families[family].share)
        share -= families[family++].share;
    struct search searches[2] = { make_selection(arena, family) };
    size_t count = 1;
    if (number % 10 == 0 || number % 100 == 1)
        searches[count++] = make_filter(arena, number);
    struct rule rule = rule_of(arena, 1U << families[family].kind, searches, count);
    static const char *const protocols[] = { "smtp", "imap", "pop3" };
    if (pick(3) == 0)
        rule.protocol = PICK(protocols);
    return rule;
}

/* --- events -------------------------------------------------------------------------------------
 */

static void add_identity(struct facts *to)
{
    const uint8_t client[4] = { 10, 1, (uint8_t)pick(256), (uint8_t)pick(256) };
    static const char *const protocols[] = { "smtp", "imap", "pop3" };
    facts_ip(to, FIELD_CLIENT_IP, bytes_over(client, 4));
    facts_number(to, FIELD_CLIENT_PORT, 1024 + pick(60000));
    facts_ip(to, FIELD_SERVER_IP, bytes_over("\xC6\x33\x64\x07", 4));
    facts_number(to, FIELD_SERVER_PORT, pick(2) ? 25 : 143);
    facts_string(to, FIELD_NETWORK_TRANSPORT, "tcp");
    facts_string(to, FIELD_NETWORK_TYPE, "ipv4");
    facts_string(to, FIELD_NETWORK_PROTOCOL, PICK(protocols));
    facts_string(to, FIELD_NETWORK_COMMUNITY_ID, "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0=");
    facts_string(to, FIELD_FLOW_UID, "8a1c6f2e9b3d4f70");
}

static void add_auth(struct facts *to)
{
    static const char *const done[] = { "smtp-auth", "imap-login", "pop3-user-pass" };
    static const char *const users[] = { "alice", "bob@example.com", "svc-backup", "carol1234" };
    facts_string(to, FIELD_EVENT_ACTION, PICK(done));
    facts_string(to, FIELD_EVENT_OUTCOME, pick(4) ? "success" : "failure");
    facts_string(to, FIELD_EVENT_CODE, "235 2.7.0");
    facts_string(to, FIELD_USER_NAME, PICK(users));
    facts_string(to, FIELD_AUTH_MECHANISM, pick(2) ? "PLAIN" : "CRAM-MD5");
    facts_claim(to, FIELD_AUTH_CLEARTEXT, CLAIM_YES);
    facts_string(to, FIELD_AUTH_CHANNEL, "none");
    facts_string(to, FIELD_AUTH_EXPOSED, pick(2) ? "password" : "response");
    facts_number(to, FIELD_AUTH_ATTEMPT, 1 + pick(3));
    facts_string(to, FIELD_SESSION_BANNER, "mx.example.com ESMTP Postfix");
    facts_string(to, FIELD_SMTP_HELO, "laptop.example.com");
}

static void add_message(struct facts *to)
{
    facts_string(to, FIELD_EVENT_OUTCOME, pick(4) ? "success" : "failure");
    facts_string(to, FIELD_SMTP_HELO, "mail.example.com");
    facts_string(to, FIELD_SMTP_MAIL_FROM, "newsletter@example.com");
    size_t recipients = 1 + pick(6);
    for (size_t i = 0; i < recipients; i++) {
        facts_string(to, FIELD_SMTP_RCPT_TO, "someone@example.net");
        facts_row_text(to, (uint8_t)i, FIELD_SMTP_RECIPIENT_ADDRESS,
                       BYTES_LITERAL("someone@example.net"));
        facts_row_number(to, (uint8_t)i, FIELD_SMTP_RECIPIENT_CODE, pick(5) ? 250 : 550);
    }
    facts_number(to, FIELD_SMTP_RCPT_COUNT, recipients);
    facts_string(to, FIELD_SMTP_QUEUE_ID, "4F1B2C3D4E");
    facts_number(to, FIELD_EMAIL_SIZE, 20000);
}

static void add_starttls(struct facts *to)
{
    facts_string(to, FIELD_STARTTLS_STATE, pick(2) ? "unused" : "established");
    facts_claim(to, FIELD_STARTTLS_OFFERED, CLAIM_YES);
    facts_claim(to, FIELD_STARTTLS_REQUESTED, pick(2) ? CLAIM_YES : CLAIM_NO);
    facts_string(to, FIELD_SESSION_GREETING, "220");
    facts_string(to, FIELD_SESSION_BANNER, "mx.example.com ESMTP Postfix");
    static const char *const words[] = {
        "PIPELINING", "SIZE", "ETRN", "STARTTLS", "8BITMIME", "DSN"
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        facts_string(to, FIELD_SESSION_CAPABILITIES, words[i]);
    facts_string(to, FIELD_SESSION_AUTH_OFFERED, "PLAIN");
    facts_string(to, FIELD_SESSION_AUTH_OFFERED, "LOGIN");
    facts_number(to, FIELD_STARTTLS_PIPELINED_BYTES, 0);
}

/* A session with nothing to find fault with: what most of them are. */
static void add_tls(struct facts *to)
{
    static const enum field claims[] = {
        FIELD_TLS_CERT_REQUESTED, FIELD_TLS_CERT_VISIBLE,           FIELD_TLS_DOWNGRADE_SENTINEL,
        FIELD_TLS_ECH_OFFERED,    FIELD_TLS_EXTENDED_MASTER_SECRET, FIELD_TLS_FALLBACK_SCSV,
        FIELD_TLS_HELLO_RETRY,    FIELD_TLS_RENEGOTIATION_INFO,     FIELD_TLS_SSLV2_HELLO,
        FIELD_TLS_TRUNCATED_HMAC, FIELD_TLS_ENCRYPT_THEN_MAC,
    };
    bool newest = pick(3) > 0;
    facts_string(to, FIELD_TLS_VERSION, newest ? "1.3" : "1.2");
    facts_string(to, FIELD_TLS_VERSION_PROTOCOL, "tls");
    facts_string(to, FIELD_TLS_CIPHER,
                 newest ? "TLS_AES_256_GCM_SHA384" : "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    facts_string(to, FIELD_TLS_CURVE, newest ? "X25519MLKEM768" : "x25519");
    facts_string(to, FIELD_TLS_CLIENT_JA3, "579ccef312d18482fc42e2b822ca2430");
    facts_string(to, FIELD_TLS_CLIENT_SERVER_NAME, "mail.example.com");
    facts_bool(to, FIELD_TLS_ESTABLISHED, true);
    facts_bool(to, FIELD_TLS_RESUMED, pick(2));
    facts_string(to, FIELD_TLS_CLIENT_MAX, newest ? "TLS 1.3" : "TLS 1.2");
    facts_string(to, FIELD_TLS_MODE, pick(2) ? "implicit" : "starttls");
    facts_string(to, FIELD_TLS_STATE, "established");
    facts_string(to, FIELD_TLS_SIGNATURE_HASH, "sha256");
    facts_string(to, FIELD_SESSION_ROLE, pick(2) ? "access" : "relay");
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++)
        facts_claim(to, claims[i], CLAIM_UNKNOWN);
}

static void add_flow(struct facts *to)
{
    facts_number(to, FIELD_EVENT_START, 1700000000000000000);
    facts_number(to, FIELD_EVENT_END, 1700000001000000000);
    facts_number(to, FIELD_EVENT_DURATION, 1000000000);
    facts_number(to, FIELD_NETWORK_BYTES, 1000 + pick(100000));
    facts_number(to, FIELD_NETWORK_PACKETS, 20);
    facts_string(to, FIELD_FLOW_REASON, pick(3) ? "closed" : "reset");
    facts_string(to, FIELD_FLOW_TLS_MODE, "none");
    facts_string(to, FIELD_COVERAGE, "full");
}

static const struct {
    enum event_kind kind;
    void (*add)(struct facts *);
} kinds[] = {
    { EVENT_AUTH, add_auth }, { EVENT_MESSAGE, add_message }, { EVENT_STARTTLS, add_starttls },
    { EVENT_TLS, add_tls },   { EVENT_FLOW, add_flow },
};

/* --- time ---------------------------------------------------------------------------------------
 */

struct cost {
    double index_ns, rules_ns, hits;
};

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static struct cost measure(struct matcher *m, size_t rules, enum event_kind kind,
                           const struct facts *events)
{
    static uint64_t words[RULES_MAX / 64];
    struct rule_hits hits = { words, rules };
    struct cost cost = { 0, 0, 0 };
    struct facts_index index;
    volatile uint32_t seen = 0; /* so that the compiler leaves the indexing in */
    size_t found = 0;
    double start = cpu_ns();
    for (size_t i = 0; i < EVENTS_TIMED; i++) {
        facts_index(&index, buffer_view(&events[i % VARIANTS].records));
        seen += index.place[FIELD_CLIENT_IP];
    }
    double between = cpu_ns();
    for (size_t i = 0; i < EVENTS_TIMED; i++) {
        facts_index(&index, buffer_view(&events[i % VARIANTS].records));
        matcher_event(m, kind, &index, &hits);
    }
    double end = cpu_ns();
    for (size_t i = 0; i < VARIANTS; i++) {
        facts_index(&index, buffer_view(&events[i].records));
        matcher_event(m, kind, &index, &hits);
        for (size_t w = 0; w < (rules + 63) / 64; w++)
            found += (size_t)__builtin_popcountll(words[w]);
    }
    (void)seen;
    cost.index_ns = (between - start) / EVENTS_TIMED;
    cost.rules_ns = (end - between) / EVENTS_TIMED - cost.index_ns;
    cost.hits = (double)found / VARIANTS;
    return cost;
}

static void report(struct matcher *m, size_t rules, size_t kind)
{
    struct facts events[VARIANTS];
    struct cost best = { 1e9, 1e9, 0 };
    for (size_t i = 0; i < VARIANTS; i++) {
        facts_init(&events[i], NULL);
        add_identity(&events[i]);
        kinds[kind].add(&events[i]);
    }
    for (int round = 0; round < ROUNDS; round++) {
        struct cost cost = measure(m, rules, kinds[kind].kind, events);
        best.index_ns = cost.index_ns < best.index_ns ? cost.index_ns : best.index_ns;
        best.rules_ns = cost.rules_ns < best.rules_ns ? cost.rules_ns : best.rules_ns;
        best.hits = cost.hits;
    }
    printf("| %zu | %s | %.0f | %.0f | %.1f | %.1f |\n", rules,
           schema_event(kinds[kind].kind)->name, best.index_ns, best.rules_ns,
           best.rules_ns / best.index_ns, best.hits);
    for (size_t i = 0; i < VARIANTS; i++)
        facts_free(&events[i]);
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 300;
    struct arena *arena = arena_new((size_t)512 * 1024 * 1024);
    struct problems problems;
    struct rule *rules = calloc(count + 1, sizeof *rules);
    if (!arena || !rules || count > RULES_MAX || !problems_init(&problems, arena))
        return 1;
    state = random_state(1);
    for (size_t i = 0; i < count; i++)
        rules[i] = make_rule(arena, (unsigned)i);
    struct rule_set set = { arena, rules, count };
    if (count == 0) {
        set = *shipped_rules();
        count = set.count;
    }
    double start = cpu_ns();
    struct matcher *m = matcher_new(&set, &problems);
    if (!m || problems.errors > 0)
        return 1;
    printf("%zu rules compiled in %.1f ms, %zu KiB\n\n", count, (cpu_ns() - start) / 1e6,
           matcher_bytes(m) / 1024);
    puts("| rules | event | index of facts, ns | rules, ns | ratio | rules that match |\n"
         "| --- | --- | --- | --- | --- | --- |");
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        if (argc < 3 || strcmp(argv[2], schema_event(kinds[kind].kind)->name) == 0)
            report(m, count, kind);
    }
    matcher_free(m);
    arena_free(arena);
    free(rules);
    return 0;
}
