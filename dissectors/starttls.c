/* STARTTLS for all mail protocols (RFC 3207, RFC 2595, RFC 9051 section 6.2.1). */
#include "starttls.h"

#include "session_internal.h"
#include "text.h"

void starttls_init(struct starttls *t, struct pool *pool)
{
    facts_init(&t->hello, pool);
}

void starttls_free(struct starttls *t)
{
    facts_free(&t->hello);
}

void starttls_track(struct session *s)
{
    s->starttls.tracked = true;
}

struct facts *starttls_hello(struct session *s)
{
    return &s->starttls.hello;
}

bool starttls_masks(struct bytes word)
{
    (void)word;
    return false;
}

void starttls_listed(struct session *s, bool offered, bool masked)
{
    struct starttls *t = &s->starttls;
    t->masked |= masked;
    if (offered)
        t->offered = CLAIM_YES;
    else if (t->offered == CLAIM_UNKNOWN && !session_is_partial(s))
        t->offered = CLAIM_NO;
}

void starttls_requested(struct session *s)
{
    s->starttls.requested = CLAIM_YES;
}

void starttls_answered(struct session *s, bool accepted, struct bytes code)
{
    struct starttls *t = &s->starttls;
    t->accepted = accepted ? CLAIM_YES : CLAIM_NO;
    text_copy(t->code, sizeof t->code, code);
}

void starttls_used(struct session *s, enum clear_use use)
{
    s->starttls.used |= (uint8_t)use;
}

void starttls_handshake(struct session *s, enum handshake handshake)
{
    if (handshake > s->starttls.handshake)
        s->starttls.handshake = handshake;
}

/* A stray CRLF is sloppiness, not a command. */
static bool blank(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '\r' && text.data[i] != '\n')
            return false;
    }
    return true;
}

/* With a hole anywhere, text in the wrong place may be our own mistake. */
static void report_text(struct session *s, enum direction d)
{
    if (s->starttls.accepted == CLAIM_YES && !session_is_partial(s))
        session_weird(
            s, d == FROM_CLIENT ? WEIRD_STARTTLS_INJECT_CLIENT : WEIRD_STARTTLS_INJECT_SERVER, d);
}

void starttls_saw_text(struct session *s, enum direction d, struct bytes text, bool early)
{
    if (early) {
        if (!blank(text))
            report_text(s, d);
        return;
    }
    s->starttls.text_bytes[d] += text.len;
    s->starttls.text_seen[d] |= !blank(text);
}

void starttls_saw_tls(struct session *s, enum direction d)
{
    struct starttls *t = &s->starttls;
    t->tls_seen[d] = true;
    if (t->text_seen[d])
        report_text(s, d);
}

enum state { NOT_OFFERED, UNUSED, REFUSED, NO_TLS, HANDSHAKE_FAILED, ESTABLISHED, UNKNOWN };

static const struct {
    const char *name, *action;
} states[] = {
    [NOT_OFFERED] = { "not_offered", "starttls-not-offered" },
    [UNUSED] = { "unused", "starttls-offered" },
    [REFUSED] = { "refused", "starttls-refused" },
    [NO_TLS] = { "no_tls", "starttls-accepted" },
    [HANDSHAKE_FAILED] = { "handshake_failed", "starttls-accepted" },
    [ESTABLISHED] = { "established", "starttls-accepted" },
    [UNKNOWN] = { "unknown", "starttls-unknown" },
};

static enum state state_of(const struct starttls *t, bool partial, enum ending ending)
{
    bool over = ending == ENDED_CLOSED || ending == ENDED_RESET;
    if (t->handshake == HANDSHAKE_ESTABLISHED)
        return ESTABLISHED;
    if (t->accepted == CLAIM_NO)
        return REFUSED;
    if (t->accepted == CLAIM_YES) {
        if (partial || !over)
            return UNKNOWN;
        return t->tls_seen[FROM_CLIENT] ? HANDSHAKE_FAILED : NO_TLS;
    }
    if (t->requested == CLAIM_YES || partial)
        return UNKNOWN;
    return t->offered == CLAIM_YES ? UNUSED : t->offered == CLAIM_NO ? NOT_OFFERED : UNKNOWN;
}

void starttls_finish(struct session *s, enum ending ending)
{
    struct starttls *t = &s->starttls;
    struct facts *own = session_own_facts(s);
    if (!t->tracked || t->emitted)
        return;
    t->emitted = true;
    bool partial = session_is_partial(s);
    enum claim no = partial ? CLAIM_UNKNOWN : CLAIM_NO;
    enum claim requested = t->requested == CLAIM_YES ? CLAIM_YES : no;
    /* What was never asked for was not accepted; what was asked and not answered is not known. */
    enum claim accepted = t->accepted != CLAIM_UNKNOWN ? t->accepted
                          : requested == CLAIM_NO      ? CLAIM_NO
                                                       : CLAIM_UNKNOWN;
    enum state state = state_of(t, partial, ending);

    facts_join(own, buffer_view(&t->hello.records));
    facts_string(own, FIELD_EVENT_ACTION, states[state].action);
    facts_string(own, FIELD_STARTTLS_STATE, states[state].name);
    facts_claim(own, FIELD_STARTTLS_OFFERED,
                partial && t->offered == CLAIM_NO ? CLAIM_UNKNOWN : t->offered);
    facts_claim(own, FIELD_STARTTLS_REQUESTED, requested);
    facts_claim(own, FIELD_STARTTLS_ACCEPTED, accepted);
    if (t->code[0])
        facts_string(own, FIELD_STARTTLS_RESPONSE_CODE, t->code);
    if (t->text_seen[FROM_CLIENT] && t->accepted == CLAIM_YES)
        facts_number(own, FIELD_STARTTLS_PIPELINED_BYTES, t->text_bytes[FROM_CLIENT]);
    if (state == ESTABLISHED || state == HANDSHAKE_FAILED)
        facts_bool(own, FIELD_TLS_ESTABLISHED, state == ESTABLISHED);
    session_emit(s, EVENT_STARTTLS);
}
