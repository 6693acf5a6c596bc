/* Law 7: whatever the facts are, the JSON parses and says the same. The reader is its own
 * (json_reader.h), and what it should find is derived from the facts in the most naive way
 * (json_expectation.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"
#include "json_expectation.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

#define BUFFER_MAX (1024 * 1024)

static void assert_json_equals(const struct facts *facts)
{
    struct buffer out;
    struct bytes records = buffer_view(&facts->records);
    buffer_init(&out, BUFFER_MAX, NULL);
    assert_true(json_write(&out, records));
    struct bytes text = buffer_view(&out);
    const char *why = json_differs(text, records);
    if (why)
        fail_msg("%s: %.*s", why, (int)(text.len < 2000 ? text.len : 2000),
                 (const char *)text.data);
    buffer_free(&out);
}

static void assert_json(const struct facts *facts, const char *expected)
{
    struct buffer out;
    buffer_init(&out, BUFFER_MAX, NULL);
    assert_true(json_write(&out, buffer_view(&facts->records)));
    assert_true(buffer_append(&out, BYTES_LITERAL("\0")));
    assert_string_equal((const char *)out.data, expected);
    buffer_free(&out);
    assert_json_equals(facts);
}

TEST(nothing)
{
    struct facts facts;
    facts_init(&facts, NULL);
    assert_json(&facts, "{}");
    facts_free(&facts);
}

TEST(ecs_form)
{
    struct facts facts;
    facts_init(&facts, NULL);
    /* Not in the order of the schema, one overridden, one of each type. */
    facts_string(&facts, FIELD_MESSAGE, "hello");
    facts_string(&facts, FIELD_EVENT_ACTION, "first");
    facts_string(&facts, FIELD_EVENT_CATEGORY, "email");
    facts_string(&facts, FIELD_EVENT_CATEGORY, "network");
    facts_number(&facts, FIELD_SERVER_PORT, 25);
    facts_ip(&facts, FIELD_CLIENT_IP, bytes_over("\x0A\0\0\x01", 4));
    facts_string(&facts, FIELD_EVENT_ACTION, "last");
    facts_string(&facts, FIELD_EVENT_TYPE, "info");
    facts_bool(&facts, FIELD_TLS_ESTABLISHED, false);
    facts_claim(&facts, FIELD_STARTTLS_OFFERED, CLAIM_UNKNOWN);
    facts_claim(&facts, FIELD_STARTTLS_REQUESTED, CLAIM_NO);
    facts_claim(&facts, FIELD_AUTH_CLEARTEXT, CLAIM_YES);
    facts_number(&facts, FIELD_TIMESTAMP, UINT64_C(1795510800123456789));
    assert_json(
        &facts,
        "{\"@timestamp\":\"2026-11-24T09:00:00.123456789Z\","
        "\"event\":{\"category\":[\"email\",\"network\"],\"type\":[\"info\"],\"action\":\"last\"},"
        "\"message\":\"hello\",\"client\":{\"ip\":\"10.0.0.1\"},\"server\":{\"port\":25},"
        "\"tls\":{\"established\":false},"
        "\"mailtap\":{\"auth\":{\"cleartext\":\"yes\"},"
        "\"starttls\":{\"offered\":\"unknown\",\"requested\":\"no\"}}}");
    facts_free(&facts);
}

TEST(objects_by_row)
{
    struct facts facts;
    facts_init(&facts, NULL);
    facts_row_number(&facts, 7, FIELD_SMTP_RECIPIENT_CODE, 550);
    facts_row_text(&facts, 2, FIELD_SMTP_RECIPIENT_ADDRESS, BYTES_LITERAL("b@example.com"));
    facts_row_text(&facts, 7, FIELD_SMTP_RECIPIENT_ADDRESS, BYTES_LITERAL("c@example.com"));
    facts_row_text(&facts, 255, FIELD_SMTP_RECIPIENT_ENHANCED, BYTES_LITERAL("5.1.1"));
    facts_row_number(&facts, 2, FIELD_SMTP_RECIPIENT_CODE, 0);
    facts_row_number(&facts, 2, FIELD_SMTP_RECIPIENT_CODE, 250);
    facts_string(&facts, FIELD_SMTP_HELO, "mx");
    facts_number(&facts, FIELD_SMTP_RCPT_COUNT, 3);
    assert_json(&facts, "{\"mailtap\":{\"smtp\":{\"helo\":\"mx\",\"recipients\":["
                        "{\"address\":\"b@example.com\",\"code\":250},"
                        "{\"address\":\"c@example.com\",\"code\":550},{\"enhanced\":\"5.1.1\"}],"
                        "\"rcpt_count\":3}}}");
    facts_free(&facts);
}

TEST(numbers_are_exact)
{
    struct facts facts;
    facts_init(&facts, NULL);
    facts_number(&facts, FIELD_NETWORK_BYTES, UINT64_MAX);
    facts_number(&facts, FIELD_NETWORK_PACKETS, (UINT64_C(1) << 53) + 1);
    facts_number(&facts, FIELD_FRAME, 0);
    assert_json(&facts,
                "{\"network\":{\"bytes\":18446744073709551615,\"packets\":9007199254740993},"
                "\"mailtap\":{\"frame\":0}}");
    facts_free(&facts);
}

TEST(text_of_any_kind)
{
    struct facts facts;
    facts_init(&facts, NULL);
    facts_text(&facts, FIELD_MESSAGE,
               BYTES_LITERAL("a\"b\\c/\0\x01\x1F\n\x7F\xC3\xA9\xE2\x80\xA8\xF0\x9F\x93\xA7"));
    facts_text(&facts, FIELD_USER_NAME, BYTES_LITERAL("\xFF\xC3(\xED\xA0\x80\xF0\x9F\x93"));
    assert_json(&facts,
                "{\"message\":\"a\\\"b\\\\c/\\u0000\\u0001\\u001f\\u000a\\u007f\xC3\xA9\xE2\x80\xA8"
                "\xF0\x9F\x93\xA7\",\"user\":{\"name\":\"\xEF\xBF\xBD\xEF\xBF\xBD("
                "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"}}");
    facts_free(&facts);
}

/* Every byte alone, and every field alone, so that no row of the schema is left out. */
TEST(every_byte_and_every_field)
{
    struct facts facts;
    facts_init(&facts, NULL);
    for (unsigned c = 0; c < 256; c++) {
        uint8_t byte = (uint8_t)c;
        facts_clear(&facts);
        facts_text(&facts, FIELD_USER_NAME, bytes_over(&byte, 1));
        assert_json_equals(&facts);
    }
    for (unsigned f = 0; f < FIELDS; f++) {
        facts_clear(&facts);
        facts_number(&facts, (enum field)f, 0x4142434445464748);
        assert_json_equals(&facts);
    }
    facts_free(&facts);
}

TEST(internal_fields_never_appear)
{
    struct facts facts;
    struct buffer out;
    facts_init(&facts, NULL);
    buffer_init(&out, BUFFER_MAX, NULL);
    unsigned internal = 0;
    for (unsigned f = 0; f < FIELDS; f++) {
        bool hidden = schema_field((enum field)f)->visibility == VISIBILITY_INTERNAL;
        internal += hidden;
        if (hidden)
            facts_string(&facts, (enum field)f, "12345678"); /* also as the bytes of a number */
        else
            facts_number(&facts, (enum field)f, 1);
    }
    assert_true(internal > 0);
    assert_true(json_write(&out, buffer_view(&facts.records)));
    for (unsigned f = 0; f < FIELDS; f++) {
        const struct field_row *row = schema_field((enum field)f);
        if (row->visibility == VISIBILITY_INTERNAL)
            assert_false(bytes_contains_nocase(buffer_view(&out), strrchr(row->name, '.') + 1));
    }
    assert_json_equals(&facts);
    /* Alone: not even its object is opened. */
    facts_clear(&facts);
    facts_number(&facts, FIELD_AUTH_SECRET_HASH, 1);
    assert_json(&facts, "{}");
    buffer_free(&out);
    facts_free(&facts);
}

/* No room: nothing is appended, however little is missing. What stood before stays. */
TEST(no_room)
{
    struct facts facts;
    struct buffer out;
    facts_init(&facts, NULL);
    facts_string(&facts, FIELD_MESSAGE, "text");
    facts_row_text(&facts, 1, FIELD_SMTP_RECIPIENT_ADDRESS, BYTES_LITERAL("\x01@\xFF"));
    buffer_init(&out, BUFFER_MAX, NULL);
    assert_true(json_write(&out, buffer_view(&facts.records)));
    size_t needed = out.len;
    buffer_free(&out);
    for (size_t max = 0; max < needed + 3; max++) {
        buffer_init(&out, 3 + max, NULL);
        assert_true(buffer_append(&out, BYTES_LITERAL("[1,")));
        assert_int_equal(json_write(&out, buffer_view(&facts.records)), max >= needed);
        assert_int_equal(out.len, max >= needed ? 3 + needed : 3);
        assert_memory_equal(out.data, "[1,", 3);
        buffer_free(&out);
    }
    facts_free(&facts);
}

static uint64_t seed = 20261124;

static uint32_t random_below(uint32_t limit)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((seed >> 33) % limit);
}

/* Text that is mostly characters of all lengths, with wrong bytes in between. */
static struct bytes random_text(uint8_t *to, size_t max)
{
    static const char *const parts[] = {
        "a", "\"", "\\", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x93\xA7", "{", "}", ",", ":"
    };
    size_t len = 0, wanted = random_below(8) ? random_below(24) : random_below((uint32_t)max);
    while (len + 4 <= wanted) {
        if (random_below(4) == 0) {
            to[len++] = (uint8_t)random_below(256);
            continue;
        }
        const char *part = parts[random_below(sizeof parts / sizeof parts[0])];
        memcpy(to + len, part, strlen(part));
        len += strlen(part);
    }
    return bytes_over(to, len);
}

static void add_random_fact(struct facts *facts)
{
    static const uint64_t numbers[] = { 0,   1, UINT64_MAX, UINT64_C(1) << 63, 1795510800000000000,
                                        4711 };
    uint8_t text[2048];
    enum field field = (enum field)random_below(FIELDS);
    const struct field_row *row = schema_field(field);
    uint8_t row_number = (uint8_t)(random_below(3) ? random_below(4) : random_below(256));
    switch (row->type) {
    case TYPE_TEXT:
    case TYPE_KEYWORD:
        facts_row_text(facts, row->arity == ARITY_ROWS ? row_number : 0, field,
                       random_text(text, sizeof text));
        break;
    case TYPE_NUMBER:
    case TYPE_TIME:
        facts_row_number(facts, row->arity == ARITY_ROWS ? row_number : 0, field,
                         numbers[random_below(sizeof numbers / sizeof numbers[0])]);
        break;
    case TYPE_IP:
        for (size_t i = 0; i < 16; i++)
            text[i] = (uint8_t)random_below(256);
        facts_ip(facts, field, bytes_over(text, random_below(2) ? 4 : 16));
        break;
    case TYPE_BOOL:
        facts_bool(facts, field, random_below(2));
        break;
    case TYPE_CLAIM:
        facts_claim(facts, field, (enum claim)random_below(3));
        break;
    }
}

TEST(random_facts)
{
    struct facts facts;
    facts_init(&facts, NULL);
    for (unsigned i = 0; i < 3000; i++) {
        facts_clear(&facts);
        for (unsigned n = random_below(i % 50 == 0 ? 400 : 30); n > 0; n--)
            add_random_fact(&facts);
        assert_json_equals(&facts);
    }
    facts_free(&facts);
}

/* Values of the wrong shape for their type, and records that are cut: still JSON. */
TEST(damaged_facts)
{
    struct facts facts;
    struct buffer out;
    facts_init(&facts, NULL);
    buffer_init(&out, BUFFER_MAX, NULL);
    for (unsigned i = 0; i < 3000; i++) {
        facts_clear(&facts);
        for (unsigned n = random_below(20); n > 0; n--) {
            uint8_t value[20];
            for (size_t k = 0; k < sizeof value; k++)
                value[k] = (uint8_t)random_below(256);
            struct fact fact = { (enum field)random_below(FIELDS), (uint8_t)random_below(256),
                                 bytes_over(value, random_below(sizeof value)) };
            facts_copy(&facts, &fact);
        }
        for (unsigned flips = random_below(3); flips > 0 && facts.records.len > 0; flips--)
            facts.records.data[random_below((uint32_t)facts.records.len)] ^=
                (uint8_t)(1U << random_below(8));
        struct bytes cut =
            bytes_first(buffer_view(&facts.records), random_below((uint32_t)facts.records.len + 1));
        buffer_clear(&out);
        assert_true(json_write(&out, cut));
        assert_true(json_read(buffer_view(&out), NULL, NULL));
    }
    buffer_free(&out);
    facts_free(&facts);
}

/* As many facts as a record holds: the writer keeps the first 2048 and is still right about them.
 */
TEST(a_full_record)
{
    struct facts facts;
    struct buffer out;
    facts_init(&facts, NULL);
    buffer_init(&out, BUFFER_MAX, NULL);
    while (!facts.full)
        facts_text(&facts, FIELD_SESSION_CAPABILITIES, BYTES_NONE);
    assert_true(json_write(&out, buffer_view(&facts.records)));
    assert_true(json_read(buffer_view(&out), NULL, NULL));
    buffer_free(&out);
    facts_free(&facts);
}

/* The reader itself says no to what is not JSON; else the tests above would prove nothing. */
TEST(the_reader_is_strict)
{
    static const char *const good[] = { "{}", "{\"a\":[]}",
                                        "{\"a\":{\"b\":-1.5e+3},\"c\":[null,true,false]}" };
    static const char *const bad[] = {
        "",
        "[]",
        "{",
        "{}}",
        "{} ",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":+1}",
        "{\"a\":\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\xFF\"}",
        "{\"a\":\"\xC0\x80\"}",
        "{\"a\":\"\xED\xA0\x80\"}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":[1,]}",
        "{\"a\":[1}",
        "{\"a\":tru}",
        "{\"a\":nul}",
        "{\"a\":'b'}",
        "{a:1}",
        "{\"a\":1 }",
        "{\"a\":1\"b\":2}",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(json_read(bytes_of_string(good[i]), NULL, NULL));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (json_read(bytes_of_string(bad[i]), NULL, NULL))
            fail_msg("accepted: %s", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reader_is_strict),
        cmocka_unit_test(nothing),
        cmocka_unit_test(ecs_form),
        cmocka_unit_test(objects_by_row),
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(text_of_any_kind),
        cmocka_unit_test(every_byte_and_every_field),
        cmocka_unit_test(internal_fields_never_appear),
        cmocka_unit_test(no_room),
        cmocka_unit_test(random_facts),
        cmocka_unit_test(damaged_facts),
        cmocka_unit_test(a_full_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
