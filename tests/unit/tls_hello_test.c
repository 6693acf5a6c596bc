/* Hellos and ServerKeyExchange: what is read of them, wherever they are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tls_handshake.h"
#include "tls_hello.h"
#include "tls_key_exchange.h"

struct message {
    uint8_t data[1024];
    size_t len;
};

static void put(struct message *m, const void *data, size_t len)
{
    assert_true(m->len + len <= sizeof m->data);
    memcpy(m->data + m->len, data, len);
    m->len += len;
}

static void put_u8(struct message *m, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    put(m, &byte, 1);
}

static void put_u16(struct message *m, unsigned value)
{
    put_u8(m, value >> 8);
    put_u8(m, value);
}

/* An exact heap copy, so that a read past the end is caught. */
static struct bytes copy_of(const struct message *m, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, m->data, len);
    return bytes_over(copy, len);
}

static void free_copy(struct bytes copy)
{
    free((void *)(uintptr_t)copy.data);
}

/* --- ClientHello --------------------------------------------------------------------------------
 */

static const uint8_t extensions[] = {
    0x1A, 0x1A, 0,   0, /* GREASE */
    0,    0,    0,   11,  0, 9,    1,    0,    0,   0,   0,
    3,    'a',  '.', 'b',                                     /* server_name: of type 1, then it */
    0,    10,   0,   6,   0, 4,    0x2A, 0x2A, 0,   29,       /* groups */
    0,    11,   0,   2,   1, 0,                               /* point formats */
    0,    13,   0,   4,   0, 2,    4,    3,                   /* signatures */
    0,    16,   0,   7,   0, 5,    4,    'i',  'm', 'a', 'p', /* alpn */
    0,    35,   0,   3,   1, 2,    3,                         /* ticket */
    0,    35,   0,   0,                                       /* and again: the first counts */
    0,    43,   0,   7,   6, 0xFA, 0xFA, 3,    4,   3,   3,   /* versions */
    0xFE, 0x0D, 0,   1,   0,                                  /* encrypted_client_hello */
    0xFF, 1,    0,   1,   0,                                  /* renegotiation_info */
};

static struct message client_hello(unsigned version, bool extended)
{
    static const uint8_t random[32];
    struct message m = { .len = 0 };
    put_u16(&m, version);
    put(&m, random, sizeof random);
    put_u8(&m, 4);
    put(&m, "sid!", 4);
    put_u16(&m, 6);
    put_u16(&m, 0x5A5A);
    put_u16(&m, 0xC02F);
    put_u16(&m, 0x5600);
    put_u8(&m, 1);
    put_u8(&m, 0);
    if (extended) {
        put_u16(&m, sizeof extensions);
        put(&m, extensions, sizeof extensions);
    }
    return m;
}

static void reads_a_client_hello(void **state)
{
    (void)state;
    struct message m = client_hello(0x0303, true);
    struct bytes body = copy_of(&m, m.len);
    struct tls_client_hello hello;
    assert_true(tls_client_hello_read(body, &hello));
    assert_false(hello.sslv2);
    assert_int_equal(hello.version, 0x0303);
    assert_true(bytes_equal(hello.session_id, BYTES_LITERAL("sid!")));
    assert_int_equal(hello.suites.len, 6);
    assert_int_equal(hello.extensions.len, sizeof extensions);
    assert_true(bytes_equal(hello.server_name, BYTES_LITERAL("a.b")));
    assert_true(bytes_equal(hello.groups, BYTES_LITERAL("\x2A\x2A\0\x1D")));
    assert_true(bytes_equal(hello.point_formats, BYTES_LITERAL("\0")));
    assert_true(bytes_equal(hello.signatures, BYTES_LITERAL("\x04\x03")));
    assert_true(bytes_equal(hello.alpn, BYTES_LITERAL("\x04imap")));
    assert_int_equal(hello.ticket.data.len, 3);
    assert_true(hello.encrypted_client_hello.present && hello.renegotiation_info.present);
    assert_false(hello.early_data.present || hello.truncated_hmac.present);
    assert_int_equal(tls_client_hello_max(&hello), TLS_1_3);
    assert_true(tls_client_hello_offers(&hello, 0x5600));
    assert_false(tls_client_hello_offers(&hello, 0x00FF));
    free_copy(body);
}

/* The extensions may be missing; nothing else may. */
static void refuses_a_cut_client_hello(void **state)
{
    (void)state;
    struct message m = client_hello(0x0303, true);
    size_t without = client_hello(0x0303, false).len;
    struct tls_client_hello hello;
    for (size_t len = 0; len < m.len; len++) {
        struct bytes body = copy_of(&m, len);
        assert_int_equal(tls_client_hello_read(body, &hello), len == without);
        free_copy(body);
    }
}

static void refuses_odd_client_hellos(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
    } faults[] = { { 0, 4 }, { 34, 33 }, { 40, 5 }, { 40, 0 }, { 47, 0 }, { 48 + 2, 1 } };
    struct tls_client_hello hello;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct message m = client_hello(0x0303, true);
        m.data[faults[i].at] = faults[i].value;
        struct bytes body = copy_of(&m, m.len);
        bool read = tls_client_hello_read(body, &hello);
        assert_int_equal(read, false);
        free_copy(body);
    }
}

/* An extension whose own lengths leave it is empty, and the others are read. */
static void forgives_an_extension(void **state)
{
    (void)state;
    struct message m = client_hello(0x0303, true);
    struct tls_client_hello hello;
    for (size_t i = 0; i + 4 < m.len; i++) {
        if (memcmp(m.data + i, "\0\x09\x01\0\0", 5) == 0)
            m.data[i] = 1;
    }
    assert_true(tls_client_hello_read(bytes_over(m.data, m.len), &hello));
    assert_int_equal(hello.server_name.len, 0);
    assert_int_equal(hello.alpn.len, 5);
}

static void knows_the_highest_version(void **state)
{
    (void)state;
    static const struct {
        unsigned legacy;
        const char *list;
        size_t len;
        unsigned most;
    } cases[] = {
        { 0x0301, "", 0, TLS_1_0 },
        { 0x0304, "", 0, TLS_1_2 }, /* RFC 9846 section 4.3.1: no TLS 1.3 without the list */
        { 0x0303, "\x03\x02\x03\x01", 4, TLS_1_1 },
        { 0x0303, "\xFA\xFA\x03\x03", 4, TLS_1_2 },
        { 0x0303, "\x7F\x1C\x03\x03", 4, TLS_1_3 }, /* a draft */
        { 0x0303, "\xFA\xFA", 2, TLS_1_2 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tls_client_hello hello = { .version = (uint16_t)cases[i].legacy,
                                          .versions = bytes_over(cases[i].list, cases[i].len) };
        assert_int_equal(tls_client_hello_max(&hello), cases[i].most);
    }
}

static void knows_grease(void **state)
{
    (void)state;
    unsigned found = 0;
    for (unsigned value = 0; value < 0x10000; value++)
        found += tls_is_grease((uint16_t)value);
    assert_int_equal(found, 16);
    assert_true(tls_is_grease(0x0A0A) && tls_is_grease(0xFAFA));
    assert_false(tls_is_grease(0x0A1A));
}

/* --- ServerHello --------------------------------------------------------------------------------
 */

static const uint8_t retry[32] = {
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
    0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
};

static struct message server_hello(const uint8_t random[32])
{
    static const uint8_t chosen[] = {
        0, 43, 0, 2, 3,   4,   0,   51,  0, 2,  0, 29, 0, 16, 0,
        7, 0,  5, 4, 'p', 'o', 'p', '3', 0, 41, 0, 2,  0, 0,
    };
    struct message m = { .len = 0 };
    put_u16(&m, 0x0303);
    put(&m, random, 32);
    put_u8(&m, 0);
    put_u16(&m, 0x1301);
    put_u8(&m, 0);
    put_u16(&m, sizeof chosen);
    put(&m, chosen, sizeof chosen);
    return m;
}

static void reads_a_server_hello(void **state)
{
    (void)state;
    static const uint8_t random[32];
    struct message m = server_hello(random);
    struct tls_server_hello hello;
    assert_true(tls_server_hello_read(bytes_over(m.data, m.len), &hello));
    assert_int_equal(hello.legacy_version, TLS_1_2);
    assert_int_equal(hello.version, TLS_1_3);
    assert_int_equal(hello.suite, 0x1301);
    assert_int_equal(hello.group, 29);
    assert_true(bytes_equal(hello.alpn, BYTES_LITERAL("pop3")));
    assert_true(hello.pre_shared_key.present);
    assert_false(hello.retry || hello.ticket.present);
    for (size_t len = 0; len < m.len; len++) {
        struct bytes body = copy_of(&m, len);
        assert_int_equal(tls_server_hello_read(body, &hello), len == 38);
        free_copy(body);
    }
}

static void knows_a_retry(void **state)
{
    (void)state;
    struct message m = server_hello(retry);
    struct tls_server_hello hello;
    assert_true(tls_server_hello_read(bytes_over(m.data, m.len), &hello) && hello.retry);
    m.data[2 + 31] ^= 1;
    assert_true(tls_server_hello_read(bytes_over(m.data, m.len), &hello) && !hello.retry);
}

/* --- SSL 2.0 ------------------------------------------------------------------------------------
 */

static void reads_sslv2(void **state)
{
    (void)state;
    static const uint8_t client[] = { 1, 3, 1, 0, 6, 0, 0, 0, 2, 0, 0, 5, 1, 0, 0x80, 'x', 'y' };
    static const uint8_t server[] = { 4, 0, 1, 0, 2, 0, 2, 0, 3, 0, 1, 'c', 'e', 1, 0, 0x80, 'i' };
    struct tls_client_hello hello;
    struct tls_sslv2_server_hello answer;
    assert_true(tls_sslv2_client_hello_read(bytes_over(client, sizeof client), &hello));
    assert_true(hello.sslv2);
    assert_int_equal(tls_client_hello_max(&hello), TLS_1_0);
    assert_true(tls_client_hello_offers(&hello, 0x0005));
    assert_false(tls_client_hello_offers(&hello, 0x0080)); /* of 0x010080, another kind */
    assert_false(tls_sslv2_client_hello_read(bytes_over(client, sizeof client - 1), &hello));
    assert_true(tls_sslv2_server_hello_read(bytes_over(server, sizeof server), &answer));
    assert_int_equal(answer.certificate.len, 2);
    assert_false(answer.resumed);
    assert_false(tls_sslv2_server_hello_read(bytes_over(server, sizeof server - 1), &answer));
    assert_int_equal(tls_sslv2_master_key_suite(BYTES_LITERAL("\x02\x07\0\xC0rest")), 0x0700C0);
    assert_int_equal(tls_sslv2_master_key_suite(BYTES_LITERAL("\x03\x07\0\xC0rest")), 0);
}

/* --- ServerKeyExchange --------------------------------------------------------------------------
 */

static void reads_key_exchanges(void **state)
{
    (void)state;
#define DH "\0\x03\0\x7F\xFF\0\x01\x02\0\x01\x09"
    const struct {
        struct bytes body;
        uint16_t suite, version;
        struct tls_key_exchange expected;
    } cases[] = {
        /* ECDHE_RSA; in TLS 1.1 nothing says how it is signed */
        { BYTES_LITERAL("\x03\0\x17\x01x\x04\x03"), 0xC02F, TLS_1_2, { 0x17, 0, 0x0403 } },
        { BYTES_LITERAL("\x03\0\x17\x01x\x04\x03"), 0xC013, TLS_1_1, { 0x17, 0, 0 } },
        { BYTES_LITERAL("\x03\0\x1D\x01x"), 0xC019, TLS_1_2, { 0x1D, 0, 0 } },         /* anon */
        { BYTES_LITERAL("\0\x02hi\x03\0\x1D\x01x"), 0xC037, TLS_1_2, { 0x1D, 0, 0 } }, /* PSK */
        { BYTES_LITERAL("\x01\0\x17\x01x\x04\x03"), 0xC02F, TLS_1_2, { 0, 0, 0 } }, /* explicit */
        { BYTES_LITERAL("\x03\0\x17\x02x"), 0xC02F, TLS_1_2, { 0, 0, 0 } },         /* cut */
        { BYTES_LITERAL(DH "\x02\x01"), 0x009E, TLS_1_2, { 0, 15, 0x0201 } },
        { BYTES_LITERAL(DH), 0x0034, TLS_1_2, { 0, 15, 0 } },           /* DH_anon */
        { BYTES_LITERAL("\0\x01h" DH), 0x00AA, TLS_1_2, { 0, 15, 0 } }, /* DHE_PSK */
        { BYTES_LITERAL(DH), 0x0014, TLS_1_0, { 0, 15, 0 } },           /* DHE_RSA_EXPORT */
        { BYTES_LITERAL(DH), 0xC01D, TLS_1_0, { 0, 0, 0 } },            /* SRP */
        { BYTES_LITERAL(DH), 0x0003, TLS_1_0, { 0, 0, 0 } },            /* RSA_EXPORT */
        { BYTES_LITERAL("\x03\0\x17\x01x\x04\x03"), 0xC005, TLS_1_2, { 0, 0, 0 } }, /* ECDH */
        { BYTES_LITERAL(DH), 0xFEFE, TLS_1_2, { 0, 0, 0 } },                        /* unknown */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tls_key_exchange got, expected = cases[i].expected;
        bool any = expected.group > 0 || expected.dh_bits > 0;
        assert_int_equal(
            tls_key_exchange_read(cases[i].body, cases[i].suite, cases[i].version, &got), any);
        assert_int_equal(got.group, expected.group);
        assert_int_equal(got.dh_bits, expected.dh_bits);
        assert_int_equal(got.signature, expected.signature);
    }
}

/* --- messages out of records --------------------------------------------------------------------
 */

#define WANTED (1U << TLS_SERVER_HELLO)

/* Feeds pieces of n bytes; writes the types of the messages and the lengths of those kept. */
static void feed(struct bytes content, size_t n, char *told)
{
    struct tls_messages messages;
    struct tls_message message;
    tls_messages_init(&messages, NULL);
    *told = '\0';
    while (content.len > 0) {
        struct bytes piece = bytes_first(content, n);
        content = bytes_after(content, n);
        while (tls_messages_next(&messages, &piece, WANTED, &message))
            told += snprintf(told, 20, "%u%s%zu ", message.type, message.whole ? "=" : "-",
                             message.body.len);
    }
    tls_messages_free(&messages);
}

static void puts_messages_together(void **state)
{
    (void)state;
    static const char content[] = "\x02\0\0\x05hello\x0B\0\0\x03"
                                  "abc\x0E\0\0\0\x02\0\0\0\x10\0\0\x01x";
    for (size_t n = 1; n < sizeof content; n++) {
        char told[80];
        feed(BYTES_LITERAL(content), n, told);
        assert_string_equal(told, "2=5 11-0 14-0 2=0 16-0 ");
    }
}

static void keeps_no_long_message(void **state)
{
    (void)state;
    static uint8_t content[TLS_MESSAGE_MAX + 16] = { TLS_SERVER_HELLO, 1, 0, 1 };
    char told[80];
    content[4 + 0x10001] = 14;
    feed(bytes_over(content, 4 + 0x10001 + 4), 1000, told);
    assert_string_equal(told, "2-0 14-0 ");
    content[3] = 0;
    content[4 + 0x10001] = 0;
    content[4 + 0x10000] = 14;
    feed(bytes_over(content, 4 + 0x10000 + 4), 1000, told);
    assert_string_equal(told, "2=65536 14-0 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_client_hello),
        cmocka_unit_test(refuses_a_cut_client_hello),
        cmocka_unit_test(refuses_odd_client_hellos),
        cmocka_unit_test(forgives_an_extension),
        cmocka_unit_test(knows_the_highest_version),
        cmocka_unit_test(knows_grease),
        cmocka_unit_test(reads_a_server_hello),
        cmocka_unit_test(knows_a_retry),
        cmocka_unit_test(reads_sslv2),
        cmocka_unit_test(reads_key_exchanges),
        cmocka_unit_test(puts_messages_together),
        cmocka_unit_test(keeps_no_long_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
