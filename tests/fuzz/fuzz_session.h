/* A session with all that it needs, for the targets that drive one: small budgets, so that refusals
 * happen, and a receiver that reads every event as JSON.
 *
 * fuzz_script() plays an input as a script of turns, gaps and visibility for both sides:
 *
 *   | options | then | op | len | bytes ... |  repeated. op: bit 0 the side, bits 1-3 what; len: of
 * the bytes that follow, or of the gap
 *
 * Whatever comes: no crash, every byte of the budgets is given back, every event is JSON, none
 * comes after the end. */
#ifndef MAILTAP_FUZZ_SESSION_H
#define MAILTAP_FUZZ_SESSION_H

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "session.h"

enum fuzz_options { FUZZ_FEW_STREAMS = 1, FUZZ_FEW_TABLES = 2, FUZZ_TRACE = 4, FUZZ_MIDSTREAM = 8 };

struct fuzz_session {
    struct session_env env;
    struct pool streams, tables;
    struct counters counters;
    struct facts own, assembly;
    struct flow_identity id;
    struct buffer json;
    bool over; /* no event may come any more */
    char *trace;
    size_t trace_len;
    struct session *session; /* NULL if the budget was too small for it */
};

static void fuzz_receive(void *arg, const struct event *event)
{
    struct fuzz_session *fuzz = arg;
    if (fuzz->over)
        abort();
    buffer_clear(&fuzz->json);
    if (!json_write(&fuzz->json, event->facts))
        abort();
}

static void fuzz_session_open(struct fuzz_session *fuzz, unsigned options)
{
    *fuzz = (struct fuzz_session){
        .id = { .address_len = 4, .ip_protocol = 6, .end = { { { 1 }, 40000 }, { { 2 }, 25 } } },
    };
    pool_init(&fuzz->streams, options & FUZZ_FEW_STREAMS ? 4096 : 1 << 20);
    pool_init(&fuzz->tables, options & FUZZ_FEW_TABLES ? 8192 : 1 << 20);
    facts_init(&fuzz->own, NULL);
    facts_init(&fuzz->assembly, NULL);
    buffer_init(&fuzz->json, 1 << 20, NULL);
    fuzz->env = (struct session_env){ .out = { fuzz_receive, fuzz },
                                      .streams = &fuzz->streams,
                                      .tables = &fuzz->tables,
                                      .counters = &fuzz->counters,
                                      .own = &fuzz->own,
                                      .assembly = &fuzz->assembly,
                                      .secrets = { 1, 2 } };
    if (options & FUZZ_TRACE)
        fuzz->env.trace = open_memstream(&fuzz->trace, &fuzz->trace_len);
    flow_identity_name(&fuzz->id);
    fuzz->session = session_new(&fuzz->env, &fuzz->id, options & FUZZ_MIDSTREAM);
}

/* Every byte of the budgets must have been given back. */
static void fuzz_session_close(struct fuzz_session *fuzz)
{
    fuzz->over = true;
    session_free(fuzz->session);
    if (fuzz->env.trace)
        fclose(fuzz->env.trace);
    free(fuzz->trace);
    facts_free(&fuzz->own);
    facts_free(&fuzz->assembly);
    buffer_free(&fuzz->json);
    if (fuzz->streams.used != 0 || fuzz->tables.used != 0)
        abort();
}

enum fuzz_op { OP_DATA, OP_DATA_2, OP_REPEAT, OP_LINE, OP_GAP, OP_HIDE, OP_SHOW, OP_PARTIAL };

/* An exact heap copy, so that a read past the end is caught. */
static inline void fuzz_deliver(struct session *session, struct moment now, enum direction d,
                                struct bytes bytes, unsigned op)
{
    size_t times = op == OP_REPEAT ? 200 : 1, len = bytes.len * times + (op == OP_LINE ? 2 : 0);
    if (len == 0)
        return;
    uint8_t *copy = malloc(len);
    if (!copy)
        abort();
    for (size_t i = 0; bytes.len > 0 && i < times; i++)
        memcpy(copy + i * bytes.len, bytes.data, bytes.len);
    if (op == OP_LINE)
        memcpy(copy + len - 2, "\r\n", 2);
    session_data(session, now, d, bytes_over(copy, len));
    free(copy);
}

static inline void fuzz_play(struct session *session, struct cursor *in, enum ending ending)
{
    struct moment now = { 1, 1 };
    while (cursor_left(in) >= 2) {
        unsigned op = cursor_u8(in), len = cursor_u8(in);
        enum direction d = op & 1 ? FROM_SERVER : FROM_CLIENT;
        now.time_ns += 1000;
        now.frame++;
        switch ((enum fuzz_op)(op >> 1 & 7)) {
        case OP_DATA:
        case OP_DATA_2:
        case OP_REPEAT:
        case OP_LINE:
            if (len > cursor_left(in))
                len = (unsigned)cursor_left(in);
            fuzz_deliver(session, now, d, cursor_take(in, len), op >> 1 & 7);
            break;
        case OP_GAP:
            session_gap(session, now, d, len * 50U + 1);
            break;
        case OP_HIDE:
            session_visible(session, now, d, CLAIM_NO);
            break;
        case OP_SHOW:
            session_visible(session, now, d, CLAIM_YES);
            break;
        case OP_PARTIAL:
            session_partial(session, COVERAGE_TRUNCATED);
            break;
        }
    }
    session_end(session, now, ending);
}

static inline void fuzz_script(struct bytes script, uint16_t port)
{
    static const enum ending endings[] = { ENDED_CLOSED, ENDED_RESET, ENDED_TIMEOUT, ENDED_INPUT };
    static struct fuzz_session fuzz;
    struct cursor in = cursor_over(script);
    unsigned options = cursor_u8(&in);
    fuzz_session_open(&fuzz, options);
    fuzz.id.end[FROM_SERVER].port = port;
    if (fuzz.session)
        fuzz_play(fuzz.session, &in, endings[options >> 4 & 3]);
    fuzz_session_close(&fuzz);
}

#endif
