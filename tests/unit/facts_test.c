/* The record: every type there and back, scopes, unsetting, damage, the full record, and dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facts.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static struct bytes records_of(const struct facts *facts)
{
    return buffer_view(&facts->records);
}

static void assert_printed(const struct fact *fact, const char *expected)
{
    char text[64];
    fact_print(fact, text, sizeof text);
    assert_string_equal(text, expected);
}

/* The next fact is this one and reads so. */
static void expect(struct bytes records, size_t *at, enum field field, uint8_t row,
                   const char *printed)
{
    struct fact fact;
    assert_true(facts_next(records, at, &fact));
    assert_int_equal(fact.field, field);
    assert_int_equal(fact.row, row);
    assert_printed(&fact, printed);
}

TEST(every_type)
{
    static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
    struct facts facts;
    facts_init(&facts, NULL);
    facts_text(&facts, FIELD_USER_NAME, BYTES_LITERAL("alice"));
    facts_string(&facts, FIELD_AUTH_MECHANISM, "PLAIN");
    facts_string(&facts, FIELD_SMTP_MAIL_FROM, "");
    facts_number(&facts, FIELD_NETWORK_BYTES, UINT64_MAX);
    facts_number(&facts, FIELD_TIMESTAMP, 1);
    facts_ip(&facts, FIELD_CLIENT_IP, bytes_over("\xC0\0\x02\x01", 4));
    facts_ip(&facts, FIELD_SERVER_IP, bytes_over(v6, 16));
    facts_bool(&facts, FIELD_TLS_ESTABLISHED, true);
    facts_bool(&facts, FIELD_TLS_ESTABLISHED, false);
    facts_claim(&facts, FIELD_STARTTLS_OFFERED, CLAIM_UNKNOWN);
    facts_claim(&facts, FIELD_STARTTLS_OFFERED, CLAIM_NO);
    facts_claim(&facts, FIELD_STARTTLS_OFFERED, CLAIM_YES);
    facts_row_text(&facts, 255, FIELD_SMTP_RECIPIENT_ADDRESS, BYTES_LITERAL("b@example.com"));
    facts_row_number(&facts, 255, FIELD_SMTP_RECIPIENT_CODE, 550);
    assert_false(facts.full);
    struct bytes records = records_of(&facts);
    size_t at = 0;
    struct fact fact;
    expect(records, &at, FIELD_USER_NAME, 0, "alice");
    expect(records, &at, FIELD_AUTH_MECHANISM, 0, "PLAIN");
    expect(records, &at, FIELD_SMTP_MAIL_FROM, 0, "");
    expect(records, &at, FIELD_NETWORK_BYTES, 0, "18446744073709551615");
    expect(records, &at, FIELD_TIMESTAMP, 0, "1970-01-01T00:00:00.000000001Z");
    expect(records, &at, FIELD_CLIENT_IP, 0, "192.0.2.1");
    expect(records, &at, FIELD_SERVER_IP, 0, "2001:db8::1");
    expect(records, &at, FIELD_TLS_ESTABLISHED, 0, "true");
    expect(records, &at, FIELD_TLS_ESTABLISHED, 0, "false");
    expect(records, &at, FIELD_STARTTLS_OFFERED, 0, "unknown");
    expect(records, &at, FIELD_STARTTLS_OFFERED, 0, "no");
    expect(records, &at, FIELD_STARTTLS_OFFERED, 0, "yes");
    expect(records, &at, FIELD_SMTP_RECIPIENT_ADDRESS, 255, "b@example.com");
    expect(records, &at, FIELD_SMTP_RECIPIENT_CODE, 255, "550");
    assert_int_equal(at, records.len);
    assert_false(facts_next(records, &at, &fact));
    facts_free(&facts);
}

TEST(the_last_one_counts)
{
    struct facts facts;
    struct fact fact;
    struct facts_index index;
    facts_init(&facts, NULL);
    assert_false(facts_find(BYTES_NONE, FIELD_USER_NAME, &fact));
    facts_number(&facts, FIELD_FRAME, 1);
    facts_string(&facts, FIELD_USER_NAME, "session");
    facts_number(&facts, FIELD_FRAME, 2);
    facts_string(&facts, FIELD_USER_NAME, "message");
    assert_true(facts_find(records_of(&facts), FIELD_USER_NAME, &fact));
    assert_printed(&fact, "message");
    assert_true(facts_find(records_of(&facts), FIELD_FRAME, &fact));
    assert_true(fact_number(&fact) == 2);
    assert_false(facts_find(records_of(&facts), FIELD_MESSAGE, &fact));

    facts_index(&index, records_of(&facts));
    for (unsigned f = 0; f < FIELDS; f++) { /* the index says what the search says */
        struct fact searched;
        bool there = facts_find(records_of(&facts), (enum field)f, &searched);
        assert_int_equal(facts_lookup(&index, (enum field)f, &fact), there);
        if (there)
            assert_ptr_equal(fact.value.data, searched.value.data);
    }
    facts_index(&index, BYTES_NONE);
    assert_false(facts_lookup(&index, FIELD_FRAME, &fact));
    facts_free(&facts);
}

TEST(unset)
{
    struct facts facts;
    facts_init(&facts, NULL);
    facts_unset(&facts, FIELD_USER_NAME); /* of nothing */
    facts_string(&facts, FIELD_USER_NAME, "bob");
    facts_number(&facts, FIELD_FRAME, 7);
    facts_string(&facts, FIELD_USER_NAME, "robert");
    facts_string(&facts, FIELD_SMTP_HELO, "mx");
    facts_string(&facts, FIELD_USER_NAME, "rob");
    size_t held = facts.records.len;
    facts_unset(&facts, FIELD_MESSAGE); /* not there */
    assert_int_equal(facts.records.len, held);
    facts_unset(&facts, FIELD_USER_NAME);
    size_t at = 0;
    expect(records_of(&facts), &at, FIELD_FRAME, 0, "7");
    expect(records_of(&facts), &at, FIELD_SMTP_HELO, 0, "mx");
    assert_int_equal(at, facts.records.len);
    for (size_t i = at; i < held; i++) /* the names are wiped, not only out of sight */
        assert_int_equal(facts.records.data[i], 0);
    facts_unset(&facts, FIELD_FRAME);
    facts_unset(&facts, FIELD_SMTP_HELO);
    assert_int_equal(facts.records.len, 0);
    facts_free(&facts);
}

TEST(copy_and_join)
{
    struct facts from, to;
    struct fact fact;
    facts_init(&from, NULL);
    facts_init(&to, NULL);
    facts_row_text(&from, 3, FIELD_SMTP_RECIPIENT_ADDRESS, BYTES_LITERAL("a@b"));
    facts_ip(&from, FIELD_CLIENT_IP, bytes_over("\x01\x02\x03\x04", 4));
    for (size_t at = 0; facts_next(records_of(&from), &at, &fact);)
        facts_copy(&to, &fact);
    assert_true(bytes_equal(records_of(&to), records_of(&from)));
    facts_join(&to, records_of(&from));
    facts_join(&to, BYTES_NONE);
    assert_int_equal(to.records.len, 2 * from.records.len);
    size_t at = from.records.len;
    expect(records_of(&to), &at, FIELD_SMTP_RECIPIENT_ADDRESS, 3, "a@b");
    expect(records_of(&to), &at, FIELD_CLIENT_IP, 0, "1.2.3.4");
    facts_free(&from);
    facts_free(&to);
}

TEST(long_text_is_cut)
{
    uint8_t text[3 * FACTS_TEXT_MAX];
    struct facts facts;
    struct fact fact;
    facts_init(&facts, NULL);
    memset(text, 'x', sizeof text);
    memcpy(text + FACTS_TEXT_MAX - 1, "\xC3\xA9", 2); /* a character across the edge */
    facts_text(&facts, FIELD_MESSAGE, bytes_over(text, sizeof text));
    assert_true(facts_find(records_of(&facts), FIELD_MESSAGE, &fact));
    assert_int_equal(fact.value.len, FACTS_TEXT_MAX - 1);
    facts_clear(&facts);
    facts_text(&facts, FIELD_MESSAGE, bytes_over(text + FACTS_TEXT_MAX + 1, FACTS_TEXT_MAX));
    assert_true(facts_find(records_of(&facts), FIELD_MESSAGE, &fact));
    assert_int_equal(fact.value.len, FACTS_TEXT_MAX);
    assert_false(facts.full);
    facts_free(&facts);
}

TEST(full)
{
    struct facts facts, more;
    struct fact fact;
    char text[1001];
    memset(text, 'x', 1000);
    text[1000] = '\0';
    facts_init(&facts, NULL);
    facts_init(&more, NULL);
    size_t added = 0;
    for (; !facts.full; added++)
        facts_string(&facts, FIELD_MESSAGE, text);
    added--;
    assert_true(facts.records.len <= FACTS_MAX_BYTES && added == FACTS_MAX_BYTES / 1006);
    size_t seen = 0;
    for (size_t at = 0; facts_next(records_of(&facts), &at, &fact); seen++)
        assert_int_equal(fact.value.len, 1000);
    assert_int_equal(seen, added);        /* whole facts only */
    facts_number(&facts, FIELD_FRAME, 9); /* a smaller one may still fit */
    assert_true(facts_find(records_of(&facts), FIELD_FRAME, &fact));
    assert_true(facts.full); /* and it stays said that something is missing */

    size_t held = facts.records.len;
    for (int i = 0; i < 3; i++)
        facts_string(&more, FIELD_MESSAGE, text);
    facts_join(&facts, records_of(&more));
    assert_int_equal(facts.records.len, held); /* all of it or nothing */
    facts_clear(&facts);
    assert_false(facts.full);
    facts_join(&facts, records_of(&more));
    assert_false(facts.full);
    facts_free(&facts);
    facts_free(&more);
}

/* What is too long for a length of 16 bits is refused, not cut to something else. */
TEST(no_length_wraps)
{
    static const uint8_t block[70000];
    struct facts facts;
    facts_init(&facts, NULL);
    facts_copy(&facts, &(struct fact){ FIELD_MESSAGE, 0, bytes_over(block, 65536 + 4) });
    assert_int_equal(facts.records.len, 0);
    assert_true(facts.full);
    facts_free(&facts);
}

TEST(the_pool_says_no)
{
    struct pool pool;
    struct facts facts;
    pool_init(&pool, 0);
    facts_init(&facts, &pool);
    facts_number(&facts, FIELD_FRAME, 1);
    facts_unset(&facts, FIELD_FRAME);
    assert_true(facts.full);
    assert_int_equal(facts.records.len, 0);
    assert_true(pool.refused > 0);
    facts_free(&facts);
}

/* Every way to cut a record short, in a heap block that ends there: what is whole is read, the rest
 * is not. */
TEST(cut_records)
{
    struct facts facts;
    struct fact fact;
    facts_init(&facts, NULL);
    facts_number(&facts, FIELD_FRAME, 1);
    facts_string(&facts, FIELD_USER_NAME, "alice");
    facts_claim(&facts, FIELD_AUTH_CLEARTEXT, CLAIM_YES);
    for (size_t len = 0; len <= facts.records.len; len++) {
        uint8_t *block = malloc(len > 0 ? len : 1);
        assert_non_null(block);
        memcpy(block, facts.records.data, len);
        size_t at = 0, whole = 0;
        while (facts_next(bytes_over(block, len), &at, &fact))
            whole++;
        assert_int_equal(whole, (len >= 14) + (len >= 25) + (len >= 32));
        assert_true(at <= len);
        struct facts_index index;
        facts_index(&index, bytes_over(block, len));
        assert_int_equal(facts_lookup(&index, FIELD_USER_NAME, &fact), len >= 25);
        free(block);
    }
    facts_free(&facts);
}

TEST(damaged_records)
{
    struct facts facts;
    struct fact fact;
    size_t at = 0;
    facts_init(&facts, NULL);
    facts_number(&facts, FIELD_FRAME, 1);
    uint16_t unknown = FIELDS;
    memcpy(facts.records.data, &unknown, 2); /* a field that does not exist */
    assert_false(facts_next(records_of(&facts), &at, &fact));
    assert_int_equal(at, 0);
    unknown = UINT16_MAX;
    memcpy(facts.records.data, &unknown, 2);
    assert_false(facts_next(records_of(&facts), &at, &fact));
    facts_free(&facts);
}

/* Values whose length does not fit their type: something is printed, nothing is read that is not
 * there. */
TEST(odd_lengths)
{
    uint8_t value[17];
    char text[64];
    memset(value, 0xFF, sizeof value);
    for (size_t len = 0; len <= sizeof value; len++) {
        uint8_t *block = malloc(len > 0 ? len : 1);
        assert_non_null(block);
        memcpy(block, value, len);
        for (unsigned f = 0; f < FIELDS; f++) {
            struct fact fact = { (enum field)f, 0, bytes_over(block, len) };
            uint64_t number = fact_number(&fact);
            assert_true(number == (len == 8 ? UINT64_MAX : len == 1 ? 0xFF : 0));
            fact_print(&fact, text, sizeof text);
            if (schema_field((enum field)f)->type == TYPE_IP && len != 4 && len != 16)
                assert_string_equal(text, "");
        }
        free(block);
    }
    char *one = malloc(1);
    assert_non_null(one);
    fact_print(&(struct fact){ FIELD_FRAME, 0, bytes_over(value, 8) }, one, 1);
    assert_string_equal(one, "");
    free(one);
}

/* Dates known from elsewhere. */
TEST(times)
{
    static const struct {
        uint64_t seconds, ns;
        const char *text;
    } rows[] = {
        { 0, 0, "1970-01-01T00:00:00.000000000Z" },
        { 68255999, 999999999, "1972-02-29T23:59:59.999999999Z" },
        { 946684799, 0, "1999-12-31T23:59:59.000000000Z" },
        { 946684800, 0, "2000-01-01T00:00:00.000000000Z" },
        { 951825600, 5, "2000-02-29T12:00:00.000000005Z" },
        { 951868800, 0, "2000-03-01T00:00:00.000000000Z" },
        { 1709164801, 0, "2024-02-29T00:00:01.000000000Z" },
        { 1795510800, 123456789, "2026-11-24T09:00:00.123456789Z" },
        { 2147483648, 0, "2038-01-19T03:14:08.000000000Z" },
        { 4107542399, 0, "2100-02-28T23:59:59.000000000Z" }, /* 2100 is no leap year */
        { 4107542400, 0, "2100-03-01T00:00:00.000000000Z" },
        { 13574563200, 0, "2400-02-29T00:00:00.000000000Z" },
        { 18446744073, 709551615, "2554-07-21T23:34:33.709551615Z" },
    };
    char text[TIME_TEXT_LEN + 1];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        time_print(rows[i].seconds * 1000000000 + rows[i].ns, text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(strlen(text), TIME_TEXT_LEN);
    }
}

/* Every day of the 584 years that 64 bits of nanoseconds reach, against counting on from the day
 * before. */
TEST(every_day)
{
    static const int days_of[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int year = 1970, month = 1, day = 1;
    char text[TIME_TEXT_LEN + 1], expected[64];
    for (uint64_t n = 0; n <= UINT64_MAX / 1000000000 / 86400; n++) {
        time_print(n * 86400 * 1000000000, text);
        snprintf(expected, sizeof expected, "%04d-%02d-%02dT00:00:00.000000000Z", year, month, day);
        if (strcmp(text, expected) != 0)
            fail_msg("%s, not %s", text, expected);
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        if (++day > days_of[month - 1] + (month == 2 && leap)) {
            day = 1;
            month++;
        }
        if (month > 12) {
            month = 1;
            year++;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type),
        cmocka_unit_test(the_last_one_counts),
        cmocka_unit_test(unset),
        cmocka_unit_test(copy_and_join),
        cmocka_unit_test(long_text_is_cut),
        cmocka_unit_test(full),
        cmocka_unit_test(no_length_wraps),
        cmocka_unit_test(the_pool_says_no),
        cmocka_unit_test(cut_records),
        cmocka_unit_test(damaged_records),
        cmocka_unit_test(odd_lengths),
        cmocka_unit_test(times),
        cmocka_unit_test(every_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
