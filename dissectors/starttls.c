/* STARTTLS for all mail protocols (RFC 3207, RFC 2595, RFC 9051 section 6.2.1). */
#include "starttls.h"

#include <string.h>

#include "role.h"
#include "session_internal.h"
#include "text.h"

#define MASKED_MIN 4 /* characters of a word that are the same */

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

/* Three of the same tell most words apart at once. A rule of hyphens is an ornament. */
bool starttls_masks(struct bytes word, const char *command)
{
    size_t same = 1;
    if (word.len != strlen(command) || word.len < MASKED_MIN || word.data[0] != word.data[1] ||
        word.data[0] != word.data[2])
        return false;
    while (same < word.len && word.data[same] == word.data[0])
        same++;
    if (same < MASKED_MIN || strchr("-=_", word.data[0]))
        return false;
    return same == word.len ||
           (same + 1 == word.len && word.data[same] >= 'A' && word.data[same] <= 'Z');
}

bool starttls_is_spoiled(const struct session *s, struct bytes line, const char *command)
{
    return s->starttls.offered == CLAIM_YES && starttls_masks(text_trim(line), command);
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
    struct starttls *t = &s->starttls;
    t->requested = CLAIM_YES;
    t->asked_again = t->accepted == CLAIM_NO;
    t->client_lost = false;
}

void starttls_answered(struct session *s, bool accepted, struct bytes code)
{
    struct starttls *t = &s->starttls;
    t->early = session_unread(s, FROM_CLIENT);
    t->asked_mail = t->asked_again = false;
    if (t->accepted == CLAIM_YES && !accepted)
        return;
    t->accepted = accepted ? CLAIM_YES : CLAIM_NO;
    text_copy(t->code, sizeof t->code, code);
}

/* --- what goes in clear -------------------------------------------------------------------------
 */

bool starttls_is_answered(const struct session *s)
{
    return s->starttls.accepted != CLAIM_UNKNOWN && s->starttls.early == 0;
}

void starttls_asked_for_mail(struct session *s)
{
    s->starttls.asked_mail |= starttls_is_answered(s);
}

void starttls_used(struct session *s, enum clear_use use, bool decided)
{
    struct starttls *t = &s->starttls;
    t->used |= (uint8_t)use;
    if (!decided && !(use == CLEAR_MAIL && t->asked_mail))
        return;
    t->continued |= t->accepted == CLAIM_NO;
    t->continued_if_no_tls |= t->accepted == CLAIM_YES;
}

void starttls_handshake(struct session *s, enum handshake handshake)
{
    if (handshake > s->starttls.handshake)
        s->starttls.handshake = handshake;
}

/* --- between the upgrade and TLS ----------------------------------------------------------------
 */

static bool tls_came(const struct starttls *t)
{
    return t->clear[FROM_CLIENT].tls || t->clear[FROM_SERVER].tls;
}

void starttls_client_lost(struct session *s)
{
    s->starttls.client_lost = true;
}

void starttls_watched(struct session *s, size_t early)
{
    struct starttls *t = &s->starttls;
    t->continued |= t->continued_if_no_tls && !tls_came(t);
    t->continued_if_no_tls = t->dialogue = false;
    t->early = early;
    t->clear[FROM_CLIENT] = t->clear[FROM_SERVER] = (struct clear_text){ 0 };
    t->command = CLAIM_UNKNOWN;
}

void starttls_client_read(struct session *s, size_t len)
{
    s->starttls.early -= len < s->starttls.early ? len : s->starttls.early;
}

/* A stray CRLF is sloppiness, not a command. */
static struct bytes behind_blank(struct bytes text)
{
    size_t at = 0;
    while (at < text.len && (text.data[at] == '\r' || text.data[at] == '\n'))
        at++;
    return bytes_after(text, at);
}

static enum claim begins_with_command(const struct session *s, struct bytes text)
{
    struct bytes line = bytes_first(text, bytes_index(text, '\n'));
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    return s->dissector->is_command && s->dissector->is_command(line) ? CLAIM_YES : CLAIM_NO;
}

/* With a hole anywhere, text in the wrong place may be our own mistake. Without TLS nobody knows
 * where it should have begun; but what was here before the answer, and found a server that closed
 * without a word, was on the wire all the same. */
static bool is_injected(const struct session *s, enum direction d)
{
    const struct starttls *t = &s->starttls;
    bool unheard = d == FROM_CLIENT && t->clear[d].early && !t->clear[FROM_SERVER].text;
    return t->accepted == CLAIM_YES && !session_is_partial(s) && !t->dialogue && t->clear[d].text &&
           (t->clear[d].tls || unheard);
}

static void report(struct session *s, enum direction d)
{
    struct facts *own = session_own_facts(s);
    facts_number(own, FIELD_STARTTLS_PIPELINED_BYTES, s->starttls.clear[d].bytes);
    if (d == FROM_CLIENT)
        facts_claim(own, FIELD_STARTTLS_PIPELINED_COMMAND, s->starttls.command);
    session_weird(s, d == FROM_CLIENT ? WEIRD_STARTTLS_INJECT_CLIENT : WEIRD_STARTTLS_INJECT_SERVER,
                  d);
}

bool starttls_saw_text(struct session *s, enum direction d, struct bytes text)
{
    struct starttls *t = &s->starttls;
    struct clear_text *clear = &t->clear[d], *client = &t->clear[FROM_CLIENT];
    struct bytes words = behind_blank(text);
    clear->bytes += text.len;
    if (words.len == 0)
        return false;
    if (d == FROM_CLIENT && !clear->text)
        t->command = begins_with_command(s, words);
    clear->text = true;
    if (d == FROM_CLIENT) {
        clear->early |= behind_blank(bytes_first(text, t->early)).len > 0;
        clear->late |= behind_blank(bytes_after(text, t->early)).len > 0;
        return false;
    }
    /* The client asked in clear although it had the answer, and was answered in clear. */
    t->dialogue |= client->late && !tls_came(t);
    return t->dialogue;
}

void starttls_saw_tls(struct session *s, enum direction d)
{
    s->starttls.clear[d].tls = true;
    if (is_injected(s, d))
        report(s, d);
}

/* --- the event ----------------------------------------------------------------------------------
 */

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
        if (partial || !over || t->handshake == HANDSHAKE_DOUBTFUL)
            return UNKNOWN;
        return t->clear[FROM_CLIENT].tls ? HANDSHAKE_FAILED : NO_TLS;
    }
    if (t->requested == CLAIM_YES || partial)
        return UNKNOWN;
    return t->offered == CLAIM_YES ? UNUSED : t->offered == CLAIM_NO ? NOT_OFFERED : UNKNOWN;
}

static void used_facts(struct facts *own, unsigned used)
{
    static const struct {
        enum clear_use use;
        const char *name;
    } names[] = { { CLEAR_LOGIN, "login" }, { CLEAR_SECRET, "secret" }, { CLEAR_MAIL, "mail" } };
    for (size_t i = 0; used && i < sizeof names / sizeof names[0]; i++) {
        if (used & names[i].use)
            facts_string(own, FIELD_SESSION_IN_CLEAR, names[i].name);
    }
}

/* What was never asked for was not accepted, nor gone on without; what was asked and not answered
 * is not known. */
static void claims(const struct session *s, struct facts *own)
{
    const struct starttls *t = &s->starttls;
    bool partial = session_is_partial(s);
    enum claim requested = t->requested == CLAIM_YES ? CLAIM_YES
                           : partial                 ? CLAIM_UNKNOWN
                                                     : CLAIM_NO;
    enum claim accepted =
        t->accepted == CLAIM_UNKNOWN && requested == CLAIM_NO ? CLAIM_NO : t->accepted;
    bool continued = t->continued || (t->continued_if_no_tls && !tls_came(t));
    enum claim masked = partial || t->offered == CLAIM_UNKNOWN ? CLAIM_UNKNOWN
                        : t->masked && t->offered == CLAIM_NO  ? CLAIM_YES
                                                               : CLAIM_NO;
    facts_claim(own, FIELD_STARTTLS_OFFERED,
                partial && t->offered == CLAIM_NO ? CLAIM_UNKNOWN : t->offered);
    facts_claim(own, FIELD_STARTTLS_REQUESTED, requested);
    facts_claim(own, FIELD_STARTTLS_ACCEPTED, accepted);
    facts_claim(own, FIELD_STARTTLS_MASKED, masked);
    facts_claim(own, FIELD_STARTTLS_CONTINUED,
                continued                              ? CLAIM_YES
                : partial || accepted == CLAIM_UNKNOWN ? CLAIM_UNKNOWN
                                                       : CLAIM_NO);
}

void starttls_finish(struct session *s, enum ending ending)
{
    struct starttls *t = &s->starttls;
    bool over = ending == ENDED_CLOSED || ending == ENDED_RESET;
    if (!t->tracked || t->emitted)
        return;
    t->emitted = true;
    if (t->accepted == CLAIM_NO && (t->client_lost || t->asked_again)) {
        t->accepted = CLAIM_UNKNOWN; /* it may have been accepted later, unseen */
        t->code[0] = '\0';
    }
    bool injected = is_injected(s, FROM_CLIENT) && (t->clear[FROM_CLIENT].tls || over);
    if (injected && !t->clear[FROM_CLIENT].tls)
        report(s, FROM_CLIENT);
    struct facts *own = session_own_facts(s);
    enum state state = state_of(t, session_is_partial(s), ending);
    const char *role = role_of_server(s->id);
    facts_join(own, buffer_view(&t->hello.records));
    facts_string(own, FIELD_EVENT_ACTION, states[state].action);
    if (role)
        facts_string(own, FIELD_SESSION_ROLE, role);
    used_facts(own, t->used);
    facts_string(own, FIELD_STARTTLS_STATE, states[state].name);
    claims(s, own);
    if (t->code[0])
        facts_string(own, FIELD_STARTTLS_RESPONSE_CODE, t->code);
    if (injected)
        facts_number(own, FIELD_STARTTLS_PIPELINED_BYTES, t->clear[FROM_CLIENT].bytes);
    if (state == ESTABLISHED || state == HANDSHAKE_FAILED)
        facts_bool(own, FIELD_TLS_ESTABLISHED, state == ESTABLISHED);
    /* Where both sides went on in clear, it is the end of something else. */
    if ((state == NO_TLS || state == HANDSHAKE_FAILED) && !t->dialogue)
        session_closing_facts(s, own);
    session_emit(s, EVENT_STARTTLS);
}
