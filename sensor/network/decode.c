/* Link layer, IPv4 and IPv6, TCP. A header is taken whole through the cursor, which checks that it
 * is there; its fields are then read at fixed places, so that a packet costs four checks and not
 * thirty. */
#include "decode.h"

#include <pcap/dlt.h>
#include <string.h>

#define IPV4_HEADER_LEN 20
#define IPV6_HEADER_LEN 40
#define TCP_HEADER_LEN  20
#define TAGS_MAX        4 /* Q-in-Q has two; more than this is somebody testing us */
#define LABELS_MAX      8
#define EXTENSIONS_MAX  8
#define IP_LEN_MAX      (1024 * 1024) /* "BIG TCP" super-frames are half of that; more is damage */

enum ether_type {
    ETHER_IPV4 = 0x0800,
    ETHER_TAG = 0x8100,
    ETHER_IPV6 = 0x86DD,
    ETHER_MPLS = 0x8847,
    ETHER_MPLS_UPSTREAM = 0x8848, /* label chosen upstream, RFC 5332 */
    ETHER_PPPOE_SESSION = 0x8864,
    ETHER_SERVICE_TAG = 0x88A8,
    ETHER_OLD_SERVICE_TAG = 0x9100,
};

enum ip_number {
    IP_HOP_BY_HOP = 0,
    IP_TCP = 6,
    IP_ROUTING = 43,
    IP_FRAGMENT = 44,
    IP_AUTHENTICATION = 51,
    IP_DESTINATION = 60,
    IP_MOBILITY = 135, /* RFC 6275 */
    IP_HIP = 139,      /* RFC 7401 */
    IP_SHIM6 = 140,    /* RFC 5533 */
};

enum ppp_protocol { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057 };

/* One frame on its way down. `wire` is how many bytes the frame had on the wire behind what the
 * cursor has read. */
struct frame {
    struct cursor in;
    uint32_t wire;
    struct segment *segment;
    struct fragment *fragment; /* NULL: fragments have been put together, there can be no more */
};

static uint16_t be16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The next n bytes as a header, or NULL if they are not there. */
static const uint8_t *take(struct frame *frame, uint32_t n)
{
    struct bytes header = cursor_take(&frame->in, n);
    if (frame->in.failed)
        return NULL;
    frame->wire -= n;
    return header.data;
}

/* --- TCP, RFC 9293 section 3.1 ------------------------------------------------------------------
 */

/* `len` is the length of the TCP segment as IP tells it: padding behind it is not payload, and what
 * the capture does not have of it is missing. */
static enum decode_result decode_tcp(struct frame *frame, uint32_t len)
{
    struct segment *s = frame->segment;
    const uint8_t *tcp = take(frame, TCP_HEADER_LEN);
    if (!tcp)
        return DECODE_MALFORMED;
    uint32_t header_len = (uint32_t)(tcp[12] >> 4) * 4;
    if (header_len < TCP_HEADER_LEN || header_len > len)
        return DECODE_MALFORMED;
    s->source.port = be16(tcp);
    s->destination.port = be16(tcp + 2);
    s->seq = be32(tcp + 4);
    s->ack = be32(tcp + 8);
    s->flags = tcp[13];
    s->window = be16(tcp + 14);

    uint32_t payload_len = len - header_len;
    struct bytes rest = bytes_after(cursor_rest(&frame->in), header_len - TCP_HEADER_LEN);
    s->payload = bytes_first(rest, payload_len);
    s->missing = payload_len - (uint32_t)s->payload.len;
    s->tcp = bytes_over(tcp, header_len + s->payload.len);
    return DECODE_TCP;
}

static enum decode_result decode_transport(struct frame *frame, uint8_t protocol, uint32_t len)
{
    frame->segment->ip_protocol = protocol;
    return protocol == IP_TCP ? decode_tcp(frame, len) : DECODE_OTHER;
}

/* --- IP -----------------------------------------------------------------------------------------
 */

/* What is behind the header that says so is a part of the packet. */
static enum decode_result decode_fragment(struct frame *frame, struct fragment fragment)
{
    if (!frame->fragment)
        return DECODE_MALFORMED;
    fragment.payload = bytes_first(cursor_rest(&frame->in), fragment.len);
    *frame->fragment = fragment;
    return DECODE_FRAGMENT;
}

/* RFC 791 section 3.1 */
static enum decode_result decode_ipv4(struct frame *frame)
{
    struct segment *s = frame->segment;
    uint32_t wire = frame->wire;
    const uint8_t *ip = take(frame, IPV4_HEADER_LEN);
    if (!ip || ip[0] >> 4 != 4)
        return DECODE_MALFORMED;
    uint32_t header_len = (uint32_t)(ip[0] & 0xF) * 4;
    uint32_t total = be16(ip + 2);
    if (total == 0)
        total = wire; /* segmentation offload: the card would have filled it in */
    if (header_len < IPV4_HEADER_LEN || total < header_len || total > IP_LEN_MAX)
        return DECODE_MALFORMED;
    s->address_len = 4;
    memcpy(s->source.address, ip + 12, 4);
    memcpy(s->destination.address, ip + 16, 4);
    s->ip_protocol = ip[9];
    s->ip_bytes = total;
    if (header_len > IPV4_HEADER_LEN && !take(frame, header_len - IPV4_HEADER_LEN))
        return DECODE_MALFORMED;
    uint16_t place = be16(ip + 6);
    if ((place & 0x3FFF) == 0 || ip[9] != IP_TCP) /* neither an offset nor more to come */
        return decode_transport(frame, ip[9], total - header_len);
    return decode_fragment(frame, (struct fragment){ .id = be16(ip + 4),
                                                     .offset = (place & 0x1FFFU) * 8,
                                                     .len = total - header_len,
                                                     .more = place & 0x2000,
                                                     .protocol = ip[9] });
}

/* The length of an extension header in bytes, from its first eight (RFC 8200 section 4; 4302
 * section 2.2 counts otherwise). 0: it is not one, or nobody can look behind it (ESP). */
static uint32_t extension_len(uint8_t type, const uint8_t *extension)
{
    switch (type) {
    case IP_HOP_BY_HOP:
    case IP_ROUTING:
    case IP_DESTINATION:
    case IP_MOBILITY:
    case IP_HIP:
    case IP_SHIM6:
        return (extension[1] + 1U) * 8;
    case IP_AUTHENTICATION:
        return (extension[1] + 2U) * 4;
    case IP_FRAGMENT:
        return 8;
    default:
        return 0;
    }
}

static bool is_extension(uint8_t type)
{
    static const uint8_t any[2];
    return extension_len(type, any) > 0;
}

/* Goes through the extension headers, the first of which is of this type, to what they carry. */
static enum decode_result decode_extensions(struct frame *frame, uint8_t type, uint32_t left)
{
    for (int i = 0; is_extension(type); i++) {
        const uint8_t *extension = i < EXTENSIONS_MAX ? take(frame, 8) : NULL;
        if (!extension)
            return DECODE_MALFORMED;
        uint32_t len = extension_len(type, extension);
        if (len > left || (len > 8 && !take(frame, len - 8)))
            return DECODE_MALFORMED;
        left -= len;
        frame->segment->ip_protocol = extension[0];
        uint16_t place = be16(extension + 2);
        /* Neither an offset nor more to come is an "atomic" fragment, which is whole (RFC 6946). */
        if (type == IP_FRAGMENT && (place & 0xFFF9) != 0)
            return decode_fragment(frame, (struct fragment){ .id = be32(extension + 4),
                                                             .offset = place & 0xFFF8U,
                                                             .len = left,
                                                             .more = place & 1,
                                                             .protocol = extension[0] });
        type = extension[0];
    }
    return decode_transport(frame, type, left);
}

/* RFC 8200 section 3 */
static enum decode_result decode_ipv6(struct frame *frame)
{
    struct segment *s = frame->segment;
    const uint8_t *ip = take(frame, IPV6_HEADER_LEN);
    if (!ip || ip[0] >> 4 != 6)
        return DECODE_MALFORMED;
    uint32_t left = be16(ip + 4);
    if (left == 0)
        left = frame->wire; /* offload again, or a jumbogram */
    if (left > IP_LEN_MAX)
        return DECODE_MALFORMED;
    s->address_len = 16;
    memcpy(s->source.address, ip + 8, 16);
    memcpy(s->destination.address, ip + 24, 16);
    s->ip_bytes = IPV6_HEADER_LEN + left;
    return decode_extensions(frame, ip[6], left);
}

static enum decode_result decode_ip(struct frame *frame)
{
    struct bytes rest = cursor_rest(&frame->in);
    if (rest.len == 0)
        return DECODE_MALFORMED;
    switch (rest.data[0] >> 4) {
    case 4:
        return decode_ipv4(frame);
    case 6:
        return decode_ipv6(frame);
    default:
        return DECODE_UNKNOWN;
    }
}

/* --- link layers --------------------------------------------------------------------------------
 */

/* RFC 3032: labels up to the one that says it is the last, then a packet that nothing names but its
 * first four bits (RFC 4928). */
static enum decode_result decode_mpls(struct frame *frame)
{
    for (int i = 0; i < LABELS_MAX; i++) {
        const uint8_t *label = take(frame, 4);
        if (!label)
            return DECODE_MALFORMED;
        if (label[2] & 1)
            return decode_ip(frame);
    }
    return DECODE_UNKNOWN;
}

/* A PPP protocol number: two bytes, of which the first is left out if it is 0 and the sides agreed
 * on that; the last one is odd (RFC 1661 sections 2 and 6.5). 0 if it is not there. */
static unsigned ppp_protocol(struct frame *frame)
{
    const uint8_t *first = take(frame, 1);
    if (!first || *first & 1)
        return first ? *first : 0;
    const uint8_t *second = take(frame, 1);
    return second ? (unsigned)*first << 8 | *second : 0;
}

/* RFC 2516 section 4: version and type 1, code 0, session, length. */
static enum decode_result decode_pppoe(struct frame *frame)
{
    const uint8_t *header = take(frame, 6);
    if (!header)
        return DECODE_MALFORMED;
    if (header[0] != 0x11 || header[1] != 0)
        return DECODE_UNKNOWN;
    switch (ppp_protocol(frame)) {
    case PPP_IPV4:
        return decode_ipv4(frame);
    case PPP_IPV6:
        return decode_ipv6(frame);
    default:
        return DECODE_UNKNOWN;
    }
}

static bool is_tag(unsigned ether_type)
{
    return ether_type == ETHER_TAG || ether_type == ETHER_SERVICE_TAG ||
           ether_type == ETHER_OLD_SERVICE_TAG;
}

static enum decode_result decode_ether_type(struct frame *frame, unsigned type)
{
    for (int i = 0; i < TAGS_MAX && is_tag(type); i++) {
        const uint8_t *tag = take(frame, 4);
        if (!tag)
            return DECODE_MALFORMED;
        if (i == 0)
            frame->segment->vlan = be16(tag) & 0xFFF;
        type = be16(tag + 2);
    }
    switch (type) {
    case ETHER_IPV4:
        return decode_ipv4(frame);
    case ETHER_IPV6:
        return decode_ipv6(frame);
    case ETHER_MPLS:
    case ETHER_MPLS_UPSTREAM:
        return decode_mpls(frame);
    case ETHER_PPPOE_SESSION:
        return decode_pppoe(frame);
    default:
        return DECODE_UNKNOWN;
    }
}

static enum decode_result decode_ethernet(struct frame *frame)
{
    const uint8_t *header = take(frame, 14);
    return header ? decode_ether_type(frame, be16(header + 12)) : DECODE_MALFORMED;
}

/* Linux "cooked" captures: https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html and
 * ..._SLL2.html */
static enum decode_result decode_cooked(struct frame *frame)
{
    const uint8_t *header = take(frame, 16);
    return header ? decode_ether_type(frame, be16(header + 14)) : DECODE_MALFORMED;
}

static enum decode_result decode_cooked2(struct frame *frame)
{
    const uint8_t *header = take(frame, 20);
    return header ? decode_ether_type(frame, be16(header)) : DECODE_MALFORMED;
}

/* An address family in the byte order of whoever captured (NULL) or of the network (LOOP): take
 * either. IPv6 has another number on each BSD. */
static enum decode_result decode_loopback(struct frame *frame)
{
    const uint8_t *header = take(frame, 4);
    if (!header)
        return DECODE_MALFORMED;
    uint32_t family = be32(header);
    if (family > 0xFFFF)
        family = __builtin_bswap32(family);
    switch (family) {
    case 2:
        return decode_ipv4(frame);
    case 10: /* Linux */
    case 24: /* NetBSD, OpenBSD */
    case 28: /* FreeBSD */
    case 30: /* Darwin */
        return decode_ipv6(frame);
    default:
        return DECODE_UNKNOWN;
    }
}

static const struct link {
    int type;
    enum decode_result (*decode)(struct frame *);
} links[] = {
    { DLT_EN10MB, decode_ethernet },
    { DLT_LINUX_SLL, decode_cooked },
    { DLT_LINUX_SLL2, decode_cooked2 },
    { DLT_RAW, decode_ip },
    { DLT_IPV4, decode_ip },
    { DLT_IPV6, decode_ip },
    { DLT_NULL, decode_loopback },
    { DLT_LOOP, decode_loopback },
};

static const struct link *find_link(int link_type)
{
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        if (links[i].type == link_type)
            return &links[i];
    }
    return NULL;
}

bool decode_knows(int link_type)
{
    return find_link(link_type) != NULL;
}

enum decode_result decode(int link_type, const struct packet *packet, struct segment *segment,
                          struct fragment *fragment)
{
    const struct link *link = find_link(link_type);
    if (!link)
        return DECODE_UNKNOWN;
    *segment = (struct segment){ 0 };
    struct frame frame = {
        .in = cursor_over(bytes_over(packet->data, packet->captured)),
        .wire = packet->length > packet->captured ? packet->length : packet->captured,
        .segment = segment,
        .fragment = fragment,
    };
    return link->decode(&frame);
}

enum decode_result decode_whole(struct segment *segment, uint8_t protocol, struct bytes payload,
                                uint32_t len)
{
    struct frame frame = { .in = cursor_over(payload), .wire = len, .segment = segment };
    return segment->address_len == 16 ? decode_extensions(&frame, protocol, len)
                                      : decode_transport(&frame, protocol, len);
}

/* --- checksum -----------------------------------------------------------------------------------
 */

/* Adds a block's 16-bit words in host order: the one's complement sum comes out byte-swapped, and
 * right. */
static uint64_t add_words(uint64_t sum, struct bytes block)
{
    size_t at = 0;
    for (; at + 4 <= block.len; at += 4) {
        uint32_t word;
        memcpy(&word, block.data + at, 4);
        sum += word;
    }
    uint32_t last = 0;
    if (at < block.len)
        memcpy(&last, block.data + at, block.len - at);
    return sum + last;
}

bool segment_checksum_fits(const struct segment *s)
{
    if (s->missing > 0)
        return true;
    const uint8_t pseudo[4] = { 0, IP_TCP, (uint8_t)(s->tcp.len >> 8), (uint8_t)s->tcp.len };
    uint64_t sum = add_words(0, bytes_over(pseudo, sizeof pseudo));
    sum = add_words(sum, bytes_over(s->source.address, s->address_len));
    sum = add_words(sum, bytes_over(s->destination.address, s->address_len));
    sum = add_words(sum, s->tcp);
    sum = (sum >> 32) + (uint32_t)sum;
    sum = (sum >> 16) + (sum & 0xFFFF);
    sum = (sum >> 16) + (sum & 0xFFFF);
    sum = (sum >> 16) + (sum & 0xFFFF);
    return sum == 0xFFFF;
}
