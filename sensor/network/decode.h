/* From a captured frame to a TCP segment: link layer, tags, IP, TCP. Nothing is kept between
 * packets. */
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
};

/* Whether the TCP checksum (RFC 9293 section 3.1) fits; also true where the snap length cut the
 * segment, so that nobody can tell. Locally sent packets with checksum offload do not fit. */
bool segment_checksum_fits(const struct segment *);

enum decode_result {
    DECODE_TCP,
    DECODE_OTHER,     /* IP, but not TCP */
    DECODE_FRAGMENT,  /* a part of an IP packet */
    DECODE_MALFORMED, /* headers contradict themselves or are cut off */
    DECODE_UNKNOWN,   /* not IP, or not a link type of ours */
};

enum decode_result decode(int link_type, const struct packet *, struct segment *);

/* Whether frames of this link type (DLT_* of libpcap) can be decoded at all. */
bool decode_knows(int link_type);

#endif
