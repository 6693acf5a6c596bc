/* The path from events to findings: what matches, what is one finding, when it is new, worse and
 * closed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shipped.h"

#define SECOND UINT64_C(1000000000)
#define DAY    (86400 * SECOND)

struct seen {
    struct {
        char state[16], id[40], user[64], outcome[16];
        uint64_t severity, count, time_ns;
    } finding[32];
    size_t count;
};

static void get(struct bytes facts, enum field field, char *to, size_t size)
{
    struct fact fact;
    to[0] = '\0';
    if (facts_find(facts, field, &fact))
        fact_print(&fact, to, size);
}

static uint64_t number(struct bytes facts, enum field field)
{
    struct fact fact;
    assert_true(facts_find(facts, field, &fact));
    return fact_number(&fact);
}

static void receive(void *arg, const struct event *event)
{
    struct seen *seen = arg;
    assert_int_equal(event->kind, EVENT_FINDING);
    size_t i = seen->count++;
    get(event->facts, FIELD_FINDING_STATE, seen->finding[i].state, 16);
    get(event->facts, FIELD_FINDING_ID, seen->finding[i].id, 40);
    get(event->facts, FIELD_USER_NAME, seen->finding[i].user, 64);
    get(event->facts, FIELD_EVENT_OUTCOME, seen->finding[i].outcome, 16);
    seen->finding[i].severity = number(event->facts, FIELD_EVENT_SEVERITY);
    seen->finding[i].count = number(event->facts, FIELD_FINDING_COUNT);
    seen->finding[i].time_ns = event->time_ns;
}

static void login(struct detect *detect, uint64_t time_ns, const char *user, const char *exposed,
                  const char *outcome)
{
    static const uint8_t client[4] = { 192, 0, 2, 1 }, server[4] = { 192, 0, 2, 25 };
    struct facts facts;
    facts_init(&facts, NULL);
    facts_ip(&facts, FIELD_CLIENT_IP, bytes_over(client, 4));
    facts_ip(&facts, FIELD_SERVER_IP, bytes_over(server, 4));
    facts_number(&facts, FIELD_SERVER_PORT, 25);
    facts_string(&facts, FIELD_EVENT_ACTION, "smtp-auth");
    facts_claim(&facts, FIELD_AUTH_CLEARTEXT, CLAIM_YES);
    facts_string(&facts, FIELD_USER_NAME, user);
    facts_string(&facts, FIELD_AUTH_EXPOSED, exposed);
    facts_string(&facts, FIELD_EVENT_OUTCOME, outcome);
    struct event event = { .kind = EVENT_AUTH,
                           .time_ns = time_ns,
                           .facts = buffer_view(&facts.records) };
    struct facts_index index;
    facts_index(&index, event.facts);
    detect_event(detect, &event, &index);
    facts_free(&facts);
}

static struct detect *start(struct seen *seen)
{
    return shipped_detect(&(struct event_receiver){ receive, seen });
}

static void one_finding_for_a_user_and_worse_when_accepted(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = start(&seen);
    login(detect, 1 * SECOND, "alice", "password", "failure");
    login(detect, 2 * SECOND, "alice", "password", "failure");
    login(detect, 3 * SECOND, "alice", "password", "success");
    login(detect, 4 * SECOND, "alice", "password", "failure");
    login(detect, 5 * SECOND, "bob", "token", "unknown");
    assert_int_equal(seen.count, 3);
    assert_string_equal(seen.finding[0].state, "new");
    assert_int_equal(seen.finding[0].severity, SEVERITY_HIGH);
    assert_string_equal(seen.finding[1].state, "update");
    assert_int_equal(seen.finding[1].severity, SEVERITY_CRITICAL);
    assert_int_equal(seen.finding[1].count, 3);
    assert_string_equal(seen.finding[1].id, seen.finding[0].id);
    assert_string_equal(seen.finding[2].user, "bob");
    assert_string_not_equal(seen.finding[2].id, seen.finding[0].id);
    detect_end(detect);
    assert_int_equal(seen.count, 5);
    assert_string_equal(seen.finding[3].state, "closed");
    assert_int_equal(seen.finding[3].count, 4);
    assert_string_equal(seen.finding[3].outcome,
                        "success"); /* the failure after it does not hide it */
    detect_free(detect);
    detect_free(NULL);
}

static void nothing_exposed_is_no_finding(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = start(&seen);
    login(detect, SECOND, "alice", "none", "failure");
    login(detect, SECOND, "alice", "response", "success");
    login(detect, SECOND, "alice", "", "success");
    login(detect, SECOND, "alice", "pass", "success");
    detect_end(detect);
    assert_int_equal(seen.count, 0);
    detect_free(detect);
}

static void what_goes_on_is_said_again_the_next_day(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = start(&seen);
    for (uint64_t hour = 0; hour <= 25; hour++)
        login(detect, SECOND + hour * DAY / 24, "alice", "password", "success");
    assert_int_equal(seen.count, 3);
    assert_string_equal(seen.finding[1].state, "closed");
    assert_int_equal(seen.finding[1].count, 24);
    assert_string_equal(seen.finding[2].state, "new");
    assert_string_not_equal(seen.finding[2].id, seen.finding[0].id);
    login(detect, 3 * DAY, "bob", "password", "success");
    assert_string_equal(seen.finding[3].state, "closed"); /* idle for a day */
    assert_string_equal(seen.finding[3].user, "alice");
    detect_free(detect);
}

/* An event of a session that the rules of this version look at. */
static void event_with(struct detect *detect, enum event_kind kind, struct facts *facts)
{
    static const uint8_t server[4] = { 192, 0, 2, 25 };
    facts_ip(facts, FIELD_SERVER_IP, bytes_over(server, 4));
    facts_number(facts, FIELD_SERVER_PORT, 143);
    facts_string(facts, FIELD_USER_NAME, "alice");
    struct event event = { .kind = kind, .time_ns = SECOND, .facts = buffer_view(&facts->records) };
    struct facts_index index;
    facts_index(&index, event.facts);
    detect_event(detect, &event, &index);
    facts_free(facts);
}

static void crackable(struct detect *detect, const char *mechanism, unsigned ntlm_version,
                      const char *outcome)
{
    struct facts facts;
    facts_init(&facts, NULL);
    facts_claim(&facts, FIELD_AUTH_CLEARTEXT, CLAIM_YES);
    facts_string(&facts, FIELD_AUTH_EXPOSED, "response");
    facts_string(&facts, FIELD_AUTH_MECHANISM, mechanism);
    facts_string(&facts, FIELD_EVENT_OUTCOME, outcome);
    if (ntlm_version > 0)
        facts_number(&facts, FIELD_AUTH_NTLM_VERSION, ntlm_version);
    event_with(detect, EVENT_AUTH, &facts);
}

static void a_response_is_as_bad_as_its_mechanism(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = start(&seen);
    crackable(detect, "SCRAM-SHA-256", 0, "success");
    crackable(detect, "CRAM-MD5", 0, "success");
    crackable(detect, "GSSAPI", 2, "success");
    crackable(detect, "X-HOME", 0, "success");
    crackable(detect, "CRAM-MD5", 0, "failure");
    detect_end(detect);
    assert_int_equal(seen.count, 6);
    assert_int_equal(seen.finding[0].severity, SEVERITY_LOW);
    assert_int_equal(seen.finding[1].severity, SEVERITY_MEDIUM);
    assert_int_equal(seen.finding[2].severity, SEVERITY_HIGH);
    for (size_t i = 3; i < 6; i++) { /* a later failure does not hide the success */
        assert_string_equal(seen.finding[i].state, "closed");
        assert_string_equal(seen.finding[i].outcome, "success");
    }
    detect_free(detect);
}

/* Any value of a list counts; who was logged in is no part of a finding about the server. */
static void an_offer_is_the_servers(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = start(&seen);
    static const char *const lists[][2] = { { "GSSAPI", "SCRAM-SHA-256" }, { "LOGIN", "GSSAPI" } };
    for (size_t i = 0; i < 2; i++) {
        struct facts facts;
        facts_init(&facts, NULL);
        facts_string(&facts, FIELD_NETWORK_PROTOCOL, "smtp");
        for (size_t k = 0; k < 2; k++)
            facts_string(&facts, FIELD_SESSION_AUTH_OFFERED, lists[i][k]);
        event_with(detect, EVENT_STARTTLS, &facts);
    }
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.finding[0].severity, SEVERITY_MEDIUM);
    assert_string_equal(seen.finding[0].user, "");
    detect_free(detect);
}

/* Of one IMAP server, by its LOGIN command or by a mechanism, never by both; of one login, that it
 * leaked and that it ignored LOGINDISABLED. */
static void imap_has_its_own(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = start(&seen);
    static const enum claim offered[] = { CLAIM_YES, CLAIM_NO };
    for (size_t i = 0; i < 2; i++) {
        struct facts facts;
        facts_init(&facts, NULL);
        facts_string(&facts, FIELD_NETWORK_PROTOCOL, "imap");
        facts_number(&facts, FIELD_SERVER_PORT, 143);
        facts_string(&facts, FIELD_SESSION_GREETING, "OK");
        facts_string(&facts, FIELD_SESSION_AUTH_OFFERED, "PLAIN");
        facts_claim(&facts, FIELD_SESSION_LOGIN_OFFERED, offered[i]);
        event_with(detect, EVENT_STARTTLS, &facts);
    }
    assert_int_equal(seen.count, 1);
    struct facts login, preauth;
    facts_init(&login, NULL);
    facts_string(&login, FIELD_EVENT_ACTION, "imap-login");
    facts_claim(&login, FIELD_AUTH_CLEARTEXT, CLAIM_YES);
    facts_claim(&login, FIELD_AUTH_LOGIN_DISABLED, CLAIM_YES);
    facts_string(&login, FIELD_AUTH_EXPOSED, "password");
    facts_string(&login, FIELD_EVENT_OUTCOME, "failure");
    event_with(detect, EVENT_AUTH, &login);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.finding[1].severity, SEVERITY_HIGH);
    assert_int_equal(seen.finding[2].severity, SEVERITY_HIGH);
    facts_init(&preauth, NULL);
    facts_string(&preauth, FIELD_NETWORK_PROTOCOL, "imap");
    facts_number(&preauth, FIELD_SERVER_PORT, 143);
    facts_string(&preauth, FIELD_SESSION_GREETING, "PREAUTH");
    event_with(detect, EVENT_STARTTLS, &preauth);
    assert_int_equal(seen.count, 4);
    detect_free(detect);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_finding_for_a_user_and_worse_when_accepted),
        cmocka_unit_test(nothing_exposed_is_no_finding),
        cmocka_unit_test(what_goes_on_is_said_again_the_next_day),
        cmocka_unit_test(a_response_is_as_bad_as_its_mechanism),
        cmocka_unit_test(an_offer_is_the_servers),
        cmocka_unit_test(imap_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
