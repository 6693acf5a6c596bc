/* What leaves the sensor: the envelope, its numbers, and redaction in each mode. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "envelope.h"
#include "json.h"

static const uint8_t client[4] = { 192, 0, 2, 1 };

static void make_event(struct facts *facts, struct event *event)
{
    facts_init(facts, NULL);
    facts_ip(facts, FIELD_CLIENT_IP, bytes_over(client, 4));
    facts_string(facts, FIELD_USER_NAME, "alice@example.org");
    facts_string(facts, FIELD_SMTP_MAIL_FROM, "alice@example.net");
    facts_string(facts, FIELD_EVENT_ACTION, "smtp-auth");
    facts_number(facts, FIELD_AUTH_SECRET_HASH, 12345678901234567890U);
    *event = (struct event){ .kind = EVENT_AUTH,
                             .time_ns = 1700000000123456789U,
                             .flow_uid = 7,
                             .frame = 3,
                             .facts = buffer_view(&facts->records) };
}

static char *publish(struct envelope *envelope, const struct event *event)
{
    struct facts complete;
    struct facts_index index;
    struct buffer json;
    facts_init(&complete, NULL);
    buffer_init(&json, 1 << 16, NULL);
    struct facts_index own;
    facts_index(&own, event->facts);
    envelope_complete(envelope, event, &own, &complete);
    facts_index(&index, buffer_view(&complete.records));
    envelope_message(event->kind, &index, &complete);
    assert_true(json_write(&json, buffer_view(&complete.records)));
    char *text = strndup((const char *)json.data, json.len);
    facts_free(&complete);
    buffer_free(&json);
    return text;
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("%s is not in %s", part, text);
}

static void hasnt(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("%s is in %s", part, text);
}

static void envelope_around_the_facts(void **state)
{
    (void)state;
    struct facts facts;
    struct event event;
    struct envelope envelope = { .observer = "tap",
                                 .file = (const char *const[]){ "x.pcap" },
                                 .files = 1 };
    make_event(&facts, &event);
    char *first = publish(&envelope, &event), *second = publish(&envelope, &event);
    has(first, "\"@timestamp\":\"2023-11-14T22:13:20.123456789Z\"");
    has(first, "\"category\":[\"authentication\",\"network\"]");
    has(first, "\"action\":\"smtp-auth\"");
    has(first, "\"related\":{\"ip\":[\"192.0.2.1\"],\"user\":[\"alice@example.org\"]}");
    has(first, "\"source\":{\"ip\":\"192.0.2.1\"}");
    has(first, "\"sequence\":1");
    has(second, "\"sequence\":2");
    has(first, "\"frame\":3");
    has(first, "\"name\":\"tap\"");
    hasnt(first, "12345678901234567890");
    hasnt(first, "secret_hash");
    free(first);
    free(second);
    facts_free(&facts);
}

static void ids_depend_on_what_they_name(void **state)
{
    (void)state;
    struct event event = {
        .kind = EVENT_AUTH, .time_ns = 1700000000123456789U, .flow_uid = 7, .frame = 3
    };
    struct event later = event, other = event;
    char a[EVENT_ID_LEN + 1], b[EVENT_ID_LEN + 1];
    event_id(&event, "tap", BYTES_NONE, a);
    event_id(&later, "tap", BYTES_NONE, b);
    assert_string_equal(a, b);
    assert_int_equal(strlen(a), EVENT_ID_LEN);
    assert_int_equal(a[14], '8');
    assert_true(strchr("89ab", a[19]) != NULL);
    assert_memory_equal(a, "018bcfe5-687b", 13);
    other.number = 1;
    event_id(&other, "tap", BYTES_NONE, b);
    assert_string_not_equal(a, b);
    event_id(&event, "other", BYTES_NONE, b);
    assert_string_not_equal(a, b);
    event_id(&event, "tap", BYTES_LITERAL("finding"), b);
    assert_string_not_equal(a, b);
}

static void privacy_modes(void **state)
{
    (void)state;
    static const struct {
        enum privacy_mode mode;
        const char *wanted;
    } cases[] = { { PRIVACY_MASK, "\"name\":\"********\"" },
                  { PRIVACY_HASH, "\"hash\":\"" },
                  { PRIVACY_DROP, "\"action\"" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct facts facts;
        struct event event;
        struct envelope envelope = { .observer = "tap",
                                     .privacy = { .key = BYTES_LITERAL("0123456789abcdef") } };
        for (int v = VISIBILITY_USER; v < VISIBILITY_INTERNAL; v++)
            envelope.privacy.mode[v] = cases[i].mode;
        make_event(&facts, &event);
        char *text = publish(&envelope, &event);
        has(text, cases[i].wanted);
        hasnt(text, "alice");
        free(text);
        facts_free(&facts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(envelope_around_the_facts),
        cmocka_unit_test(ids_depend_on_what_they_name),
        cmocka_unit_test(privacy_modes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
