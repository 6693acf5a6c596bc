/* Frames and the file they stand in. */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

enum { ETHERNET = 14, IP = 20, TCP = 20, UDP = 8, ROOM = 2048, STEP = 10 };

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xFFFF);
}

static uint64_t sum16(const uint8_t *data, size_t len, uint64_t sum)
{
    size_t i;
    for (i = 0; i + 1 < len; i += 2)
        sum += (uint64_t)data[i] << 8 | data[i + 1];
    return i < len ? sum + ((uint64_t)data[i] << 8) : sum;
}

static uint16_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return (uint16_t)~sum;
}

struct wire wire_open(const char *path)
{
    /* Magic, version 2.4, zone, accuracy, snapshot length, Ethernet: in this machine's order. */
    static const uint32_t head[] = { 0xA1B2C3D4, 2 | 4 << 16, 0, 0, 262144, 1 };
    struct wire wire = { .file = fopen(path, "wb"), .microseconds = UINT64_C(1700000000000000) };
    if (!wire.file)
        die(path);
    setvbuf(wire.file, NULL, _IOFBF, 1 << 20);
    fwrite(head, sizeof head, 1, wire.file);
    return wire;
}

void wire_close(struct wire *wire)
{
    if (ferror(wire->file) || fclose(wire->file) != 0)
        die("capture");
}

static void frame(struct wire *wire, const uint8_t *bytes, size_t len)
{
    wire->microseconds += STEP;
    wire->packets++;
    uint32_t head[] = { (uint32_t)(wire->microseconds / 1000000),
                        (uint32_t)(wire->microseconds % 1000000), (uint32_t)len, (uint32_t)len };
    fwrite(head, sizeof head, 1, wire->file);
    fwrite(bytes, len, 1, wire->file);
}

static void ethernet(uint8_t *at, uint16_t type)
{
    static const uint8_t addresses[] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };
    memcpy(at, addresses, sizeof addresses);
    put16(at + 12, type);
}

/* Returns the sum over the pseudo header, for the checksum of what the packet carries. */
static uint64_t ip(uint8_t *at, const struct ends *ends, uint8_t protocol, size_t carried)
{
    memset(at, 0, IP);
    at[0] = 0x45;
    put16(at + 2, (uint32_t)(IP + carried));
    at[6] = 0x40; /* do not fragment */
    at[8] = 64;
    at[9] = protocol;
    put32(at + 12, ends->from_ip);
    put32(at + 16, ends->to_ip);
    put16(at + 10, fold(sum16(at, IP, 0)));
    return sum16(at + 12, 8, protocol + carried);
}

void wire_tcp(struct wire *wire, const struct ends *ends, uint32_t seq, uint32_t ack, uint8_t flags,
              const uint8_t *data, size_t len)
{
    uint8_t bytes[ROOM], *tcp = bytes + ETHERNET + IP;
    ethernet(bytes, 0x0800);
    uint64_t sum = ip(bytes + ETHERNET, ends, 6, TCP + len);
    put16(tcp, ends->from_port);
    put16(tcp + 2, ends->to_port);
    put32(tcp + 4, seq);
    put32(tcp + 8, flags & ACK ? ack : 0);
    tcp[12] = 5 << 4;
    tcp[13] = flags;
    put16(tcp + 14, 65535);
    put32(tcp + 16, 0);
    if (len > 0)
        memcpy(tcp + TCP, data, len);
    put16(tcp + 16, fold(sum16(tcp, TCP + len, sum)));
    frame(wire, bytes, ETHERNET + IP + TCP + len);
}

void wire_udp(struct wire *wire, const struct ends *ends, const uint8_t *data, size_t len)
{
    uint8_t bytes[ROOM], *udp = bytes + ETHERNET + IP;
    ethernet(bytes, 0x0800);
    uint64_t sum = ip(bytes + ETHERNET, ends, 17, UDP + len);
    put16(udp, ends->from_port);
    put16(udp + 2, ends->to_port);
    put16(udp + 4, (uint32_t)(UDP + len));
    put16(udp + 6, 0);
    memcpy(udp + UDP, data, len);
    put16(udp + 6, fold(sum16(udp, UDP + len, sum)));
    frame(wire, bytes, ETHERNET + IP + UDP + len);
}

void wire_arp(struct wire *wire, const struct ends *ends)
{
    static const uint8_t request[] = { 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1 };
    uint8_t bytes[60] = { 0 }, *arp = bytes + ETHERNET;
    ethernet(bytes, 0x0806);
    memcpy(arp, request, sizeof request);
    put32(arp + 14, ends->from_ip);
    put32(arp + 24, ends->to_ip);
    frame(wire, bytes, sizeof bytes);
}
