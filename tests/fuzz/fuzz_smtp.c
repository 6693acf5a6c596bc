/* Fuzzes a whole session: the input is a script of turns, gaps and visibility for both sides.
 *
 *   | op | len | bytes ... |  repeated. op: bit 0 the side, bits 1-3 what; len: of the bytes that
 * follow, or of the gap
 *
 * Whatever comes: no crash, every byte of the budgets is given back, every event is JSON, none
 * comes after the end. */
#include <stdlib.h>
#include <string.h>

#include "fuzz_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum op { OP_DATA, OP_DATA_2, OP_REPEAT, OP_LINE, OP_GAP, OP_HIDE, OP_SHOW, OP_PARTIAL };

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
    static const enum ending endings[] = { ENDED_CLOSED, ENDED_RESET, ENDED_TIMEOUT, ENDED_INPUT };
    static struct fuzz_session fuzz;
    struct cursor in = cursor_over(bytes_over(data, size));
    unsigned options = cursor_u8(&in);
    fuzz_session_open(&fuzz, options);
    if (fuzz.session)
        play(fuzz.session, &in, endings[options >> 4 & 3]);
    fuzz_session_close(&fuzz);
    return 0;
}
