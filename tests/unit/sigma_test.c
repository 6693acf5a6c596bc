/* The loader of rules: grammar, values, defaults, correlations, filters, tuning, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rule_text.h"
#include "sigma.h"

static const char *const own[] = { "192.0.2.0/24", "2001:db8::1", NULL };
static const char *const ports[] = { "25", "587", NULL };
static const char *const nothing[] = { NULL };
static const struct placeholder placeholders[] = {
    { "own_networks", "networks.own", own, false },
    { "ports", "mail.ports", ports, false },
    { "nobody", "networks.nobody", nothing, false },
    { "partners", "networks.partners", nothing, true },
};
static const struct sigma_options options = { .placeholders = placeholders,
                                              .placeholder_count = 4 };
static const struct sigma_options foreign = { .foreign = true };

static struct rule_set *load(const struct sigma_options *with, const char *text,
                             struct problems *problems)
{
    struct rule_set *set = sigma_load_text(with, "a.yml", bytes_of_string(text), problems);
    assert_non_null(set);
    return set;
}

/* All that is wrong, or "". */
static void complaints(const struct problems *problems, char *to, size_t size)
{
    memset(to, 0, size);
    FILE *out = fmemopen(to, size - 1, "w");
    problems_print(problems, out);
    fclose(out);
}

#define HEAD   "title: A test\nlogsource: {product: mailtap, service: auth}\ndetection:\n"
#define SECOND "---\ntitle: Another\nlogsource: {product: mailtap, service: auth}\ndetection:\n"
#define BOB    "  s: {user.name: bob}\n  condition: s\n"

/* --- values -------------------------------------------------------------------------------------
 */

static void expect_search(const struct sigma_options *with, const char *search,
                          const char *expected)
{
    char yaml[2048], got[2048] = "", wrong[1024];
    struct problems problems;
    snprintf(yaml, sizeof yaml, HEAD "  s:\n%s\n  condition: s\n", search);
    struct rule_set *set = load(with, yaml, &problems);
    complaints(&problems, wrong, sizeof wrong);
    if (problems.count > 0)
        fail_msg("%s: %s", search, wrong);
    FILE *out = fmemopen(got, sizeof got - 1, "w");
    search_text(&set->rules[0].expression.searches[0], out);
    fclose(out);
    assert_string_equal(got, expected);
    arena_free(set->arena);
}

static void items(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "user.name: bob", "user.name ~ bob" },
        { "user.name: 'b*b'", "user.name ~ b*b" },
        { "user.name: b?b", "user.name ~ b?b" },
        { "user.name: 'b\\*b'", "user.name ~ b\\*b" },
        { "user.name: 'b\\?b'", "user.name ~ b\\?b" },
        { "user.name: 'b\\\\*'", "user.name ~ b\\\\*" },
        { "user.name: 'b\\\\\\*'", "user.name ~ b\\\\\\*" },
        { "user.name: 'c:\\dir'", "user.name ~ c:\\\\dir" }, /* a backslash that escapes nothing */
        { "user.name: 'dir\\'", "user.name ~ dir\\\\" },
        { "user.name: 'a**b'", "user.name ~ a*b" },
        { "user.name: ''", "user.name ~ " },
        { "user.name: 4104", "user.name ~ 4104" },
        { "user.name: 007", "user.name ~ 007" },
        { "user.name: yes", "user.name ~ yes" },
        { "user.name: [a, b]", "user.name ~ a | b" },
        { "user.name:\n    - a\n    - 'b'", "user.name ~ a | b" },
        { "user.name: null", "user.name null" },
        { "user.name:", "user.name null" },
        { "user.name: ~", "user.name null" },
        { "user.name: 'null'", "user.name ~ null" },
        { "user.name|contains: bob", "user.name ~ *bob*" },
        { "user.name|contains: '*bob*'", "user.name ~ *bob*" },
        { "user.name|startswith: bob", "user.name ~ bob*" },
        { "user.name|endswith: [a, b]", "user.name ~ *a | *b" },
        { "user.name|contains|all: [a, b]", "user.name ~ all *a* | *b*" },
        { "user.name|cased: Bob", "user.name ~ cased Bob" },
        { "user.name|contains|cased: Bob", "user.name ~ cased *Bob*" },
        { "user.name|neq: [a, b]", "user.name ~ neq a | b" },
        { "user.name|endswith|neq: a", "user.name ~ neq *a" },
        { "user.name|re: '^b.*b$'", "user.name re ^b.*b$/" },
        { "user.name|re|i|m|s: 'b\\.*'", "user.name re b\\.*/ims" },
        { "user.name|exists: true", "user.name exists yes" },
        { "user.name|exists: no", "user.name exists no" },
        { "user.name|fieldref: mailtap.auth.authzid", "user.name same mailtap.auth.authzid" },
        { "user.name|fieldref|neq: user.domain", "user.name same neq user.domain" },
        { "mailtap.auth.attempt: 3", "mailtap.auth.attempt = 3" },
        { "mailtap.auth.attempt: [3, '04']", "mailtap.auth.attempt = 3 | 4" },
        { "mailtap.auth.attempt: [03, '1*']", "mailtap.auth.attempt ~ 3 | 1*" },
        { "mailtap.auth.attempt|startswith: 1", "mailtap.auth.attempt ~ 1*" },
        { "mailtap.auth.attempt|neq: 1", "mailtap.auth.attempt = neq 1" },
        { "mailtap.auth.attempt|lt: 3", "mailtap.auth.attempt < 3" },
        { "mailtap.auth.attempt|lte: 3", "mailtap.auth.attempt <= 3" },
        { "mailtap.auth.attempt|gt: 3", "mailtap.auth.attempt > threshold 3" },
        { "mailtap.auth.attempt|gte: 3", "mailtap.auth.attempt >= threshold 3" },
        { "mailtap.auth.attempt: 18446744073709551615",
          "mailtap.auth.attempt = 18446744073709551615" },
        { "client.ip: 192.0.2.1", "client.ip in 192.0.2.1/32" },
        { "client.ip: '192.0.2.*'", "client.ip ~ 192.0.2.*" },
        { "client.ip: ['192.0.2.*', '2001:DB8:0:0::1']", "client.ip ~ 192.0.2.* | 2001:db8::1" },
        { "client.ip|startswith: '10.'", "client.ip ~ 10.*" },
        { "client.ip|cidr: 10.1.2.3/8", "client.ip in 10.0.0.0/8" },
        { "client.ip|cidr: [10.1.2.3, '2001:db8::/33', 0.0.0.0/0]",
          "client.ip in 10.1.2.3/32 | 2001:db8::/33 | 0.0.0.0/0" },
        { "mailtap.auth.cleartext: yes", "mailtap.auth.cleartext ~ yes" },
        { "mailtap.auth.cleartext: [No, 'unknown']", "mailtap.auth.cleartext ~ no | unknown" },
        { "tls.established: true", "tls.established ~ true" },
        { "client.ip|cidr|expand: '%own_networks%'",
          "client.ip in 192.0.2.0/24 | 2001:db8::1/128" },
        { "server.port|expand: ['%ports%', '%ports%']", "server.port = 25 | 587 | 25 | 587" },
        { "client.ip|cidr|expand: '%nobody%'", "client.ip in" },
        { "user.name|base64: foo", "user.name ~ Zm9v" },
        { "user.name|base64: 'a\\*'", "user.name ~ YSo=" },
        { "user.name|base64offset|contains: 'http://'",
          "user.name ~ *aHR0cDovL* | *h0dHA6Ly* | *odHRwOi8v*" },
        { "user.name|windash: 'a -b'", "user.name ~ a -b | a /b | a \xe2\x80\x93"
                                       "b | a \xe2\x80\x94"
                                       "b | a \xe2\x80\x95"
                                       "b" },
        { "user.name|windash|contains: 'a-b'", "user.name ~ *a-b*" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char search[512];
        snprintf(search, sizeof search, "    %s", cases[i][0]);
        expect_search(&options, search, cases[i][1]);
    }
}

static void searches(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "    user.name: a\n    user.domain: b", "user.name ~ a, user.domain ~ b" },
        { "    - user.name: a\n      user.domain: b\n    - user.name: c",
          "user.name ~ a, user.domain ~ b OR user.name ~ c" },
        { "    - a\n    - 'b*c'", "(any) ~ *a* | *b*c*" },
        { "    '|all':\n      - a\n      - b", "(any) ~ *a* AND (any) ~ *b*" },
        { "    '|re': 'x.y'", "(any) re x.y/" },
        { "    '|startswith': x", "(any) ~ x*" },
        { "    - a\n    - user.name: b", "(any) ~ *a* OR user.name ~ b" },
        { "    [user.name: a, user.domain: b]", "user.name ~ a OR user.domain ~ b" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_search(&options, cases[i][0], cases[i][1]);
    expect_search(&foreign, "    CommandLine|contains|windash: ' -x'\n    EventID|gt: -1.5",
                  "CommandLine ~ * -x* | * /x* | * \xe2\x80\x93x* | * \xe2\x80\x94x* | "
                  "* \xe2\x80\x95x*, EventID > threshold 0");
    expect_search(&foreign, "    user.name|expand: '%others%'\n    server.port: high",
                  "user.name ~, server.port ~ high");
}

/* --- conditions ---------------------------------------------------------------------------------
 */

static void conditions(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "a", "a" },
        { "not a", "a not" },
        { "a and b", "a b and" },
        { "a or b and c1", "a b c1 and or" },
        { "a and b or c1", "a b and c1 or" },
        { "not a and b", "a not b and" },
        { "not (a and b)", "a b and not" },
        { "not not a", "a not not" },
        { "((a))", "a" },
        { "a AND NOT b Or c1", "a b not and c1 or" },
        { "a or b or c1", "a b or c1 or" },
        { "(a or b) and(c1 or c2)", "a b or c1 c2 or and" },
        { "1 of c*", "c1 c2 or" },
        { "all of c*", "c1 c2 and" },
        { "any of c*", "c1 c2 or" },
        { "not 1 of c*", "c1 c2 or not" },
        { "a and not all of c*", "a c1 c2 and not and" },
        { "1 of them", "a b or c1 or c2 or" },
        { "all of them", "a b and c1 and c2 and" },
        { "1 of _*", "_x" },
        { "1 of *1", "c1" },
        { "1 of c*2*", "c2" },
        { "1 of a", "a" },
        { "_x and a", "_x a and" },
        { "a\n    and b", "a b and" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char yaml[1024], got[512] = "";
        struct problems problems;
        snprintf(yaml, sizeof yaml,
                 HEAD "  a: {user.name: a}\n  b: {user.name: b}\n  c1: {user.name: c}\n"
                      "  c2: {user.name: d}\n  _x: {user.name: x}\n  condition: %s\n",
                 cases[i][0]);
        struct rule_set *set = load(&options, yaml, &problems);
        assert_int_equal(problems.errors, 0);
        FILE *out = fmemopen(got, sizeof got - 1, "w");
        steps_text(&set->rules[0].expression, out);
        fclose(out);
        assert_string_equal(got, cases[i][1]);
        arena_free(set->arena);
    }
}

/* Places within a condition, and what is only worth a warning. */
static void warnings(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "  s: {user.name: a}\n  t: {user.name: b}\n  condition: s\n",
          "a.yml:5:6: warning: the search \"t\" is not part of the condition\n" },
        { "  s: {user.name: a}\n  _t: {user.name: b}\n  condition: s\n", "" },
        { "  s: {mailtap.auth.cleartext: yes}\n  condition: not s\n",
          "a.yml:4:7: warning: \"not\" takes unknown for no here: ask for mailtap.auth.cleartext: "
          "no\n" },
        { "  s: {mailtap.auth.cleartext: no}\n  condition: not s\n", "" },
        { "  s: {mailtap.auth.cleartext: yes}\n  condition: not not s\n", "" },
        { "  s: {mailtap.auth.cleartext: yes}\n  t: {user.name: a}\n  condition: t and not (s or "
          "t)\n",
          "a.yml:4:7: warning: \"not\" takes unknown for no here: ask for mailtap.auth.cleartext: "
          "no\n" },
        { "  s: {mailtap.auth.cleartext: yes}\n  t: {user.name: a}\n  condition: s and not t\n",
          "" },
        { "  s: {mailtap.auth.cleartext: yes}\n  t: {user.name: a}\n  condition: not t and s\n",
          "" },
        { "  s: {mailtap.auth.cleartext|neq: yes}\n  condition: s\n",
          "a.yml:4:7: warning: \"not\" takes unknown for no here: ask for mailtap.auth.cleartext: "
          "no\n" },
        { "  s: {user.name: a}\n  condition: s\nlevle: low\n",
          "a.yml:6:1: warning: unknown entry \"levle\", did you mean \"level\"?\n" },
        { "  s: {network.protocol: [SMTP, imap, pop3, managesieve, tls, 's*']}\n  condition: s\n",
          "" },
        { "  s: {network.protocol: smpt}\n  condition: s\n",
          "a.yml:4:25: warning: unknown protocol \"smpt\", did you mean \"smtp\"?\n" },
        { "  s: {network.protocol: [imap, sieve]}\n  condition: s\n",
          "a.yml:4:32: warning: unknown protocol \"sieve\", did you mean \"managesieve\"?\n" },
        { "  s: {network.protocol: kerberos}\n  condition: s\n",
          "a.yml:4:25: warning: unknown protocol \"kerberos\": there are smtp, imap, pop3, "
          "managesieve, tls\n" },
        { "  s: {user.name|contains: '%ports%'}\n  condition: s\n",
          "a.yml:4:27: warning: \"%ports%\" is taken as it stands: write user.name|contains|expand "
          "for the list\n" },
        { "  s: {user.name: '%else%'}\n  condition: s\n", "" },
        { "  s: {user.name: a}\n  condition: s\nx-note: of another program\n", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char yaml[1024], wrong[1024];
        struct problems problems;
        snprintf(yaml, sizeof yaml, HEAD "%s", cases[i][0]);
        struct rule_set *set = load(&options, yaml, &problems);
        complaints(&problems, wrong, sizeof wrong);
        assert_string_equal(wrong, cases[i][1]);
        assert_int_equal(set->count, 1); /* warnings do not stop a rule */
        arena_free(set->arena);
    }
}

/* --- rules --------------------------------------------------------------------------------------
 */

static void whole_rule(void **state)
{
    (void)state;
    struct problems problems;
    struct rule_set *set = load(
        &options,
        "title: Password by SMTP\nid: 6F0C3A52-6b5e-4d0b-9a53-2f6f0d1c7a01\nname: smtp_clear\n"
        "status: stable\ndescription: What it is\nauthor: somebody\ndate: 2026-11-24\n"
        "references: [https://example.org/a, https://example.org/b]\nfalsepositives: none known\n"
        "tags: [attack.credential-access, attack.t1040, attack.t1110.001, cve.2026-1]\nlevel: "
        "high\n"
        "logsource: {product: mailtap, category: network, service: smtp, definition: x}\n"
        "mailtap: {id: smtp.auth.cleartext, remediation: Use TLS, group: [client.ip, user.name],\n"
        "  window: 2h, confidence: confirmed, evidence: 'by {user.name}[ at {server.ip}]'}\n"
        "detection:\n" BOB,
        &problems);
    assert_int_equal(problems.count, 0);
    assert_int_equal(set->count, 1);
    const struct rule *rule = &set->rules[0];
    assert_string_equal(rule->uuid, "6F0C3A52-6b5e-4d0b-9a53-2f6f0d1c7a01");
    assert_string_equal(rule->name, "smtp_clear");
    assert_string_equal(rule->title, "Password by SMTP");
    assert_string_equal(rule->description, "What it is");
    assert_string_equal(rule->status, "stable");
    assert_string_equal(rule->references[1], "https://example.org/b");
    assert_null(rule->references[2]);
    assert_string_equal(rule->false_positives[0], "none known");
    assert_string_equal(rule->techniques[0], "T1040");
    assert_string_equal(rule->techniques[1], "T1110.001");
    assert_null(rule->techniques[2]);
    assert_int_equal(rule->level, SEVERITY_HIGH);
    assert_string_equal(rule->id, "smtp.auth.cleartext");
    assert_string_equal(rule->remediation, "Use TLS");
    assert_string_equal(rule->confidence, "confirmed");
    assert_string_equal(rule->evidence, "by {user.name}[ at {server.ip}]");
    assert_int_equal(rule->group_count, 2);
    assert_int_equal(rule->group_by[1], FIELD_USER_NAME);
    assert_true(rule->window_ns == 7200 * (uint64_t)1000000000);
    assert_string_equal(rule->protocol, "smtp");
    assert_true(rule->kinds & 1U << EVENT_AUTH && rule->kinds & 1U << EVENT_FLOW);
    assert_false(rule->kinds & (1U << EVENT_FINDING | 1U << EVENT_STATS));
    assert_true(rule->reports);
    assert_int_equal(rule->place.line, 1);
    arena_free(set->arena);
}

static void defaults(void **state)
{
    (void)state;
    struct problems problems;
    struct rule_set *set = load(&options,
                                "title: 'Two words, or three!'\nlogsource: {}\ndetection:\n" BOB
                                "---\n---\n" HEAD BOB "name: a_name\n---\n" HEAD BOB
                                "id: 6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a02\nmailtap: {group: []}\n",
                                &problems);
    assert_int_equal(problems.count, 0);
    assert_int_equal(set->count, 3);
    const struct rule *rule = &set->rules[0];
    assert_string_equal(rule->id, "two.words.or.three");
    assert_string_equal(set->rules[1].id, "a_name");
    assert_string_equal(set->rules[2].id, "6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a02");
    assert_int_equal(set->rules[2].group_count, 0);
    assert_string_equal(rule->uuid, "");
    assert_string_equal(rule->name, "");
    assert_string_equal(rule->remediation, "");
    assert_null(rule->references[0]);
    assert_null(rule->evidence);
    assert_null(rule->protocol);
    assert_null(rule->waits_for);
    assert_int_equal(rule->level, SEVERITY_INFO);
    assert_string_equal(rule->confidence, "likely");
    assert_true(rule->window_ns == 86400 * (uint64_t)1000000000);
    assert_int_equal(rule->group_count, 3);
    assert_int_equal(rule->group_by[0], FIELD_CLIENT_IP);
    assert_int_equal(rule->group_by[1], FIELD_SERVER_IP);
    assert_int_equal(rule->group_by[2], FIELD_SERVER_PORT);
    assert_int_equal(set->rules[1].kinds, 1U << EVENT_AUTH);
    arena_free(set->arena);
}

static void waiting(void **state)
{
    (void)state;
    struct problems problems;
    struct rule_set *set =
        load(&options,
             HEAD "  s: {client.ip|cidr|expand: '%partners%'}\n  condition: not s\n" SECOND BOB,
             &problems);
    assert_int_equal(problems.count, 0);
    assert_string_equal(set->rules[0].waits_for, "networks.partners");
    assert_null(set->rules[1].waits_for);
    arena_free(set->arena);
}

/* A rule with an error is left out; the others stay. */
static void good_ones_stay(void **state)
{
    (void)state;
    struct problems problems;
    char wrong[512];
    struct rule_set *set = load(&options,
                                HEAD "  s: {user.nmae: a}\n  condition: s\n" SECOND BOB
                                     "---\ntitle: about the first\ncorrelation: {type: event_count,"
                                     " rules: [a.test], timespan: 1m, condition: {gte: 2}}\n",
                                &problems);
    complaints(&problems, wrong, sizeof wrong);
    /* The correlation goes with its rule, without a complaint of its own. */
    assert_string_equal(wrong,
                        "a.yml:4:7: unknown field \"user.nmae\", did you mean \"user.name\"?\n");
    assert_int_equal(set->count, 1);
    assert_string_equal(set->rules[0].title, "Another");
    arena_free(set->arena);
}

/* --- correlations -------------------------------------------------------------------------------
 */

#define BASE_A      HEAD BOB "name: base_a\n"
#define BASE_B      SECOND BOB "name: base_b\n"
#define CORRELATION "---\ntitle: Correlated\ncorrelation:\n"

static void correlations(void **state)
{
    (void)state;
    struct problems problems;
    /* The correlation stands first, and is placed behind its rules. */
    struct rule_set *set =
        load(&options,
             "title: Correlated\ncorrelation:\n  type: value_count\n"
             "  rules: [base_a, base_b]\n  timespan: 10m\n  group-by: [client.ip, who]\n"
             "  aliases: {who: {base_a: user.name, base_b: mailtap.auth.authzid}}\n"
             "  condition: {gt: 4, lte: 9, field: mailtap.auth.secret_hash}\n---\n" BASE_A
             "mailtap: {id: a.b.c}\n" BASE_B,
             &problems);
    assert_int_equal(problems.count, 0);
    assert_int_equal(set->count, 3);
    const struct rule *rule = &set->rules[2];
    const struct correlation *correlation = rule->correlation;
    assert_string_equal(rule->title, "Correlated");
    assert_non_null(correlation);
    assert_int_equal(correlation->type, VALUE_COUNT);
    assert_int_equal(correlation->rule_count, 2);
    assert_int_equal(correlation->rules[0], 0);
    assert_int_equal(correlation->rules[1], 1);
    assert_int_equal(correlation->group_count, 2);
    assert_int_equal(correlation->group[0][1], FIELD_CLIENT_IP);
    assert_int_equal(correlation->group[1][0], FIELD_USER_NAME);
    assert_int_equal(correlation->group[1][1], FIELD_AUTH_AUTHZID);
    assert_int_equal(correlation->counted, FIELD_AUTH_SECRET_HASH);
    assert_true(correlation->timespan_ns == 600 * (uint64_t)1000000000);
    assert_int_equal(correlation->at_least, 5);
    assert_int_equal(correlation->at_most, 9);
    assert_int_equal(rule->group_count, 2);
    assert_int_equal(rule->group_by[1], FIELD_USER_NAME);
    assert_int_equal(rule->kinds, 1U << EVENT_AUTH);
    assert_int_equal(rule->expression.step_count, 0);
    assert_true(rule->reports);
    assert_true(set->rules[0].reports); /* it has a block of its own */
    assert_false(set->rules[1].reports);
    arena_free(set->arena);
}

static void ranges(void **state)
{
    (void)state;
    static const struct {
        const char *condition;
        uint64_t at_least, at_most;
        bool has_except;
    } cases[] = {
        { "{gte: 3}", 3, UINT64_MAX, false }, { "{gt: 3}", 4, UINT64_MAX, false },
        { "{lt: 3}", 0, 2, false },           { "{lte: 3}", 0, 3, false },
        { "{eq: 3}", 3, 3, false },           { "{neq: 3}", 0, UINT64_MAX, true },
        { "{gte: 3, lt: 9}", 3, 8, false },   { "{eq: 0}", 0, 0, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char yaml[1024];
        struct problems problems;
        snprintf(yaml, sizeof yaml,
                 BASE_A CORRELATION "  type: event_count\n  rules: base_a\n  timespan: 1d\n"
                                    "  condition: %s\n  generate: true\n",
                 cases[i].condition);
        struct rule_set *set = load(&options, yaml, &problems);
        assert_int_equal(problems.count, 0);
        const struct correlation *correlation = set->rules[1].correlation;
        assert_true(correlation->at_least == cases[i].at_least);
        assert_true(correlation->at_most == cases[i].at_most);
        assert_int_equal(correlation->has_except, cases[i].has_except);
        assert_true(!cases[i].has_except || correlation->except == 3);
        assert_true(correlation->generate && set->rules[0].reports);
        assert_int_equal(set->rules[1].group_count, 0);
        arena_free(set->arena);
    }
}

/* A chain in the wrong order, temporal without a count, and bands by their finding id. */
static void chains(void **state)
{
    (void)state;
    struct problems problems;
    struct rule_set *set = load(
        &options,
        "title: third\ncorrelation: {type: temporal_ordered, rules: [second, base_b], timespan: "
        "1h}\n"
        "---\ntitle: second\ncorrelation: {type: event_count, rules: [two.bands], timespan: 1m,"
        " condition: {gte: 2}}\n---\n" BASE_A "mailtap: {id: two.bands}\n" BASE_B
        "mailtap: {id: two.bands}\n",
        &problems);
    assert_int_equal(problems.count, 0);
    assert_int_equal(set->count, 4);
    assert_string_equal(set->rules[2].title, "second");
    assert_int_equal(set->rules[2].correlation->rule_count, 2);
    assert_string_equal(set->rules[3].title, "third");
    assert_int_equal(set->rules[3].correlation->at_least, 2);
    assert_int_equal(set->rules[3].correlation->rules[0], 2);
    assert_int_equal(set->rules[3].correlation->rules[1], 1);
    arena_free(set->arena);
}

/* --- filters and tuning -------------------------------------------------------------------------
 */

static void expect_steps(const struct rule *rule, const char *expected)
{
    char got[512] = "";
    FILE *out = fmemopen(got, sizeof got - 1, "w");
    steps_text(&rule->expression, out);
    fclose(out);
    assert_string_equal(got, expected);
}

static void filters(void **state)
{
    (void)state;
    struct problems problems;
    struct rule_set *set = load(
        &options,
        "title: Probes\nlogsource: {product: mailtap}\nfilter:\n  rules: [base_a, Correlated]\n"
        "  probe: {user.name: probe}\n  scan: {user.name: scan}\n  condition: not (probe or scan)\n"
        "---\ntitle: For all\nlogsource: {product: mailtap, service: auth}\nfilter:\n  rules: any\n"
        "  selection: {client.ip: 192.0.2.9}\n  condition: not selection\n"
        "---\n" BASE_A BASE_B CORRELATION
        "  {type: event_count, rules: [base_a], timespan: 1m, condition: {gte: 2}}\n"
        "---\ntitle: Elsewhere\nlogsource: {product: mailtap, service: flow}\ndetection:\n" BOB,
        &problems);
    assert_int_equal(problems.count, 0);
    assert_int_equal(set->count, 4);
    expect_steps(&set->rules[0], "s probe scan or not and selection not and");
    expect_steps(&set->rules[1], "s selection not and");
    expect_steps(&set->rules[2], "s");
    expect_steps(&set->rules[3], "probe scan or not");
    arena_free(set->arena);
}

static void tuning(void **state)
{
    (void)state;
    struct problems problems;
    char wrong[512], got[512] = "";
    struct rule_set *set =
        load(&options,
             "tuning:\n  - {rule: two.bands, level: critical}\n  - {rule: base_b, disable: yes}\n"
             "  - {rule: Correlated, threshold: 7}\n  - {rule: Tries, threshold: 30}\n"
             "  - rule: [Tries, Correlated]\n    except:\n      - client.ip|cidr: 10.0.0.0/8\n"
             "        mailtap.auth.attempt|gte: 2\n      - user.name: probe\n"
             "  - {rule: two.bnds, level: low}\n"
             "---\n" BASE_A "mailtap: {id: two.bands}\nlevel: low\n" BASE_B
             "mailtap: {id: two.bands}\n" CORRELATION
             "  {type: event_count, rules: [base_a], timespan: 1m, condition: {gte: 2}}\n"
             "---\ntitle: Tries\nlogsource: {product: mailtap}\ndetection:\n"
             "  s: {mailtap.auth.attempt|gte: 3}\n  condition: s\n",
             &problems);
    complaints(&problems, wrong, sizeof wrong);
    assert_string_equal(wrong, "a.yml:11:12: warning: no rule is called \"two.bnds\", did you mean "
                               "\"two.bands\"?\n");
    assert_int_equal(set->count, 4);
    assert_int_equal(set->rules[0].level, SEVERITY_CRITICAL);
    assert_int_equal(set->rules[1].level, SEVERITY_CRITICAL);
    assert_true(set->rules[1].disabled && !set->rules[0].disabled);
    expect_steps(&set->rules[2], "s except not and");
    FILE *out = fmemopen(got, sizeof got - 1, "w");
    search_text(&set->rules[2].expression.searches[0], out);
    fputs("; ", out);
    search_text(&set->rules[2].expression.searches[1], out);
    fclose(out);
    assert_string_equal(got, "mailtap.auth.attempt >= threshold 30; client.ip in 10.0.0.0/8, "
                             "mailtap.auth.attempt >= threshold 2 OR user.name ~ probe");
    assert_int_equal(set->rules[3].correlation->at_least, 7);
    expect_steps(&set->rules[3], "except not");
    arena_free(set->arena);
}

static void one_of_two_thresholds(void **state)
{
    (void)state;
    struct problems problems;
    struct rule_set *set =
        load(&options,
             HEAD "  s: {mailtap.auth.attempt|gte: 3, server.port|gt: 24}\n  condition: s\n"
                  "---\ntuning:\n  - {rule: a.test, threshold: {server.port: 586}}\n",
             &problems);
    assert_int_equal(problems.count, 0);
    assert_int_equal(set->rules[0].expression.searches[0].groups[0].items[0].values[0].number, 3);
    assert_int_equal(set->rules[0].expression.searches[0].groups[0].items[1].values[0].number, 586);
    arena_free(set->arena);
}

/* --- fingerprints -------------------------------------------------------------------------------
 */

static void fingerprint_of(const char *yaml, size_t which, uint64_t to[2])
{
    struct problems problems;
    struct rule_set *set = load(&options, yaml, &problems);
    assert_int_equal(problems.errors, 0);
    memcpy(to, set->rules[which].fingerprint, sizeof set->rules[which].fingerprint);
    arena_free(set->arena);
}

static void fingerprints(void **state)
{
    (void)state;
#define COUNT(n)                                                                                   \
    CORRELATION "  {type: event_count, rules: [base_a], timespan: 1m, condition: {gte: " n "}}\n"
    static const struct {
        const char *one, *other;
        bool same;
    } cases[] = {
        { HEAD BOB, HEAD BOB "level: high\ndescription: other words\n", true },
        { HEAD BOB, HEAD "  t: {user.name: bob}\n  condition: t\n", true },
        { HEAD BOB, HEAD "  s: {user.name: eve}\n  condition: s\n", false },
        { HEAD BOB, HEAD "  s: {user.name: b*b}\n  condition: s\n", false },
        { HEAD "  s: {user.name: 'b\\*b'}\n  condition: s\n",
          HEAD "  s: {user.name: b*b}\n  condition: s\n", false },
        { HEAD BOB, HEAD "  s: {user.name: bob}\n  condition: not s\n", false },
        { BASE_A COUNT("2"), BASE_A COUNT("2") "level: low\n", true },
        { BASE_A COUNT("2"), BASE_A COUNT("3"), false },
        { BASE_A COUNT("2"),
          HEAD "  s: {user.name: eve}\n  condition: s\nname: base_a\n" COUNT("2"), false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t one[2], other[2];
        size_t which = strstr(cases[i].one, "correlation") ? 1 : 0;
        fingerprint_of(cases[i].one, which, one);
        fingerprint_of(cases[i].other, which, other);
        assert_int_equal(memcmp(one, other, sizeof one) == 0, cases[i].same);
    }
}

/* --- bounds -------------------------------------------------------------------------------------
 */

static char *repeat(const char *head, const char *piece, size_t n, const char *tail)
{
    size_t len = strlen(piece), at = strlen(head);
    char *text = malloc(at + n * len + strlen(tail) + 1);
    assert_non_null(text);
    memcpy(text, head, at);
    for (size_t i = 0; i < n; i++, at += len)
        memcpy(text + at, piece, len);
    memcpy(text + at, tail, strlen(tail) + 1);
    return text;
}

static void expect_refusal(char *text, const char *expected)
{
    struct problems problems;
    struct rule_set *set = load(&options, text, &problems);
    assert_int_equal(problems.errors, 1);
    if (!strstr(problems.list[0].text, expected))
        fail_msg("%s, not %s", problems.list[0].text, expected);
    assert_int_equal(set->count, 0);
    assert_true(arena_bytes(set->arena) < (size_t)16 * 1024 * 1024);
    arena_free(set->arena);
    free(text);
}

static void bombs(void **state)
{
    (void)state;
    expect_refusal(repeat("a: &a [x, x]\nb: &b [*a, *a]\n", "", 0, ""), "anchors");
    expect_refusal(repeat("title: ", "[", 30000, ""), "nested too deeply");
    expect_refusal(repeat("", "{a: ", 30000, ""), "nested too deeply");
    expect_refusal(repeat("title: x\n", "# comment\n", 1024 * 1024, ""), "too large");
    expect_refusal(repeat(HEAD "  s:\n    user.name: [", "a,", 200000, "]\n  condition: s\n"),
                   "too much in one file");
    expect_refusal(repeat(HEAD "  s:\n    user.name: [", "a,", 50000, "]\n  condition: s\n"),
                   "more than 20000 values");
    expect_refusal(
        repeat(HEAD "  s:\n    user.name|windash: [", "-a -a -a -a,", 1000, "]\n  condition: s\n"),
        "more than 20000 values");
    expect_refusal(repeat(HEAD "  s: {user.name: a}\n  condition: s", " and s", 4000, "\n"),
                   "condition is too long");
    expect_refusal(repeat(HEAD "  s: {user.name: a}\n  condition: ", "not ", 4000, "s\n"),
                   "nested too deeply");
    expect_refusal(repeat(HEAD "  s: {user.name: a}\n  condition: ", "s or not (s and ", 60, "s\n"),
                   "nested too deeply");
    expect_refusal(
        repeat(HEAD "  s:\n    user.name|windash: '-a -a -a -a ", "x", 5000, "'\n  condition: s\n"),
        "at most 4096 bytes");
    expect_refusal(repeat(HEAD "  ", "s", 101, ": {user.name: bob}\n  condition: 1 of s*\n"),
                   "at most 100 bytes");
    expect_refusal(repeat("tuning:\n  - {rule: x, level: low, ", "", 0, "\n"), "not YAML");
    expect_refusal(repeat("title: \xff\n", "", 0, ""), "not YAML");
    expect_refusal(repeat("\"a\\0b\": 1\n", "", 0, ""), "NUL");
}

/* A wrong word of any length gives no suggestion that is far from it. */
static void suggestions(void **state)
{
    (void)state;
    struct nearest nearest = nearest_to("contians");
    nearest_consider(&nearest, "startswith");
    nearest_consider(&nearest, "contains");
    assert_string_equal(nearest.best, "contains");
    char *word = repeat("", "x", 300, "");
    nearest = nearest_to(word);
    nearest_consider(&nearest, "contains");
    assert_null(nearest.best);
    free(word);
    nearest = nearest_to("x");
    nearest_consider(&nearest, "s");
    assert_null(nearest.best);
}

/* By place; what does not fit into the list is counted; nothing a terminal would obey gets out. */
static void lists_of_problems(void **state)
{
    (void)state;
    char text[256];
    struct arena *arena = arena_new((size_t)1024 * 1024);
    struct problems problems;
    assert_true(problems_init(&problems, arena));
    problem_error(&problems, (struct place){ "b", 1, 1 }, "last");
    problem_warning(&problems, (struct place){ "a", 10, 2 }, "third %s", "\x1b[2J\n");
    problem_error(&problems, (struct place){ "a", 9, 7 }, "second");
    problem_error(&problems, (struct place){ "a", 0, 0 }, "first");
    problems_sort(&problems);
    complaints(&problems, text, sizeof text);
    assert_string_equal(text,
                        "a: first\na:9:7: second\na:10:2: warning: third ?[2J?\nb:1:1: last\n");
    for (unsigned i = 0; i < 1000; i++)
        problem_error(&problems, (struct place){ "c", i, 1 }, "more");
    assert_int_equal(problems.count, PROBLEMS_MAX);
    assert_int_equal(problems.errors, 1003);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items),        cmocka_unit_test(searches),
        cmocka_unit_test(conditions),   cmocka_unit_test(warnings),
        cmocka_unit_test(whole_rule),   cmocka_unit_test(defaults),
        cmocka_unit_test(waiting),      cmocka_unit_test(good_ones_stay),
        cmocka_unit_test(correlations), cmocka_unit_test(ranges),
        cmocka_unit_test(chains),       cmocka_unit_test(filters),
        cmocka_unit_test(tuning),       cmocka_unit_test(one_of_two_thresholds),
        cmocka_unit_test(fingerprints), cmocka_unit_test(bombs),
        cmocka_unit_test(suggestions),  cmocka_unit_test(lists_of_problems),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
