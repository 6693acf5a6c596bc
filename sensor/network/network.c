/* Batches through decode, defrag, flow and tcp_reassembly. */
#include "network.h"

#include <stdlib.h>

#include "defrag.h"
#include "tcp_reassembly.h"

#define BYTES_PER_DATAGRAM 4096 /* of the pool: there are so many datagrams as can have that */

struct network {
    struct flow_table *flows;
    struct defrag *defrag;
    struct counters *counters; /* of what is not one flow's: each worker sees it, one counts it */
    struct counters uncounted;
    struct ready {
        enum decode_result result;
        struct segment segment;
        struct flow_lookup lookup;
    } ready[CAPTURE_BATCH];
};

struct network *network_new(const struct flow_options *options, const struct session_env *env,
                            struct pool *fragments)
{
    struct network *network = calloc(1, sizeof *network);
    if (!network)
        return NULL;
    network->counters = options->share == 0 ? env->counters : &network->uncounted;
    network->flows = flow_table_new(options, env);
    network->defrag = defrag_new(fragments, (uint32_t)(fragments->limit / BYTES_PER_DATAGRAM) + 1,
                                 network->counters);
    if (!network->flows || !network->defrag) {
        network_free(network);
        return NULL;
    }
    return network;
}

void network_free(struct network *network)
{
    if (!network)
        return;
    flow_table_free(network->flows);
    defrag_free(network->defrag);
    free(network);
}

static void count_result(struct counters *counters, enum decode_result result)
{
    static const enum counter by_result[] = {
        [DECODE_TCP] = COUNT_TCP_SEGMENTS,          [DECODE_OTHER] = COUNT_DECODE_OTHER,
        [DECODE_FRAGMENT] = COUNT_DECODE_FRAGMENTS, [DECODE_MALFORMED] = COUNT_DECODE_MALFORMED,
        [DECODE_UNKNOWN] = COUNT_DECODE_UNKNOWN,
    };
    count(counters, by_result[result]);
}

/* Takes a fragment, whose segment is `ready`. If it completes its datagram, that stands in for it.
 */
static void defragment(struct network *network, const struct fragment *fragment, uint64_t time_ns,
                       struct ready *ready)
{
    struct whole whole;
    struct segment *segment = &ready->segment;
    if (!defrag_add(network->defrag, segment, fragment, time_ns, &whole))
        return;
    segment->ip_bytes = whole.ip_bytes;
    segment->ambiguous = whole.ambiguous;
    ready->result = decode_whole(segment, whole.protocol, whole.payload, whole.len);
    count_result(network->counters, ready->result);
}

/* Decodes up to CAPTURE_BATCH packets and starts to load their flows from memory. */
static void prepare(struct network *network, int link_type, const struct packet *packets, int count)
{
    uint64_t bytes = 0, truncated = 0;
    struct fragment fragment;
    for (int i = 0; i < count; i++) {
        const struct packet *packet = &packets[i];
        struct ready *ready = &network->ready[i];
        bytes += packet->length;
        truncated += packet->captured < packet->length;
        ready->result = decode(link_type, packet, &ready->segment, &fragment);
        count_result(network->counters, ready->result);
        if (ready->result == DECODE_FRAGMENT)
            defragment(network, &fragment, packet->time_ns, ready);
        if (ready->result == DECODE_TCP && !flow_is_ours(network->flows, &ready->segment))
            ready->result = DECODE_OTHER; /* another worker's */
        if (ready->result == DECODE_TCP)
            flow_prepare(network->flows, &ready->segment, &ready->lookup);
    }
    for (int i = 0; i < count; i++) {
        if (network->ready[i].result == DECODE_TCP)
            flow_prefetch(network->flows, &network->ready[i].lookup);
    }
    for (int step = 0; step < TCP_PREFETCH_STEPS; step++) {
        for (int i = 0; i < count; i++) {
            if (network->ready[i].result == DECODE_TCP)
                flow_prefetch_reading(network->flows, &network->ready[i].lookup, step);
        }
    }
    count_many(network->counters, COUNT_PACKETS, (uint64_t)count);
    count_many(network->counters, COUNT_BYTES, bytes);
    count_many(network->counters, COUNT_PACKETS_TRUNCATED, truncated);
}

static void process(struct network *network, const struct packet *packets, int count)
{
    for (int i = 0; i < count; i++) {
        const struct ready *ready = &network->ready[i];
        struct moment moment = { packets[i].time_ns, packets[i].frame };
        if (ready->result == DECODE_TCP)
            flow_segment(network->flows, &ready->lookup, &ready->segment, moment);
        else
            flow_advance(network->flows, moment.time_ns); /* every packet is the clock */
    }
}

void network_batch(struct network *network, int link_type, const struct packet *packets, int count)
{
    while (count > 0) {
        int some = count < CAPTURE_BATCH ? count : CAPTURE_BATCH;
        prepare(network, link_type, packets, some);
        process(network, packets, some);
        defrag_release(network->defrag);
        defrag_advance(network->defrag, packets[some - 1].time_ns);
        packets += some;
        count -= some;
    }
}

void network_advance(struct network *network, uint64_t time_ns)
{
    flow_advance(network->flows, time_ns);
    defrag_advance(network->defrag, time_ns);
}

bool network_end_some(struct network *network, uint64_t *next_uid)
{
    defrag_end(network->defrag);
    return flow_end_some(network->flows, next_uid);
}

void network_end(struct network *network)
{
    defrag_end(network->defrag);
    flow_end_all(network->flows);
}

uint64_t network_clock(const struct network *network)
{
    return flow_clock(network->flows);
}

size_t network_table_bytes(const struct network *network)
{
    return flow_table_bytes(network->flows) + defrag_table_bytes(network->defrag);
}
