/* Events: order, packing, ids and the one-line message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

TEST(order)
{
    /* Ascending by time, then flow, then number, with values that an int difference would get
     * wrong. */
    static const struct event sorted[] = {
        { .time_ns = 0, .flow_uid = UINT64_MAX, .number = 9 },
        { .time_ns = 1, .flow_uid = 0, .number = 0 },
        { .time_ns = 1, .flow_uid = 0, .number = UINT32_MAX },
        { .time_ns = 1, .flow_uid = UINT64_C(1) << 32, .number = 5 },
        { .time_ns = 1, .flow_uid = UINT64_C(1) << 63, .number = 4 },
        { .time_ns = UINT64_MAX, .flow_uid = 0, .number = 0 },
    };
    const int count = sizeof sorted / sizeof sorted[0];
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < count; k++) {
            int result = event_compare(&sorted[i], &sorted[k]);
            assert_int_equal((result > 0) - (result < 0), (i > k) - (i < k));
        }
    }
}

TEST(packed_and_unpacked)
{
    static const uint8_t facts[] = { 1, 2, 3, 4, 5, 6, 7 };
    for (size_t len = 0; len <= sizeof facts; len++) {
        struct event event = { .kind = EVENT_FINDING,
                               .number = UINT32_MAX,
                               .time_ns = UINT64_MAX - 1,
                               .flow_uid = 0x0123456789ABCDEF,
                               .frame = 42,
                               .source = { EVENT_AUTH, 3, 17 },
                               .facts = bytes_over(facts, len) };
        size_t packed_len = event_packed_len(&event);
        uint8_t *packed = malloc(packed_len + 1); /* the ring aligns to 8, a test file may not */
        assert_non_null(packed);
        event_pack(&event, packed + 1);
        struct event back;
        memset(&back, 0xFF, sizeof back);
        assert_true(event_unpack(bytes_over(packed + 1, packed_len), &back));
        assert_int_equal(back.kind, EVENT_FINDING);
        assert_int_equal(back.number, UINT32_MAX);
        assert_int_equal(back.source.kind, EVENT_AUTH);
        assert_int_equal(back.source.number, 3);
        assert_true(back.source.time_ns == 17 && back.time_ns == UINT64_MAX - 1 &&
                    back.frame == 42);
        assert_int_equal(event_compare(&event, &back), 0);
        assert_true(bytes_equal(back.facts, event.facts));
        if (len > 0) /* the facts are those of the packed record, not those it was made from */
            assert_ptr_equal(back.facts.data, packed + 1 + packed_len - len);
        free(packed);
    }
}

TEST(damaged)
{
    struct event event = { .kind = EVENT_FLOW }, back;
    size_t len = event_packed_len(&event);
    for (size_t n = 0; n < len; n++) {
        uint8_t *packed = malloc(len);
        assert_non_null(packed);
        event_pack(&event, packed);
        uint8_t *shorter = realloc(packed, n > 0 ? n : 1);
        assert_non_null(shorter);
        assert_false(event_unpack(bytes_over(shorter, n), &back));
        free(shorter);
    }
    uint8_t packed[sizeof event];
    event.kind = EVENT_KINDS;
    event_pack(&event, packed);
    assert_false(event_unpack(bytes_over(packed, sizeof packed), &back));
}

static void id_of(const struct event *event, const char *sensor, const char *key,
                  char id[EVENT_ID_LEN + 1])
{
    event_id(event, sensor, bytes_of_string(key), id);
    assert_int_equal(strlen(id), EVENT_ID_LEN);
    for (size_t i = 0; i < EVENT_ID_LEN; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        assert_true(dash ? id[i] == '-' : id[i] && strchr("0123456789abcdef", id[i]) != NULL);
    }
    assert_int_equal(id[14], '8');                 /* version */
    assert_true(id[19] && strchr("89ab", id[19])); /* variant */
}

TEST(ids)
{
    const struct event event = { .kind = EVENT_AUTH,
                                 .number = 1,
                                 .time_ns = UINT64_C(0x0123456789AB) * 1000000,
                                 .flow_uid = 77,
                                 .frame = 5 };
    char id[EVENT_ID_LEN + 1], other[EVENT_ID_LEN + 1];
    id_of(&event, "tap", "", id);
    assert_memory_equal(id, "01234567-89ab-", 14); /* time first, so that ids sort */
    id_of(&event, "tap", "", other);
    assert_string_equal(id, other);

    /* What makes another event makes another id. */
    struct event changed[4] = { event, event, event, event };
    changed[0].kind = EVENT_MESSAGE;
    changed[1].number = 2;
    changed[2].flow_uid = 78;
    changed[3].time_ns += 1000000;
    for (size_t i = 0; i < 4; i++) {
        id_of(&changed[i], "tap", "", other);
        assert_string_not_equal(id, other);
    }
    id_of(&event, "tap2", "", other);
    assert_string_not_equal(id, other);
    /* The frame is no part of it, so that a cut-out of the capture gives the same ids. */
    struct event elsewhere = event;
    elsewhere.frame = 6;
    id_of(&elsewhere, "tap", "", other);
    assert_string_equal(id, other);

    /* A finding: from its key and number, whichever flow it was seen in. */
    struct event finding = event;
    finding.kind = EVENT_FINDING;
    char first[EVENT_ID_LEN + 1];
    id_of(&finding, "tap", "0123456789abcdef", first);
    finding.flow_uid = 99;
    id_of(&finding, "tap", "0123456789abcdef", other);
    assert_string_equal(first, other);
    id_of(&finding, "tap", "0123456789abcdee", other);
    assert_string_not_equal(first, other);
    finding.number++;
    id_of(&finding, "tap", "0123456789abcdef", other);
    assert_string_not_equal(first, other);
}

TEST(ids_of_long_names)
{
    const struct event event = { .kind = EVENT_FLOW };
    char sensor[1000], id[EVENT_ID_LEN + 1];
    memset(sensor, 's', sizeof sensor);
    sensor[sizeof sensor - 1] = '\0';
    id_of(&event, sensor, "", id);
    id_of(&event, sensor, sensor, id);
    id_of(&event, "", "", id);
}

static void assert_message(enum event_kind kind, const struct facts *facts, const char *expected)
{
    struct facts_index index;
    char text[512];
    facts_index(&index, buffer_view(&facts->records));
    event_message(kind, &index, text, sizeof text);
    assert_string_equal(text, expected);
}

static void add_flow(struct facts *facts)
{
    facts_ip(facts, FIELD_CLIENT_IP, bytes_over("\x0A\0\0\x01", 4));
    facts_number(facts, FIELD_CLIENT_PORT, 40000);
    facts_ip(facts, FIELD_SERVER_IP, bytes_over("\x0A\0\0\x02", 4));
    facts_number(facts, FIELD_SERVER_PORT, 25);
    facts_string(facts, FIELD_NETWORK_PROTOCOL, "smtp");
}

TEST(message_with_and_without_parts)
{
    struct facts facts;
    facts_init(&facts, NULL);
    add_flow(&facts);
    facts_string(&facts, FIELD_AUTH_MECHANISM, "PLAIN");
    facts_string(&facts, FIELD_EVENT_OUTCOME, "unknown");
    assert_message(EVENT_AUTH, &facts,
                   "smtp login with PLAIN from 10.0.0.1 to 10.0.0.2:25: unknown");
    facts_string(&facts, FIELD_USER_NAME, "alice");
    assert_message(EVENT_AUTH, &facts,
                   "smtp login by alice with PLAIN from 10.0.0.1 to 10.0.0.2:25: unknown");
    facts_string(&facts, FIELD_EVENT_OUTCOME, "failure");
    facts_string(&facts, FIELD_EVENT_CODE, "535 5.7.8");
    facts_string(&facts, FIELD_AUTH_EXPOSED, "password");
    assert_message(EVENT_AUTH, &facts,
                   "smtp login by alice with PLAIN from 10.0.0.1 to 10.0.0.2:25: "
                   "failure (535 5.7.8), exposed: password");
    facts_unset(&facts, FIELD_USER_NAME);
    assert_message(EVENT_AUTH, &facts,
                   "smtp login with PLAIN from 10.0.0.1 to 10.0.0.2:25: "
                   "failure (535 5.7.8), exposed: password");
    facts_free(&facts);
}

/* A part with two fields goes if either is missing. */
TEST(message_with_a_double_part)
{
    struct facts facts;
    facts_init(&facts, NULL);
    add_flow(&facts);
    facts_string(&facts, FIELD_RULE_NAME, "Password in the clear");
    facts_string(&facts, FIELD_FINDING_STATE, "new");
    facts_string(&facts, FIELD_EVENT_OUTCOME, "success");
    assert_message(EVENT_FINDING, &facts, "Password in the clear, new: 10.0.0.1 to 10.0.0.2:25");
    facts_unset(&facts, FIELD_EVENT_OUTCOME);
    facts_string(&facts, FIELD_AUTH_MECHANISM, "LOGIN");
    assert_message(EVENT_FINDING, &facts, "Password in the clear, new: 10.0.0.1 to 10.0.0.2:25");
    facts_string(&facts, FIELD_EVENT_OUTCOME, "success");
    assert_message(EVENT_FINDING, &facts,
                   "Password in the clear, new: 10.0.0.1 to 10.0.0.2:25 (LOGIN, success)");
    facts_free(&facts);
}

TEST(message_of_nothing)
{
    struct facts facts;
    facts_init(&facts, NULL);
    assert_message(EVENT_FLOW, &facts, "flow : to : ended (),  packets,  bytes");
    facts_free(&facts);
}

/* Every kind with every field: all braces are filled in and no bracket is left. */
TEST(message_of_everything)
{
    struct facts facts;
    struct facts_index index;
    char text[2048];
    facts_init(&facts, NULL);
    for (unsigned f = 0; f < FIELDS; f++) {
        if (schema_field((enum field)f)->type == TYPE_TEXT ||
            schema_field((enum field)f)->type == TYPE_KEYWORD)
            facts_string(&facts, (enum field)f, "word");
        else
            facts_number(&facts, (enum field)f, 1);
    }
    facts_index(&index, buffer_view(&facts.records));
    for (unsigned kind = 0; kind < EVENT_KINDS; kind++) {
        event_message((enum event_kind)kind, &index, text, sizeof text);
        assert_null(strpbrk(text, "[]{}"));
        assert_true(strlen(text) > 20);
        /* As long as the template says: no piece was lost, above all not the last ones. */
        size_t expected = 0;
        for (const char *c = schema_event((enum event_kind)kind)->message; *c; c++) {
            if (*c == '{') {
                struct fact fact;
                char value[64];
                size_t len = strcspn(c + 1, "}");
                assert_true(facts_lookup(&index, schema_find(bytes_over(c + 1, len)), &fact));
                fact_print(&fact, value, sizeof value);
                expected += strlen(value);
                c += len + 1;
            } else {
                expected += *c != '[' && *c != ']';
            }
        }
        assert_int_equal(strlen(text), expected);
    }
    facts_free(&facts);
}

/* In a heap block of every size: always terminated, as long as can be, and no character is cut in
 * two. */
TEST(message_is_cut)
{
    struct facts facts;
    struct facts_index index;
    char whole[512];
    facts_init(&facts, NULL);
    add_flow(&facts);
    facts_string(&facts, FIELD_WEIRD_NAME, "\xC3\xA9\xF0\x9F\x93\xA7\xC3\xA9");
    facts_index(&index, buffer_view(&facts.records));
    event_message(EVENT_WEIRD, &index, whole, sizeof whole);
    for (size_t size = 1; size <= strlen(whole) + 1; size++) {
        char *text = malloc(size);
        assert_non_null(text);
        event_message(EVENT_WEIRD, &index, text, size);
        size_t len = strlen(text);
        assert_true(len < size && len + 4 >= size);
        assert_memory_equal(text, whole, len); /* the beginning of it, with nothing left out */
        assert_true((whole[len] & 0xC0) != 0x80);
        free(text);
    }
    facts_free(&facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order),
        cmocka_unit_test(packed_and_unpacked),
        cmocka_unit_test(damaged),
        cmocka_unit_test(ids),
        cmocka_unit_test(ids_of_long_names),
        cmocka_unit_test(message_with_and_without_parts),
        cmocka_unit_test(message_with_a_double_part),
        cmocka_unit_test(message_of_nothing),
        cmocka_unit_test(message_of_everything),
        cmocka_unit_test(message_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
