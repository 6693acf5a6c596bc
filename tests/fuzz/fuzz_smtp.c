/* Fuzzes a whole session: the input is a script of turns, gaps and visibility for both sides.
 *
 *   | op | len | bytes ... |  repeated. op: bit 0 the side, bits 1-3 what; len: of the bytes that
 * follow, or of the gap
 *
 * Whatever comes: no crash, every byte of the budgets is given back, every event is JSON, none
 * comes after the end. */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum op { OP_DATA, OP_DATA_2, OP_REPEAT, OP_LINE, OP_GAP, OP_HIDE, OP_SHOW, OP_PARTIAL };

struct outcome {
    bool over;
    struct buffer json;
};

static void receive(void *arg, const struct event *event)
{
    struct outcome *outcome = arg;
    if (outcome->over)
        abort();
    buffer_clear(&outcome->json);
    if (!json_write(&outcome->json, event->facts))
        abort();
}

/* An exact heap copy, so that a read past the end is caught. */
static void deliver(struct session *session, struct moment now, enum direction d,
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

static void play(struct session *session, struct cursor *in, enum ending ending)
{
    struct moment now = { 1, 1 };
    while (cursor_left(in) >= 2) {
        unsigned op = cursor_u8(in), len = cursor_u8(in);
        enum direction d = op & 1 ? FROM_SERVER : FROM_CLIENT;
        now.time_ns += 1000;
        now.frame++;
        switch ((enum op)(op >> 1 & 7)) {
        case OP_DATA:
        case OP_DATA_2:
        case OP_REPEAT:
        case OP_LINE:
            if (len > cursor_left(in))
                len = (unsigned)cursor_left(in);
            deliver(session, now, d, cursor_take(in, len), op >> 1 & 7);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = cursor_over(bytes_over(data, size));
    unsigned options = cursor_u8(&in);
    static const enum ending endings[] = { ENDED_CLOSED, ENDED_RESET, ENDED_TIMEOUT, ENDED_INPUT };
    struct pool streams, tables;
    static struct counters counters;
    struct facts own, assembly;
    struct outcome outcome = { .over = false };
    char *trace = NULL;
    size_t trace_len = 0;
    struct flow_identity id = { .address_len = 4,
                                .ip_protocol = 6,
                                .end = { { { 1 }, 40000 }, { { 2 }, 25 } } };
    /* Small budgets, so that refusals happen. */
    pool_init(&streams, options & 1 ? 4096 : 1 << 20);
    pool_init(&tables, options & 2 ? 8192 : 1 << 20);
    facts_init(&own, NULL);
    facts_init(&assembly, NULL);
    buffer_init(&outcome.json, 1 << 20, NULL);
    struct session_env env = { .out = { receive, &outcome },
                               .streams = &streams,
                               .tables = &tables,
                               .counters = &counters,
                               .own = &own,
                               .assembly = &assembly,
                               .secrets = { 1, 2 } };
    if (options & 4)
        env.trace = open_memstream(&trace, &trace_len);
    flow_identity_name(&id);
    struct session *session = session_new(&env, &id, options & 8);
    if (session) {
        play(session, &in, endings[options >> 4 & 3]);
        outcome.over = true;
        session_free(session);
    }
    if (env.trace)
        fclose(env.trace);
    free(trace);
    facts_free(&own);
    facts_free(&assembly);
    buffer_free(&outcome.json);
    if (streams.used != 0 || tables.used != 0)
        abort();
    return 0;
}
