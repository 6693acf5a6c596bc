/* Plays packets and compares what comes of them. */
#include "playing.h"

#include <stdlib.h>

#include "network.h"

#define FLOWS_MAX     256
#define FRAGMENTS_MAX ((size_t)1 << 20)

void play_packets(int link_type, const struct packet *packet, size_t count, uint64_t silence_ns,
                  bool traced, struct recording *recording)
{
    static const struct flow_options options = { .max_flows = FLOWS_MAX,
                                                 .events = FLOW_EVENTS_ALL };
    struct stage stage;
    struct pool fragments;
    stage_open(&stage, traced, recording);
    pool_init(&fragments, FRAGMENTS_MAX);
    struct network *network = network_new(&options, &stage.env, &fragments);
    if (!network)
        abort();
    network_batch(network, link_type, packet, (int)count);
    network_advance(network, network_clock(network) + silence_ns);
    network_end(network);
    network_free(network);
    stage_close(&stage);
}

bool same_facts(struct bytes a, struct bytes b, bool (*may_differ)(const struct fact *))
{
    struct fact fact_a, fact_b;
    for (size_t at_a = 0, at_b = 0;;) {
        bool more_a = facts_next(a, &at_a, &fact_a), more_b = facts_next(b, &at_b, &fact_b);
        if (!more_a || !more_b)
            return more_a == more_b;
        if (fact_a.field != fact_b.field || fact_a.row != fact_b.row)
            return false;
        if (!may_differ(&fact_a) && !bytes_equal(fact_a.value, fact_b.value))
            return false;
    }
}
