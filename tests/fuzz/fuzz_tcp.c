/* Sequences of segments into the reassembly, with a session that checks the contract: nothing after
 * the end, no stretch twice, none left out without a gap, no effect before its cause, no byte other
 * than the one that was sent there.
 *
 * The bytes of the streams are a function of their place, so that the session can check them. In
 * strict conversations the two sides speak in turns of TURN bytes and every segment acknowledges
 * what its turn follows; in wild ones the input chooses all numbers. Wild segments also go through
 * the flow table, where only the contract can be checked. */
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "tcp_reassembly.h"

#define TURN        64
#define SEGMENT_MAX 300
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct session {
    bool ended;
    uint32_t expected[DIRECTIONS]; /* where the next word about this direction must begin */
    bool begun[DIRECTIONS];
    uint64_t told[DIRECTIONS];
    unsigned words;
};

static struct {
    struct session_env env;
    struct pool streams, tables;
    struct counters counters;
    struct facts own, assembly;
    struct tcp tcp; /* of the conversation that is checked */
    bool checked, strict;
    uint32_t isn[DIRECTIONS];
    unsigned read_at_most;
    int sessions;
} fuzz;

static uint8_t byte_at(enum direction d, uint32_t offset)
{
    return (uint8_t)(offset * 7 + (offset >> 8) * 13 + (offset >> 16) + (unsigned)d * 101);
}

/* What the byte at this place answers to: so many bytes of the other side. The client speaks first.
 */
static uint32_t cause_of(enum direction d, uint32_t offset)
{
    uint32_t turn = (offset - 1) / TURN;
    return d == FROM_CLIENT ? turn * TURN : (turn + 1) * TURN;
}

struct session *session_new(const struct session_env *env, struct flow_identity *id, bool midstream)
{
    (void)midstream;
    CHECK(env == &fuzz.env);
    struct session *s = calloc(1, sizeof *s);
    CHECK(s);
    id->protocol = "fuzz";
    fuzz.sessions++;
    return s;
}

void session_free(struct session *s)
{
    if (s)
        fuzz.sessions--;
    free(s);
}

/* Each word about a direction begins where the last one ended. */
static void check_place(struct session *s, enum direction d, uint64_t len)
{
    CHECK(!s->ended && session_reading(s) && len > 0);
    s->words++;
    s->told[d] += len;
    if (!fuzz.checked)
        return;
    uint32_t end = fuzz.tcp.side[d].next;
    if (s->begun[d])
        CHECK(end - (uint32_t)len == s->expected[d] ||
              end - (uint32_t)len == s->expected[d] + 1); /* a FIN between */
    s->begun[d] = true;
    s->expected[d] = end;
}

void session_data(struct session *s, struct moment now, enum direction d, struct bytes data)
{
    (void)now;
    check_place(s, d, data.len);
    const struct tcp_side *other = &fuzz.tcp.side[other_direction(d)];
    uint32_t offset = fuzz.tcp.side[d].next - (uint32_t)data.len - fuzz.isn[d];
    uint8_t sum = 0;
    for (size_t i = 0; i < data.len; i++) {
        sum ^= data.data[i];
        if (!fuzz.checked || !fuzz.strict)
            continue;
        CHECK(data.data[i] == byte_at(d, offset + (uint32_t)i));
        uint32_t cause = cause_of(d, offset + (uint32_t)i) + 1 + fuzz.isn[other_direction(d)];
        CHECK(other->hidden || (int32_t)(cause - other->next) <= 0);
    }
    volatile uint8_t sink = sum; /* every byte is read */
    (void)sink;
}

void session_gap(struct session *s, struct moment now, enum direction d, uint64_t missing)
{
    (void)now;
    CHECK(missing <= 1U << 30);
    check_place(s, d, missing);
}

void session_visible(struct session *s, struct moment now, enum direction d, enum claim visible)
{
    (void)now, (void)d, (void)visible;
    CHECK(!s->ended);
}

void session_prefetch(const struct session *s, int step)
{
    CHECK(!s->ended && step >= 0);
}

unsigned session_coverage(const struct session *s)
{
    CHECK(s->ended);
    return 0;
}

void session_relieve(struct session *s, struct moment now)
{
    (void)now;
    CHECK(!s->ended);
}

void session_partial(struct session *s, enum coverage reason)
{
    (void)reason;
    CHECK(!s->ended);
}

void session_closing(struct session *s, enum direction d)
{
    (void)d;
    CHECK(!s->ended);
}

void session_resetting(struct session *s, enum direction d)
{
    (void)d;
    CHECK(!s->ended);
}

void session_end(struct session *s, struct moment now, enum ending ending)
{
    (void)now, (void)ending;
    CHECK(!s->ended);
    s->ended = true;
}

bool session_reading(const struct session *s)
{
    return fuzz.read_at_most == 0 || s->words < fuzz.read_at_most;
}

void session_weird(struct session *s, enum weird weird, enum direction d)
{
    (void)d, (void)weird;
    CHECK(!s->ended);
    CHECK(!(fuzz.checked && fuzz.strict)); /* strict conversations never contradict themselves */
}

void session_flow_facts(const struct session *s, struct facts *facts)
{
    (void)s;
    facts_string(facts, FIELD_COVERAGE, "full");
}

static void receive(void *arg, const struct event *event)
{
    uint64_t *last = arg;
    CHECK(event->time_ns >= *last);
    *last = event->time_ns;
}

static void session_over(void *arg, struct flow_identity *id, const struct session *s)
{
    (void)arg, (void)id;
    CHECK(s->ended);
}

/* One step of the input is eight bytes: who and what, place (2), length, acknowledgment (2), time,
 * odds and ends. */
#define STEP 8

struct step {
    enum direction direction;
    unsigned kind, flow;
    uint32_t place, len, ack, ms;
    uint8_t odds;
};

static struct step step_of(const uint8_t *in)
{
    return (struct step){
        .direction = in[0] & 1 ? FROM_SERVER : FROM_CLIENT,
        .kind = in[0] >> 1 & 7,
        .flow = in[0] >> 4 & 3,
        .place = (uint32_t)in[1] | (uint32_t)in[2] << 8,
        .len = in[3],
        .ack = (uint32_t)in[4] | (uint32_t)in[5] << 8,
        .ms = in[6] < 128 ? 0 : (uint32_t)(in[6] - 128) * 10,
        .odds = in[7],
    };
}

static void segment_of(const struct step *step, bool strict, uint8_t *payload, struct segment *s)
{
    static const uint8_t flags[8] = { TCP_ACK, TCP_ACK, TCP_ACK,           TCP_SYN,
                                      TCP_ACK, TCP_ACK, TCP_FIN | TCP_ACK, TCP_RST | TCP_ACK };
    enum direction d = step->direction;
    uint32_t place = step->place & 0x7FF, len = step->len;
    *s = (struct segment){ .address_len = 4, .ip_protocol = 6, .flags = flags[step->kind] };
    if (s->flags & TCP_SYN) {
        place = 0;
        len = strict ? 0 : len % 8;
        if (d == FROM_SERVER)
            s->flags |= TCP_ACK;
    } else {
        place += 1;
    }
    s->seq = fuzz.isn[d] + place;
    s->ack = fuzz.isn[other_direction(d)] + 1 + (step->ack & 0x7FF);
    if (strict) {
        uint32_t rest_of_turn = TURN - (place - 1) % TURN;
        s->flags &= (uint8_t)~TCP_FIN;
        if (s->flags & TCP_SYN) {
            s->ack = fuzz.isn[FROM_CLIENT] + 1;
        } else {
            len = len < rest_of_turn ? len : rest_of_turn;
            s->ack = fuzz.isn[other_direction(d)] + 1 + cause_of(d, place);
        }
    } else if (step->odds & 0x80) {
        s->seq += (uint32_t)step->odds << 22;
        s->ack -= (uint32_t)step->place << 14;
    }
    for (uint32_t i = 0; i < len; i++)
        payload[i] = byte_at(d, place + i + (s->flags & TCP_SYN ? 1 : 0)) ^
                     (!strict && (step->odds & 7) == 7);
    s->payload = bytes_over(payload, len);
    if (!strict && (step->odds & 0x60) == 0x60)
        s->missing = step->odds & 0x1F;
    s->ip_bytes = 40 + len;
}

/* The payload of each segment is an exact heap copy that is gone after the call. */
static void run_conversation(const uint8_t *data, size_t size)
{
    struct holders holders[TCP_BUDGETS];
    struct tcp_env env = { &fuzz.env, holders, session_over, NULL };
    struct flow_identity id = { .address_len = 4 };
    struct moment now = { 0, 0 };
    for (int i = 0; i < TCP_BUDGETS; i++)
        holders_init(&holders[i]);
    tcp_init(&fuzz.tcp);
    for (; size >= STEP; data += STEP, size -= STEP) {
        struct step step = step_of(data);
        now.frame++;
        now.time_ns += step.ms * UINT64_C(1000000);
        while (fuzz.tcp.due_ns <= now.time_ns) {
            struct moment due = { fuzz.tcp.due_ns, now.frame };
            tcp_expire(&fuzz.tcp, due);
            CHECK(fuzz.tcp.due_ns > due.time_ns);
        }
        uint8_t *payload = malloc(SEGMENT_MAX);
        CHECK(payload);
        struct segment s;
        segment_of(&step, fuzz.strict, payload, &s);
        tcp_segment(&fuzz.tcp, &env, &id, now, step.direction, &s);
        free(payload);
        CHECK(fuzz.streams.used <= 600 * 1024);
        if (fuzz.tcp.reassembly && (step.odds & 0x3F) == 0x3F) {
            tcp_relieve(&fuzz.tcp, step.odds & 0x40 ? TCP_TABLES : TCP_STREAMS, now);
            CHECK(!fuzz.tcp.reassembly || fuzz.streams.used < 2048);
        }
        CHECK(fuzz.tcp.due_ns > now.time_ns);
        CHECK(fuzz.tcp.state == TCP_READING || !fuzz.tcp.reassembly);
    }
    tcp_end(&fuzz.tcp, now, ENDED_INPUT);
    CHECK(fuzz.tcp.state == TCP_ENDED);
}

static void run_flows(const uint8_t *data, size_t size)
{
    const struct flow_options options = { .max_flows = 3, .events = FLOW_EVENTS_ALL };
    struct flow_table *flows = flow_table_new(&options, &fuzz.env);
    CHECK(flows);
    struct moment now = { 0, 0 };
    for (; size >= STEP; data += STEP, size -= STEP) {
        struct step step = step_of(data);
        struct endpoint end[] = { { .address = { 10, 0, 0, 1 },
                                    .port = (uint16_t)(1000 + step.flow) },
                                  { .address = { 10, 0, 0, 2 }, .port = 25 } };
        uint8_t *payload = malloc(SEGMENT_MAX);
        CHECK(payload);
        struct segment s;
        segment_of(&step, false, payload, &s);
        s.source = end[step.direction];
        s.destination = end[other_direction(step.direction)];
        struct flow_lookup lookup;
        flow_prepare(flows, &s, &lookup);
        now.frame++;
        now.time_ns += step.ms * (step.odds % 16 == 15 ? UINT64_C(1000000000) : UINT64_C(1000000));
        flow_segment(flows, &lookup, &s, now);
        free(payload);
        CHECK(flow_count(flows) <= options.max_flows);
    }
    flow_end_all(flows);
    CHECK(flow_count(flows) == 0);
    flow_table_free(flows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t last_event = 0;
    if (size < 4)
        return 0;
    memset(&fuzz, 0, sizeof fuzz);
    pool_init(&fuzz.streams, data[1] & 0x80 ? 2000 : 1 << 22);
    pool_init(&fuzz.tables, 1 << 22);
    facts_init(&fuzz.own, NULL);
    facts_init(&fuzz.assembly, NULL);
    fuzz.env = (struct session_env){
        .out = { receive, &last_event },
        .streams = &fuzz.streams,
        .tables = &fuzz.tables,
        .counters = &fuzz.counters,
        .own = &fuzz.own,
        .assembly = &fuzz.assembly,
    };
    fuzz.strict = data[0] % 3 == 0;
    fuzz.checked = data[0] % 3 != 2;
    fuzz.read_at_most = data[1] & 0x40 ? data[1] & 0x0F : 0;
    fuzz.isn[FROM_CLIENT] = data[2] & 1 ? UINT32_MAX - data[2] * 4U : data[2] * 1000U;
    fuzz.isn[FROM_SERVER] = data[3] & 1 ? UINT32_MAX - data[3] * 4U : data[3] * 1000U;
    if (fuzz.checked)
        run_conversation(data + 4, size - 4);
    else
        run_flows(data + 4, size - 4);
    CHECK(fuzz.sessions == 0 && fuzz.streams.used == 0 && fuzz.tables.used == 0);
    facts_free(&fuzz.own);
    facts_free(&fuzz.assembly);
    return 0;
}
