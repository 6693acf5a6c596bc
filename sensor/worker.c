/* capture batch > decode > flow > tcp_reassembly > session > dissector > facts > event */
#include "worker.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "health.h"
#include "log.h"
#include "network.h"
#include "records.h"
#include "siphash.h"

#define MIB              ((size_t)1 << 20)
#define PROGRESS_BATCHES 32
#define LOOK_NS          UINT64_C(1000000000)
/* So long after its time stamp a packet may still be on its way through the kernel. */
#define SILENCE_NS       UINT64_C(500000000)

struct worker {
    struct worker_options options;
    struct pool streams, tables, fragments;
    struct counters counters;
    struct facts own, assembly;
    struct session_env env;
    struct network *network;
    struct record_writer records;
    struct capture_losses losses; /* so far as they were counted */
    struct health health;
    uint64_t first_ns, looked_ns, batches;
    bool damaged;
    _Atomic uint64_t progress;
};

static void receive(void *arg, const struct event *event)
{
    struct worker *worker = arg;
    if (!records_put_event(&worker->records, event))
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
    worker->records = (struct record_writer){ .ring = options->ring, .wait = !options->live };
    unsigned share = options->count; /* of what the configuration allows to all */
    pool_init(&worker->streams, options->config->streams_mib * MIB / share);
    pool_init(&worker->tables, options->config->tables_mib * MIB / share);
    pool_init(&worker->fragments, options->config->fragments_mib * MIB / share);
    facts_init(&worker->own, NULL);
    facts_init(&worker->assembly, NULL);
    worker->env = (struct session_env){
        .out = { receive, worker },
        .streams = &worker->streams,
        .tables = &worker->tables,
        .counters = &worker->counters,
        .own = &worker->own,
        .assembly = &worker->assembly,
        .secrets = options->secrets,
        .trace = options->trace,
    };
    if (options->trace && strcmp(options->config->trace, "all") != 0)
        worker->env.trace_protocol = bytes_of_string(options->config->trace);
    worker->network = network_new(
        &(struct flow_options){
            .max_flows = ((uint32_t)options->config->flows_max + share - 1) / share,
            .share = options->index,
            .shares = options->count,
            .events = flow_events_of(options->config->flows),
            .enforce_checksums = options->config->checksums == CHECKSUMS_ENFORCE },
        &worker->env, &worker->fragments);
    if (!worker->network || !facts_reserve(&worker->own, FACTS_MAX_BYTES) ||
        !facts_reserve(&worker->assembly, FACTS_MAX_BYTES)) {
        worker_free(worker);
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

/* What the kernel and the interface dropped, as counters that only grow. */
static void count_losses(struct worker *worker)
{
    struct capture_losses now;
    capture_losses(worker->options.capture, &now);
    count_many(&worker->counters, COUNT_DROPPED_KERNEL, now.kernel - worker->losses.kernel);
    count_many(&worker->counters, COUNT_DROPPED_INTERFACE,
               now.interface - worker->losses.interface);
    worker->losses = now;
}

static uint64_t wall_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Once a second at most, whether packets come or not. */
static void look_around(struct worker *worker, uint64_t now_ns)
{
    if (now_ns - worker->looked_ns < LOOK_NS)
        return;
    worker->looked_ns = now_ns;
    count_losses(worker);
    const char *notice = capture_notice(worker->options.capture);
    if (notice)
        log_warn("%s", notice);
}

/* What was counted in the minute that ends then. */
static void tell_health(struct worker *worker, uint64_t time_ns)
{
    struct facts *facts = &worker->own;
    health_numbers(&worker->health, &worker->counters, facts);
    struct event event = { .kind = EVENT_STATS,
                           .number = worker->options.index,
                           .flow_uid = UINT64_MAX, /* behind all else of that moment */
                           .time_ns = time_ns,
                           .facts = buffer_view(&facts->records) };
    if (records_put_event(&worker->records, &event))
        health_told(&worker->health, &worker->counters);
    facts_clear(facts); /* the sessions' own facts go into the same record */
}

static void packets(struct worker *worker, const struct packet *batch, int n)
{
    struct capture *capture = worker->options.capture;
    if (worker->first_ns == 0)
        worker->first_ns = batch[0].time_ns;
    network_batch(worker->network, capture_link_type(capture), batch, n);
    if (worker->batches++ % PROGRESS_BATCHES == 0) /* to ask costs a system call */
        atomic_store_explicit(&worker->progress, capture_offset(capture), memory_order_relaxed);
}

/* Nothing comes, but time goes on: what is due must not wait for the next packet. */
static void silence(struct worker *worker)
{
    if (worker->first_ns > 0)
        network_advance(worker->network, wall_clock_ns() - SILENCE_NS);
}

/* All at one moment, in the order of their names: the collector need not hold them all to sort
 * them.
 */
static void end_flows(struct worker *worker)
{
    uint64_t next_uid;
    while (network_end_some(worker->network, &next_uid))
        records_put_watermark(&worker->records, network_clock(worker->network), next_uid);
}

void worker_run(struct worker *worker)
{
    struct packet batch[CAPTURE_BATCH];
    int n;
    while ((n = capture_batch(worker->options.capture, batch)) != CAPTURE_OVER &&
           n != CAPTURE_DAMAGED) {
        if (n == CAPTURE_IDLE)
            silence(worker);
        else
            packets(worker, batch, n);
        uint64_t now_ns = network_clock(worker->network), minute_ns;
        if (worker->first_ns > 0 && health_due(&worker->health, now_ns, &minute_ns))
            tell_health(worker, minute_ns);
        records_put_watermark(&worker->records, now_ns, 0);
        if (worker->options.live)
            look_around(worker, wall_clock_ns());
    }
    worker->damaged = n == CAPTURE_DAMAGED;
    count_losses(worker);
    end_flows(worker);
    tell_health(worker, network_clock(worker->network));
    records_put_watermark(&worker->records, WATERMARK_END, 0);
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
