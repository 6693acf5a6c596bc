/* capture batch > decode > flow > tcp_reassembly > session > dissector > facts > event */
#include "worker.h"

#include <stdlib.h>
#include <string.h>

#include "collector.h"
#include "network.h"
#include "siphash.h"

#define MIB ((size_t)1 << 20)

struct worker {
    struct worker_options options;
    struct pool streams, tables, fragments;
    struct counters counters;
    struct facts own, assembly;
    struct session_env env;
    struct network *network;
    uint64_t first_ns;
    bool damaged;
    _Atomic uint64_t progress;
};

static void receive(void *arg, const struct event *event)
{
    struct worker *worker = arg;
    if (!collector_put_event(worker->options.ring, event))
        count(&worker->counters, COUNT_EVENTS_LOST);
}

static enum flow_events flow_events_of(enum config_flows flows)
{
    static const enum flow_events events[] = {
        [FLOWS_MAIL] = FLOW_EVENTS_MAIL,
        [FLOWS_ALL] = FLOW_EVENTS_ALL,
        [FLOWS_NONE] = FLOW_EVENTS_NONE,
    };
    return events[flows];
}

struct worker *worker_new(const struct worker_options *options)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return NULL;
    worker->options = *options;
    pool_init(&worker->streams, options->config->streams_mib * MIB);
    pool_init(&worker->tables, options->config->tables_mib * MIB);
    pool_init(&worker->fragments, options->config->fragments_mib * MIB);
    facts_init(&worker->own, NULL);
    facts_init(&worker->assembly, NULL);
    worker->env = (struct session_env){
        .out = { receive, worker },
        .streams = &worker->streams,
        .tables = &worker->tables,
        .counters = &worker->counters,
        .own = &worker->own,
        .assembly = &worker->assembly,
        .secrets = siphash_random_key(),
        .trace = options->trace,
    };
    if (options->trace && strcmp(options->config->trace, "all") != 0)
        worker->env.trace_protocol = bytes_of_string(options->config->trace);
    worker->network =
        network_new(&(struct flow_options){ .max_flows = (uint32_t)options->config->flows_max,
                                            .events = flow_events_of(options->config->flows) },
                    &worker->env, &worker->fragments);
    if (!worker->network) {
        free(worker);
        return NULL;
    }
    return worker;
}

void worker_free(struct worker *worker)
{
    if (!worker)
        return;
    network_free(worker->network);
    facts_free(&worker->own);
    facts_free(&worker->assembly);
    explicit_bzero(worker, sizeof *worker);
    free(worker);
}

void worker_run(struct worker *worker)
{
    struct packet batch[CAPTURE_BATCH];
    struct capture *capture = worker->options.capture;
    int n;
    while ((n = capture_batch(capture, batch)) > 0) {
        if (worker->first_ns == 0)
            worker->first_ns = batch[0].time_ns;
        network_batch(worker->network, capture_link_type(capture), batch, n);
        collector_put_watermark(worker->options.ring, network_clock(worker->network));
        atomic_store_explicit(&worker->progress, capture_offset(capture), memory_order_relaxed);
    }
    worker->damaged = n < 0;
    network_end(worker->network);
    collector_put_watermark(worker->options.ring, WATERMARK_END);
}

const struct counters *worker_counters(const struct worker *worker)
{
    return &worker->counters;
}

uint64_t worker_progress(const struct worker *worker)
{
    return atomic_load_explicit(&worker->progress, memory_order_relaxed);
}

const char *worker_fault(const struct worker *worker)
{
    return worker->damaged ? capture_error(worker->options.capture) : NULL;
}

uint64_t worker_first_ns(const struct worker *worker)
{
    return worker->first_ns;
}

uint64_t worker_last_ns(const struct worker *worker)
{
    return worker->first_ns ? network_clock(worker->network) : 0;
}

size_t worker_bytes(const struct worker *worker)
{
    return worker->streams.limit + worker->tables.limit + worker->fragments.limit +
           network_table_bytes(worker->network);
}
