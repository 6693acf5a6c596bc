/* Makes packets of dialogues, and frames of packets. */
#include "packets.h"

#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>

#include "playing.h"
#include "random.h"

#define SEGMENT_MAX     1460
#define FIRST_NS        UINT64_C(1700000000000000000)
#define TURN_NS         1000000                 /* from turn to turn, as dialogue.c has it */
#define SEGMENT_NS      10000                   /* from segment to segment of a turn */
#define TIMEOUT_NS      UINT64_C(1000000000000) /* longer than a flow may be silent */
#define ETHERNET_HEADER 14
#define IP_HEADER       20
#define TCP_HEADER      20
#define HEADERS         (ETHERNET_HEADER + IP_HEADER + TCP_HEADER)

/* --- conversations ------------------------------------------------------------------------------
 */

struct conversation conversation_like(const struct conversation *c)
{
    return (struct conversation){ .server_port = c->server_port, .silence_ns = c->silence_ns };
}

void conversation_add(struct conversation *c, struct tcp_packet packet)
{
    if (c->count == c->capacity) {
        c->capacity = c->capacity ? 2 * c->capacity : 64;
        c->packet = realloc(c->packet, c->capacity * sizeof *c->packet);
        if (!c->packet)
            abort();
    }
    c->packet[c->count++] = packet;
}

void conversation_free(struct conversation *c)
{
    for (int d = 0; d < DIRECTIONS; d++)
        free(c->stream[d]);
    free(c->packet);
}

struct bytes bytes_through(struct bytes from, struct bytes to)
{
    return bytes_over(from.data, (size_t)(to.data + to.len - from.data));
}

/* --- from dialogues -----------------------------------------------------------------------------
 */

bool dialogue_is_whole(const struct dialogue *d)
{
    for (size_t i = 0; i < d->turns; i++) {
        if (d->turn[i].gap > 0)
            return false;
    }
    return !d->midstream && !d->hidden[FROM_CLIENT] && !d->hidden[FROM_SERVER];
}

struct host {
    struct conversation *c;
    uint32_t next[DIRECTIONS]; /* the number that each side sends next */
    uint64_t now_ns;
};

static void send(struct host *h, enum direction d, uint8_t flags, struct bytes data)
{
    struct tcp_packet packet = { .direction = d,
                                 .flags = flags,
                                 .seq = h->next[d],
                                 .ack = flags & TCP_ACK ? h->next[other_direction(d)] : 0,
                                 .data = data,
                                 .time_ns = h->now_ns };
    conversation_add(h->c, packet);
    h->next[d] += (uint32_t)data.len + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
    h->now_ns += SEGMENT_NS;
}

static void send_bare(struct host *h, enum direction d, uint8_t flags)
{
    send(h, d, flags, bytes_over(NULL, 0));
}

/* As hosts do: every second full segment is acknowledged, and the last one if no answer carries
 * that. */
static void send_turn(struct host *h, enum direction d, struct bytes data, bool answered)
{
    for (unsigned n = 1; data.len > 0; n++) {
        size_t len = data.len < SEGMENT_MAX ? data.len : SEGMENT_MAX;
        send(h, d, TCP_ACK | TCP_PSH, bytes_first(data, len));
        data = bytes_after(data, len);
        if (data.len > 0 ? n % 2 == 0 : !answered)
            send_bare(h, other_direction(d), TCP_ACK);
    }
}

static void send_end(struct host *h, enum ending ending, enum direction closer)
{
    h->now_ns += TURN_NS;
    switch (ending) {
    case ENDED_RESET:
        send_bare(h, closer, TCP_RST | TCP_ACK);
        break;
    case ENDED_CLOSED:
        send_bare(h, closer, TCP_FIN | TCP_ACK);
        send_bare(h, other_direction(closer), TCP_FIN | TCP_ACK);
        send_bare(h, closer, TCP_ACK);
        break;
    case ENDED_TIMEOUT:
        h->c->silence_ns = TIMEOUT_NS;
        break;
    default: /* end of input: nothing more is seen */
        break;
    }
}

/* The bytes of each side in one piece, so that neighbouring segments can be merged by view. */
static void join_streams(struct conversation *c, const struct dialogue *d)
{
    size_t len[DIRECTIONS] = { 0 };
    for (size_t i = 0; i < d->turns; i++)
        len[d->turn[i].direction] += d->turn[i].data.len;
    for (int side = 0; side < DIRECTIONS; side++) {
        uint8_t *to = c->stream[side] = malloc(len[side] + 1);
        if (!to)
            abort();
        for (size_t i = 0; i < d->turns; i++) {
            if (d->turn[i].direction != (enum direction)side)
                continue;
            memcpy(to, d->turn[i].data.data, d->turn[i].data.len);
            to += d->turn[i].data.len;
        }
    }
}

void conversation_of(struct conversation *c, const struct dialogue *d)
{
    *c = (struct conversation){ .server_port = d->port };
    join_streams(c, d);
    /* The server's numbers wrap within its first words. */
    struct host h = { .c = c,
                      .next = { [FROM_CLIENT] = 1000, [FROM_SERVER] = UINT32_MAX - 50 },
                      .now_ns = FIRST_NS };
    const uint8_t *at[DIRECTIONS] = { c->stream[FROM_CLIENT], c->stream[FROM_SERVER] };
    send_bare(&h, FROM_CLIENT, TCP_SYN);
    send_bare(&h, FROM_SERVER, TCP_SYN | TCP_ACK);
    send_bare(&h, FROM_CLIENT, TCP_ACK);
    for (size_t i = 0; i < d->turns; i++) {
        const struct turn *turn = &d->turn[i];
        bool answered = i + 1 < d->turns && d->turn[i + 1].wait_s == 0 &&
                        d->turn[i + 1].direction != turn->direction;
        h.now_ns += TURN_NS + turn->wait_s * 1000000000;
        send_turn(&h, turn->direction, bytes_over(at[turn->direction], turn->data.len), answered);
        at[turn->direction] += turn->data.len;
    }
    send_end(&h, d->ending, d->closer);
}

/* --- frames -------------------------------------------------------------------------------------
 */

static void put16(uint8_t *to, size_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static void put32(uint8_t *to, uint32_t value)
{
    put16(to, value >> 16);
    put16(to + 2, value);
}

/* RFC 1071. */
static uint16_t checksum(uint64_t sum, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2)
        sum += (uint64_t)data[i] << 8 | data[i + 1];
    if (len % 2 == 1)
        sum += (uint64_t)data[len - 1] << 8;
    while (sum > UINT16_MAX)
        sum = (sum >> 16) + (sum & UINT16_MAX);
    return (uint16_t)~sum;
}

static void put_ip(uint8_t *ip, enum direction d, size_t tcp_len)
{
    static const uint8_t address[DIRECTIONS][4] = {
        [FROM_CLIENT] = { 192, 0, 2, 1 }, [FROM_SERVER] = { 192, 0, 2, 25 }
    };
    ip[0] = 0x45;
    put16(ip + 2, IP_HEADER + tcp_len);
    ip[8] = 64; /* time to live */
    ip[9] = 6;  /* TCP */
    memcpy(ip + 12, address[d], 4);
    memcpy(ip + 16, address[other_direction(d)], 4);
    put16(ip + 10, checksum(0, ip, IP_HEADER));
}

static void put_tcp(uint8_t *tcp, const struct tcp_packet *packet, uint16_t server_port)
{
    bool client = packet->direction == FROM_CLIENT;
    size_t len = TCP_HEADER + packet->data.len;
    put16(tcp, client ? 40000 : server_port);
    put16(tcp + 2, client ? server_port : 40000);
    put32(tcp + 4, packet->seq);
    put32(tcp + 8, packet->ack);
    tcp[12] = TCP_HEADER / 4 << 4;
    tcp[13] = packet->flags;
    put16(tcp + 14, 65535);
    if (packet->data.len > 0)
        memcpy(tcp + TCP_HEADER, packet->data.data, packet->data.len);
    uint64_t pseudo = 6 + len; /* and both addresses, which stand before the header */
    const uint8_t *addresses = tcp - 8;
    for (int i = 0; i < 8; i += 2)
        pseudo += (uint64_t)addresses[i] << 8 | addresses[i + 1];
    put16(tcp + 16, checksum(pseudo, tcp, len));
}

/* On the heap, in exact size: a read past the end is caught. */
static struct packet make_frame(const struct conversation *c, size_t n)
{
    const struct tcp_packet *packet = &c->packet[n];
    size_t len = HEADERS + packet->data.len;
    uint8_t *data = calloc(1, len);
    if (!data)
        abort();
    put16(data + ETHERNET_HEADER - 2, 0x0800);
    put_ip(data + ETHERNET_HEADER, packet->direction, TCP_HEADER + packet->data.len);
    put_tcp(data + ETHERNET_HEADER + IP_HEADER, packet, c->server_port);
    return (struct packet){ .time_ns = packet->time_ns,
                            .frame = n + 1,
                            .captured = (uint32_t)len,
                            .length = (uint32_t)len,
                            .data = data };
}

static struct packet copy_frame(const struct packet *frame)
{
    uint8_t *data = malloc(frame->captured);
    if (!data)
        abort();
    memcpy(data, frame->data, frame->captured);
    struct packet copy = *frame;
    copy.data = data;
    return copy;
}

/* The fragment of a frame from this byte of its IP payload on (RFC 791 section 3.2). */
static struct packet make_fragment(const struct packet *whole, size_t at, size_t size)
{
    size_t start = ETHERNET_HEADER + IP_HEADER, payload = whole->captured - start;
    bool more = at + size < payload;
    size_t n = more ? size : payload - at;
    struct packet part = *whole;
    part.captured = part.length = (uint32_t)(start + n);
    uint8_t *data = malloc(part.captured);
    if (!data)
        abort();
    memcpy(data, whole->data, start);
    memcpy(data + start, whole->data + start + at, n);
    uint8_t *ip = data + ETHERNET_HEADER;
    put16(ip + 2, IP_HEADER + n);
    put16(ip + 4, whole->frame); /* identification */
    put16(ip + 6, (more ? 0x2000U : 0U) | at / 8);
    put16(ip + 10, 0);
    put16(ip + 10, checksum(0, ip, IP_HEADER));
    part.data = data;
    return part;
}

struct frames_made {
    struct packet *frame;
    size_t count;
};

/* Some of them twice, and all in another order. */
static void mix(struct frames_made *made, size_t first, uint64_t seed)
{
    uint64_t random = random_state(seed);
    struct packet *part = made->frame + first;
    for (size_t i = 0, n = made->count - first; i < n; i++) {
        if (random_below(&random, 4) == 0)
            made->frame[made->count++] = copy_frame(&part[i]);
    }
    for (size_t left = made->count - first; left > 1; left--) {
        size_t other = random_below(&random, left);
        struct packet was = part[left - 1];
        part[left - 1] = part[other];
        part[other] = was;
    }
}

static void add_frames(struct frames_made *made, const struct conversation *c, size_t n)
{
    const struct tcp_packet *packet = &c->packet[n];
    struct packet whole = make_frame(c, n);
    size_t first = made->count;
    if (packet->piece == 0) {
        made->frame[made->count++] = whole;
        return;
    }
    for (size_t at = 0; at < TCP_HEADER + packet->data.len; at += packet->piece)
        made->frame[made->count++] = make_fragment(&whole, at, packet->piece);
    if (packet->mixed)
        mix(made, first, packet->mixed);
    free((void *)(uintptr_t)whole.data);
}

static size_t frames_of(const struct tcp_packet *packet)
{
    if (packet->piece == 0)
        return 1;
    return 2 * (1 + (TCP_HEADER + packet->data.len) / packet->piece);
}

void conversation_play(const struct conversation *c, struct recording *recording)
{
    struct frames_made made = { .count = 0 };
    size_t most = 1;
    for (size_t i = 0; i < c->count; i++)
        most += frames_of(&c->packet[i]);
    made.frame = calloc(most, sizeof *made.frame);
    if (!made.frame)
        abort();
    for (size_t i = 0; i < c->count; i++)
        add_frames(&made, c, i);
    play_packets(DLT_EN10MB, made.frame, made.count, c->silence_ns, false, recording);
    for (size_t i = 0; i < made.count; i++)
        free((void *)(uintptr_t)made.frame[i].data);
    free(made.frame);
}
