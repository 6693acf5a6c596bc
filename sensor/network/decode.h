/* From a captured frame to a TCP segment: link layer, tags, IP, TCP. Nothing is kept between
 * packets: what was sent in fragments goes through defrag.h and comes back whole. */
#ifndef MAILTAP_DECODE_H
#define MAILTAP_DECODE_H

#include "flow_identity.h"
#include "packet.h"

enum tcp_flag {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
    TCP_URG = 0x20
};

/* What is known of a packet. Ports and everything below them are set for TCP only. */
struct segment {
    struct endpoint source, destination;
    uint8_t address_len; /* 4 or 16 */
    uint8_t ip_protocol;
    uint16_t vlan;     /* outer tag, 0: none */
    uint32_t ip_bytes; /* length of the IP packet on the wire */
    uint8_t flags;
    uint16_t window;
    uint32_t seq, ack;
    uint32_t missing;     /* bytes at the end of the payload that the snap length cut off */
    struct bytes payload; /* a view into the packet */
    struct bytes tcp;     /* header and payload, as far as captured */
    bool ambiguous;       /* fragments of it contradict each other; these are the first copies */
};

/* A part of an IP packet (RFC 791 section 3.2, RFC 8200 section 4.5), as its header tells it:
 * nothing of it is checked. The addresses stand in the segment. */
struct fragment {
    uint32_t id;
    uint32_t offset, len; /* in bytes, in the packet's payload; the offset is a multiple of 8 */
    bool more;            /* it is not the last one */
    uint8_t protocol;     /* of the payload; in IPv6 the first fragment's counts */
    struct bytes payload; /* a view into the packet, as far as captured */
};

/* Whether the TCP checksum (RFC 9293 section 3.1) fits; also true where the snap length cut the
 * segment, so that nobody can tell. Locally sent packets with checksum offload do not fit. */
bool segment_checksum_fits(const struct segment *);

enum decode_result {
    DECODE_TCP,
    DECODE_OTHER,     /* IP, but not TCP */
    DECODE_FRAGMENT,  /* a part of an IP packet that may hold TCP */
    DECODE_MALFORMED, /* headers contradict themselves or are cut off */
    DECODE_UNKNOWN,   /* not IP, or not a link type of ours */
};

/* The fragment is filled in for DECODE_FRAGMENT only. */
enum decode_result decode(int link_type, const struct packet *, struct segment *,
                          struct fragment *);

/* Goes on with the payload of a packet that was put together from fragments: `payload` is what
 * there is of it from its start, `len` how long it was on the wire. The segment comes from one of
 * the fragments, with what the whole packet says of `ip_bytes` and `ambiguous`. */
enum decode_result decode_whole(struct segment *, uint8_t protocol, struct bytes payload,
                                uint32_t len);

/* Whether frames of this link type (DLT_* of libpcap) can be decoded at all. */
bool decode_knows(int link_type);

#endif
