/* Replies and data (RFC 9051 section 7): they, not the commands, move the session. Tagged replies
 * are paired by their tag. */
#include <stdio.h>

#include "imap_internal.h"
#include "text.h"

/* --- tagged replies -----------------------------------------------------------------------------
 */

typedef void reply_function(struct session *, struct imap *, const struct imap_reply *,
                            const struct imap_answer *);

static void starttls_reply(struct session *s, struct imap *imap, const struct imap_reply *reply,
                           const struct imap_answer *answer)
{
    (void)reply;
    if (!answer)
        return;
    starttls_answered(s, answer->status == IMAP_OK,
                      bytes_of_string(imap_status_name(answer->status)));
    if (answer->status != IMAP_OK)
        return;
    imap->lists_count = false; /* RFC 9051 section 6.2.1: what was announced is void */
    session_expect_tls(s);
}

static void login_reply(struct session *s, struct imap *imap, const struct imap_reply *reply,
                        const struct imap_answer *answer)
{
    struct bytes words;
    (void)reply;
    if (answer && answer->status != IMAP_OK && imap_capabilities_of_code(reply->code, &words))
        imap_listed(s, imap, words);
}

/* RFC 8437: nobody is logged in any more. What is announced then is no longer what it was. */
static void unauthenticate_reply(struct session *s, struct imap *imap,
                                 const struct imap_reply *reply, const struct imap_answer *answer)
{
    (void)reply;
    if (answer && answer->status != IMAP_OK)
        return;
    imap_append_unanswered(s, imap); /* what is still open was his */
    imap_forget_identity(s, imap);
}

/* RFC 4978: from here on both directions are raw deflate. */
static void compress_reply(struct session *s, struct imap *imap, const struct imap_reply *reply,
                           const struct imap_answer *answer)
{
    (void)reply;
    if (answer && answer->status != IMAP_OK)
        return;
    imap_fetch_over(s, imap);
    imap_append_unanswered(s, imap);
    imap->client_blind = true;
    session_partial(s, COVERAGE_COMPRESSED);
    session_ignore_rest(s);
}

static void other_reply(struct session *s, struct imap *imap, const struct imap_reply *reply,
                        const struct imap_answer *answer)
{
    struct bytes words;
    if (answer && imap_capabilities_of_code(reply->code, &words))
        imap_listed(s, imap, words);
}

static reply_function *const on_reply[] = {
    [IMAP_UNKNOWN] = other_reply,     [IMAP_CAPABILITY] = other_reply,
    [IMAP_LOGIN] = login_reply,       [IMAP_AUTHENTICATE] = login_reply,
    [IMAP_STARTTLS] = starttls_reply, [IMAP_UNAUTHENTICATE] = unauthenticate_reply,
    [IMAP_COMPRESS] = compress_reply, [IMAP_IDLE] = other_reply,
    [IMAP_APPEND] = other_reply,      [IMAP_FETCH] = other_reply,
    [IMAP_QUIET] = other_reply,       [IMAP_TALKING] = other_reply,
};

/* CAPABILITY in brackets says nothing of the answer. */
static void set_answer(struct imap_answer *answer, const struct imap_reply *reply)
{
    const char *name = imap_code_name(reply->code);
    answer->status = reply->status;
    snprintf(answer->code, sizeof answer->code, name ? "%s [%s]" : "%s",
             imap_status_name(reply->status), name);
}

/* The command is over, so the client need not wait. If octets are on their way to a server that
 * never said that it knows literals without leave (RFC 7888), it reads them as commands. */
static void client_goes_on(struct session *s, struct imap *imap, enum imap_status status)
{
    switch (imap->client) {
    case CLIENT_WAITS:
    case CLIENT_SASL:
    case CLIENT_IDLE:
        imap->client = CLIENT_COMMANDS;
        break;
    case CLIENT_LITERAL:
    case CLIENT_ARGUMENTS:
        if (imap->command.waits_not && status == IMAP_BAD && !imap->listed_literals)
            imap_lose_client(s, imap);
        break;
    case CLIENT_COMMANDS:
        break;
    }
}

static void pair(struct session *s, struct imap *imap, struct imap_entry *entry,
                 const struct imap_reply *reply)
{
    struct imap_answer answer;
    struct imap_entry of = *entry;
    const struct imap_answer *certain = of.ambiguous ? NULL : &answer;
    set_answer(&answer, reply);
    imap_queue_answered(&imap->queue, entry);
    if (imap->command.serial == of.serial && !imap->client_blind)
        client_goes_on(s, imap, reply->status);
    if (of.verb != IMAP_FETCH)
        imap_fetch_over(s, imap);
    imap_append_answered(s, imap, of.serial, certain);
    if (imap->login.open && imap->login_serial == of.serial)
        imap_login_answered(s, imap, certain);
    on_reply[of.verb](s, imap, reply, certain);
}

/* A reply that no command explains. After a loss it answers what was lost; before TLS it is
 * injected. */
static void unexplained(struct session *s, struct imap *imap)
{
    session_explain(s, "a tagged reply answers nothing that was asked");
    if (session_peer_visible(s, FROM_CLIENT) == CLAIM_NO || session_expects_tls(s))
        return;
    if (!imap->client_blind && !session_is_partial(s))
        session_weird(s, WEIRD_DESYNC, FROM_SERVER);
    if (imap->client_blind)
        imap_withdraw(s, imap);
    else
        imap_lose_client(s, imap);
    imap->blind_lines = 0;
    /* The client waited for this: what it says next begins a line, or, if it did not wait, cannot
     * be a command that gets an answer. */
    if (session_unread(s, FROM_CLIENT) == 0)
        imap->part[FROM_CLIENT].line.skipping = false;
}

/* The server answers what was the client's only line since its reply before: that was a command,
 * and the client stands behind it. */
static bool confirms(struct session *s, const struct imap *imap, const struct imap_entry *entry)
{
    return imap->candidate && entry + 1 == imap->queue.entry + imap->queue.count &&
           session_unread(s, FROM_CLIENT) == 0;
}

static void tagged_reply(struct session *s, struct imap *imap, const struct imap_reply *reply)
{
    struct imap_entry *entry = imap_queue_find(&imap->queue, reply->tag);
    if (session_proxy_pending(s) != PROXIED_BY_NOBODY) {
        bool known = entry || !bytes_equal(reply->tag, BYTES_LITERAL("PROXY"));
        session_proxy_judged(s, known && entry);
        if (!known)
            return;
    }
    if (!entry) {
        unexplained(s, imap);
        return;
    }
    if (confirms(s, imap, entry))
        imap_resume(s, imap);
    else if (imap->candidate && entry == imap_queue_newest(&imap->queue)) {
        unexplained(s, imap);
        return;
    }
    imap_status_said(s, imap, reply);
    session_explain(s, "%s answers a command, %u more wait%s", imap_status_name(reply->status),
                    imap->queue.count - 1, imap->queue.count == 2 ? "s" : "");
    pair(s, imap, entry, reply);
}

/* --- what has no tag ----------------------------------------------------------------------------
 */

static void greeting(struct session *s, struct imap *imap, struct bytes line)
{
    struct imap_reply reply;
    struct bytes words;
    struct facts *hello = starttls_hello(s);
    if (!imap_reply_of(line, &reply) || !bytes_equal(reply.tag, BYTES_LITERAL("*")))
        return;
    facts_string(hello, FIELD_SESSION_GREETING, imap_status_name(reply.status));
    if (reply.text.len > 0)
        facts_text(hello, FIELD_SESSION_BANNER, reply.text);
    if (reply.status == IMAP_PREAUTH) { /* RFC 9051 section 7.1.4: somebody is logged in */
        imap->lists_count = false;
        imap->login_asked = imap->logged_in = true;
    }
    imap_status_said(s, imap, &reply);
    if (imap_capabilities_of_code(reply.code, &words))
        imap_listed(s, imap, words);
}

/* A list on a line of its own may come in front of the reply to a login or to STARTTLS, and then
 * tells what holds behind it: only one that was asked for before, or when neither is under way,
 * counts. */
static bool is_before_login(const struct session *s, const struct imap *imap)
{
    if (session_peer_visible(s, FROM_CLIENT) == CLAIM_NO || imap->client_blind)
        return false;
    return imap->queue.count == 0 || imap->queue.entry[0].verb == IMAP_CAPABILITY ||
           !(imap_queue_holds(&imap->queue, IMAP_LOGIN) ||
             imap_queue_holds(&imap->queue, IMAP_AUTHENTICATE) ||
             imap_queue_holds(&imap->queue, IMAP_STARTTLS));
}

static void untagged(struct session *s, struct imap *imap, struct bytes line, bool whole)
{
    struct imap_reply reply;
    struct bytes words;
    bool status = imap_reply_of(line, &reply);
    if (status && reply.status == IMAP_BAD && session_proxy_pending(s) != PROXIED_BY_NOBODY)
        session_proxy_judged(s, false);
    if (status)
        imap_status_said(s, imap, &reply);
    else
        imap_data_said(s, imap, line);
    bool list = status ? imap_capabilities_of_code(reply.code, &words)
                       : imap_capabilities_of_line(line, &words);
    if (list && whole && is_before_login(s, imap))
        imap_listed(s, imap, words);
    if (!status)
        imap_fetch_line(s, imap, line);
}

/* "+": the octets, or the next line of SASL, are let come (RFC 9051 section 7.6). */
static void continuation(struct session *s, struct imap *imap, struct bytes line)
{
    bool awaited = imap->client == CLIENT_WAITS && imap->granted != CLIENT_WAITS;
    if (imap->client_blind) {
        if (!awaited || !imap->candidate || session_unread(s, FROM_CLIENT) > 0)
            return;
        imap_resume(s, imap);
    }
    if (!awaited) {
        session_explain(s, "+ lets nothing come that was announced");
        return;
    }
    imap->client = imap->granted;
    imap->wait_doubtful = false;
    if (imap->granted == CLIENT_LITERAL)
        imap_literal_begins(s, imap);
    else if (imap->granted == CLIENT_SASL)
        sasl_challenge(&imap->login.sasl, text_trim(bytes_after(line, 1)));
}

/* --- lines and literals -------------------------------------------------------------------------
 */

/* Replies may echo what the client sent: only greetings and lists of capabilities are shown. */
static void show_line(struct session *s, const struct imap *imap, struct bytes line)
{
    struct bytes words;
    if (!imap->greeted || imap_capabilities_of_line(line, &words))
        session_public(s, line);
    else if (line.len > 0 && (line.data[0] == '*' || line.data[0] == '+'))
        session_public(s, bytes_first(line, 1));
}

static void response(struct session *s, struct imap *imap, struct bytes line, bool whole)
{
    struct imap_reply reply;
    show_line(s, imap, line);
    imap->fetch = (struct imap_fetch){ 0 };
    if (!imap->greeted) {
        imap->greeted = true;
        greeting(s, imap, line);
    } else if (line.len > 0 && line.data[0] == '+') {
        continuation(s, imap, line);
    } else if (line.len > 1 && line.data[0] == '*' && line.data[1] == ' ') {
        untagged(s, imap, line, whole);
    } else if (imap_reply_of(line, &reply)) {
        imap->wait_doubtful = false;
        tagged_reply(s, imap, &reply);
    }
}

/* Whether the line really ends with a literal: the text of a status reply, or a string that is not
 * closed, may look so. */
static bool literal_follows(const struct imap *imap, const struct imap_part *part)
{
    struct imap_reply reply;
    struct imap_tokens in = imap_tokens_over(part->text);
    struct imap_token token;
    if (!part->announces)
        return false;
    if (!part->ready || part->too_long)
        return true;
    if (imap->server == SERVER_LINES &&
        (imap_reply_of(part->text, &reply) || part->text.data[0] == '+'))
        return false;
    while ((token = imap_next(&in)).kind != IMAP_END && token.kind != IMAP_LITERAL) {
    }
    return token.kind == IMAP_LITERAL;
}

static void literal_over(struct session *s, struct imap *imap)
{
    imap_fetch_literal_over(s, imap);
    imap->server = SERVER_REST;
}

static size_t read_literal(struct session *s, struct imap *imap, struct bytes unread)
{
    uint64_t *left = &imap->left[FROM_SERVER];
    size_t taken = *left < unread.len ? (size_t)*left : unread.len;
    *left -= taken;
    if (*left == 0)
        literal_over(s, imap);
    return taken;
}

static void read_part(struct session *s, struct imap *imap, const struct imap_part *part)
{
    if (part->ready && imap->server == SERVER_LINES)
        response(s, imap, part->text, !part->too_long);
    else if (part->ready)
        imap_fetch_rest(s, imap, part->text);
    if (part->too_long || !part->ready)
        imap->fetch.is_fetch = imap->fetch.at_message = false;
    if (!part->ended) {
        imap->server = SERVER_REST;
        return;
    }
    if (!literal_follows(imap, part)) {
        imap->server = SERVER_LINES;
        return;
    }
    imap->left[FROM_SERVER] = part->literal.size;
    imap_fetch_literal(imap, part->literal.size);
    imap->server = SERVER_LITERAL;
    if (part->literal.size == 0)
        literal_over(s, imap);
}

/* --- after a loss -------------------------------------------------------------------------------
 */

/* The first bytes behind a gap: imap.c has the rule. */
static void judge_gap(struct session *s, struct imap *imap)
{
    bool risk = imap->client_blind || session_peer_visible(s, FROM_CLIENT) == CLAIM_NO ||
                session_unread(s, FROM_CLIENT) > 0;
    imap->server_gap = false;
    for (unsigned i = 0; i < imap->queue.count; i++) {
        struct imap_entry *entry = &imap->queue.entry[i];
        risk |= imap_quotes((enum imap_verb)entry->verb);
        entry->doubtful = true;
        entry->ambiguous |= imap->client_blind;
    }
    if (imap_queue_changes_user(&imap->queue)) {
        imap->lists_count = false;
        imap_forget_identity(s, imap);
    }
    if (imap_queue_holds(&imap->queue, IMAP_STARTTLS))
        imap->lists_count = false; /* what comes may be injected */
    imap->wait_doubtful = imap->client == CLIENT_WAITS;
    imap->server = SERVER_LINES;
    imap->fetch = (struct imap_fetch){ 0 };
    imap->server_blind = risk;
    session_explain(s, risk ? "what the server sends may be in a literal: blind"
                            : "no literal can be under way: replies are read on");
}

static size_t read_blind(struct session *s, struct imap *imap, struct bytes unread, size_t shown)
{
    struct imap_part part;
    struct imap_reply reply;
    size_t taken = imap_part_read(&imap->part[FROM_SERVER], unread, shown, &part);
    imap->answered = false;
    if (!part.ready || part.too_long || !imap_reply_of(part.text, &reply) ||
        bytes_equal(reply.tag, BYTES_LITERAL("*")))
        return taken;
    struct imap_entry *newest = imap_queue_newest(&imap->queue);
    imap->answered = newest && imap_entry_has_tag(newest, reply.tag) &&
                     (imap->candidate || !imap->client_blind) &&
                     session_unread(s, FROM_CLIENT) == 0;
    if (!imap->answered)
        imap->blind_lines = 0;
    return taken;
}

size_t imap_server_data(struct session *s, struct imap *imap, struct bytes unread, size_t shown)
{
    struct imap_part part;
    if (imap->server_gap)
        judge_gap(s, imap);
    if (imap->server_blind)
        return read_blind(s, imap, unread, shown);
    if (imap->server == SERVER_LITERAL)
        return read_literal(s, imap, unread);
    bool skipping = imap->part[FROM_SERVER].line.skipping, lost = imap->server == SERVER_LINES;
    size_t taken = imap_part_read(&imap->part[FROM_SERVER], unread, shown, &part);
    if (skipping && lost) { /* the rest of a line of which the beginning was lost */
        if (part.ended && part.announces)
            imap->server_blind = true;
        return taken;
    }
    if (taken > 0)
        read_part(s, imap, &part);
    return taken;
}
