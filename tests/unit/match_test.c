/* The matcher by tables: wildcards and escapes, every test, types, lists, rows, what is absent, the
 * envelope's fields, conditions, why not, and expressions that never end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "match.h"
#include "rule_in_c.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define ALL_KINDS  ((1U << EVENT_KINDS) - 1)

/* One rule against one event. */
struct scene {
    struct arena *arena;
    struct problems problems;
    struct facts facts;
    struct facts_index index;
};

static void scene_begin(struct scene *scene)
{
    scene->arena = arena_new((size_t)16 * 1024 * 1024);
    assert_non_null(scene->arena);
    assert_true(problems_init(&scene->problems, scene->arena));
    facts_init(&scene->facts, NULL);
}

static void scene_end(struct scene *scene)
{
    facts_free(&scene->facts);
    arena_free(scene->arena);
}

static bool hits(struct scene *scene, const struct rule *rule, enum event_kind kind, char *why,
                 size_t size)
{
    const struct rule_set set = { scene->arena, rule, 1 };
    uint64_t word = 0;
    struct rule_hits found = { &word, 1 };
    struct matcher *m = matcher_new(&set, &scene->problems);
    assert_non_null(m);
    facts_index(&scene->index, buffer_view(&scene->facts.records));
    bool any = matcher_event(m, kind, &scene->index, &found);
    assert_int_equal(any, word == 1);
    assert_int_equal(matcher_why_not(m, 0, kind, &scene->index, why, size), !any);
    matcher_free(m);
    return any;
}

static bool item_hits(struct scene *scene, const struct item *item)
{
    char why[200];
    struct item items[2] = { *item };
    struct search search = search_of(scene->arena, items);
    struct rule rule = rule_of(scene->arena, ALL_KINDS, &search, 1);
    return hits(scene, &rule, EVENT_AUTH, why, sizeof why);
}

TEST(wildcards_and_escapes)
{
    static const struct {
        const char *pattern, *value;
        bool matches, cased;
    } rows[] = {
        { "", "", true, false },
        { "", "a", false, false },
        { "abc", "ABC", true, false },
        { "abc", "ABC", false, true },
        { "ABC", "abc", true, false },
        { "ABC", "ABC", true, true },
        { "*", "", true, false },
        { "*", "x", true, false },
        { "?", "", false, false },
        { "?", "x", true, false },
        { "?", "\xC3\xA9", true, false },
        { "??", "\xC3\xA9", false, false },
        { "?", "\xC3", true, false },
        { "??", "\xC3\x28", true, false },
        { "a*", "ABC", true, false },
        { "a*", "ba", false, false },
        { "*c", "ABC", true, false },
        { "*c", "cb", false, false },
        { "*b*", "ABC", true, false },
        { "*b*", "ac", false, false },
        { "a*c", "ac", true, false },
        { "a*c", "abcbc", true, false },
        { "a*b*c", "axxbyybzc", true, false },
        { "a*b*c", "acb", false, false },
        { "*a?c*", "xxabcxx", true, false },
        { "*a?c", "aacabd", false, false },
        { "a\\*c", "a*c", true, false },
        { "a\\*c", "abc", false, false },
        { "a\\?c", "a?c", true, false },
        { "a\\?c", "abc", false, false },
        { "a\\\\*", "a\\xyz", true, false },
        { "a\\b", "A\\B", true, false },
        { "\\*", "*", true, false },
        { "**", "", true, false },
        { "a**b", "ab", true, false },
        { "*aab", "aaaab", true, false },
        { "[a]", "{a}", false, false },
        { "@", "`", false, false },
        { "\xC3\x89", "\xC3\xA9", false, false }, /* only ASCII letters are alike */
        { "ab|cd|ef", "CD", true, false },
        { "ab|c*|ef", "cx", true, false },
        { "ab|cd|ef", "c", false, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene;
        scene_begin(&scene);
        facts_string(&scene.facts, FIELD_USER_NAME, rows[i].value);
        struct item item = item_of(scene.arena, FIELD_USER_NAME, TEST_PATTERN, rows[i].pattern);
        item.cased = rows[i].cased;
        if (item_hits(&scene, &item) != rows[i].matches)
            fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].value);
        scene_end(&scene);
    }
}

/* What most tests below look at. */
static void fill(struct scene *scene)
{
    static const char *const recipients[] = { "a@example.org", "b@example.org", "c@example.net" };
    static const uint64_t codes[] = { 250, 550, 250 };
    struct facts *facts = &scene->facts;
    scene_begin(scene);
    facts_string(facts, FIELD_NETWORK_PROTOCOL, "smtp");
    facts_string(facts, FIELD_USER_NAME, "first");
    facts_string(facts, FIELD_USER_NAME, "Alice");
    facts_string(facts, FIELD_USER_DOMAIN, "");
    facts_string(facts, FIELD_AUTH_AUTHZID, "alice");
    facts_string(facts, FIELD_EVENT_CODE, "535");
    facts_claim(facts, FIELD_AUTH_CLEARTEXT, CLAIM_YES);
    facts_bool(facts, FIELD_TLS_ESTABLISHED, false);
    facts_number(facts, FIELD_SERVER_PORT, 25);
    facts_number(facts, FIELD_EVENT_START, 1000);
    facts_number(facts, FIELD_AUTH_SECRET_HASH, 77);
    facts_ip(facts, FIELD_CLIENT_IP, bytes_over("\xC0\0\x02\x81", 4));
    facts_string(facts, FIELD_SESSION_AUTH_OFFERED, "PLAIN");
    facts_string(facts, FIELD_SESSION_AUTH_OFFERED, "LOGIN");
    for (uint8_t i = 0; i < 3; i++) {
        facts_row_text(facts, i, FIELD_SMTP_RECIPIENT_ADDRESS, bytes_of_string(recipients[i]));
        facts_row_number(facts, i, FIELD_SMTP_RECIPIENT_CODE, codes[i]);
    }
    facts_row_text(facts, 1, FIELD_SMTP_RECIPIENT_ENHANCED, BYTES_LITERAL("5.1.1"));
}

enum flags { ALL = 1, NEQ = 2, CASED = 4, THERE = 8, KEYWORD = 16 };

TEST(every_test)
{
    static const struct {
        enum field field;
        enum test test;
        const char *values;
        unsigned flags;
        bool holds;
    } rows[] = {
        { FIELD_USER_NAME, TEST_PATTERN, "alice", 0, true },
        { FIELD_USER_NAME, TEST_PATTERN, "first", 0, false }, /* the last fact counts */
        { FIELD_USER_NAME, TEST_PATTERN, "alice", CASED, false },
        { FIELD_USER_NAME, TEST_PATTERN, "a*|*e", ALL, true },
        { FIELD_USER_NAME, TEST_PATTERN, "a*|b*", ALL, false },
        { FIELD_USER_NAME, TEST_PATTERN, "bob|eve", NEQ, true },
        { FIELD_USER_NAME, TEST_PATTERN, "bob|alice", NEQ, false },
        { FIELD_USER_HASH, TEST_PATTERN, "bob", NEQ, false }, /* absent: nothing to differ */
        { FIELDS, TEST_PATTERN, "*", 0, false },
        { FIELDS, TEST_NULL, "", 0, true },
        { FIELDS, TEST_PATTERN, "LIC", KEYWORD, true },
        { FIELDS, TEST_PATTERN, "irs", KEYWORD, false },
        { FIELDS, TEST_PATTERN, "logi?", KEYWORD, true },
        { FIELDS, TEST_PATTERN, "77", KEYWORD, false },
        { FIELD_AUTH_CLEARTEXT, TEST_PATTERN, "yes", 0, true },
        { FIELD_AUTH_CLEARTEXT, TEST_PATTERN, "no|unknown", 0, false },
        { FIELD_AUTH_CLEARTEXT, TEST_PATTERN, "y*", 0, true },
        { FIELD_AUTH_CLEARTEXT, TEST_NUMBER, "2", 0, true },
        { FIELD_STARTTLS_OFFERED, TEST_PATTERN, "unknown", 0, false },
        { FIELD_TLS_ESTABLISHED, TEST_PATTERN, "false", 0, true },
        { FIELD_TLS_ESTABLISHED, TEST_PATTERN, "true", 0, false },
        { FIELD_SERVER_PORT, TEST_PATTERN, "2?", 0, true },
        { FIELD_SERVER_PORT, TEST_PATTERN, "25", 0, true },
        { FIELD_SERVER_PORT, TEST_NUMBER, "24|25", 0, true },
        { FIELD_SERVER_PORT, TEST_NUMBER, "24|26", 0, false },
        { FIELD_SERVER_PORT, TEST_NUMBER, "24|26", NEQ, true },
        { FIELD_SERVER_PORT, TEST_LESS, "25", 0, false },
        { FIELD_SERVER_PORT, TEST_AT_MOST, "25", 0, true },
        { FIELD_SERVER_PORT, TEST_GREATER, "25", 0, false },
        { FIELD_SERVER_PORT, TEST_AT_LEAST, "25", 0, true },
        { FIELD_EVENT_CODE, TEST_AT_LEAST, "500", 0, true },  /* a text that is a number */
        { FIELD_AUTH_AUTHZID, TEST_AT_LEAST, "0", 0, false }, /* one that is none */
        { FIELD_EVENT_START, TEST_NUMBER, "1000", 0, true },
        { FIELD_AUTH_SECRET_HASH, TEST_NUMBER, "77", 0, true }, /* internal, for correlations */
        { FIELD_CLIENT_IP, TEST_NETWORK, "192.0.2.129", 0, true },
        { FIELD_CLIENT_IP, TEST_NETWORK, "192.0.2.128/25", 0, true },
        { FIELD_CLIENT_IP, TEST_NETWORK, "192.0.2.0/25", 0, false },
        { FIELD_CLIENT_IP, TEST_NETWORK, "0.0.0.0/0", 0, true },
        { FIELD_CLIENT_IP, TEST_NETWORK, "::/0", 0, false },
        { FIELD_CLIENT_IP, TEST_PATTERN, "192.0.2.*", 0, true },
        { FIELD_CLIENT_IP, TEST_AT_LEAST, "0", 0, false },
        { FIELD_SESSION_AUTH_OFFERED, TEST_PATTERN, "plain", 0, true },
        { FIELD_SESSION_AUTH_OFFERED, TEST_PATTERN, "plain|login", ALL, true },
        { FIELD_SESSION_AUTH_OFFERED, TEST_PATTERN, "plain|ntlm", ALL, false },
        { FIELD_SESSION_AUTH_OFFERED, TEST_PATTERN, "plain", NEQ, false },
        { FIELD_SESSION_AUTH_OFFERED, TEST_PATTERN, "ntlm", NEQ, true },
        { FIELD_USER_NAME, TEST_REGEX, "^A.*e$", 0, true },
        { FIELD_USER_NAME, TEST_REGEX, "^a", 0, false },
        { FIELD_CLIENT_IP, TEST_REGEX, "^192\\.0\\.", 0, true },
        { FIELD_USER_NAME, TEST_SAME, "mailtap.auth.authzid", 0, true },
        { FIELD_USER_NAME, TEST_SAME, "mailtap.auth.authzid", CASED, false },
        { FIELD_USER_NAME, TEST_SAME, "user.hash", 0, false },
        { FIELD_USER_NAME, TEST_EXISTS, "", THERE, true },
        { FIELD_USER_NAME, TEST_EXISTS, "", 0, false },
        { FIELD_USER_HASH, TEST_EXISTS, "", 0, true },
        { FIELD_USER_DOMAIN, TEST_EXISTS, "", THERE, true },
        { FIELD_USER_DOMAIN, TEST_NULL, "", 0, true },
        { FIELD_USER_NAME, TEST_NULL, "", 0, false },
        { FIELD_USER_HASH, TEST_NULL, "", 0, true },
        { FIELD_EVENT_DATASET, TEST_PATTERN, "mailtap.auth", 0, true },
        { FIELD_EVENT_CATEGORY, TEST_PATTERN, "network", 0, true },
        { FIELD_EVENT_CATEGORY, TEST_PATTERN, "authentication", 0, true },
        { FIELD_EVENT_ACTION, TEST_PATTERN, "auth", 0, true },
        { FIELD_EVENT_MODULE, TEST_PATTERN, "mailtap", 0, true },
        { FIELD_SMTP_RECIPIENT_CODE, TEST_NUMBER, "550", 0, true },
        { FIELD_SMTP_RECIPIENT_ENHANCED, TEST_NULL, "", 0, true }, /* there are rows without */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene;
        fill(&scene);
        struct item item = item_of(scene.arena, rows[i].field, rows[i].test, rows[i].values);
        item.all = rows[i].flags & ALL;
        item.not_equal = rows[i].flags & NEQ;
        item.cased = rows[i].flags & CASED;
        item.exists = rows[i].flags & THERE;
        item.keyword = rows[i].flags & KEYWORD;
        if (item_hits(&scene, &item) != rows[i].holds)
            fail_msg("row %zu: %s %s", i, item.name, rows[i].values);
        scene_end(&scene);
    }
}

TEST(an_empty_list)
{
    struct scene scene;
    fill(&scene);
    struct item item = item_of(scene.arena, FIELD_USER_NAME, TEST_PATTERN, "x");
    item.value_count = 0;
    assert_false(item_hits(&scene, &item));
    item.all = true;
    assert_false(item_hits(&scene, &item));
    item.not_equal = true;
    assert_true(item_hits(&scene, &item));
    scene_end(&scene);
}

static bool both_hit(const char *address, const char *code)
{
    struct scene scene;
    char why[200];
    fill(&scene);
    struct item items[3] = {
        item_of(scene.arena, FIELD_SMTP_RECIPIENT_ADDRESS, TEST_PATTERN, address),
        item_of(scene.arena, FIELD_SMTP_RECIPIENT_CODE, TEST_NUMBER, code),
    };
    struct search search = search_of(scene.arena, items);
    struct rule rule = rule_of(scene.arena, ALL_KINDS, &search, 1);
    bool hit = hits(&scene, &rule, EVENT_MESSAGE, why, sizeof why);
    if (!hit && strcmp(code, "550") == 0)
        assert_string_equal(why, "selection: no one row has all of it");
    scene_end(&scene);
    return hit;
}

TEST(rows_of_one_object)
{
    assert_true(both_hit("*@example.org", "550"));
    assert_true(both_hit("*@example.net", "250"));
    assert_false(both_hit("*@example.net", "550")); /* each in some row, not in the same */
    assert_false(both_hit("*@example.net", "450"));
}

/* The rows for which a rule holds: bits 0 to 2. The second search, if any, is negated. */
static uint64_t rows_held(struct scene *scene, const struct search *searches, size_t count,
                          enum field field)
{
    struct rule rule = rule_of(scene->arena, ALL_KINDS, searches, count);
    const struct rule_set set = { scene->arena, &rule, 1 };
    struct row_set rows;
    uint64_t word = 0;
    struct rule_hits found = { &word, 1 };
    struct matcher *m = matcher_new(&set, &scene->problems);
    assert_non_null(m);
    facts_index(&scene->index, buffer_view(&scene->facts.records));
    assert_true(matcher_event(m, EVENT_MESSAGE, &scene->index, &found));
    bool any = matcher_rows(m, 0, EVENT_MESSAGE, &scene->index, field, &rows);
    assert_int_equal(any, rows.words[0] != 0);
    assert_true(matcher_event(m, EVENT_MESSAGE, &scene->index, &found)); /* whole again */
    matcher_free(m);
    return rows.words[0];
}

TEST(rows_that_a_rule_is_about)
{
    struct scene scene;
    fill(&scene);
    struct item refused[2] = { item_of(scene.arena, FIELD_SMTP_RECIPIENT_CODE, TEST_AT_LEAST,
                                       "500") };
    struct item ours[2] = { item_of(scene.arena, FIELD_SMTP_RECIPIENT_ADDRESS, TEST_PATTERN,
                                    "*@example.org") };
    struct item port[2] = { item_of(scene.arena, FIELD_SERVER_PORT, TEST_NUMBER, "25") };
    struct search code = search_of(scene.arena, refused);
    struct search plain = search_of(scene.arena, port);
    struct search address = search_of(scene.arena, ours);
    assert_int_equal(rows_held(&scene, &code, 1, FIELD_SMTP_RECIPIENT_ADDRESS), 2);
    assert_int_equal(rows_held(&scene, &address, 1, FIELD_SMTP_RECIPIENT_ADDRESS), 3);
    /* Row 1 alone has a third column. */
    assert_int_equal(rows_held(&scene, &plain, 1, FIELD_SMTP_RECIPIENT_ENHANCED), 2);
    assert_int_equal(rows_held(&scene, &plain, 1, FIELD_SMTP_RECIPIENT_ADDRESS), 7);
    assert_int_equal(rows_held(&scene, &plain, 1, FIELD_USER_NAME), UINT64_MAX); /* no rows */
    struct item both[3] = { refused[0], ours[0] };
    struct search same = search_of(scene.arena, both);
    assert_int_equal(rows_held(&scene, &same, 1, FIELD_SMTP_RECIPIENT_ADDRESS), 2);
    scene_end(&scene);
}

/* Selection and not filter; kinds, protocol, disabled, waiting; and what is said of it. */
TEST(why_not)
{
    static const struct {
        const char *user, *not_port, *protocol, *waits_for, *why;
        enum event_kind kind;
        bool disabled;
    } rows[] = {
        { "alice", "143", "smtp", NULL, "", EVENT_AUTH, false },
        { "bob", "143", NULL, NULL, "selection: user.name is Alice, not 'bob'", EVENT_AUTH, false },
        { "bob|e*|\\*|d", "143", NULL, NULL,
          "selection: user.name is Alice, not 'bob' or 'e*' or '\\*' and 1 more", EVENT_AUTH,
          false },
        { "alice", "25", NULL, NULL, "taken away by selection: server.port is 25", EVENT_AUTH,
          false },
        { "alice", "143", "imap", NULL, "another protocol: smtp, not imap", EVENT_AUTH, false },
        { "alice", "143", NULL, NULL, "another kind of event: flow", EVENT_FLOW, false },
        { "alice", "143", NULL, "own_domains", "the rule waits for the option own_domains",
          EVENT_AUTH, false },
        { "alice", "143", NULL, NULL, "the rule is disabled", EVENT_AUTH, true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene;
        char why[200];
        fill(&scene);
        struct item user[2] = { item_of(scene.arena, FIELD_USER_NAME, TEST_PATTERN, rows[i].user) };
        struct item port[2] = { item_of(scene.arena, FIELD_SERVER_PORT, TEST_NUMBER,
                                        rows[i].not_port) };
        struct search searches[2] = { search_of(scene.arena, user), search_of(scene.arena, port) };
        struct rule rule = rule_of(scene.arena, 1U << EVENT_AUTH, searches, 2);
        rule.protocol = rows[i].protocol;
        rule.waits_for = rows[i].waits_for;
        rule.disabled = rows[i].disabled;
        assert_int_equal(hits(&scene, &rule, rows[i].kind, why, sizeof why), i == 0);
        assert_string_equal(why, rows[i].why);
        assert_int_equal(hits(&scene, &rule, rows[i].kind, why, 8), i == 0);
        scene_end(&scene);
    }
}

/* What took the event away: the value that met it, and what it met. */
TEST(why_taken_away)
{
    static const struct {
        enum field field;
        enum test test;
        const char *values;
        unsigned flags;
        const char *why;
    } rows[] = {
        { FIELD_CLIENT_IP, TEST_NETWORK, "10.0.0.0/8|192.0.2.1|192.0.2.128/25", 0,
          "client.ip is 192.0.2.129, which is within 192.0.2.128/25" },
        { FIELD_CLIENT_IP, TEST_NETWORK, "10.0.0.0/8|192.0.2.129", 0, "client.ip is 192.0.2.129" },
        { FIELD_USER_NAME, TEST_PATTERN, "bob|b*|eve|a*", 0,
          "user.name is Alice, which is like 'a*'" },
        { FIELD_USER_NAME, TEST_PATTERN, "bob|eve", NEQ,
          "user.name is Alice, something other than 'bob' or 'eve'" },
        { FIELD_USER_NAME, TEST_EXISTS, "", THERE, "user.name is Alice" },
        { FIELD_USER_HASH, TEST_NULL, "", 0, "user.hash is absent" },
        { FIELD_USER_NAME, TEST_REGEX, "^A", 0, "user.name is Alice, which is like /^A/" },
        { FIELD_USER_NAME, TEST_SAME, "mailtap.auth.authzid", 0,
          "user.name is Alice, which is the value of mailtap.auth.authzid" },
        { FIELD_SERVER_PORT, TEST_AT_LEAST, "20", 0, "server.port is 25, which is at least 20" },
        { FIELD_AUTH_CLEARTEXT, TEST_PATTERN, "no|yes", 0, "mailtap.auth.cleartext is yes" },
        { FIELD_SESSION_AUTH_OFFERED, TEST_PATTERN, "pl*|x", 0,
          "mailtap.session.auth_offered is PLAIN, which is like 'pl*'" },
        { FIELD_SMTP_RECIPIENT_ADDRESS, TEST_PATTERN, "*@example.net", 0,
          "mailtap.smtp.recipients.address is c@example.net, which is like '*@example.net'" },
        { FIELD_AUTH_SECRET_HASH, TEST_NUMBER, "77", 0, "mailtap.auth.secret_hash is not shown" },
        { FIELDS, TEST_PATTERN, "logi?", KEYWORD,
          "mailtap.session.auth_offered is LOGIN, which is like 'logi?'" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene;
        char why[200], expected[200];
        fill(&scene);
        struct item port[2] = { item_of(scene.arena, FIELD_SERVER_PORT, TEST_NUMBER, "25") };
        struct item items[2] = { item_of(scene.arena, rows[i].field, rows[i].test,
                                         rows[i].values) };
        items[0].not_equal = rows[i].flags & NEQ;
        items[0].exists = rows[i].flags & THERE;
        items[0].keyword = rows[i].flags & KEYWORD;
        struct search searches[2] = { search_of(scene.arena, port), search_of(scene.arena, items) };
        searches[1].name = "except";
        struct rule rule = rule_of(scene.arena, ALL_KINDS, searches, 2);
        assert_false(hits(&scene, &rule, EVENT_MESSAGE, why, sizeof why));
        snprintf(expected, sizeof expected, "taken away by except: %s", rows[i].why);
        assert_string_equal(why, expected);
        scene_end(&scene);
    }
}

/* Of a table, the row in which all of it holds; of several values that do not hold, that. */
TEST(why_of_rows)
{
    struct scene scene;
    char why[300];
    fill(&scene);
    struct item refused = item_of(scene.arena, FIELD_SMTP_RECIPIENT_CODE, TEST_AT_LEAST, "500");
    struct item ours =
        item_of(scene.arena, FIELD_SMTP_RECIPIENT_ADDRESS, TEST_PATTERN, "*@example.org");
    struct item nobody = item_of(scene.arena, FIELD_SMTP_RECIPIENT_ADDRESS, TEST_PATTERN, "x");
    struct item port[2] = { item_of(scene.arena, FIELD_SERVER_PORT, TEST_NUMBER, "25") };
    struct item both[3] = { refused, ours }, none[2] = { nobody };
    struct search searches[2] = { search_of(scene.arena, port), search_of(scene.arena, both) };
    struct rule rule = rule_of(scene.arena, ALL_KINDS, searches, 2);
    assert_false(hits(&scene, &rule, EVENT_MESSAGE, why, sizeof why));
    assert_non_null(strstr(why, "mailtap.smtp.recipients.code is 550, which is at least 500"));
    assert_non_null(strstr(why, "mailtap.smtp.recipients.address is b@example.org, which is like "
                                "'*@example.org'"));
    struct search search = search_of(scene.arena, none);
    rule = rule_of(scene.arena, ALL_KINDS, &search, 1);
    assert_false(hits(&scene, &rule, EVENT_MESSAGE, why, sizeof why));
    assert_string_equal(why, "selection: mailtap.smtp.recipients.address is c@example.net, "
                             "b@example.org, a@example.org, none of them 'x'");
    scene_end(&scene);
}

/* To leave out one recipient: `except` takes the whole event, `neq` in the row only that row. */
TEST(one_row_left_out)
{
    struct scene scene;
    char why[200];
    fill(&scene);
    struct item accepted = item_of(scene.arena, FIELD_SMTP_RECIPIENT_CODE, TEST_NUMBER, "250");
    struct item a =
        item_of(scene.arena, FIELD_SMTP_RECIPIENT_ADDRESS, TEST_PATTERN, "a@example.org");
    struct item alone[2] = { accepted }, except[2] = { a }, narrowed[3] = { accepted, a };
    narrowed[1].not_equal = true;
    struct search searches[2] = { search_of(scene.arena, alone), search_of(scene.arena, except) };
    struct rule rule = rule_of(scene.arena, ALL_KINDS, searches, 2);
    assert_false(hits(&scene, &rule, EVENT_MESSAGE, why, sizeof why));
    struct search search = search_of(scene.arena, narrowed);
    assert_int_equal(rows_held(&scene, &search, 1, FIELD_SMTP_RECIPIENT_ADDRESS), 4);
    scene_end(&scene);
}

/* An internal value is compared, and not said. */
TEST(internal_values_stay_inside)
{
    struct scene scene;
    char why[200];
    fill(&scene);
    struct item items[2] = { item_of(scene.arena, FIELD_AUTH_SECRET_HASH, TEST_NUMBER, "78") };
    struct search search = search_of(scene.arena, items);
    struct rule rule = rule_of(scene.arena, ALL_KINDS, &search, 1);
    assert_false(hits(&scene, &rule, EVENT_AUTH, why, sizeof why));
    assert_null(strstr(why, "77"));
    scene_end(&scene);
}

TEST(fields_of_the_envelope)
{
    struct scene scene;
    struct fact fact;
    scene_begin(&scene);
    facts_index(&scene.index, BYTES_NONE);
    for (unsigned kind = 0; kind < EVENT_KINDS; kind++) {
        const struct event_row *row = schema_event((enum event_kind)kind);
        const char *const texts[] = { row->name,  row->dataset, row->kind,
                                      row->types, row->action,  row->categories };
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            for (const char *c = texts[i]; *c; c++) /* the matcher does not fold them */
                assert_false(*c >= 'A' && *c <= 'Z');
        }
        assert_true(rule_field((enum event_kind)kind, &scene.index, FIELD_EVENT_ACTION, &fact));
        assert_true(bytes_equal(fact.value, bytes_of_string(row->action)));
    }
    assert_true(rule_field(EVENT_AUTH, &scene.index, FIELD_EVENT_CATEGORY, &fact));
    assert_true(bytes_equal(fact.value, BYTES_LITERAL("network")));
    assert_false(rule_field(EVENT_STATS, &scene.index, FIELD_EVENT_TYPE, &fact));
    assert_false(rule_field(EVENT_AUTH, &scene.index, FIELD_USER_NAME, &fact));
    facts_string(&scene.facts, FIELD_EVENT_ACTION, "imap-login");
    facts_index(&scene.index, buffer_view(&scene.facts.records));
    assert_true(rule_field(EVENT_AUTH, &scene.index, FIELD_EVENT_ACTION, &fact));
    assert_true(bytes_equal(fact.value, BYTES_LITERAL("imap-login")));
    scene_end(&scene);
}

/* --- regular expressions ------------------------------------------------------------------------
 */

TEST(wrong_expressions)
{
    static const char *const wrong[] = {
        "(",
        "a{2,1}",
        "[a",
        "(a)\\1",
        "(?=a)",
        "(?<!a)b",
        "(?<n>a)",
        "(?R)",
        "(*UTF)a",
        "(?C1)a",
        "\\",
        "((((((((((((((((((((((((((((((((((((((((((((((((((((a)))))))))))))))))))))))))))))))))))))"
        ")"
        "))))))))))))))",
        "((a{1,9999}){1,9999}){1,9999}",
        "\\Ca",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct scene scene;
        fill(&scene);
        struct item item = item_of(scene.arena, FIELD_USER_NAME, TEST_REGEX, wrong[i]);
        assert_false(item_hits(&scene, &item));
        if (scene.problems.errors != 1 || scene.problems.list[0].place.line != 1)
            fail_msg("%s: %zu errors", wrong[i], scene.problems.errors);
        scene_end(&scene);
    }
}

TEST(right_expressions)
{
    static const struct {
        const char *regex, *value;
        bool matches;
    } rows[] = {
        { "^.$", "\xC3\xA9", true },
        { "^.$", "\xC3", true },
        { "^a.b$", "a\xE9\x62", true },
        { "[(*]x", "*x", true },
        { "(?:a|b)c", "bc", true },
        { "(?i)ABC", "abc", true },
        { "[]a]b", "]b", true },
        { "^\\d{3}$", "550", true },
        { "\\(\\?=", "(?=", true },
        { "", "", true },
        { "^$", "", true },
        { "a+?b", "aab", true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene;
        scene_begin(&scene);
        facts_string(&scene.facts, FIELD_USER_NAME, rows[i].value);
        struct item item = item_of(scene.arena, FIELD_USER_NAME, TEST_REGEX, rows[i].regex);
        if (item_hits(&scene, &item) != rows[i].matches || scene.problems.errors > 0)
            fail_msg("%s", rows[i].regex);
        scene_end(&scene);
    }
}

/* Whoever gives up says neither yes nor no, is counted, and takes less than a second for each. */
TEST(catastrophes_are_bounded)
{
    static const char *const slow[] = { "^(a+)+$",           "(a|aa)+$",     "(.*)*b.*c",
                                        "a.*b.*c.*d",        "^((a|b)*)*c$", "(x+x+)+y",
                                        "(?:a?){1,60}a{60}b" };
    char text[FACTS_TEXT_MAX + 1], why[200];
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = "aaaaaaabx"[i * 7 % 9];
    memset(text, 'a', 200);
    text[sizeof text - 1] = '\0';
    for (size_t i = 0; i < sizeof slow / sizeof slow[0]; i++) {
        struct scene scene;
        scene_begin(&scene);
        facts_string(&scene.facts, FIELD_USER_NAME, text);
        struct item item[2] = { item_of(scene.arena, FIELD_USER_NAME, TEST_REGEX, slow[i]) };
        struct item any[2] = { item_of(scene.arena, FIELD_USER_NAME, TEST_PATTERN, "*") };
        struct search searches[2] = { search_of(scene.arena, any), search_of(scene.arena, item) };
        struct rule rule = rule_of(scene.arena, ALL_KINDS, searches, 2); /* not the expression */
        const struct rule_set set = { scene.arena, &rule, 1 };
        uint64_t word;
        struct rule_hits found = { &word, 1 };
        struct matcher *m = matcher_new(&set, &scene.problems);
        facts_index(&scene.index, buffer_view(&scene.facts.records));
        clock_t start = clock();
        bool hit = matcher_event(m, EVENT_AUTH, &scene.index, &found);
        assert_true(clock() - start < CLOCKS_PER_SEC);
        if (matcher_regex_limits(m) > 0) {
            assert_false(hit);
            assert_true(matcher_why_not(m, 0, EVENT_AUTH, &scene.index, why, sizeof why));
            assert_string_equal(why, "a regular expression was given up at its limits");
        }
        if (i == 0)
            assert_int_equal(matcher_regex_limits(m), 2);
        matcher_free(m);
        scene_end(&scene);
    }
}

/* --- many rules ---------------------------------------------------------------------------------
 */

/* As many rules as there may be, each with a value of its own: the index has not room for all. */
TEST(all_the_rules_there_may_be)
{
    struct scene scene;
    fill(&scene);
    struct rule *rules = arena_take(scene.arena, RULES_MAX, sizeof *rules);
    uint64_t words[RULES_MAX / 64];
    struct rule_hits found = { words, RULES_MAX };
    assert_non_null(rules);
    for (unsigned i = 0; i < RULES_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, i % 1000 == 7 ? "alice" : "name%u", i);
        struct item items[2] = { item_of(scene.arena, FIELD_USER_NAME, TEST_PATTERN, name) };
        struct search search = search_of(scene.arena, items);
        rules[i] = rule_of(scene.arena, ALL_KINDS, &search, 1);
    }
    const struct rule_set set = { scene.arena, rules, RULES_MAX };
    struct matcher *m = matcher_new(&set, &scene.problems);
    assert_non_null(m);
    assert_true(matcher_bytes(m) < (size_t)64 * 1024 * 1024);
    facts_index(&scene.index, buffer_view(&scene.facts.records));
    assert_true(matcher_event(m, EVENT_AUTH, &scene.index, &found));
    for (unsigned i = 0; i < RULES_MAX; i++)
        assert_int_equal(words[i / 64] >> i % 64 & 1, i % 1000 == 7);
    matcher_free(m);
    scene_end(&scene);
}

TEST(damaged_conditions_never_match)
{
    static const struct step steps[] = { { OPERATION_AND, 0 },
                                         { OPERATION_NOT, 0 },
                                         { OPERATION_SEARCH, 5 },
                                         { OPERATION_SEARCH, 0 },
                                         { OPERATION_SEARCH, 0 } };
    for (size_t i = 0; i < 4; i++) {
        struct scene scene;
        char why[200];
        fill(&scene);
        struct item items[2] = { item_of(scene.arena, FIELD_USER_NAME, TEST_PATTERN, "*") };
        struct search search = search_of(scene.arena, items);
        struct rule rule = rule_of(scene.arena, ALL_KINDS, &search, 1);
        rule.expression.steps = &steps[i];
        rule.expression.step_count = i == 3 ? 2 : 1;
        assert_false(hits(&scene, &rule, EVENT_AUTH, why, sizeof why));
        scene_end(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wildcards_and_escapes),
        cmocka_unit_test(every_test),
        cmocka_unit_test(an_empty_list),
        cmocka_unit_test(rows_of_one_object),
        cmocka_unit_test(rows_that_a_rule_is_about),
        cmocka_unit_test(why_not),
        cmocka_unit_test(why_taken_away),
        cmocka_unit_test(why_of_rows),
        cmocka_unit_test(one_row_left_out),
        cmocka_unit_test(internal_values_stay_inside),
        cmocka_unit_test(fields_of_the_envelope),
        cmocka_unit_test(wrong_expressions),
        cmocka_unit_test(right_expressions),
        cmocka_unit_test(catastrophes_are_bounded),
        cmocka_unit_test(all_the_rules_there_may_be),
        cmocka_unit_test(damaged_conditions_never_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
