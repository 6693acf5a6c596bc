/* Reads, sorts and cuts packets. */
#include "frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"

/* --- reading ------------------------------------------------------------------------------------
 */

static _Noreturn void fail(const char *path, const char *why)
{
    fprintf(stderr, "%s: %s\n", path, why);
    exit(2);
}

static void *own_copy(const void *data, size_t len)
{
    void *copy = malloc(len);
    if (!copy)
        abort();
    memcpy(copy, data, len);
    return copy;
}

static void add_packets(struct frames *f, const struct packet *batch, size_t n)
{
    f->packet = realloc(f->packet, (f->count + n) * sizeof *f->packet);
    if (!f->packet)
        abort();
    for (size_t i = 0; i < n; i++) {
        struct packet *to = &f->packet[f->count++];
        *to = batch[i];
        to->data = own_copy(batch[i].data, batch[i].captured);
    }
}

static bool same_end(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && memcmp(a->address, b->address, sizeof a->address) == 0;
}

static bool same_connection(const struct segment *a, const struct segment *b)
{
    return a->vlan == b->vlan &&
           ((same_end(&a->source, &b->source) && same_end(&a->destination, &b->destination)) ||
            (same_end(&a->source, &b->destination) && same_end(&a->destination, &b->source)));
}

static void find_connections(struct frames *f)
{
    struct segment *first = calloc(f->count + 1, sizeof *first);
    f->connection = calloc(f->count + 1, sizeof *f->connection);
    if (!first || !f->connection)
        abort();
    for (size_t i = 0; i < f->count; i++) {
        struct segment segment;
        struct fragment fragment;
        int n = 0;
        f->connection[i] = -1;
        if (decode(f->link_type, &f->packet[i], &segment, &fragment) != DECODE_TCP)
            continue;
        while (n < f->connections && !same_connection(&first[n], &segment))
            n++;
        if (n == f->connections)
            first[f->connections++] = segment;
        f->connection[i] = n;
    }
    free(first);
}

void frames_read(struct frames *f, const char *path)
{
    struct packet batch[CAPTURE_BATCH];
    char error[512];
    int n;
    char *const paths[] = { (char *)(uintptr_t)path };
    struct capture *capture = capture_open_files(paths, 1, NULL, error, sizeof error);
    if (!capture)
        fail(path, error);
    *f = (struct frames){ .link_type = capture_link_type(capture) };
    while ((n = capture_batch(capture, batch)) > 0)
        add_packets(f, batch, (size_t)n);
    if (n < 0)
        fail(path, capture_error(capture));
    capture_close(capture);
    find_connections(f);
}

void frames_free(struct frames *f)
{
    for (size_t i = 0; i < f->count; i++)
        free((void *)(uintptr_t)f->packet[i].data);
    free(f->packet);
    free(f->connection);
}

/* --- cutting ------------------------------------------------------------------------------------
 */

/* Where the headers of a TCP packet lie. */
struct headers {
    size_t ip, tcp, payload;
    uint32_t payload_len; /* on the wire */
    uint8_t flags;
};

static bool find_headers(int link_type, const struct packet *packet, struct headers *h)
{
    struct segment s;
    struct fragment fragment;
    if (decode(link_type, packet, &s, &fragment) != DECODE_TCP)
        return false;
    h->tcp = (size_t)(s.tcp.data - packet->data);
    h->payload = h->tcp + (s.tcp.len - s.payload.len);
    h->payload_len = (uint32_t)s.payload.len + s.missing;
    h->ip = h->payload - (s.ip_bytes - h->payload_len);
    h->flags = s.flags;
    return true;
}

uint32_t frame_payload(int link_type, const struct packet *packet)
{
    struct headers h;
    if (!find_headers(link_type, packet, &h) || (h.flags & (TCP_SYN | TCP_RST | TCP_URG)) ||
        h.payload > packet->captured)
        return 0;
    return h.payload_len;
}

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void add32(uint8_t *at, uint32_t more)
{
    uint32_t value = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    put16(at, (value + more) >> 16);
    put16(at + 2, value + more);
}

/* 0 says "as long as the frame", as segmentation offload leaves it. */
static void set_ip_length(uint8_t *ip, size_t len)
{
    bool v4 = ip[0] >> 4 == 4;
    size_t value = v4 ? len : len - 40;
    put16(ip + (v4 ? 2 : 4), value > UINT16_MAX ? 0 : value);
}

struct packet frame_part(int link_type, const struct packet *packet, uint32_t from, uint32_t to)
{
    struct headers h = { 0 };
    struct packet part = *packet;
    if (!find_headers(link_type, packet, &h) || from > to || to > h.payload_len)
        abort();
    size_t have = packet->captured - h.payload; /* of the payload */
    size_t first = from < have ? from : have, last = to < have ? to : have;
    part.captured = (uint32_t)(h.payload + last - first);
    part.length = (uint32_t)h.payload + to - from;
    uint8_t *data = own_copy(packet->data, packet->captured);
    memmove(data + h.payload, data + h.payload + first, last - first);
    set_ip_length(data + h.ip, h.payload - h.ip + to - from);
    add32(data + h.tcp + 4, from);
    if (to < h.payload_len)
        data[h.tcp + 13] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
    part.data = own_copy(data, part.captured);
    free(data);
    return part;
}
