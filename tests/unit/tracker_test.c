/* What is tracked about one client: recipients, questions, failed logins; and about one server:
 * what it offered. Windows at their edges, answers, bounds, and random events against an
 * implementation that keeps all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "tracker.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define SECOND     UINT64_C(1000000000)
#define MINUTE     (60 * SECOND)
#define NONE       UINT64_MAX

static struct tracker *tracker;
static struct facts facts, tracked;

static int begin(void **state)
{
    (void)state;
    tracker = tracker_new(100);
    facts_init(&facts, NULL);
    facts_init(&tracked, NULL);
    return tracker ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    tracker_free(tracker);
    facts_free(&facts);
    facts_free(&tracked);
    return 0;
}

static void client(uint32_t address)
{
    facts_clear(&facts);
    facts_ip(&facts, FIELD_CLIENT_IP, bytes_over(&address, sizeof address));
}

static void send(enum event_kind kind, uint64_t time_ns)
{
    struct facts_index index;
    struct event event = { .kind = kind, .time_ns = time_ns, .facts = buffer_view(&facts.records) };
    facts_index(&index, event.facts);
    facts_clear(&tracked);
    tracker_event(tracker, &event, &index, &tracked);
}

static uint64_t said(enum field field)
{
    struct fact fact;
    return facts_find(buffer_view(&tracked.records), field, &fact) ? fact_number(&fact) : NONE;
}

static void recipient(uint8_t row, const char *address, uint64_t code, const char *enhanced)
{
    facts_string(&facts, FIELD_SMTP_RCPT_TO, address);
    facts_row_text(&facts, row, FIELD_SMTP_RECIPIENT_ADDRESS, bytes_of_string(address));
    if (code)
        facts_row_number(&facts, row, FIELD_SMTP_RECIPIENT_CODE, code);
    if (enhanced)
        facts_row_text(&facts, row, FIELD_SMTP_RECIPIENT_ENHANCED, bytes_of_string(enhanced));
}

static void one_recipient(uint32_t from, uint64_t time_ns, const char *address, uint64_t code,
                          const char *enhanced)
{
    client(from);
    recipient(0, address, code, enhanced);
    send(EVENT_MESSAGE, time_ns);
}

/* Of few, none of which was refused, nothing is told. */
static void assert_recipients(uint64_t asked, uint64_t unknown, uint64_t denied)
{
    if (asked < 10 && unknown + denied == 0) {
        assert_int_equal(said(FIELD_TRACK_RECIPIENTS_ASKED), NONE);
        return;
    }
    assert_int_equal(said(FIELD_TRACK_RECIPIENTS_ASKED), asked);
    assert_int_equal(said(FIELD_TRACK_RECIPIENTS_UNKNOWN), unknown);
    assert_int_equal(said(FIELD_TRACK_RECIPIENTS_DENIED), denied);
    assert_int_equal(said(FIELD_TRACK_RECIPIENTS_UNKNOWN_PERCENT), unknown * 100 / asked);
}

static void login(uint32_t from, uint64_t time_ns, const char *user, const char *outcome,
                  const char *code)
{
    client(from);
    facts_string(&facts, FIELD_EVENT_OUTCOME, outcome);
    if (user)
        facts_string(&facts, FIELD_USER_NAME, user);
    if (code)
        facts_string(&facts, FIELD_EVENT_CODE, code);
    send(EVENT_AUTH, time_ns);
}

static void assert_accounts(uint64_t failed, uint64_t few)
{
    assert_int_equal(said(FIELD_TRACK_ACCOUNTS_FAILED), failed);
    assert_int_equal(said(FIELD_TRACK_ACCOUNTS_FEW_TRIES), few);
}

/* --- recipients ---------------------------------------------------------------------------------
 */

TEST(recipients_of_one_message)
{
    client(1);
    recipient(0, "<a@example.org>", 250, "2.1.5");
    recipient(1, "<b@example.org>", 550, "5.1.1");
    recipient(2, "<c@example.org>", 550, NULL);
    recipient(3, "<B@EXAMPLE.org>", 550, "5.1.1"); /* the same in other letters */
    recipient(4, "<d@example.net>", 554, "5.7.1");
    recipient(5, "<e@example.net>", 0, NULL); /* its answer was not seen */
    recipient(6, "<>", 250, NULL);
    send(EVENT_MESSAGE, 0);
    assert_recipients(6, 2, 1);
    assert_int_equal(said(FIELD_TRACK_RECIPIENTS_UNKNOWN_PERCENT), 33);
    assert_int_equal(said(FIELD_TRACK_ADDRESSES_ASKED), NONE);
}

TEST(answers)
{
    static const struct {
        uint64_t code;
        const char *enhanced;
        unsigned unknown, denied;
    } rows[] = {
        { 550, "5.1.1", 1, 0 }, { 550, "5.1.10", 1, 0 }, { 551, "5.1.6", 1, 0 },
        { 553, "5.1.3", 1, 0 }, { 551, NULL, 1, 0 },     { 553, NULL, 1, 0 },
        { 550, "5.7.1", 0, 1 }, { 554, "5.7.1", 0, 1 },  { 454, "4.7.1", 0, 1 },
        { 450, "4.7.1", 0, 1 }, { 554, NULL, 0, 0 },     { 450, NULL, 0, 0 },
        { 552, "5.2.2", 0, 0 }, { 550, "5.2.1", 0, 0 },  { 550, "5.7.10", 0, 0 },
        { 450, "4.1.1", 0, 0 }, { 451, "4.7.1", 0, 0 },  { 550, "5.10.1", 0, 0 },
        { 250, "2.1.5", 0, 0 }, { 550, ".7.1", 0, 0 },   { 554, "5.1.1", 0, 0 },
    };
    for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        one_recipient(i + 1, 0, "<a@example.org>", rows[i].code, rows[i].enhanced);
        assert_recipients(1, rows[i].unknown, rows[i].denied);
    }
}

TEST(the_latest_answer_counts)
{
    one_recipient(1, 0, "<a@x>", 450, "4.7.1");
    assert_recipients(1, 0, 1);
    one_recipient(1, MINUTE, "<a@x>", 550, "5.1.1");
    assert_recipients(1, 1, 0);
    one_recipient(1, 2 * MINUTE, "<a@x>", 0, NULL); /* not seen: nothing new */
    assert_recipients(1, 1, 0);
    one_recipient(1, 3 * MINUTE, "<a@x>", 250, NULL);
    assert_recipients(1, 0, 0);
}

TEST(ten_minutes)
{
    one_recipient(1, 0, "<a@x>", 550, NULL);
    one_recipient(1, 5 * MINUTE, "<b@x>", 550, NULL);
    one_recipient(1, 10 * MINUTE, "<c@x>", 250, NULL); /* exactly */
    assert_recipients(3, 2, 0);
    one_recipient(1, 10 * MINUTE + 1, "<c@x>", 250, NULL);
    assert_recipients(2, 1, 0);
    one_recipient(2, 10 * MINUTE + 1, "<c@x>", 250, NULL); /* somebody else */
    assert_recipients(1, 0, 0);
    one_recipient(1, 14 * MINUTE, "<b@x>", 0, NULL); /* named again: it stays */
    one_recipient(1, 24 * MINUTE, "<d@x>", 0, NULL);
    assert_recipients(2, 1, 0);
}

TEST(a_flat_list)
{
    client(1);
    facts_string(&facts, FIELD_SMTP_RCPT_TO, "<a@x>");
    facts_string(&facts, FIELD_SMTP_RCPT_TO, "<b@x>");
    send(EVENT_MESSAGE, 0);
    assert_recipients(2, 0, 0);
}

TEST(rows_in_any_order)
{
    client(1);
    facts_row_number(&facts, 1, FIELD_SMTP_RECIPIENT_CODE, 550);
    facts_row_text(&facts, 1, FIELD_SMTP_RECIPIENT_ADDRESS, BYTES_LITERAL("<b@x>"));
    facts_row_number(&facts, 9, FIELD_SMTP_RECIPIENT_CODE, 550); /* its address is missing */
    facts_row_text(&facts, 0, FIELD_SMTP_RECIPIENT_ADDRESS, BYTES_LITERAL("<a@x>"));
    facts_row_text(&facts, 255, FIELD_SMTP_RECIPIENT_ADDRESS, BYTES_LITERAL("<c@x>"));
    send(EVENT_MESSAGE, 0);
    assert_recipients(3, 1, 0);
}

TEST(nothing_to_say)
{
    client(1);
    send(EVENT_MESSAGE, 0); /* names nobody */
    assert_int_equal(tracked.records.len, 0);
    facts_clear(&facts);
    recipient(0, "<a@x>", 550, NULL); /* by nobody */
    send(EVENT_MESSAGE, 0);
    assert_int_equal(tracked.records.len, 0);
    facts_ip(&facts, FIELD_CLIENT_IP, BYTES_LITERAL("1234"));
    send(EVENT_FLOW, 0); /* another kind */
    send(EVENT_TLS, 0);
    send(EVENT_STARTTLS, 0); /* claims nothing */
    assert_int_equal(tracked.records.len, 0);
    send(EVENT_MESSAGE, 0);
    assert_recipients(1, 1, 0);
}

/* --- VRFY and EXPN ------------------------------------------------------------------------------
 */

static void ask(uint32_t from, uint64_t time_ns, const char *action, const char *code)
{
    client(from);
    facts_string(&facts, FIELD_EVENT_ACTION, action);
    if (code)
        facts_string(&facts, FIELD_EVENT_CODE, code);
    recipient(0, "<a@x>", 550, NULL); /* of a transaction that is open meanwhile */
    send(EVENT_MESSAGE, time_ns);
}

TEST(questions)
{
    ask(1, 0, "smtp-vrfy", "550 5.1.1");
    assert_int_equal(said(FIELD_TRACK_ADDRESSES_ASKED), 1);
    assert_int_equal(said(FIELD_TRACK_ADDRESSES_UNKNOWN_PERCENT), 100);
    ask(1, MINUTE, "smtp-expn", "550");
    ask(1, 2 * MINUTE, "smtp-vrfy", "252 2.0.0");
    ask(1, 3 * MINUTE, "smtp-vrfy", "502 5.5.1");
    ask(1, 4 * MINUTE, "smtp-vrfy", "550 5.7.1");
    ask(1, 5 * MINUTE, "smtp-vrfy", NULL);
    assert_int_equal(said(FIELD_TRACK_ADDRESSES_ASKED), 6);
    assert_int_equal(said(FIELD_TRACK_ADDRESSES_UNKNOWN), 2);
    assert_int_equal(said(FIELD_TRACK_ADDRESSES_UNKNOWN_PERCENT), 33);
    assert_int_equal(said(FIELD_TRACK_RECIPIENTS_ASKED), NONE);
    ask(1, 10 * MINUTE + 1, "smtp-vrfy", "252");
    assert_int_equal(said(FIELD_TRACK_ADDRESSES_ASKED), 6);
    assert_int_equal(said(FIELD_TRACK_ADDRESSES_UNKNOWN), 1);
    ask(2, 10 * MINUTE + 1, "smtp-vrfy", "252");
    assert_int_equal(said(FIELD_TRACK_ADDRESSES_ASKED), 1);
}

/* --- logins -------------------------------------------------------------------------------------
 */

TEST(accounts)
{
    login(1, 0, "a", "failure", "535 5.7.8");
    assert_accounts(1, 1);
    for (int i = 0; i < 2; i++)
        login(1, MINUTE, "a", "failure", "535 5.7.8");
    login(1, MINUTE, "A", "failure", "535 5.7.8"); /* exact bytes */
    assert_accounts(2, 2);
    login(1, MINUTE, "a", "failure", "535 5.7.8"); /* the fourth */
    assert_accounts(2, 1);
    login(1, 2 * MINUTE, "c", "success", "235 2.7.0");
    assert_accounts(2, 1);
    login(1, 2 * MINUTE, NULL, "failure", "535 5.7.8"); /* nobody's */
    assert_accounts(2, 1);
    login(2, 2 * MINUTE, "c", "success", NULL);
    assert_int_equal(tracked.records.len, 0);
    /* The first of the four is exactly 30 minutes old, then older. */
    login(1, 30 * MINUTE, "c", "success", NULL);
    assert_accounts(2, 1);
    login(1, 30 * MINUTE + 1, "c", "success", NULL);
    assert_accounts(2, 2);
    login(1, 31 * MINUTE, "c", "success", NULL);
    assert_accounts(2, 2);
    login(1, 31 * MINUTE + 1, "c", "success", NULL);
    assert_int_equal(tracked.records.len, 0);
}

TEST(answers_that_judge_no_secret)
{
    static const struct {
        const char *code;
        bool failure;
    } rows[] = {
        { "535 5.7.8", true },
        { "535", true },
        { "550 5.7.1", true },
        { "-ERR", true },
        { "-ERR [AUTH]", true },
        { "NO", true },
        { "NO [AUTHENTICATIONFAILED]", true },
        { "NO [ALERT]", true },
        { NULL, true },
        { "454 4.7.0", false },
        { "421", false },
        { "501 5.5.2", false },
        { "503 5.5.1", false },
        { "504 5.5.4", false },
        { "530 5.7.0", false },
        { "534 5.7.9", false },
        { "538 5.7.11", false },
        { "BAD", false },
        { "NO [UNAVAILABLE]", false },
        { "NO [PRIVACYREQUIRED]", false },
        { "NO (ENCRYPT-NEEDED)", false },
        { "NO (TRYLATER)", false },
        { "-ERR [IN-USE]", false },
        { "-ERR [LOGIN-DELAY]", false },
        { "-ERR [SYS/TEMP]", false },
        { "-ERR [SYS/PERM]", false },
    };
    for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        login(i + 1, 0, "a", "failure", rows[i].code);
        assert_int_equal(said(FIELD_TRACK_ACCOUNTS_FAILED), rows[i].failure ? 1 : NONE);
    }
    login(1000, 0, "a", "unknown", NULL);
    assert_int_equal(tracked.records.len, 0);
}

/* --- servers ------------------------------------------------------------------------------------
 */

#define HOUR (60 * MINUTE)

static void session(uint32_t server, uint16_t port, uint64_t time_ns, enum claim offered)
{
    client(1);
    facts_ip(&facts, FIELD_SERVER_IP, bytes_over(&server, sizeof server));
    facts_number(&facts, FIELD_SERVER_PORT, port);
    facts_claim(&facts, FIELD_STARTTLS_OFFERED, offered);
    send(EVENT_STARTTLS, time_ns);
}

/* Told only by a session without the offer. */
static void assert_offers(uint64_t not_offered, uint64_t offered)
{
    assert_int_equal(said(FIELD_TRACK_STARTTLS_NOT_OFFERED), not_offered);
    assert_int_equal(said(FIELD_TRACK_STARTTLS_OFFERED), offered);
}

TEST(offers)
{
    session(1, 25, 0, CLAIM_NO);
    assert_offers(1, 0);
    session(1, 25, MINUTE, CLAIM_UNKNOWN);
    assert_int_equal(tracked.records.len, 0);
    session(1, 25, MINUTE, CLAIM_NO);
    assert_offers(2, 0);
    session(1, 25, MINUTE, CLAIM_YES);
    assert_int_equal(tracked.records.len, 0);
    session(1, 25, 2 * HOUR, CLAIM_NO);
    assert_offers(3, 1);
    session(1, 587, 2 * HOUR, CLAIM_NO); /* another port, another server */
    assert_offers(1, 0);
    session(2, 25, 2 * HOUR, CLAIM_NO);
    assert_offers(1, 0);
    tracker_forget(tracker);
    session(1, 25, 2 * HOUR, CLAIM_NO);
    assert_offers(1, 0);
}

TEST(offers_by_the_hour)
{
    session(1, 25, 0, CLAIM_YES);
    session(1, 25, HOUR - 1, CLAIM_NO);
    assert_offers(1, 1);
    session(1, 25, HOUR, CLAIM_NO);
    session(1, 25, 25 * HOUR - 1, CLAIM_NO); /* the first hour still counts whole */
    assert_offers(3, 1);
    session(1, 25, 25 * HOUR, CLAIM_NO);
    assert_offers(3, 0);
    session(1, 25, 26 * HOUR, CLAIM_NO);
    assert_offers(3, 0);
    session(1, 25, 90 * HOUR, CLAIM_NO); /* long silence */
    assert_offers(1, 0);
    session(1, 25, 3 * HOUR, CLAIM_NO); /* the clock does not go back */
    assert_offers(2, 0);
}

TEST(no_server)
{
    client(1);
    facts_claim(&facts, FIELD_STARTTLS_OFFERED, CLAIM_NO);
    send(EVENT_STARTTLS, 0);
    assert_int_equal(tracked.records.len, 0);
    facts_ip(&facts, FIELD_SERVER_IP, BYTES_LITERAL("1234"));
    send(EVENT_STARTTLS, 0);
    assert_int_equal(tracked.records.len, 0);
}

TEST(a_hundred_thousand_servers)
{
    size_t bound = tracker_bytes(tracker);
    for (uint32_t i = 1; i <= 100000; i++)
        session(i, 25, i, CLAIM_NO);
    assert_int_equal(tracker_evicted(tracker), 100000 - 100);
    session(99901, 25, SECOND, CLAIM_NO);
    assert_offers(2, 0);
    session(1, 25, SECOND, CLAIM_NO);
    assert_offers(1, 0);
    assert_int_equal(tracker_bytes(tracker), bound);
    session(1, 25, 100 * HOUR, CLAIM_NO); /* what is too old is no loss */
    assert_int_equal(tracker_evicted(tracker), 100000 - 100 + 1);
}

/* --- bounds -------------------------------------------------------------------------------------
 */

TEST(the_latest_thousand)
{
    char name[32];
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "<u%d@x>", i);
        one_recipient(1, (uint64_t)i, name, i < 2500 ? 550 : 250, NULL);
    }
    assert_recipients(1024, 524, 0); /* 1976 to 2999 */
}

TEST(a_million_clients)
{
    tracker_free(tracker);
    tracker = tracker_new(10000);
    size_t bound = tracker_bytes(tracker);
    assert_true(bound < 50 << 20);
    for (uint32_t i = 1; i <= 1000000; i++)
        login(i, SECOND + i, "a", "failure", NULL);
    assert_int_equal(tracker_evicted(tracker), 990000);
    login(1000000, 2 * SECOND, "b", "failure", NULL);
    assert_accounts(2, 2);
    /* What is too old is no loss. */
    login(1, 60 * MINUTE, "b", "failure", NULL);
    assert_int_equal(tracker_evicted(tracker), 990000);
}

/* Clients with all that one can hold: some have to go long before there are too many. */
TEST(large_clients_give_way)
{
    char name[32];
    for (uint32_t from = 1; from <= 50; from++) {
        for (int i = 0; i < 1100; i++) {
            snprintf(name, sizeof name, "<u%d@x>", i);
            one_recipient(from, from * SECOND, name, 550, NULL);
        }
        assert_recipients(1024, 1024, 0);
    }
    assert_true(tracker_evicted(tracker) > 30);
}

/* --- against an implementation that keeps everything --------------------------------------------
 */

#define KEPT 400

static struct {
    uint64_t time_ns;
    unsigned client, name;
    bool login; /* failed */
    uint64_t code;
} kept[KEPT];

TEST(random_events)
{
    static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
    static const uint64_t codes[] = { 0, 250, 550 };
    for (uint64_t seed = 1; seed <= 200; seed++) {
        uint64_t random = random_state(seed), now = 0;
        tracker_free(tracker);
        assert_non_null((tracker = tracker_new(10)));
        for (size_t n = 0; n < KEPT; n++) {
            now += random_below(&random, 3) * MINUTE / (1 + random_below(&random, 4));
            kept[n].time_ns = now;
            kept[n].client = (unsigned)random_below(&random, 3);
            kept[n].name = (unsigned)random_below(&random, 6);
            kept[n].login = random_below(&random, 2);
            kept[n].code = codes[random_below(&random, 3)];
            if (kept[n].login)
                login(kept[n].client, now, names[kept[n].name], "failure", NULL);
            else
                one_recipient(kept[n].client, now, names[kept[n].name], kept[n].code, NULL);
            uint64_t span = (kept[n].login ? 30 : 10) * MINUTE, counts[2] = { 0 };
            for (unsigned name = 0; name < 6; name++) {
                unsigned times = 0;
                uint64_t answer = 0, seen = UINT64_MAX;
                for (size_t i = 0; i <= n; i++) {
                    if (kept[i].client != kept[n].client || kept[i].name != name ||
                        kept[i].login != kept[n].login)
                        continue;
                    if (seen != UINT64_MAX && kept[i].time_ns - seen > span)
                        answer = 0; /* it was forgotten meanwhile */
                    seen = kept[i].time_ns;
                    times += now - kept[i].time_ns <= span;
                    answer = kept[i].code ? kept[i].code : answer;
                }
                counts[0] += times > 0;
                counts[1] += kept[n].login ? times > 0 && times <= 3 : times > 0 && answer == 550;
            }
            if (kept[n].login)
                assert_accounts(counts[0], counts[1]);
            else
                assert_recipients(counts[0], counts[1], 0);
        }
    }
}

static struct {
    uint64_t time_ns;
    uint32_t server;
    uint16_t port;
    enum claim offered;
} sessions[KEPT];

TEST(random_sessions)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        uint64_t random = random_state(seed), now = random_below(&random, 100) * HOUR;
        tracker_free(tracker);
        assert_non_null((tracker = tracker_new(10)));
        for (size_t n = 0; n < KEPT; n++) {
            now += random_below(&random, 20) * HOUR / (1 + random_below(&random, 60));
            sessions[n].time_ns = now;
            sessions[n].server = (uint32_t)random_below(&random, 3);
            sessions[n].port = random_below(&random, 2) ? 25 : 143;
            sessions[n].offered = (enum claim)random_below(&random, 3);
            session(sessions[n].server, sessions[n].port, now, sessions[n].offered);
            uint64_t counts[CLAIM_YES + 1] = { 0 };
            for (size_t i = 0; i <= n; i++) {
                if (sessions[i].server == sessions[n].server &&
                    sessions[i].port == sessions[n].port &&
                    now / HOUR - sessions[i].time_ns / HOUR <= 24)
                    counts[sessions[i].offered]++;
            }
            if (sessions[n].offered == CLAIM_NO)
                assert_offers(counts[CLAIM_NO], counts[CLAIM_YES]);
            else
                assert_int_equal(tracked.records.len, 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(recipients_of_one_message, begin, end),
        cmocka_unit_test_setup_teardown(answers, begin, end),
        cmocka_unit_test_setup_teardown(the_latest_answer_counts, begin, end),
        cmocka_unit_test_setup_teardown(ten_minutes, begin, end),
        cmocka_unit_test_setup_teardown(a_flat_list, begin, end),
        cmocka_unit_test_setup_teardown(rows_in_any_order, begin, end),
        cmocka_unit_test_setup_teardown(nothing_to_say, begin, end),
        cmocka_unit_test_setup_teardown(questions, begin, end),
        cmocka_unit_test_setup_teardown(accounts, begin, end),
        cmocka_unit_test_setup_teardown(answers_that_judge_no_secret, begin, end),
        cmocka_unit_test_setup_teardown(offers, begin, end),
        cmocka_unit_test_setup_teardown(offers_by_the_hour, begin, end),
        cmocka_unit_test_setup_teardown(no_server, begin, end),
        cmocka_unit_test_setup_teardown(a_hundred_thousand_servers, begin, end),
        cmocka_unit_test_setup_teardown(the_latest_thousand, begin, end),
        cmocka_unit_test_setup_teardown(a_million_clients, begin, end),
        cmocka_unit_test_setup_teardown(large_clients_give_way, begin, end),
        cmocka_unit_test_setup_teardown(random_events, begin, end),
        cmocka_unit_test_setup_teardown(random_sessions, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
