/* Writes a pcap: Ethernet frames with correct headers and checksums, one each ten microseconds. */
#ifndef MAILTAP_BENCH_WIRE_H
#define MAILTAP_BENCH_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

struct wire {
    FILE *file;
    uint64_t microseconds;
    uint64_t packets;
};

/* From whom to whom. */
struct ends {
    uint32_t from_ip, to_ip;
    uint16_t from_port, to_port;
};

struct wire wire_open(const char *path);
void wire_close(struct wire *);

void wire_tcp(struct wire *, const struct ends *, uint32_t seq, uint32_t ack, uint8_t flags,
              const uint8_t *data, size_t len);
void wire_udp(struct wire *, const struct ends *, const uint8_t *data, size_t len);
void wire_arp(struct wire *, const struct ends *);

#endif
