/* Crafted frames for every link type, and every one of them cut at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/dlt.h>

#include "decode.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static struct fragment last_fragment;

struct frame {
    uint8_t data[512];
    size_t len;
};

static void put(struct frame *f, const void *bytes, size_t len)
{
    assert_true(f->len + len <= sizeof f->data);
    memcpy(f->data + f->len, bytes, len);
    f->len += len;
}

#define PUT(frame, ...)                                                                            \
    put(frame, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void put_tcp(struct frame *f, const char *payload)
{
    PUT(f, 0x9C, 0x40, 0, 25, 1, 2, 3, 4, 5, 6, 7, 8, 0x60, TCP_ACK | TCP_PSH, 0x12, 0x34, 0, 0, 0,
        0);
    PUT(f, 1, 1, 1, 0); /* options */
    put(f, payload, strlen(payload));
}

static void put_ipv4(struct frame *f, uint16_t total, uint16_t fragment, uint8_t protocol)
{
    PUT(f, 0x45, 0, (uint8_t)(total >> 8), (uint8_t)total, 0, 0, (uint8_t)(fragment >> 8),
        (uint8_t)fragment, 64, protocol, 0, 0, 10, 0, 0, 1, 192, 0, 2, 25);
}

static void put_ipv6(struct frame *f, uint16_t len, uint8_t next)
{
    PUT(f, 0x60, 0, 0, 0, (uint8_t)(len >> 8), (uint8_t)len, next, 64);
    PUT(f, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    PUT(f, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
}

static void put_ethernet(struct frame *f, unsigned type)
{
    PUT(f, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, (uint8_t)(type >> 8), (uint8_t)type);
}

/* Decodes an exact copy on the heap, of which only `captured` bytes are there. */
static enum decode_result decode_cut(int link, const struct frame *f, size_t captured,
                                     size_t length, struct segment *s)
{
    uint8_t *copy = malloc(captured ? captured : 1);
    assert_non_null(copy);
    memcpy(copy, f->data, captured);
    struct packet packet = { .captured = (uint32_t)captured,
                             .length = (uint32_t)length,
                             .data = copy };
    enum decode_result result = decode(link, &packet, s, &last_fragment);
    if (result == DECODE_TCP) {
        assert_true(s->payload.len <= captured);
        for (size_t i = 0; i < s->payload.len; i++)
            assert_true(s->payload.data[i] < 0x80); /* reads every byte of it */
    }
    s->payload.data = NULL;
    free(copy);
    return result;
}

static enum decode_result decode_frame(int link, const struct frame *f, struct segment *s)
{
    return decode_cut(link, f, f->len, f->len, s);
}

/* What all frames here say. */
static void check(const struct segment *s, uint8_t address_len, size_t payload, uint32_t missing)
{
    assert_int_equal(s->address_len, address_len);
    assert_int_equal(s->ip_protocol, 6);
    assert_int_equal(s->source.port, 40000);
    assert_int_equal(s->destination.port, 25);
    assert_int_equal(s->source.address[0], address_len == 4 ? 10 : 0x20);
    assert_int_equal(s->destination.address[address_len - 1], address_len == 4 ? 25 : 2);
    assert_int_equal(s->seq, 0x01020304);
    assert_int_equal(s->ack, 0x05060708);
    assert_int_equal(s->flags, TCP_ACK | TCP_PSH);
    assert_int_equal(s->window, 0x1234);
    assert_int_equal(s->payload.len, payload);
    assert_int_equal(s->missing, missing);
}

/* Also cuts the frame at every byte, as a snap length does and as a short frame does. */
static void check_frame(int link, const struct frame *f, uint8_t address_len, uint16_t vlan)
{
    struct segment s;
    assert_int_equal(decode_frame(link, f, &s), DECODE_TCP);
    check(&s, address_len, 4, 0);
    assert_int_equal(s.vlan, vlan);
    for (size_t n = 0; n < f->len; n++) {
        enum decode_result result = decode_cut(link, f, n, f->len, &s);
        assert_true(result == DECODE_TCP || result == DECODE_MALFORMED || result == DECODE_UNKNOWN);
        if (result == DECODE_TCP)
            check(&s, address_len, n + 4 > f->len ? n + 4 - f->len : 0,
                  n + 4 > f->len ? (uint32_t)(f->len - n) : 4);
        decode_cut(link, f, n, n, &s);
    }
}

TEST(every_link_type)
{
    static const struct {
        int type;
        uint8_t header[20];
        size_t len;
        int ip;
    } links[] = {
        { DLT_EN10MB, { [12] = 8 }, 14, 4 },
        { DLT_EN10MB, { [12] = 0x86, 0xDD }, 14, 6 },
        { DLT_LINUX_SLL, { [14] = 8 }, 16, 4 },
        { DLT_LINUX_SLL, { [14] = 0x86, 0xDD }, 16, 6 },
        { DLT_LINUX_SLL2, { 8 }, 20, 4 },
        { DLT_LINUX_SLL2, { 0x86, 0xDD }, 20, 6 },
        { DLT_RAW, { 0 }, 0, 4 },
        { DLT_RAW, { 0 }, 0, 6 },
        { DLT_IPV4, { 0 }, 0, 4 },
        { DLT_IPV6, { 0 }, 0, 6 },
        { DLT_NULL, { 2 }, 4, 4 },
        { DLT_NULL, { 0, 0, 0, 2 }, 4, 4 },
        { DLT_NULL, { 10 }, 4, 6 },
        { DLT_NULL, { 24 }, 4, 6 },
        { DLT_NULL, { 28 }, 4, 6 },
        { DLT_NULL, { 30 }, 4, 6 },
        { DLT_LOOP, { 0, 0, 0, 2 }, 4, 4 },
        { DLT_LOOP, { 0, 0, 0, 24 }, 4, 6 },
    };
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        struct frame f = { .len = 0 };
        put(&f, links[i].header, links[i].len);
        if (links[i].ip == 4)
            put_ipv4(&f, 20 + 24 + 4, 0x4000, 6);
        else
            put_ipv6(&f, 24 + 4, 6);
        put_tcp(&f, "EHLO");
        assert_true(decode_knows(links[i].type));
        check_frame(links[i].type, &f, links[i].ip == 4 ? 4 : 16, 0);
    }
    assert_false(decode_knows(DLT_IEEE802_11));
    struct frame f = { .len = 20 };
    struct segment s;
    assert_int_equal(decode_frame(DLT_IEEE802_11, &f, &s), DECODE_UNKNOWN);
}

TEST(tags)
{
    static const unsigned outer[] = { 0x8100, 0x88A8, 0x9100 };
    for (size_t i = 0; i < 3; i++) {
        struct frame one = { .len = 0 }, two = { .len = 0 };
        put_ethernet(&one, outer[i]);
        PUT(&one, 0xE1, 0x23, 8, 0); /* priority 7, id 0x123 */
        put_ipv4(&one, 48, 0, 6);
        put_tcp(&one, "EHLO");
        check_frame(DLT_EN10MB, &one, 4, 0x123);
        put_ethernet(&two, outer[i]);
        PUT(&two, 0, 7, 0x81, 0, 0, 9, 0x86, 0xDD);
        put_ipv6(&two, 28, 6);
        put_tcp(&two, "EHLO");
        check_frame(DLT_EN10MB, &two, 16, 7);
    }
}

/* All mixes of up to four tags, and one tag too many. */
TEST(tags_in_tags)
{
    static const unsigned types[] = { 0x8100, 0x88A8, 0x9100 };
    struct segment s;
    for (unsigned mix = 0; mix < 3 * 3 * 3 * 3; mix++) {
        for (unsigned depth = 1; depth <= 5; depth++) {
            struct frame f = { .len = 0 };
            unsigned rest = mix;
            put_ethernet(&f, types[rest % 3]);
            for (unsigned i = 1; i < depth; i++) {
                rest /= 3;
                PUT(&f, 0, (uint8_t)(6 + i), (uint8_t)(types[rest % 3] >> 8),
                    (uint8_t)types[rest % 3]);
            }
            PUT(&f, 0, (uint8_t)(6 + depth), 8, 0);
            put_ipv4(&f, 48, 0, 6);
            put_tcp(&f, "EHLO");
            if (depth <= 4)
                check_frame(DLT_EN10MB, &f, 4, 7);
            else
                assert_int_equal(decode_frame(DLT_EN10MB, &f, &s), DECODE_UNKNOWN);
        }
    }
}

static void put_ip(struct frame *f, int version)
{
    if (version == 4)
        put_ipv4(f, 48, 0, 6);
    else
        put_ipv6(f, 28, 6);
    put_tcp(f, "EHLO");
}

TEST(mpls)
{
    struct segment s;
    for (int version = 4; version <= 6; version += 2) {
        for (int labels = 1; labels <= 9; labels++) {
            struct frame f = { .len = 0 };
            put_ethernet(&f, version == 4 ? 0x8847 : 0x8848);
            for (int i = 1; i < labels; i++)
                PUT(&f, 0, 1, 0x20, 64);
            PUT(&f, 0, 1, 0x21, 64);
            put_ip(&f, version);
            if (labels <= 8)
                check_frame(DLT_EN10MB, &f, version == 4 ? 4 : 16, 0);
            else
                assert_int_equal(decode_frame(DLT_EN10MB, &f, &s), DECODE_UNKNOWN);
        }
    }
    struct frame wire = { .len = 0 }; /* Ethernet inside: begins with a control word */
    put_ethernet(&wire, 0x8847);
    PUT(&wire, 0, 1, 0x21, 64, 0, 0, 0, 0);
    assert_int_equal(decode_frame(DLT_EN10MB, &wire, &s), DECODE_UNKNOWN);
}

TEST(pppoe)
{
    static const struct {
        uint8_t header[8];
        enum decode_result result;
    } rows[] = {
        { { 0x11, 0, 0, 1, 0, 50, 0, 0x21 }, DECODE_TCP },
        { { 0x21, 0, 0, 1, 0, 50, 0, 0x21 }, DECODE_UNKNOWN },    /* another version */
        { { 0x11, 0xA7, 0, 1, 0, 50, 0, 0x21 }, DECODE_UNKNOWN }, /* discovery */
        { { 0x11, 0, 0, 1, 0, 50, 0xC0, 0x21 }, DECODE_UNKNOWN }, /* LCP */
        { { 0x11, 0, 0, 1, 0, 50, 0, 0x57 }, DECODE_MALFORMED },  /* says IPv6 */
    };
    struct segment s;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct frame f = { .len = 0 };
        put_ethernet(&f, 0x8100);
        PUT(&f, 0, 5, 0x88, 0x64);
        put(&f, rows[i].header, 8);
        put_ip(&f, 4);
        assert_int_equal(decode_frame(DLT_EN10MB, &f, &s), rows[i].result);
        if (rows[i].result == DECODE_TCP)
            check_frame(DLT_EN10MB, &f, 4, 5);
    }
    struct frame six = { .len = 0 };
    put_ethernet(&six, 0x8864);
    PUT(&six, 0x11, 0, 0, 1, 0, 70, 0, 0x57);
    put_ip(&six, 6);
    check_frame(DLT_EN10MB, &six, 16, 0);
    struct frame compressed = { .len = 0 };
    put_ethernet(&compressed, 0x8864);
    PUT(&compressed, 0x11, 0, 0, 1, 0, 49, 0x21);
    put_ip(&compressed, 4);
    check_frame(DLT_EN10MB, &compressed, 4, 0);
}

TEST(padding_is_not_payload)
{
    struct frame f = { .len = 0 };
    struct segment s;
    put_ethernet(&f, 0x0800);
    put_ipv4(&f, 48, 0, 6);
    put_tcp(&f, "EHLO");
    PUT(&f, 0, 0, 0, 0, 0, 0, 0, 0);
    assert_int_equal(decode_frame(DLT_EN10MB, &f, &s), DECODE_TCP);
    check(&s, 4, 4, 0);
    assert_int_equal(s.ip_bytes, 48);
    /* A snap length that only cuts padding off misses nothing. */
    assert_int_equal(decode_cut(DLT_EN10MB, &f, f.len - 5, f.len, &s), DECODE_TCP);
    check(&s, 4, 4, 0);
}

TEST(length_left_to_the_card)
{
    struct frame f = { .len = 0 }, g = { .len = 0 };
    struct segment s;
    put_ethernet(&f, 0x0800);
    put_ipv4(&f, 0, 0, 6);
    put_tcp(&f, "EHLO");
    assert_int_equal(decode_frame(DLT_EN10MB, &f, &s), DECODE_TCP);
    check(&s, 4, 4, 0);
    assert_int_equal(decode_cut(DLT_EN10MB, &f, f.len - 3, f.len, &s), DECODE_TCP);
    check(&s, 4, 1, 3);
    put_ipv6(&g, 0, 6);
    put_tcp(&g, "EHLO");
    assert_int_equal(decode_frame(DLT_RAW, &g, &s), DECODE_TCP);
    check(&s, 16, 4, 0);
    /* A length that no machine sends must not overflow what follows. */
    assert_int_equal(decode_cut(DLT_RAW, &g, g.len, UINT32_MAX, &s), DECODE_MALFORMED);
    assert_int_equal(decode_cut(DLT_EN10MB, &f, f.len, UINT32_MAX, &s), DECODE_MALFORMED);
}

TEST(ipv4_options)
{
    struct frame f = { .len = 0 };
    put_ethernet(&f, 0x0800);
    put_ipv4(&f, 56, 0, 6);
    f.data[14] = 0x47;
    PUT(&f, 1, 1, 1, 1, 1, 1, 1, 0);
    put_tcp(&f, "EHLO");
    check_frame(DLT_EN10MB, &f, 4, 0);
}

TEST(ipv6_extensions)
{
    struct frame f = { .len = 0 };
    put_ipv6(&f, 8 + 16 + 8 + 8 + 12 + 28, 0);
    PUT(&f, 43, 0, 5, 2, 0, 0, 0, 0);                         /* hop by hop */
    PUT(&f, 60, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); /* routing */
    PUT(&f, 44, 0, 1, 4, 0, 0, 0, 0);                         /* destination options */
    PUT(&f, 51, 0, 0, 0, 1, 2, 3, 4);            /* a fragment that is the whole packet */
    PUT(&f, 6, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); /* authentication */
    put_tcp(&f, "EHLO");
    check_frame(DLT_RAW, &f, 16, 0);

    struct frame endless = { .len = 0 };
    struct segment s;
    put_ipv6(&endless, 400, 0);
    for (int i = 0; i < 50; i++)
        PUT(&endless, 0, 0, 0, 0, 0, 0, 0, 0);
    assert_int_equal(decode_frame(DLT_RAW, &endless, &s), DECODE_MALFORMED);
}

/* Every extension that is skipped, at the most that are, and one more. */
TEST(ipv6_extensions_one_by_one)
{
    static const uint8_t skipped[] = { 0, 43, 60, 135, 139, 140 };
    struct segment s;
    for (size_t i = 0; i < sizeof skipped; i++) {
        for (int n = 1; n <= 9; n++) {
            struct frame f = { .len = 0 };
            put_ipv6(&f, (uint16_t)(n * 8 + 28), skipped[i]);
            for (int k = 1; k < n; k++)
                PUT(&f, skipped[i], 0, 0, 0, 0, 0, 0, 0);
            PUT(&f, 6, 0, 0, 0, 0, 0, 0, 0);
            put_tcp(&f, "EHLO");
            if (n <= 8)
                check_frame(DLT_RAW, &f, 16, 0);
            else
                assert_int_equal(decode_frame(DLT_RAW, &f, &s), DECODE_MALFORMED);
        }
    }
    static const uint8_t opaque[] = { 17, 41, 47, 50, 58, 59, 253 };
    for (size_t i = 0; i < sizeof opaque; i++) {
        struct frame f = { .len = 0 };
        put_ipv6(&f, 36, 60);
        PUT(&f, opaque[i], 0, 0, 0, 0, 0, 0, 0);
        put_tcp(&f, "EHLO");
        assert_int_equal(decode_frame(DLT_RAW, &f, &s), DECODE_OTHER);
        assert_int_equal(s.ip_protocol, opaque[i]);
    }
}

/* An extension that is longer than the packet. */
TEST(ipv6_extension_behind_the_end)
{
    struct frame f = { .len = 0 };
    struct segment s;
    put_ipv6(&f, 8 + 28, 60);
    PUT(&f, 6, 4, 0, 0, 0, 0, 0, 0);
    put_tcp(&f, "EHLO and more of it");
    assert_int_equal(decode_frame(DLT_RAW, &f, &s), DECODE_MALFORMED);
}

static void check_fragment(uint32_t id, uint32_t offset, bool more, uint32_t len, size_t captured)
{
    assert_int_equal(last_fragment.id, id);
    assert_int_equal(last_fragment.offset, offset);
    assert_int_equal(last_fragment.more, more);
    assert_int_equal(last_fragment.len, len);
    assert_int_equal(last_fragment.payload.len, captured);
    assert_int_equal(last_fragment.protocol, 6);
}

TEST(ipv4_fragments)
{
    struct segment s;
    static const uint16_t fields[] = { 0x2000, 0x2001, 0x0001, 0x1FFF };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct frame f = { .len = 0 }, udp = { .len = 0 };
        put_ethernet(&f, 0x0800);
        put_ipv4(&f, 48, fields[i], 6);
        f.data[14 + 4] = 0xAB;
        f.data[14 + 5] = 0xCD;
        put_tcp(&f, "EHLO");
        PUT(&f, 0, 0, 0, 0, 0, 0); /* padding */
        assert_int_equal(decode_frame(DLT_EN10MB, &f, &s), DECODE_FRAGMENT);
        assert_int_equal(s.ip_protocol, 6);
        assert_int_equal(s.ip_bytes, 48);
        check_fragment(0xABCD, (fields[i] & 0x1FFFU) * 8, fields[i] & 0x2000, 28, 28);
        assert_int_equal(decode_cut(DLT_EN10MB, &f, f.len - 10, f.len, &s), DECODE_FRAGMENT);
        check_fragment(0xABCD, (fields[i] & 0x1FFFU) * 8, fields[i] & 0x2000, 28, 24);
        put_ipv4(&udp, 48, fields[i], 17);
        put_tcp(&udp, "EHLO");
        assert_int_equal(decode_frame(DLT_RAW, &udp, &s), DECODE_OTHER);
    }
}

TEST(ipv6_fragments)
{
    struct segment s;
    static const uint8_t parts[][2] = { { 0, 1 }, { 0, 8 }, { 1, 1 }, { 0xFF, 0xF9 } };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct frame f = { .len = 0 };
        put_ipv6(&f, 8 + 8 + 28, 60);
        PUT(&f, 44, 0, 1, 4, 0, 0, 0, 0);
        PUT(&f, 6, 0, parts[i][0], parts[i][1], 1, 2, 3, 4);
        put_tcp(&f, "EHLO");
        assert_int_equal(decode_frame(DLT_RAW, &f, &s), DECODE_FRAGMENT);
        assert_int_equal(s.ip_protocol, 6);
        assert_int_equal(s.ip_bytes, 84);
        check_fragment(0x01020304, (unsigned)(parts[i][0] << 8 | parts[i][1]) & 0xFFF8,
                       parts[i][1] & 1, 28, 28);
    }
}

/* What comes back from defrag is decoded like what came in one packet. */
TEST(put_together)
{
    struct frame tcp = { .len = 0 }, chain = { .len = 0 }, nested = { .len = 0 };
    struct segment four = { .source.address = { 10 },
                            .destination.address = { [3] = 25 },
                            .address_len = 4 };
    struct segment six = { .source.address = { 0x20 },
                           .destination.address = { [15] = 2 },
                           .address_len = 16 };
    put_tcp(&tcp, "EHLO");
    assert_int_equal(decode_whole(&four, 6, bytes_over(tcp.data, tcp.len), 28), DECODE_TCP);
    check(&four, 4, 4, 0);
    assert_int_equal(decode_whole(&four, 6, bytes_over(tcp.data, 25), 28), DECODE_TCP);
    check(&four, 4, 1, 3);
    assert_int_equal(decode_whole(&four, 6, bytes_over(tcp.data, 19), 28), DECODE_MALFORMED);
    PUT(&chain, 6, 0, 1, 4, 0, 0, 0, 0);
    put_tcp(&chain, "EHLO");
    assert_int_equal(decode_whole(&six, 60, bytes_over(chain.data, chain.len), 36), DECODE_TCP);
    check(&six, 16, 4, 0);
    assert_int_equal(decode_whole(&four, 60, bytes_over(chain.data, chain.len), 36), DECODE_OTHER);
    PUT(&nested, 6, 0, 0, 1, 0, 0, 0, 0);
    put_tcp(&nested, "EHLO");
    assert_int_equal(decode_whole(&six, 44, bytes_over(nested.data, nested.len), 36),
                     DECODE_MALFORMED);
}

TEST(other_protocols)
{
    struct segment s;
    struct frame udp = { .len = 0 }, arp = { .len = 0 }, odd = { .len = 0 };
    put_ipv4(&udp, 48, 0, 17);
    put_tcp(&udp, "EHLO");
    assert_int_equal(decode_frame(DLT_RAW, &udp, &s), DECODE_OTHER);
    assert_int_equal(s.ip_protocol, 17);
    put_ethernet(&arp, 0x0806);
    assert_int_equal(decode_frame(DLT_EN10MB, &arp, &s), DECODE_UNKNOWN);
    PUT(&odd, 0x55, 0, 0, 0);
    assert_int_equal(decode_frame(DLT_RAW, &odd, &s), DECODE_UNKNOWN);
    PUT(&odd, 0, 0, 0, 0);
    assert_int_equal(decode_frame(DLT_NULL, &odd, &s), DECODE_UNKNOWN);
}

/* One wrong byte each in a good frame. */
TEST(contradictions)
{
    static const struct {
        size_t at;
        uint8_t value;
    } wrong[] = {
        { 0, 0x44 },  /* header shorter than a header */
        { 0, 0x4F },  /* header longer than the packet */
        { 3, 19 },    /* packet shorter than its header */
        { 3, 43 },    /* packet shorter than the TCP header with its options */
        { 32, 0x40 }, /* data offset below the minimum */
        { 32, 0xF0 }, /* data offset behind the end */
    };
    struct segment s;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct frame f = { .len = 0 };
        put_ipv4(&f, 48, 0, 6);
        put_tcp(&f, "EHLO");
        f.data[wrong[i].at] = wrong[i].value;
        assert_int_equal(decode_frame(DLT_RAW, &f, &s), DECODE_MALFORMED);
    }
}

/* Packet headers of 54 bytes are a common snap length: the options are cut, the length of the
 * payload is known. */
TEST(headers_only)
{
    struct frame f = { .len = 0 };
    struct segment s;
    put_ethernet(&f, 0x0800);
    put_ipv4(&f, 48, 0, 6);
    put_tcp(&f, "EHLO");
    assert_int_equal(decode_cut(DLT_EN10MB, &f, 54, f.len, &s), DECODE_TCP);
    check(&s, 4, 0, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_link_type),
        cmocka_unit_test(tags),
        cmocka_unit_test(tags_in_tags),
        cmocka_unit_test(mpls),
        cmocka_unit_test(pppoe),
        cmocka_unit_test(padding_is_not_payload),
        cmocka_unit_test(length_left_to_the_card),
        cmocka_unit_test(ipv4_options),
        cmocka_unit_test(ipv6_extensions),
        cmocka_unit_test(ipv6_extensions_one_by_one),
        cmocka_unit_test(ipv6_extension_behind_the_end),
        cmocka_unit_test(ipv4_fragments),
        cmocka_unit_test(ipv6_fragments),
        cmocka_unit_test(put_together),
        cmocka_unit_test(other_protocols),
        cmocka_unit_test(contradictions),
        cmocka_unit_test(headers_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
