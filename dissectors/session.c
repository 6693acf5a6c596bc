/* Drives one dissector over the two byte streams of a flow. */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "prefetch.h"
#include "session_internal.h"
#include "tls_record.h"

#define UNREAD_MAX         (64 * 1024)
#define PREFETCH_MAX       512 /* of a dissector's state: what stands first */
#define PROBE_MAX          (4 * 1024)
#define USER_LEN_PLAUSIBLE 64

_Static_assert(WEIRDS <= 32, "session.weirds holds a bit per weird");

/* --- birth and death ----------------------------------------------------------------------------
 */

struct session *session_new(const struct session_env *env, struct flow_identity *id, bool midstream)
{
    if (!pool_take(env->tables, sizeof(struct session)))
        return NULL;
    struct session *s = calloc(1, sizeof *s);
    if (!s) {
        pool_give(env->tables, sizeof *s);
        return NULL;
    }
    s->env = env;
    s->id = id;
    s->reading = true;
    s->midstream = midstream;
    s->coverage = midstream ? COVERAGE_MIDSTREAM : 0;
    for (int d = 0; d < DIRECTIONS; d++)
        buffer_init(&s->stream[d].kept, UNREAD_MAX, env->streams);
    facts_init(&s->facts, env->tables);
    facts_init(&s->message, env->tables);
    starttls_init(&s->starttls, env->tables);
    return s;
}

void session_prefetch(const struct session *s, int step)
{
    if (step == 0)
        prefetch(s, offsetof(struct session, facts));
    else if (s->state)
        prefetch(s->state,
                 s->dissector->state_size < PREFETCH_MAX ? s->dissector->state_size : PREFETCH_MAX);
}

static void free_state(struct session *s)
{
    if (!s->state)
        return;
    explicit_bzero(s->state, s->dissector->state_size);
    free(s->state);
    pool_give(s->env->tables, s->dissector->state_size);
    s->state = NULL;
}

void session_free(struct session *s)
{
    if (!s)
        return;
    struct pool *tables = s->env->tables;
    free_state(s);
    for (int d = 0; d < DIRECTIONS; d++)
        buffer_free(&s->stream[d].kept);
    facts_free(&s->facts);
    facts_free(&s->message);
    starttls_free(&s->starttls);
    explicit_bzero(s, sizeof *s);
    free(s);
    pool_give(tables, sizeof *s);
}

/* Without memory for the dissector's state nothing more of the session is read. */
bool session_choose(struct session *s, const struct dissector *dissector)
{
    bool room = pool_take(s->env->tables, dissector->state_size);
    s->state = room ? calloc(1, dissector->state_size) : NULL;
    if (s->state) {
        s->dissector = dissector;
        return true;
    }
    if (room)
        pool_give(s->env->tables, dissector->state_size);
    count(s->env->counters, COUNT_MEMORY_REFUSED);
    s->reading = false;
    return false;
}

void session_hand_over(struct session *s)
{
    s->dissector->end(s, s->state, ENDED_UPGRADED);
    free_state(s);
    s->expecting_tls = false;
    s->stream[FROM_CLIENT].shown = s->stream[FROM_SERVER].shown = 0;
}

/* --- probing ------------------------------------------------------------------------------------
 */

bool session_knows(const char *protocol)
{
    for (unsigned i = 0; dissectors[i]; i++) {
        if (bytes_equal_nocase(bytes_of_string(protocol), dissectors[i]->name))
            return true;
    }
    return false;
}

static bool on_port(const struct dissector *dissector, uint16_t port)
{
    for (const uint16_t *p = dissector->ports; *p != 0; p++) {
        if (*p == port)
            return true;
    }
    return false;
}

/* Whether the client begins with TLS, or may: no protocol of mail does. */
static bool begins_with_tls(struct bytes client)
{
    return client.len > 0 && tls_record_probe(FROM_CLIENT, client) != VERDICT_NOT_MINE;
}

static void recognise(struct session *s, const struct dissector *dissector)
{
    if (!session_choose(s, dissector))
        return;
    count(s->env->counters, COUNT_SESSIONS_RECOGNISED);
    s->id->protocol = dissector->name;
    if (dissector == &tls_dissector)
        s->id->tls_mode = TLS_MODE_IMPLICIT;
    session_explain(s, "recognised as %s", dissector->name);
    if (s->proxy.by != PROXIED_BY_NOBODY)
        session_explain(s, "a PROXY header of %zu bytes stands before the client's first",
                        s->proxy.len);
    for (int d = 0; d < DIRECTIONS; d++) {
        if (s->ambiguous[d])
            session_weird(s, WEIRD_TCP_AMBIGUOUS, (enum direction)d);
        if (s->stream[d].gap > 0)
            dissector->gap(s, s->state, (enum direction)d, s->stream[d].gap);
    }
}

/* Takes a PROXY header off the start of the client's bytes. False while there may be one. */
static bool proxy_header_passed(struct session *s)
{
    struct stream *client = &s->stream[FROM_CLIENT];
    struct proxy_header header;
    if (s->proxy_read || s->midstream || client->unread.len == 0)
        return true;
    enum proxy_verdict verdict = proxy_header_read(client->unread, &header);
    if (verdict == PROXY_MORE)
        return false;
    s->proxy_read = true;
    if (verdict == PROXY_NONE)
        return true;
    s->proxy = header;
    client->unread = bytes_after(client->unread, header.len);
    return true;
}

/* The port may break a tie between protocols only where both sides were seen from the start: what
 * is left of others' traffic after a loss may look like anything. */
static bool port_may_tell(const struct session *s, struct bytes server)
{
    return server.len > 0 && !s->midstream && s->stream[FROM_CLIENT].gap == 0 &&
           s->stream[FROM_SERVER].gap == 0 && session_peer_visible(s, FROM_CLIENT) != CLAIM_NO;
}

/* Asks one dissector. Of TLS the beginning of one side tells enough where the other one lost its
 * own: as if that one were not seen. */
static enum verdict ask(const struct session *s, const struct dissector *dissector,
                        struct bytes client, struct bytes server)
{
    bool lost_client = s->stream[FROM_CLIENT].gap > 0, lost_server = s->stream[FROM_SERVER].gap > 0;
    if (dissector != &tls_dissector && begins_with_tls(client))
        return dissector->probe(BYTES_NONE, server, s->midstream);
    if (dissector != &tls_dissector || s->coverage & COVERAGE_MIDSTREAM ||
        lost_client == lost_server)
        return dissector->probe(client, server, s->midstream);
    enum verdict alone = dissector->probe(lost_client ? BYTES_NONE : client,
                                          lost_server ? BYTES_NONE : server, false);
    return alone == VERDICT_IF_UNSEEN ? VERDICT_MINE : alone;
}

/* Whether what one side showed is enough. With `last`, the other one will not say anything. */
static bool enough(const struct session *s, enum verdict verdict, bool last)
{
    const struct stream *client = &s->stream[FROM_CLIENT], *server = &s->stream[FROM_SERVER];
    const struct stream *silent = server->unread.len == 0 ? server : client;
    if (verdict == VERDICT_IF_UNSEEN)
        return silent->unread.len == 0 && (last || silent->visible == CLAIM_NO);
    return verdict == VERDICT_MINE || (verdict == VERDICT_IF_SILENT && last &&
                                       !(s->coverage & ~(unsigned)COVERAGE_UNFINISHED));
}

/* Asks every dissector that has not said no. With `last`, no more bytes will come and the port
 * breaks the tie. */
static void probe(struct session *s, bool last)
{
    if (!proxy_header_passed(s) && !last)
        return;
    struct bytes client = bytes_first(s->stream[FROM_CLIENT].unread, PROBE_MAX);
    struct bytes server = bytes_first(s->stream[FROM_SERVER].unread, PROBE_MAX);
    const struct dissector *by_port = NULL;
    bool open = false, full = client.len == PROBE_MAX || server.len == PROBE_MAX;
    for (unsigned i = 0; dissectors[i]; i++) {
        if (s->not_mine & 1U << i)
            continue;
        enum verdict verdict = ask(s, dissectors[i], client, server);
        if (enough(s, verdict, last || full)) {
            recognise(s, dissectors[i]);
            return;
        }
        if (verdict == VERDICT_NOT_MINE)
            s->not_mine |= 1U << i;
        else if (!by_port && on_port(dissectors[i], s->id->end[FROM_SERVER].port))
            by_port = dissectors[i];
        open |= verdict != VERDICT_NOT_MINE;
    }
    if (open && !full && !last)
        return;
    if (by_port && port_may_tell(s, server)) {
        recognise(s, by_port);
        return;
    }
    if (client.len > 0 || server.len > 0)
        count(s->env->counters, COUNT_SESSIONS_UNRECOGNISED);
    s->reading = false;
}

/* --- turning round ------------------------------------------------------------------------------
 */

/* What the network floor calls a direction, as the role it has now. */
static enum direction role_of(const struct session *s, enum direction d)
{
    return s->turned ? other_direction(d) : d;
}

/* Ends the session and begins one with the roles changed, over the same bytes. */
static void turn(struct session *s)
{
    session_explain(s, "the sides change roles: who was the server is the client");
    session_hand_over(s);
    starttls_finish(s, ENDED_CLOSED);
    starttls_free(&s->starttls);
    s->starttls = (struct starttls){ 0 };
    starttls_init(&s->starttls, s->env->tables);
    facts_clear(&s->facts);
    facts_clear(&s->message);
    struct stream was_client = s->stream[FROM_CLIENT];
    s->stream[FROM_CLIENT] = s->stream[FROM_SERVER];
    s->stream[FROM_SERVER] = was_client;
    s->stream[FROM_CLIENT].tls = s->stream[FROM_SERVER].tls = false;
    memset(s->weirds, 0, sizeof s->weirds);
    s->proxy = (struct proxy_header){ 0 };
    s->turning = false;
    s->turned = !s->turned;
    s->id->turned = s->turned;
    session_choose(s, s->dissector);
}

/* --- the loop -----------------------------------------------------------------------------------
 */

/* Whether the client's bytes are for the dissector. A client that begins with TLS where the server
 * speaks in clear does not speak its language, and is not read. */
static bool client_is_heard(struct session *s)
{
    struct stream *client = &s->stream[FROM_CLIENT];
    if (s->client == CLIENT_NEW && s->dissector != &tls_dissector && !s->expecting_tls) {
        enum verdict verdict = tls_record_probe(FROM_CLIENT, client->unread);
        if (verdict == VERDICT_MORE)
            return false;
        s->client = verdict == VERDICT_MINE ? CLIENT_FOREIGN : CLIENT_HEARD;
        if (s->client == CLIENT_FOREIGN) {
            session_explain(s, "the client speaks TLS, the server does not");
            session_partial(s, COVERAGE_FOREIGN);
            s->dissector->gap(s, s->state, FROM_CLIENT, client->unread.len);
        }
    }
    if (s->client == CLIENT_FOREIGN)
        client->unread = BYTES_NONE;
    return s->client != CLIENT_FOREIGN;
}

/* Shows one direction to the dissector, once. True if that moved anything. */
static bool progress(struct session *s, enum direction d)
{
    struct stream *stream = &s->stream[d];
    struct bytes shown = stream->unread;
    if (!s->reading || shown.len == 0 || (d == FROM_CLIENT && !client_is_heard(s)))
        return false;
    bool watched = s->expecting_tls;
    if (watched) {
        if (upgrade_begins(s, d, &shown))
            return true;
        if (shown.len == 0)
            return false;
    }
    size_t old = stream->shown < shown.len ? stream->shown : shown.len;
    trace_hold(s);
    size_t consumed = s->dissector->data(s, s->state, d, shown, old);
    trace_data(s, d, shown, consumed);
    if (watched && consumed == 0)
        return upgrade_skips_text(s, d, shown.len);
    if (watched)
        upgrade_saw_text(s, d, bytes_first(shown, consumed));
    else if (d == FROM_CLIENT)
        starttls_client_read(s, consumed);
    stream->unread = bytes_after(stream->unread, consumed);
    stream->shown = consumed > 0 ? 0 : shown.len;
    if (s->turning)
        turn(s);
    return consumed > 0;
}

static void lose(struct session *s, enum direction d, uint64_t missing);

/* Loss that we make ourselves: what the dissector would not take and we cannot keep is a gap. */
static void overflow(struct session *s, enum direction d)
{
    count(s->env->counters, COUNT_MEMORY_REFUSED);
    lose(s, d, 0);
}

/* Keeps what is left of a packet that is about to go, or of the buffer in which it lies. */
static void keep_rest(struct session *s, enum direction d, bool in_packet)
{
    struct stream *stream = &s->stream[d];
    if (!in_packet) {
        buffer_consume(&stream->kept, stream->kept.len - stream->unread.len);
    } else if (!buffer_append(&stream->kept, stream->unread)) {
        overflow(s, d);
        return;
    }
    stream->unread = buffer_view(&stream->kept);
}

/* What waited in the buffers and was read now goes. */
static void keep_rests(struct session *s)
{
    keep_rest(s, FROM_CLIENT, false);
    keep_rest(s, FROM_SERVER, false);
}

/* Shows one direction as long as that moves anything. */
static bool exhaust(struct session *s, enum direction d)
{
    bool moved = false;
    while (progress(s, d))
        moved = true;
    return moved;
}

static void run(struct session *s, enum direction first)
{
    bool moved = true;
    if (!s->dissector) {
        probe(s, false);
        if (!s->dissector)
            return;
        /* In what order the sides spoke is not known: replies behind all commands make nothing look
         * answered. */
        if (s->midstream)
            exhaust(s, FROM_CLIENT);
    }
    /* By turns: each reply may let the client's waiting bytes go on, all of them, and these explain
     * the next reply. */
    while (s->reading && moved) {
        moved = first == FROM_CLIENT ? exhaust(s, first) : progress(s, first);
        moved |= first == FROM_CLIENT ? progress(s, FROM_SERVER) : exhaust(s, FROM_CLIENT);
    }
}

/* Bytes of this direction are missing. What waited before the gap goes with it: joined to what
 * follows it would be a lie. */
static void lose(struct session *s, enum direction d, uint64_t missing)
{
    struct stream *stream = &s->stream[d];
    session_partial(s, COVERAGE_GAP);
    if (d == FROM_CLIENT) {
        starttls_client_lost(s);
        if (s->client == CLIENT_NEW)
            s->client = CLIENT_HEARD; /* what begins behind a loss may be anything */
    }
    if (!s->reading)
        return;
    missing += stream->unread.len;
    if (d == FROM_CLIENT)
        starttls_client_read(s, stream->unread.len);
    stream->unread = BYTES_NONE;
    stream->shown = 0;
    buffer_clear(&stream->kept);
    session_explain(s, "gap of %llu bytes from the %s", (unsigned long long)missing,
                    direction_name(d));
    if (s->dissector) {
        s->dissector->gap(s, s->state, d, missing);
        run(s, other_direction(d));
        keep_rests(s);
    } else {
        stream->gap += missing;
        s->midstream = true;
    }
}

void session_data(struct session *s, struct moment now, enum direction from, struct bytes data)
{
    enum direction d = role_of(s, from);
    struct stream *stream = &s->stream[d];
    s->now = now;
    if (!s->reading || data.len == 0)
        return;
    bool in_packet = stream->kept.len == 0;
    if (in_packet) {
        stream->unread = data;
    } else if (buffer_append(&stream->kept, data)) {
        stream->unread = buffer_view(&stream->kept);
    } else {
        overflow(s, d);
        in_packet = true;
        stream->unread = data;
    }
    run(s, d);
    d = role_of(s, from);
    if (!s->reading) {
        for (int i = 0; i < DIRECTIONS; i++) {
            s->stream[i].unread = BYTES_NONE;
            buffer_free(&s->stream[i].kept);
        }
        return;
    }
    keep_rest(s, d, in_packet);
    keep_rest(s, other_direction(d), false);
}

void session_gap(struct session *s, struct moment now, enum direction from, uint64_t missing)
{
    s->now = now;
    lose(s, role_of(s, from), missing);
}

void session_relieve(struct session *s, struct moment now)
{
    s->now = now;
    session_partial(s, COVERAGE_MEMORY);
    for (int d = 0; d < DIRECTIONS; d++) {
        if (s->stream[d].unread.len > 0)
            lose(s, (enum direction)d, 0);
        buffer_free(&s->stream[d].kept);
    }
}

void session_visible(struct session *s, struct moment now, enum direction from, enum claim visible)
{
    enum direction d = role_of(s, from);
    s->now = now;
    s->stream[d].visible = visible;
    if (visible != CLAIM_NO)
        return;
    session_partial(s, COVERAGE_ONE_SIDED);
    if (d == FROM_CLIENT)
        starttls_client_lost(s);
    session_explain(s, "the %s cannot be seen", direction_name(d));
    if (s->reading && s->dissector) {
        run(s, other_direction(d));
        keep_rests(s);
    }
}

void session_partial(struct session *s, enum coverage reason)
{
    s->coverage |= (uint16_t)reason;
}

void session_closing(struct session *s, enum direction from)
{
    s->closed_by[role_of(s, from)] = true;
}

void session_resetting(struct session *s, enum direction from)
{
    s->reset_by[role_of(s, from)] = true;
}

void session_end(struct session *s, struct moment now, enum ending ending)
{
    s->now = now;
    if (s->reading && (ending == ENDED_INPUT || ending == ENDED_TIMEOUT || ending == ENDED_EVICTED))
        s->coverage |= COVERAGE_UNFINISHED;
    if (s->reading && !s->dissector) {
        probe(s, true);
        if (s->dissector) {
            run(s, FROM_SERVER);
            keep_rests(s);
        }
    }
    if (upgrade_ends(s)) {
        run(s, FROM_CLIENT);
        keep_rests(s);
    }
    if (s->dissector && s->state)
        s->dissector->end(s, s->state, ending);
    s->reading = false;
    starttls_finish(s, ending);
    s->id->turned = false; /* what is said of the flow is said of the connection */
}

bool session_reading(const struct session *s)
{
    return s->reading;
}

/* --- what dissectors call -----------------------------------------------------------------------
 */

struct facts *session_facts(struct session *s)
{
    return &s->facts;
}

struct facts *session_message_facts(struct session *s)
{
    return &s->message;
}

struct facts *session_own_facts(struct session *s)
{
    return s->env->own;
}

unsigned session_coverage(const struct session *s)
{
    return s->coverage;
}

void session_flow_facts(const struct session *s, struct facts *facts)
{
    static const struct {
        enum coverage bit;
        const char *name;
    } reasons[] = {
        { COVERAGE_GAP, "gap" },
        { COVERAGE_ONE_SIDED, "one_sided" },
        { COVERAGE_MIDSTREAM, "midstream" },
        { COVERAGE_TRUNCATED, "truncated" },
        { COVERAGE_DESYNC, "desync" },
        { COVERAGE_UNFINISHED, "unfinished" },
        { COVERAGE_MEMORY, "memory" },
        { COVERAGE_LAYER, "security_layer" },
        { COVERAGE_COMPRESSED, "compressed" },
        { COVERAGE_FOREIGN, "foreign" },
    };
    facts_string(facts, FIELD_COVERAGE, s->coverage ? "partial" : "full");
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (s->coverage & reasons[i].bit)
            facts_string(facts, FIELD_COVERAGE_REASON, reasons[i].name);
    }
}

void session_emit(struct session *s, enum event_kind kind)
{
    session_flow_facts(s, s->env->own);
    struct bytes parts[] = { buffer_view(&s->facts.records), buffer_view(&s->env->own->records) };
    count(s->env->counters, COUNT_EVENTS);
    session_explain(s, "event %s", schema_event(kind)->name);
    flow_emit(s->id, &s->env->out, kind, s->now, parts, 2, s->env->assembly);
    bool full = s->env->assembly->full || s->facts.full || s->env->own->full || s->message.full;
    facts_clear(s->env->own);
    if (full)
        session_weird(s, WEIRD_FACTS_FULL, FROM_CLIENT);
}

void session_weird(struct session *s, enum weird weird, enum direction d)
{
    if (!s->dissector) { /* it may be nobody's: then it is of no interest */
        s->ambiguous[d] |= weird == WEIRD_TCP_AMBIGUOUS;
        return;
    }
    if (s->weirds[d] & 1U << weird) {
        facts_clear(s->env->own);
        return;
    }
    s->weirds[d] |= 1U << weird;
    facts_string(s->env->own, FIELD_WEIRD_NAME, schema_weird(weird));
    facts_string(s->env->own, FIELD_WEIRD_DIRECTION, direction_name(d));
    session_emit(s, EVENT_WEIRD);
}

static uint64_t secret_hash(const struct session *s, struct bytes secret)
{
    return siphash13(&s->env->secrets, secret);
}

uint64_t session_secret(struct session *s, struct bytes secret)
{
    uint64_t hash = secret_hash(s, secret);
    s->secrets[s->secret_count++ % SESSION_SECRETS] = hash;
    return hash;
}

static bool user_plausible(const struct session *s, struct bytes name)
{
    if (name.len > USER_LEN_PLAUSIBLE)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] <= ' ' || name.data[i] == 0x7F)
            return false;
    }
    uint64_t hash = secret_hash(s, name);
    for (uint32_t i = 0; i < s->secret_count && i < SESSION_SECRETS; i++) {
        if (s->secrets[i] == hash)
            return false;
    }
    return true;
}

void session_user(struct session *s, struct facts *facts, enum field field, struct bytes name)
{
    facts_text(facts, field, user_plausible(s, name) ? name : BYTES_LITERAL("********"));
}

struct pool *session_pool(struct session *s)
{
    return s->env->tables;
}

void session_ignore_rest(struct session *s)
{
    s->reading = false;
    session_explain(s, "nothing more can be read");
    starttls_finish(s, ENDED_UPGRADED);
}

void session_turn(struct session *s)
{
    s->turning = true;
}

enum proxied_by session_proxy_pending(const struct session *s)
{
    return s->proxy.by;
}

void session_proxy_judged(struct session *s, bool believed)
{
    struct proxy_header proxy = s->proxy;
    s->proxy = (struct proxy_header){ 0 };
    session_explain(s, "the server %s the PROXY header", believed ? "takes" : "does not know");
    if (believed && proxy.address_len > 0)
        session_proxied(s, proxy.by, bytes_over(proxy.address, proxy.address_len), proxy.port);
}

void session_not_proxied(struct session *s)
{
    s->proxy = (struct proxy_header){ 0 };
    facts_unset(&s->facts, FIELD_PROXIED_BY);
    facts_unset(&s->facts, FIELD_PROXIED_IP);
    facts_unset(&s->facts, FIELD_PROXIED_PORT);
}

void session_proxied(struct session *s, enum proxied_by by, struct bytes address, uint16_t port)
{
    static const char *const names[] = {
        [PROXIED_BY_V1] = "proxy_v1",
        [PROXIED_BY_V2] = "proxy_v2",
        [PROXIED_BY_XCLIENT] = "xclient",
    };
    session_not_proxied(s);
    facts_string(&s->facts, FIELD_PROXIED_BY, names[by]);
    facts_ip(&s->facts, FIELD_PROXIED_IP, address);
    if (port > 0)
        facts_number(&s->facts, FIELD_PROXIED_PORT, port);
}

void session_closing_facts(const struct session *s, struct facts *facts)
{
    for (int d = 0; d < DIRECTIONS; d++) {
        if (s->closed_by[d])
            facts_string(facts, FIELD_SESSION_CLOSED_BY, direction_name((enum direction)d));
        if (s->reset_by[d])
            facts_string(facts, FIELD_SESSION_RESET_BY, direction_name((enum direction)d));
    }
}

size_t session_unread(const struct session *s, enum direction d)
{
    return s->stream[d].unread.len;
}

void session_public(struct session *s, struct bytes range)
{
    if (s->env->trace && s->public_count < TRACE_RANGES)
        s->public[s->public_count++] = range;
}

enum claim session_peer_visible(const struct session *s, enum direction d)
{
    return s->stream[d].visible;
}

bool session_from_start(const struct session *s)
{
    return !s->midstream;
}

bool session_is_partial(const struct session *s)
{
    return s->coverage != 0;
}

uint64_t session_time(const struct session *s)
{
    return s->now.time_ns;
}

const struct flow_identity *session_identity(const struct session *s)
{
    return s->id;
}
