/* Answers: they, not the commands, move the session. Matched by order only; whether more lines
 * follow the first is decided by what was asked (RFC 1939 section 3, RFC 2449 section 6.6). */
#include "pop3_internal.h"
#include "text.h"

/* --- answers to commands ------------------------------------------------------------------------
 */

static void greeting_answer(struct session *s, struct pop3 *pop3, const struct pop3_answer *answer)
{
    struct facts *hello = starttls_hello(s);
    facts_text(hello, FIELD_SESSION_GREETING,
               bytes_of_string(answer->status == STATUS_OK ? "+OK" : "-ERR"));
    /* RFC 1939 section 7: who implements APOP says so with a time stamp. It is the challenge of a
     * login and another one each time: no part of the banner. */
    size_t stamp = pop3_time_stamp(answer->text);
    struct bytes banner = text_trim(bytes_first(answer->text, stamp));
    if (banner.len > 0)
        facts_text(hello, FIELD_SESSION_BANNER, banner);
    if (answer->status == STATUS_OK && stamp < answer->text.len)
        pop3_offers(s, pop3, BYTES_LITERAL("APOP"));
}

static void stls_answer(struct session *s, struct pop3 *pop3, const struct pop3_answer *answer)
{
    bool accepted = answer->status == STATUS_OK;
    pop3_client_reads(pop3, POP3_READS_COMMANDS);
    starttls_answered(s, accepted, bytes_of_string(accepted ? "+OK" : "-ERR"));
    if (accepted)
        session_expect_tls(s);
}

static void list_answer(struct session *s, struct pop3 *pop3, enum pop3_command command)
{
    (void)s;
    pop3_listing_begin(&pop3->listing, command);
    pop3->server = POP3_IN_LISTING;
}

static void skipped_answer(struct session *s, struct pop3 *pop3, enum pop3_command command)
{
    (void)s;
    (void)command;
    dot_stuffing_begin(&pop3->body);
    pop3->server = POP3_IN_SKIPPED;
}

static void mail_answer(struct session *s, struct pop3 *pop3, enum pop3_command command)
{
    dot_stuffing_begin(&pop3->body);
    pop3->fetching = command;
    pop3->doubtful = false;
    pop3->server = POP3_IN_MAIL;
    session_explain(s, "a mail follows, up to a line with nothing but a dot");
}

/* Who knows what an unknown command gets? */
static void unknown_answer(struct session *s, struct pop3 *pop3, enum pop3_command command)
{
    (void)s;
    (void)command;
    pop3->open_ended = true;
}

static const struct {
    void (*any)(struct session *, struct pop3 *, const struct pop3_answer *);
    void (*positive)(struct session *, struct pop3 *, enum pop3_command); /* behind +OK */
} rules[POP3_COMMANDS] = {
    [POP3_UNKNOWN] = { NULL, unknown_answer },
    [POP3_PASS] = { pop3_login_answer, NULL },
    [POP3_APOP] = { pop3_login_answer, NULL },
    [POP3_AUTH] = { pop3_login_answer, NULL },
    [POP3_SASL_RESPONSE] = { pop3_login_answer, NULL },
    [POP3_AUTH_LIST] = { NULL, list_answer },
    [POP3_CAPA] = { NULL, list_answer },
    [POP3_STLS] = { stls_answer, NULL },
    [POP3_RETR] = { NULL, mail_answer },
    [POP3_TOP] = { NULL, mail_answer },
    [POP3_LIST] = { NULL, skipped_answer },
    [POP3_UIDL] = { NULL, skipped_answer },
    [POP3_LANG] = { NULL, skipped_answer },
    [POP3_GREETING] = { greeting_answer, NULL },
};

/* An answer that no command explains. A server that loses patience says -ERR before it closes;
 * before TLS it is injected. */
static void unexplained(struct session *s, struct pop3 *pop3, enum pop3_status status)
{
    session_explain(s, "this answers nothing that was asked");
    if (status == STATUS_ERR || session_expects_tls(s))
        return;
    if (!session_is_partial(s))
        session_weird(s, WEIRD_DESYNC, FROM_SERVER);
    pop3_unpair(s, pop3, POP3_ANYWHERE);
}

/* A server that does not know the PROXY protocol takes the header for a command, in version 2 for
 * several, and refuses it right behind its greeting. If something else was asked meanwhile, it
 * cannot be told which of the two was refused. */
static bool refuses_proxy(struct session *s, struct pop3 *pop3, enum pop3_status status)
{
    enum proxied_by by = session_proxy_pending(s);
    if (by == PROXIED_BY_NOBODY || pop3->statuses != 1)
        return false;
    bool refused = status == STATUS_ERR;
    if (!refused && pop3->queue.count == 0) {
        session_not_proxied(s);
        return false;
    }
    session_proxy_judged(s, !refused);
    if (refused && (pop3->queue.count > 0 || by == PROXIED_BY_V2))
        pop3_unpair(s, pop3, POP3_AT_STATUS);
    return refused;
}

static void pair(struct session *s, struct pop3 *pop3, enum pop3_command command,
                 const struct pop3_answer *answer)
{
    session_explain(s, "%s answers %s", answer->status == STATUS_CHALLENGE ? "+" : answer->code,
                    pop3_command_name(command));
    pop3_pop(pop3);
    if (answer->status == STATUS_CHALLENGE) {
        if (command == POP3_AUTH || command == POP3_SASL_RESPONSE)
            pop3_challenge(s, pop3, answer->text);
        else
            unexplained(s, pop3, STATUS_CHALLENGE);
        return;
    }
    if (rules[command].any)
        rules[command].any(s, pop3, answer);
    if (rules[command].positive && answer->status == STATUS_OK)
        rules[command].positive(s, pop3, command);
}

/* --- after a loss -------------------------------------------------------------------------------
 */

/* Something was answered: a login that was read blind, if that was all the client said since the
 * last answer. Returns whether that was a lone line. */
static bool answered_alone(struct session *s, struct pop3 *pop3)
{
    bool lone = pop3->lone_lines == 1;
    pop3_login_proved(s, pop3, lone);
    pop3->lone_lines = 0;
    return lone;
}

/* Nobody knows what is answered. A challenge answers an AUTH and nothing else: if that is what the
 * client said last, what it says next is the response. */
static void unpaired_status(struct session *s, struct pop3 *pop3, const struct pop3_answer *answer)
{
    if (answer->status == STATUS_CHALLENGE) {
        pop3->open_ended = false;
        pop3->lone_lines = POP3_UNTRUSTED;
        if (pop3->lone != POP3_AUTH || !pop3->login.open)
            return;
        pop3->unproved = false;
        pop3_paired_again(s, pop3, POP3_READS_SASL);
        pop3_challenge(s, pop3, answer->text);
        return;
    }
    bool lone = answered_alone(s, pop3);
    pop3->open_ended = answer->status == STATUS_OK;
    bool lists =
        lone && (pop3->lone == POP3_CAPA || pop3->lone == POP3_LIST || pop3->lone == POP3_UIDL);
    bool hidden = session_peer_visible(s, FROM_CLIENT) == CLAIM_NO;
    pop3_listing_begin(&pop3->listing, hidden ? POP3_CAPA : lists ? pop3->lone : POP3_UNKNOWN);
}

/* A list that was read whole: it brings the session back if the client said nothing since it asked
 * for it. Where the client cannot be seen it still tells what is offered, before the login if
 * nothing came between it and the greeting. */
static void unpaired_listing(struct session *s, struct pop3 *pop3)
{
    bool proof = pop3_listing_is_proof(&pop3->listing);
    if (session_peer_visible(s, FROM_CLIENT) == CLAIM_NO) {
        pop3->logged_in = pop3->statuses != 2;
        if (proof)
            pop3_listing_end(s, pop3);
    } else if (proof && pop3->lone_lines == 0) {
        pop3_paired_again(s, pop3, POP3_READS_COMMANDS);
        pop3_listing_end(s, pop3);
    }
    pop3->listing.of = POP3_UNKNOWN;
}

/* --- lines --------------------------------------------------------------------------------------
 */

static void status_line(struct session *s, struct pop3 *pop3, struct bytes line,
                        enum pop3_status status, struct bytes text)
{
    struct pop3_answer answer = { .status = status, .text = text };
    bool any;
    enum pop3_command head = pop3_head(pop3, &any);
    bool hidden = session_peer_visible(s, FROM_CLIENT) == CLAIM_NO;
    pop3_code(answer.code, status, text);
    session_public(s, head == POP3_GREETING ? line : bytes_first(line, 4));
    pop3->open_ended = false;
    if (!pop3->unpaired && (head == POP3_LOST || (hidden && head != POP3_GREETING)))
        pop3_unpair(s, pop3, POP3_AT_STATUS);
    if (pop3->unpaired) {
        unpaired_status(s, pop3, &answer);
    } else if (refuses_proxy(s, pop3, status)) {
        /* nothing else was answered */
    } else if (any) {
        pair(s, pop3, head, &answer);
    } else if (pop3->client == POP3_READS_SASL && status != STATUS_CHALLENGE) {
        pop3_login_answer(s, pop3, &answer); /* it would not wait for the rest of the login */
    } else {
        unexplained(s, pop3, status);
    }
    pop3->statuses++;
}

static void listing_line(struct session *s, struct pop3 *pop3, struct bytes line)
{
    if (!bytes_equal(line, BYTES_LITERAL("."))) {
        pop3_listing_line(&pop3->listing, line);
        return;
    }
    pop3->server = POP3_AT_STATUS;
    if (pop3->unpaired)
        unpaired_listing(s, pop3);
    else
        pop3_listing_end(s, pop3);
}

/* No status where one is due: the text of an answer that may have one, or nothing that could be
 * understood. */
static void other_line(struct session *s, struct pop3 *pop3, struct bytes line)
{
    if (pop3->open_ended) {
        pop3->open_ended = false;
        if (!pop3->unpaired)
            pop3_listing_begin(&pop3->listing, POP3_UNKNOWN);
        pop3->server = POP3_IN_LISTING;
        listing_line(s, pop3, line);
        return;
    }
    if (session_expects_tls(s))
        return;
    if (!pop3->unpaired && !session_is_partial(s))
        session_weird(s, WEIRD_DESYNC, FROM_SERVER);
    pop3_unpair(s, pop3, POP3_ANYWHERE);
}

/* Dots of a text are doubled: a lone one ends it. Where no mail can be on its way, no text has
 * lines that look like a status. */
static bool doubt_ends(struct session *s, struct pop3 *pop3, struct bytes line,
                       enum pop3_status status)
{
    bool no_mail =
        pop3->client_whole && !pop3->fetched && session_peer_visible(s, FROM_CLIENT) != CLAIM_NO;
    bool dot = bytes_equal(line, BYTES_LITERAL("."));
    if (dot || (no_mail && status != STATUS_NONE))
        pop3->server = POP3_AT_STATUS;
    if (!dot && pop3->server == POP3_AT_STATUS)
        return true;
    /* Even in doubt, the server does not speak while a client sends a mail. */
    if (dot || status == STATUS_OK || status == STATUS_ERR)
        answered_alone(s, pop3);
    return false;
}

static size_t read_line(struct session *s, struct pop3 *pop3, struct bytes unread, size_t shown)
{
    struct line line;
    struct bytes text;
    size_t taken = line_read(&pop3->line[FROM_SERVER], unread, shown, &line);
    if (!line.ready)
        return taken;
    if (line.too_long && pop3->server == POP3_AT_STATUS && !pop3->open_ended)
        session_weird(s, WEIRD_LINE_TOO_LONG, FROM_SERVER);
    if (pop3->server == POP3_IN_LISTING) {
        listing_line(s, pop3, line.text);
        return taken;
    }
    enum pop3_status status = pop3_status_of(line.text, &text);
    if (pop3->server == POP3_ANYWHERE && !doubt_ends(s, pop3, line.text, status))
        return taken;
    if (status == STATUS_NONE)
        other_line(s, pop3, line.text);
    else
        status_line(s, pop3, line.text, status, text);
    return taken;
}

/* --- texts --------------------------------------------------------------------------------------
 */

void pop3_mail_end(struct session *s, struct pop3 *pop3, bool whole)
{
    struct facts *own = session_own_facts(s);
    pop3->server = POP3_AT_STATUS;
    pop3->doubtful = false;
    facts_string(own, FIELD_EVENT_ACTION, pop3->fetching == POP3_TOP ? "pop3-top" : "pop3-retr");
    facts_string(own, FIELD_EVENT_OUTCOME, whole ? "success" : "unknown");
    facts_string(own, FIELD_EVENT_CODE, "+OK");
    facts_number(own, FIELD_EMAIL_SIZE, pop3->body.size);
    starttls_used(s, CLEAR_MAIL, false);
    session_explain(s, "the mail ends, %llu octets", (unsigned long long)pop3->body.size);
    session_emit(s, EVENT_MESSAGE);
}

static size_t read_text(struct session *s, struct pop3 *pop3, struct bytes unread)
{
    bool ended;
    size_t taken = dot_stuffing_read(&pop3->body, unread, &ended);
    if (ended && pop3->server == POP3_IN_MAIL)
        pop3_mail_end(s, pop3, true);
    if (ended)
        pop3->server = POP3_AT_STATUS;
    return taken;
}

size_t pop3_server_data(struct session *s, struct pop3 *pop3, struct bytes unread, size_t shown)
{
    bool text = pop3->server == POP3_IN_MAIL || pop3->server == POP3_IN_SKIPPED;
    return text ? read_text(s, pop3, unread) : read_line(s, pop3, unread, shown);
}
