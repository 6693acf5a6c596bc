/* Plays packets. */
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
