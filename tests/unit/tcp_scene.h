/* A stage for tests of the network floor: segments of one connection go in, and a fake session
 * writes down what it is told, one line for each word. Consecutive bytes of a side are one line,
 * however they were cut. */
#ifndef MAILTAP_TCP_SCENE_H
#define MAILTAP_TCP_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow.h"
#include "tcp_reassembly.h"

#define SCENE_LOG (256 * 1024)

struct session {
    struct flow_identity *id;
    size_t bytes;
    uint8_t coverage;
    bool ended;
};

static struct scene {
    struct flow_table *flows;
    struct session_env env;
    struct pool streams, tables;
    struct counters counters;
    struct facts own, assembly;
    uint64_t frame, ms;
    uint32_t isn[DIRECTIONS];
    uint16_t port[DIRECTIONS];
    size_t read_at_most; /* then the session has read enough; 0: never */
    bool refuse_sessions, log_packets_of_flow;
    bool closed_by[DIRECTIONS], reset_by[DIRECTIONS]; /* as the latest session was told */
    int sessions;
    char log[SCENE_LOG];
    size_t log_len;
    int last_direction; /* of the open data line, -1: none */
} scene;

static const char *const scene_sides[] = { "client", "server" };

static void scene_write(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void scene_write(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(scene.log + scene.log_len, SCENE_LOG - scene.log_len, format, args);
    va_end(args);
    assert_true(n >= 0 && (size_t)n < SCENE_LOG - scene.log_len);
    scene.log_len += (size_t)n;
}

static void scene_close_line(void)
{
    if (scene.last_direction >= 0)
        scene_write("\"\n");
    scene.last_direction = -1;
}

static void scene_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void scene_say(const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    scene_close_line();
    scene_write("%s\n", line);
}

/* --- the fake session ---------------------------------------------------------------------------
 */

struct session *session_new(const struct session_env *env, struct flow_identity *id, bool midstream)
{
    assert_ptr_equal(env, &scene.env);
    if (scene.refuse_sessions)
        return NULL;
    struct session *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->id = id;
    s->coverage = midstream ? COVERAGE_MIDSTREAM : 0;
    id->protocol = "fake";
    scene.sessions++;
    scene_say(midstream ? "open midstream" : "open");
    return s;
}

void session_free(struct session *s)
{
    if (!s)
        return;
    scene.sessions--;
    free(s);
}

void session_prefetch(const struct session *s, int step)
{
    (void)s, (void)step;
}

void session_data(struct session *s, struct moment now, enum direction d, struct bytes data)
{
    assert_false(s->ended);
    assert_true(session_reading(s));
    assert_true(data.len > 0 && now.frame > 0);
    if (scene.last_direction != (int)d) {
        scene_close_line();
        scene_write("%s \"", scene_sides[d]);
        scene.last_direction = (int)d;
    }
    scene_write("%.*s", (int)data.len, (const char *)data.data);
    s->bytes += data.len;
}

void session_gap(struct session *s, struct moment now, enum direction d, uint64_t missing)
{
    assert_false(s->ended);
    assert_true(missing > 0);
    s->coverage |= COVERAGE_GAP;
    scene_say("gap %s %llu at %llu", scene_sides[d], (unsigned long long)missing,
              (unsigned long long)(now.time_ns / 1000000));
}

void session_visible(struct session *s, struct moment now, enum direction d, enum claim claim)
{
    (void)now;
    assert_false(s->ended);
    if (claim == CLAIM_NO) {
        s->coverage |= COVERAGE_ONE_SIDED;
        scene_say("hidden %s", scene_sides[d]);
    }
}

void session_relieve(struct session *s, struct moment now)
{
    (void)now;
    assert_false(s->ended);
    scene_say("relieve");
}

void session_partial(struct session *s, enum coverage reason)
{
    s->coverage |= (uint8_t)reason;
    scene_say("partial %d", (int)reason);
}

void session_closing(struct session *s, enum direction d)
{
    assert_false(s->ended);
    scene.closed_by[d] = true;
}

void session_resetting(struct session *s, enum direction d)
{
    assert_false(s->ended);
    scene.reset_by[d] = true;
}

void session_end(struct session *s, struct moment now, enum ending ending)
{
    static const char *const names[] = { "closed", "reset", "timeout", "evicted", "input" };
    (void)now;
    assert_false(s->ended);
    s->ended = true;
    scene_say("end %s", names[ending]);
}

bool session_reading(const struct session *s)
{
    return scene.read_at_most == 0 || s->bytes < scene.read_at_most;
}

void session_weird(struct session *s, enum weird weird, enum direction d)
{
    assert_false(s->ended);
    scene_say("weird %s %s", schema_weird(weird), scene_sides[d]);
}

unsigned session_coverage(const struct session *s)
{
    return s->coverage;
}

void session_flow_facts(const struct session *s, struct facts *facts)
{
    facts_string(facts, FIELD_COVERAGE, s->coverage ? "partial" : "full");
}

/* --- the stage ----------------------------------------------------------------------------------
 */

static uint64_t scene_fact(const struct event *event, enum field field)
{
    struct fact fact;
    return facts_find(event->facts, field, &fact) ? fact_number(&fact) : 0;
}

static void scene_receive(void *arg, const struct event *event)
{
    struct fact reason, coverage;
    (void)arg;
    assert_int_equal(event->kind, EVENT_FLOW);
    assert_true(facts_find(event->facts, FIELD_FLOW_REASON, &reason));
    assert_true(facts_find(event->facts, FIELD_COVERAGE, &coverage));
    scene_say("flow %.*s %.*s %llu/%llu at %llu", (int)reason.value.len,
              (const char *)reason.value.data, (int)coverage.value.len,
              (const char *)coverage.value.data,
              (unsigned long long)scene_fact(event, FIELD_SOURCE_PACKETS),
              (unsigned long long)scene_fact(event, FIELD_DESTINATION_PACKETS),
              (unsigned long long)(event->time_ns / 1000000));
}

static void scene_open(enum flow_events events, uint32_t max_flows)
{
    scene = (struct scene){ .isn = { 1000, 5000 }, .port = { 40000, 25 }, .last_direction = -1 };
    pool_init(&scene.streams, 1 << 24);
    pool_init(&scene.tables, 1 << 24);
    scene.env = (struct session_env){
        .out = { scene_receive, NULL },
        .streams = &scene.streams,
        .tables = &scene.tables,
        .counters = &scene.counters,
        .own = &scene.own,
        .assembly = &scene.assembly,
    };
    facts_init(&scene.own, NULL);
    facts_init(&scene.assembly, NULL);
    scene.flows = flow_table_new(&(struct flow_options){ .max_flows = max_flows, .events = events },
                                 &scene.env);
    assert_non_null(scene.flows);
}

static void scene_close(void)
{
    flow_table_free(scene.flows);
    facts_free(&scene.own);
    facts_free(&scene.assembly);
    assert_int_equal(scene.sessions, 0);
    assert_int_equal(scene.streams.used, 0);
    assert_int_equal(scene.tables.used, 0);
}

/* A segment of the connection at scene.ms. Offset 0 is the SYN, the first byte of data has
 * offset 1. */
static void scene_segment(enum direction d, int flags, uint32_t offset, uint32_t ack_offset,
                          struct bytes payload, uint32_t missing)
{
    enum direction other = other_direction(d);
    struct endpoint end[DIRECTIONS] = {
        [FROM_CLIENT] = { .address = { 10, 0, 0, 1 }, .port = scene.port[FROM_CLIENT] },
        [FROM_SERVER] = { .address = { 192, 0, 2, 25 }, .port = scene.port[FROM_SERVER] },
    };
    /* An exact copy on the heap, gone after the call: reads beyond it and views that are kept are
     * found out. */
    uint8_t *copy = malloc(payload.len ? payload.len : 1);
    assert_non_null(copy);
    if (payload.len > 0)
        memcpy(copy, payload.data, payload.len);
    struct segment s = {
        .source = end[d],
        .destination = end[other],
        .address_len = 4,
        .ip_protocol = 6,
        .ip_bytes = 40 + (uint32_t)payload.len + missing,
        .flags = (uint8_t)flags,
        .seq = scene.isn[d] + offset,
        .ack = flags & TCP_ACK ? scene.isn[other] + ack_offset : 0,
        .payload = bytes_over(copy, payload.len),
        .missing = missing,
    };
    struct flow_lookup lookup;
    flow_prepare(scene.flows, &s, &lookup);
    flow_segment(scene.flows, &lookup, &s, (struct moment){ scene.ms * 1000000, ++scene.frame });
    free(copy);
}

static void client(uint32_t offset, uint32_t ack, const char *text)
{
    scene_segment(FROM_CLIENT, TCP_ACK, offset, ack, bytes_of_string(text), 0);
}

static void server(uint32_t offset, uint32_t ack, const char *text)
{
    scene_segment(FROM_SERVER, TCP_ACK, offset, ack, bytes_of_string(text), 0);
}

static inline void flags_of(enum direction d, int flags, uint32_t offset, uint32_t ack)
{
    scene_segment(d, flags, offset, ack, BYTES_NONE, 0);
}

static inline void handshake(void)
{
    flags_of(FROM_CLIENT, TCP_SYN, 0, 0);
    flags_of(FROM_SERVER, TCP_SYN | TCP_ACK, 0, 1);
    client(1, 1, "");
}

/* What was written since the last time. */
static void expect(const char *log)
{
    scene_close_line();
    scene.log[scene.log_len] = '\0';
    assert_string_equal(scene.log, log);
    scene.log_len = 0;
}

static inline void wait_until(uint64_t ms)
{
    flow_advance(scene.flows, ms * 1000000);
    scene.ms = ms;
}

static inline uint64_t counted(enum counter counter)
{
    return counter_read(&scene.counters, counter);
}

#endif
