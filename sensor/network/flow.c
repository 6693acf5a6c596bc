/* The flow table. */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

#include "deadlines.h"
#include "lru.h"
#include "tcp_reassembly.h"

#define LAZY_NS      UINT64_C(1000000000)
#define ENDING_STEP  64
#define STARTLESS_NS (UINT64_C(3600) * 1000000000)

/* What a packet touches stands first, what only the birth and the end of a flow need stands last.
 */
struct flow {
    struct deadline deadline;
    uint64_t last_ns, last_frame;
    uint64_t packets[DIRECTIONS], bytes[DIRECTIONS];
    uint64_t idle_due_ns;
    bool client_is_low, opened, ended;
    struct tcp tcp;
    struct flow_identity identity;
    struct facts coverage; /* what the session said of itself when it went */
};

struct flow_table {
    struct lru *flows;
    struct deadlines deadlines;
    struct flow_options options;
    const struct session_env *env;
    struct tcp_env tcp_env;
    struct holders holders[TCP_BUDGETS];
    uint64_t clock_ns, first_ns; /* the clock; the first packet */
    struct flow **ending;        /* at the end of the input: in the order in which they go */
    uint32_t ending_at, ending_count;
};

static struct flow *flow_of_deadline(struct deadline *deadline)
{
    return (struct flow *)(void *)((char *)deadline - offsetof(struct flow, deadline));
}

static struct flow *flow_of_identity(struct flow_identity *identity)
{
    return (struct flow *)(void *)((char *)identity - offsetof(struct flow, identity));
}

static struct moment moment_of(const struct flow_table *table, const struct flow *flow)
{
    return (struct moment){ table->clock_ns, flow->last_frame };
}

/* --- the flow event -----------------------------------------------------------------------------
 */

/* Ports that are mail's own, in clear or not. Also a hint for who is the server. */
static bool is_mail_port(uint16_t port)
{
    static const uint16_t ports[] = { 25, 465, 587, 2525, 110, 995, 143, 993, 4190 };
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        if (ports[i] == port)
            return true;
    }
    return false;
}

static bool is_mail(const struct flow_identity *id)
{
    return id->protocol &&
           (id->tls_mode != TLS_MODE_IMPLICIT || is_mail_port(id->end[FROM_SERVER].port));
}

static bool wants_event(const struct flow_table *table, const struct flow_identity *id)
{
    switch (table->options.events) {
    case FLOW_EVENTS_NONE:
        return false;
    case FLOW_EVENTS_MAIL:
        return is_mail(id);
    case FLOW_EVENTS_ALL:
        return true;
    }
    return false;
}

/* How well mail is seen. What was there when the capture began has no start to be seen; it may be
 * silent for half an hour (RFC 2177), so it has an hour to show. */
static void count_coverage(const struct flow_table *table, const struct flow_identity *id,
                           unsigned coverage)
{
    static const struct {
        unsigned bit;
        enum counter counter;
    } rows[] = {
        { COVERAGE_ONE_SIDED, COUNT_MAIL_ONE_SIDED },
        { COVERAGE_MIDSTREAM, COUNT_MAIL_MIDSTREAM },
        { COVERAGE_GAP, COUNT_MAIL_GAP },
        { COVERAGE_DESYNC, COUNT_MAIL_DESYNC },
    };
    if (id->first_ns - table->first_ns < STARTLESS_NS)
        coverage &= ~(unsigned)COVERAGE_MIDSTREAM;
    count(table->env->counters, COUNT_MAIL_FLOWS);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (coverage & rows[i].bit)
            count(table->env->counters, rows[i].counter);
    }
}

static void session_over(void *arg, struct flow_identity *id, const struct session *session)
{
    if (is_mail(id))
        count_coverage(arg, id, session_coverage(session));
    if (wants_event(arg, id))
        session_flow_facts(session, &flow_of_identity(id)->coverage);
}

/* A flow of which nothing was read says itself whether its start was seen. */
static void add_coverage(const struct flow *flow, struct facts *facts)
{
    if (flow->coverage.records.len > 0) {
        facts_join(facts, buffer_view(&flow->coverage.records));
    } else if (flow->tcp.side[FROM_CLIENT].syn || flow->tcp.side[FROM_SERVER].syn) {
        facts_string(facts, FIELD_COVERAGE, "full");
    } else {
        facts_string(facts, FIELD_COVERAGE, "partial");
        facts_string(facts, FIELD_COVERAGE_REASON, "midstream");
    }
}

static void emit_flow(struct flow_table *table, struct flow *flow, const char *reason)
{
    static const char *const tls_modes[] = {
        [TLS_MODE_NONE] = "none", [TLS_MODE_STARTTLS] = "starttls", [TLS_MODE_IMPLICIT] = "implicit"
    };
    struct flow_identity *id = &flow->identity;
    const uint64_t *packets = flow->packets, *bytes = flow->bytes;
    struct facts *facts = table->env->own;
    facts_clear(facts);
    facts_number(facts, FIELD_EVENT_START, id->first_ns);
    facts_number(facts, FIELD_EVENT_END, flow->last_ns);
    facts_number(facts, FIELD_EVENT_DURATION, flow->last_ns - id->first_ns);
    facts_number(facts, FIELD_SOURCE_BYTES, bytes[FROM_CLIENT]);
    facts_number(facts, FIELD_SOURCE_PACKETS, packets[FROM_CLIENT]);
    facts_number(facts, FIELD_DESTINATION_BYTES, bytes[FROM_SERVER]);
    facts_number(facts, FIELD_DESTINATION_PACKETS, packets[FROM_SERVER]);
    facts_number(facts, FIELD_NETWORK_BYTES, bytes[FROM_CLIENT] + bytes[FROM_SERVER]);
    facts_number(facts, FIELD_NETWORK_PACKETS, packets[FROM_CLIENT] + packets[FROM_SERVER]);
    facts_string(facts, FIELD_FLOW_REASON, reason);
    facts_string(facts, FIELD_FLOW_TLS_MODE, tls_modes[id->tls_mode]);
    if (flow->tcp.gap_bytes > 0)
        facts_number(facts, FIELD_FLOW_GAP_BYTES, flow->tcp.gap_bytes);
    add_coverage(flow, facts);
    count(table->env->counters, COUNT_EVENTS);
    struct bytes own = buffer_view(&facts->records);
    flow_emit(id, &table->env->out, EVENT_FLOW, moment_of(table, flow), &own, 1,
              table->env->assembly);
    facts_clear(facts);
}

/* --- birth and death ----------------------------------------------------------------------------
 */

enum end_reason { END_OF_TCP, END_TIMEOUT, END_EVICTED, END_PORT_REUSED, END_OF_INPUT };

/* Why a flow goes that TCP did not end, in the words of the session and in those of the event. */
static const struct {
    enum ending ending;
    const char *name;
} end_reasons[] = {
    [END_TIMEOUT] = { ENDED_TIMEOUT, "timeout" },
    [END_EVICTED] = { ENDED_EVICTED, "evicted" },
    [END_PORT_REUSED] = { ENDED_TIMEOUT, "port_reused" }, /* its own end was not seen */
    [END_OF_INPUT] = { ENDED_INPUT, "end_of_input" },
};

static void forget(struct flow_table *table, struct flow *flow)
{
    deadline_cancel(&table->deadlines, &flow->deadline);
    tcp_free(&flow->tcp);
    facts_free(&flow->coverage);
}

/* The last words of a flow; the caller takes it out of the table. */
static void finish(struct flow_table *table, struct flow *flow, enum end_reason why)
{
    const char *name = end_reasons[why].name;
    if (flow->tcp.state == TCP_ENDED)
        name = flow->tcp.ending == ENDED_RESET ? "reset" : "closed";
    else
        tcp_end(&flow->tcp, moment_of(table, flow), end_reasons[why].ending);
    if (wants_event(table, &flow->identity))
        emit_flow(table, flow, name);
    forget(table, flow);
}

static void remove_flow(struct flow_table *table, struct flow *flow, enum end_reason why)
{
    finish(table, flow, why);
    lru_remove(table->flows, flow);
}

static void evicted(void *arg, const void *key, void *value)
{
    struct flow_table *table = arg;
    (void)key;
    count(table->env->counters, COUNT_FLOWS_EVICTED);
    finish(table, value, END_EVICTED);
}

struct flow_table *flow_table_new(const struct flow_options *options, const struct session_env *env)
{
    struct flow_table *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    const struct lru_options lru = {
        .key_size = sizeof(struct flow_key),
        .value_size = sizeof(struct flow),
        .max_entries = options->max_flows,
        .lazy_ns = LAZY_NS,
        .evicted = evicted,
        .arg = table,
    };
    table->options = *options;
    table->env = env;
    for (int i = 0; i < TCP_BUDGETS; i++)
        holders_init(&table->holders[i]);
    table->tcp_env = (struct tcp_env){ env, table->holders, session_over, table };
    table->flows = lru_new(&lru);
    if (!table->flows || !deadlines_init(&table->deadlines, options->max_flows)) {
        flow_table_free(table);
        return NULL;
    }
    return table;
}

void flow_table_free(struct flow_table *table)
{
    if (!table)
        return;
    struct flow *flow;
    while (table->flows && (flow = lru_oldest(table->flows)) != NULL) {
        forget(table, flow);
        lru_remove(table->flows, flow);
    }
    lru_free(table->flows);
    free(table->ending);
    deadlines_free(&table->deadlines);
    free(table);
}

/* --- looking up ---------------------------------------------------------------------------------
 */

static bool source_is_low(const struct segment *s)
{
    int order = memcmp(s->source.address, s->destination.address, sizeof s->source.address);
    return order < 0 || (order == 0 && s->source.port <= s->destination.port);
}

_Static_assert(sizeof(struct flow_key) == 40, "the key is hashed as bytes: no padding");

void flow_prepare(const struct flow_table *table, const struct segment *s,
                  struct flow_lookup *lookup)
{
    lookup->from_low = source_is_low(s);
    /* Member by member: a compound literal would be zeroed first, which shows at this rate. */
    struct flow_key *key = &lookup->key;
    key->low = lookup->from_low ? s->source : s->destination;
    key->high = lookup->from_low ? s->destination : s->source;
    key->vlan = table->options.ignore_vlan ? 0 : s->vlan;
    key->address_len = s->address_len;
    key->zero = 0;
    lookup->hash = lru_hash(table->flows, &lookup->key);
    lru_prefetch_bucket(table->flows, lookup->hash);
}

/* The same for both directions and on each run; not keyed, for whoever fills one share only makes
 * one worker busy. */
static uint32_t share_hash(const struct segment *s)
{
    uint32_t hash = (uint32_t)s->source.port + s->destination.port;
    for (size_t i = 0; i < sizeof s->source.address; i += 4) {
        uint32_t a, b;
        memcpy(&a, s->source.address + i, 4);
        memcpy(&b, s->destination.address + i, 4);
        hash = (hash ^ (a + b)) * UINT32_C(2654435761);
    }
    return hash ^ hash >> 15;
}

bool flow_is_ours(const struct flow_table *table, const struct segment *s)
{
    const struct flow_options *options = &table->options;
    return options->shares < 2 || share_hash(s) % options->shares == options->share;
}

void flow_prefetch(const struct flow_table *table, const struct flow_lookup *lookup)
{
    lru_prefetch(table->flows, lookup->hash);
}

void flow_prefetch_reading(const struct flow_table *table, struct flow_lookup *lookup, int step)
{
    if (step == 0) {
        const struct flow *flow = lru_likely(table->flows, lookup->hash);
        lookup->reading = flow && flow->tcp.reassembly ? &flow->tcp : NULL;
    }
    if (lookup->reading)
        tcp_prefetch(lookup->reading, step);
}

/* Who opened the connection, told by the first packet that was seen of it. */
static bool source_is_client(const struct segment *s)
{
    if (s->flags & TCP_SYN)
        return !(s->flags & TCP_ACK);
    uint16_t from = s->source.port, to = s->destination.port;
    bool mail_from = is_mail_port(from), mail_to = is_mail_port(to);
    if (mail_from != mail_to)
        return mail_to;
    bool low_from = from < 1024, low_to = to < 1024;
    if (low_from != low_to)
        return low_to;
    return from >= to; /* ports for clients are handed out from the upper half */
}

static struct flow *add_flow(struct flow_table *table, const struct flow_lookup *lookup,
                             const struct segment *s)
{
    struct flow *flow = lru_add(table->flows, lookup->hash, &lookup->key, table->clock_ns);
    bool client = source_is_client(s);
    flow->client_is_low = client == lookup->from_low;
    flow->identity = (struct flow_identity){
        .end = { [FROM_CLIENT] = client ? s->source : s->destination,
                 [FROM_SERVER] = client ? s->destination : s->source },
        .address_len = s->address_len,
        .ip_protocol = s->ip_protocol,
        .vlan = s->vlan,
        .first_ns = table->clock_ns,
    };
    flow_identity_name(&flow->identity);
    tcp_init(&flow->tcp);
    facts_init(&flow->coverage, table->env->tables);
    count(table->env->counters, COUNT_FLOWS);
    return flow;
}

/* Whether a SYN opens another connection between the same ports. One that is sent again, or was
 * overtaken by what follows it, does not. */
static bool opens_another(const struct flow *flow, enum direction d, const struct segment *s)
{
    const struct tcp_side *side = &flow->tcp.side[d];
    if (!(s->flags & TCP_SYN) || (s->flags & TCP_RST))
        return false;
    if (flow->tcp.state == TCP_ENDED)
        return !side->seen || s->seq != side->first;
    if (s->flags & TCP_ACK)
        return false;
    if (!side->seen)
        return d == FROM_SERVER; /* a server does not open; the client's own SYN may come late */
    if (!side->syn && side->first - s->seq <= 65536 &&
        flow->last_ns - flow->identity.first_ns < TCP_HOLE_NS)
        return false;
    return s->seq != side->first;
}

/* --- time ---------------------------------------------------------------------------------------
 */

static void schedule(struct flow_table *table, struct flow *flow)
{
    uint64_t due = flow->tcp.due_ns < flow->idle_due_ns ? flow->tcp.due_ns : flow->idle_due_ns;
    deadline_set(&table->deadlines, &flow->deadline, due);
}

/* How long the flow may now be silent. */
static void put_off_idle(struct flow_table *table, struct flow *flow)
{
    if (flow->ended)
        return;
    flow->ended = flow->tcp.state == TCP_ENDED;
    flow->idle_due_ns = table->clock_ns + (flow->ended    ? FLOW_ENDED_NS
                                           : flow->opened ? FLOW_ESTABLISHED_NS
                                                          : FLOW_OPENING_NS);
}

static void on_deadline(struct flow_table *table, struct flow *flow)
{
    if (flow->tcp.due_ns <= table->clock_ns) {
        tcp_expire(&flow->tcp, moment_of(table, flow));
        if (flow->tcp.state == TCP_ENDED)
            put_off_idle(table, flow);
    }
    if (flow->idle_due_ns <= table->clock_ns)
        remove_flow(table, flow, flow->ended ? END_OF_TCP : END_TIMEOUT);
    else
        schedule(table, flow);
}

void flow_advance(struct flow_table *table, uint64_t time_ns)
{
    if (time_ns <= table->clock_ns)
        return;
    struct deadline *due;
    while ((due = deadlines_next(&table->deadlines, time_ns)) != NULL) {
        if (due->due_ns > table->clock_ns)
            table->clock_ns = due->due_ns;
        on_deadline(table, flow_of_deadline(due));
    }
    table->clock_ns = time_ns;
}

/* Whoever holds most gives way, so that one connection cannot take the memory of all others. */
static void relieve(struct flow_table *table)
{
    enum tcp_budget which;
    struct tcp *tcp;
    while ((tcp = tcp_largest(&table->tcp_env, &which)) != NULL) {
        struct flow *flow = (struct flow *)(void *)((char *)tcp - offsetof(struct flow, tcp));
        tcp_relieve(tcp, which, moment_of(table, flow));
        if (tcp->state == TCP_ENDED)
            put_off_idle(table, flow);
        schedule(table, flow);
    }
}

/* --- packets ------------------------------------------------------------------------------------
 */

void flow_segment(struct flow_table *table, const struct flow_lookup *lookup,
                  const struct segment *s, struct moment moment)
{
    flow_advance(table, moment.time_ns);
    moment.time_ns = table->clock_ns;
    if (table->first_ns == 0)
        table->first_ns = table->clock_ns;

    struct flow *flow = lru_find(table->flows, lookup->hash, &lookup->key, table->clock_ns);
    enum direction d = FROM_CLIENT;
    if (flow) {
        d = flow->client_is_low == lookup->from_low ? FROM_CLIENT : FROM_SERVER;
        if (opens_another(flow, d, s)) {
            remove_flow(table, flow, END_PORT_REUSED);
            flow = NULL;
        }
    }
    if (!flow) {
        flow = add_flow(table, lookup, s);
        d = flow->client_is_low == lookup->from_low ? FROM_CLIENT : FROM_SERVER;
    }
    flow->packets[d]++;
    flow->bytes[d] += s->ip_bytes;
    flow->last_ns = moment.time_ns;
    flow->last_frame = moment.frame;
    flow->opened |= !(s->flags & (TCP_SYN | TCP_RST));
    /* Only where bytes are read does a wrong one matter, and only there is the sum worth its time.
     */
    bool reads = flow->tcp.state == TCP_READING && s->payload.len > 0;
    if ((reads || table->options.enforce_checksums) && !segment_checksum_fits(s)) {
        count(table->env->counters, COUNT_DECODE_BAD_CHECKSUM);
        if (table->options.enforce_checksums)
            return;
    }
    tcp_segment(&flow->tcp, &table->tcp_env, &flow->identity, moment, d, s);
    put_off_idle(table, flow);
    schedule(table, flow);
    relieve(table);
}

static int by_uid(const void *a, const void *b)
{
    const struct flow *x = *(const struct flow *const *)a, *y = *(const struct flow *const *)b;
    return x->identity.uid < y->identity.uid ? -1 : x->identity.uid > y->identity.uid;
}

/* All flows, sorted. Without memory for that they end as they stand in the table. */
static void sort_flows(struct flow_table *table)
{
    uint32_t count = lru_count(table->flows), n = 0;
    table->ending_at = table->ending_count = 0;
    table->ending = calloc(count + 1, sizeof(struct flow *));
    if (!table->ending)
        return;
    for (struct flow *flow = lru_oldest(table->flows); flow && n < count;
         flow = lru_newer(table->flows, flow))
        table->ending[n++] = flow;
    table->ending_count = n;
    qsort(table->ending, n, sizeof(struct flow *), by_uid);
}

bool flow_end_some(struct flow_table *table, uint64_t *next_uid)
{
    struct flow *flow;
    if (!table->ending)
        sort_flows(table);
    for (int i = 0; i < ENDING_STEP && table->ending_at < table->ending_count; i++)
        remove_flow(table, table->ending[table->ending_at++], END_OF_INPUT);
    if (table->ending_at < table->ending_count) {
        *next_uid = table->ending[table->ending_at]->identity.uid;
        return true;
    }
    free(table->ending);
    table->ending = NULL;
    while ((flow = lru_oldest(table->flows)) != NULL) /* only where it could not be sorted */
        remove_flow(table, flow, END_OF_INPUT);
    return false;
}

void flow_end_all(struct flow_table *table)
{
    uint64_t next_uid;
    while (flow_end_some(table, &next_uid)) {
    }
}

uint64_t flow_clock(const struct flow_table *table)
{
    return table->clock_ns;
}

uint32_t flow_count(const struct flow_table *table)
{
    return lru_count(table->flows);
}

size_t flow_table_bytes(const struct flow_table *table)
{
    size_t pointers = sizeof(struct deadline *) + sizeof(struct flow *);
    return lru_bytes(table->flows) + table->deadlines.capacity * pointers;
}
