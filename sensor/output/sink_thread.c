/* The thread that drives one sink: pops its ring, writes, flushes. */
#include "sink_thread.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ring.h"

#define RING_BYTES ((size_t)4 * 1024 * 1024)
#define FLUSH_MS   100

struct sink_thread {
    const struct sink_type *type;
    void *sink;
    struct sink_report report;
    struct ring *ring;
    struct doorbell bell;
    bool wait;
    pthread_t thread;
    atomic_bool stopping, dead;
    _Atomic uint64_t lost; /* by put(): the report's numbers are the sink thread's */

    /* Of the thread alone. */
    unsigned unflushed;
    uint64_t flush_at_ms; /* 0: nothing waits for a flush */
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* From here on nothing is written: a waiting put() gives up and later ones are refused. */
static void die(struct sink_thread *thread, int error)
{
    if (!thread->report.trouble[0])
        snprintf(thread->report.trouble, sizeof thread->report.trouble, "%s", strerror(-error));
    thread->flush_at_ms = 0;
    atomic_store(&thread->dead, true);
    ring_close(thread->ring);
}

static void flush(struct sink_thread *thread)
{
    int result = thread->type->flush(thread->sink);
    thread->unflushed = 0;
    if (result < 0)
        die(thread, result);
    else
        thread->flush_at_ms = result > 0 ? now_ms() + FLUSH_MS : 0;
}

static void write_record(struct sink_thread *thread, struct bytes record)
{
    struct rendered rendered;
    int result = atomic_load_explicit(&thread->dead, memory_order_relaxed) ? -EPIPE : 0;
    if (result == 0) {
        result = rendered_unpack(record, &rendered) ? thread->type->write(thread->sink, &rendered)
                                                    : -EBADMSG;
        if (result < 0)
            die(thread, result);
    }
    if (result < 0) {
        atomic_fetch_add(&thread->report.dropped, 1);
        return;
    }
    if (thread->unflushed++ == 0 && thread->flush_at_ms == 0)
        thread->flush_at_ms = now_ms() + FLUSH_MS;
    if (thread->unflushed >= thread->type->batch)
        flush(thread);
}

static bool something_to_do(void *arg)
{
    struct sink_thread *thread = arg;
    struct bytes record;
    return ring_peek(thread->ring, &record) || atomic_load(&thread->stopping);
}

/* The time of the oldest unflushed event counts, not that of the latest: a trickle of events must
 * not put the flush off for ever. */
static void wait_for_work(struct sink_thread *thread)
{
    uint64_t now = now_ms();
    uint64_t timeout = FLUSH_MS;
    if (thread->flush_at_ms > 0)
        timeout = thread->flush_at_ms > now ? thread->flush_at_ms - now : 0;
    if (timeout == 0)
        flush(thread);
    else
        doorbell_wait(&thread->bell, something_to_do, thread, (uint32_t)timeout);
}

static void *run(void *arg)
{
    struct sink_thread *thread = arg;
    struct bytes record;
    for (;;) {
        /* Read before the ring is found empty: what was put before the stop is then seen. */
        bool stopping = atomic_load(&thread->stopping);
        if (ring_peek(thread->ring, &record)) {
            write_record(thread, record);
            ring_release(thread->ring);
        } else if (stopping) {
            break;
        } else {
            wait_for_work(thread);
        }
    }
    if (!atomic_load(&thread->dead))
        flush(thread);
    thread->type->close(thread->sink);
    return NULL;
}

/* The thread takes no signals: they are for the main thread. */
static int start(struct sink_thread *thread)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&thread->thread, NULL, run, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -result;
}

static void thread_free(struct sink_thread *thread)
{
    ring_free(thread->ring);
    doorbell_destroy(&thread->bell);
    free(thread);
}

struct sink_thread *sink_thread_start(const struct sink_thread_options *options,
                                      struct sink_status *status)
{
    *status = (struct sink_status){ 0 };
    struct sink_thread *thread = calloc(1, sizeof *thread);
    if (!thread) {
        snprintf(status->error, sizeof status->error, "%s: out of memory", options->type->name);
        return NULL;
    }
    thread->type = options->type;
    thread->wait = options->wait;
    doorbell_init(&thread->bell);
    thread->ring = ring_new(options->ring_bytes ? options->ring_bytes : RING_BYTES, &thread->bell);
    int result = -ENOMEM;
    if (thread->ring)
        result = options->type->open(&thread->sink, options->options, &thread->report);
    if (result == 0) {
        result = start(thread);
        if (result < 0)
            thread->type->close(thread->sink);
    }
    if (result == 0)
        return thread;
    const char *trouble = thread->report.trouble;
    snprintf(status->error, sizeof status->error, "%s: %s", thread->type->name,
             trouble[0] ? trouble : strerror(-result));
    thread_free(thread);
    return NULL;
}

void sink_thread_put(struct sink_thread *thread, const struct rendered *rendered)
{
    size_t len = rendered_packed_len(rendered);
    uint8_t *room =
        thread->wait ? ring_reserve_wait(thread->ring, len) : ring_reserve(thread->ring, len);
    if (!room) {
        atomic_fetch_add_explicit(&thread->lost, 1, memory_order_relaxed);
        return;
    }
    rendered_pack(rendered, room);
    ring_commit(thread->ring);
}

void sink_thread_count(struct sink_thread *thread, struct sink_status *status)
{
    *status = (struct sink_status){
        .written = atomic_load(&thread->report.written),
        .dropped = atomic_load(&thread->report.dropped) + atomic_load(&thread->lost),
        .rejected = atomic_load(&thread->report.rejected),
    };
}

/* What was lost and why, in one line; both kinds of loss if need be. */
static void describe(const struct sink_thread *thread, struct sink_status *status)
{
    const char *trouble = thread->report.trouble;
    char *to = status->error;
    size_t size = sizeof status->error;
    int len = 0;
    if (status->dropped > 0)
        len = snprintf(to, size, "%s: %" PRIu64 " events were not delivered: %s",
                       thread->type->name, status->dropped,
                       trouble[0] ? trouble : "they came faster than they could be delivered");
    else if (trouble[0])
        len = snprintf(to, size, "%s: %s", thread->type->name, trouble);
    if (status->rejected > 0 && (size_t)len < size)
        snprintf(to + len, size - (size_t)len, "%s%s %" PRIu64 " events were rejected: %s",
                 len > 0 ? "" : thread->type->name, len > 0 ? ";" : ":", status->rejected,
                 thread->report.rejection);
}

void sink_thread_stop(struct sink_thread *thread, struct sink_status *status)
{
    *status = (struct sink_status){ 0 };
    if (!thread)
        return;
    atomic_store(&thread->stopping, true);
    doorbell_ring(&thread->bell);
    pthread_join(thread->thread, NULL);
    sink_thread_count(thread, status);
    describe(thread, status);
    thread_free(thread);
}
