/* Replies: they, not the commands, move the session (RFC 5321 section 4.2). Matched by order only.
 */
#include <string.h>

#include "smtp_internal.h"
#include "text.h"

bool smtp_positive(const struct smtp_code *code)
{
    return code->code / 100 == 2;
}

/* --- capabilities -------------------------------------------------------------------------------
 */

/* Servers announce some thirty words. Each is compared with all others: what is more than this is
 * not kept. */
#define LISTED_MAX    64
#define ANNOUNCED_MAX 128 /* by all lists of a session */

/* Keywords and mechanism names have no case: they are shown in capitals. */
static void copy_capitals(char *to, size_t size, struct bytes word)
{
    text_copy(to, size, word);
    for (char *c = to; *c; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
}

static void list_mechanisms(struct smtp *smtp, struct bytes names)
{
    char name[FACTS_TEXT_MAX + 1];
    struct bytes word;
    while (smtp->listing_words < LISTED_MAX && (word = text_next_word(&names)).len > 0) {
        smtp->listing_words++;
        copy_capitals(name, sizeof name, word);
        if (!facts_has(buffer_view(&smtp->listing.records), FIELD_SESSION_AUTH_OFFERED,
                       bytes_of_string(name)))
            facts_string(&smtp->listing, FIELD_SESSION_AUTH_OFFERED, name);
    }
}

/* One line of an EHLO reply behind the first. "AUTH=LOGIN" is the old spelling of "AUTH LOGIN":
 * servers send both. X-EXPS is Exchange's own AUTH, in both spellings. */
static void list_capability(struct smtp *smtp, struct bytes text)
{
    struct bytes rest = text;
    struct bytes word = text_next_word(&rest);
    struct bytes keyword = bytes_first(word, bytes_index(word, '='));
    char upper[FACTS_TEXT_MAX + 1];
    if (bytes_equal_nocase(keyword, "AUTH") || bytes_equal_nocase(keyword, "X-EXPS")) {
        list_mechanisms(smtp, bytes_after(word, keyword.len + 1));
        list_mechanisms(smtp, rest);
        if (keyword.len < word.len)
            return;
    }
    copy_capitals(upper, sizeof upper, word);
    if (upper[0] && smtp->listing_words++ < LISTED_MAX)
        facts_string(&smtp->listing, FIELD_SESSION_CAPABILITIES, upper);
    smtp->listing_masked |= starttls_masks(word, "STARTTLS");
    smtp->listing_starttls |= bytes_equal_nocase(word, "STARTTLS");
    smtp->listing_anonymous |= bytes_equal_nocase(word, "X-ANONYMOUSTLS");
    smtp->listing_chunking |= bytes_equal_nocase(word, "CHUNKING");
}

/* What was announced once was announced: a later list adds to it. What a server does not announce
 * to a client that it turned away (RFC 5321 section 3.1), others may be offered. */
static void listing_complete(struct session *s, struct smtp *smtp)
{
    struct facts *hello = starttls_hello(s);
    struct fact fact;
    for (size_t at = 0; facts_next(buffer_view(&smtp->listing.records), &at, &fact);) {
        if (smtp->announced < ANNOUNCED_MAX &&
            !facts_has(buffer_view(&hello->records), fact.field, fact.value)) {
            facts_copy(hello, &fact);
            smtp->announced++;
        }
    }
    if (smtp->listing_starttls || smtp->listing_masked || !smtp->turned_away)
        starttls_listed(s, smtp->listing_starttls, smtp->listing_masked);
    smtp->anonymous |= smtp->listing_anonymous;
    smtp->listed = true;
    smtp->chunking |= smtp->listing_chunking;
}

/* --- replies to commands ------------------------------------------------------------------------
 */

typedef void reply_function(struct session *, struct smtp *, struct bytes argument,
                            const struct smtp_reply *);

static void greeting_reply(struct session *s, struct smtp *smtp, struct bytes argument,
                           const struct smtp_reply *reply)
{
    (void)argument;
    smtp->turned_away = !smtp_positive(&reply->code);
    facts_text(starttls_hello(s), FIELD_SESSION_GREETING,
               bytes_first(bytes_of_string(reply->code.text), 3));
}

static void hello_reply(struct session *s, struct smtp *smtp, struct bytes argument,
                        const struct smtp_reply *reply)
{
    if (!smtp_positive(&reply->code))
        return;
    smtp_transaction_end(s, smtp);
    smtp->greeted = true;
    smtp->lmtp = false;
    facts_unset(session_facts(s), FIELD_SMTP_HELO);
    facts_text(session_facts(s), FIELD_SMTP_HELO, argument);
}

static void ehlo_reply(struct session *s, struct smtp *smtp, struct bytes argument,
                       const struct smtp_reply *reply)
{
    hello_reply(s, smtp, argument, reply);
    if (smtp_positive(&reply->code))
        listing_complete(s, smtp);
}

static void lhlo_reply(struct session *s, struct smtp *smtp, struct bytes argument,
                       const struct smtp_reply *reply)
{
    ehlo_reply(s, smtp, argument, reply);
    smtp->lmtp |= smtp_positive(&reply->code);
}

static void mail_reply(struct session *s, struct smtp *smtp, struct bytes argument,
                       const struct smtp_reply *reply)
{
    if (!smtp_positive(&reply->code)) {
        smtp_mail_refused(s, smtp, argument, &reply->code);
        return;
    }
    starttls_used(s, CLEAR_MAIL, false);
    smtp_mail(s, smtp, argument);
}

static void rcpt_reply(struct session *s, struct smtp *smtp, struct bytes argument,
                       const struct smtp_reply *reply)
{
    smtp_rcpt(s, smtp, argument, &reply->code);
}

/* 354: the body begins where the client stands; in the middle of a line, if its beginning was lost.
 */
static void begin_body(struct session *s, struct smtp *smtp)
{
    if (!smtp->transaction.active)
        smtp_resume_transaction(s, smtp);
    dot_stuffing_begin(&smtp->body);
    if (smtp->line[FROM_CLIENT].skipping && smtp->client == CLIENT_BLIND)
        dot_stuffing_gap(&smtp->body);
    if (smtp->client == CLIENT_BLIND)
        smtp->line[FROM_CLIENT].skipping = false;
    smtp->body_met = true;
    smtp->client = CLIENT_BODY;
    starttls_asked_for_mail(s); /* DATA may have been on its way when STARTTLS was answered */
    session_explain(s, "a body follows, up to a line with nothing but a dot");
}

static void data_reply(struct session *s, struct smtp *smtp, struct bytes argument,
                       const struct smtp_reply *reply)
{
    (void)argument;
    if (reply->code.code == 354) {
        begin_body(s, smtp);
        return;
    }
    smtp_data_refused(smtp, &reply->code);
    smtp_client_reads(smtp, CLIENT_COMMANDS);
}

/* A server without CHUNKING does not know that octets follow and reads them as commands (RFC 3030
 * section 2): none of its answers can be paired any more. */
static bool reads_chunk_as_commands(const struct smtp *smtp, const struct smtp_code *code)
{
    return !smtp->chunking && (code->code == 500 || code->code == 502);
}

/* A last chunk that is refused makes a refused message, unless there was none: a chunk before it
 * was refused, or nobody was there to get it. */
static bool nothing_to_deliver(const struct smtp *smtp)
{
    return smtp->transaction.data_refused || smtp->transaction.accepted == 0;
}

static void add_size(struct smtp_transaction *t, uint64_t len)
{
    t->size = len < UINT64_MAX - t->size ? t->size + len : UINT64_MAX;
}

static void bdat_reply(struct session *s, struct smtp *smtp, struct bytes argument,
                       const struct smtp_reply *reply)
{
    uint64_t len;
    bool last;
    if (!smtp_chunk(argument, &len, &last))
        return;
    if (reads_chunk_as_commands(smtp, &reply->code)) {
        smtp_data_refused(smtp, &reply->code);
        if (smtp->listed && !session_is_partial(s))
            session_weird(s, WEIRD_UNPAIRED_PIPELINE, FROM_CLIENT);
        smtp_lose_track(s, smtp, false);
        smtp->head_stays = true;
    } else if (!last) {
        if (smtp_positive(&reply->code))
            add_size(&smtp->transaction, len);
        else
            smtp_data_refused(smtp, &reply->code);
    } else if (!smtp_positive(&reply->code) && nothing_to_deliver(smtp)) {
        smtp_data_refused(smtp, &reply->code);
    } else {
        if (smtp->transaction.answers == 0)
            add_size(&smtp->transaction, len);
        smtp->head_stays = !smtp_message_answered(s, smtp, reply);
    }
}

static void end_of_data_reply(struct session *s, struct smtp *smtp, struct bytes argument,
                              const struct smtp_reply *reply)
{
    (void)argument;
    smtp->head_stays = !smtp_message_answered(s, smtp, reply);
}

static void rset_reply(struct session *s, struct smtp *smtp, struct bytes argument,
                       const struct smtp_reply *reply)
{
    (void)argument;
    if (smtp_positive(&reply->code))
        smtp_transaction_end(s, smtp);
}

static void auth_reply(struct session *s, struct smtp *smtp, struct bytes argument,
                       const struct smtp_reply *reply)
{
    (void)argument;
    smtp_auth_reply(s, smtp, reply);
}

/* RFC 3207 section 4 knows 220 alone; Postfix and Exim begin TLS behind any 2xx. 221 is a farewell.
 */
static void starttls_reply(struct session *s, struct smtp *smtp, struct bytes argument,
                           const struct smtp_reply *reply)
{
    (void)argument;
    bool accepted = smtp_positive(&reply->code) && reply->code.code != 221;
    smtp_client_reads(smtp, CLIENT_COMMANDS);
    starttls_answered(s, accepted, bytes_first(bytes_of_string(reply->code.text), 3));
    if (accepted)
        session_expect_tls(s);
}

/* Postfix's XCLIENT: the session begins anew, with another client's identity. */
static void xclient_reply(struct session *s, struct smtp *smtp, struct bytes argument,
                          const struct smtp_reply *reply)
{
    if (!smtp_positive(&reply->code))
        return;
    smtp_transaction_end(s, smtp);
    smtp_forget_identity(s);
    uint8_t address[16];
    size_t len = text_to_address(argument, address);
    if (len > 0)
        session_proxied(s, PROXIED_BY_XCLIENT, bytes_over(address, len), 0);
}

/* Exchange: "XEXCH50 n m" and, behind a 354, n octets that are answered again. */
static void xexch50_reply(struct session *s, struct smtp *smtp, struct bytes argument,
                          const struct smtp_reply *reply)
{
    uint64_t len;
    smtp_client_reads(smtp, CLIENT_COMMANDS);
    if (reply->code.code != 354 || !text_to_u64(text_next_word(&argument), &len) || len == 0)
        return;
    smtp_client_reads(smtp, CLIENT_CHUNK);
    smtp->chunk_left = len;
    smtp_queue_head_becomes(&smtp->queue, SMTP_OTHER);
    smtp->head_stays = true;
    session_explain(s, "%llu octets of XEXCH50 follow", (unsigned long long)len);
}

/* ATRN (RFC 2645 section 5) and TURN: a new session begins, in which the server is the client. */
static void turn_reply(struct session *s, struct smtp *smtp, struct bytes argument,
                       const struct smtp_reply *reply)
{
    (void)argument;
    bool lost = smtp->client == CLIENT_BLIND || smtp->queue.count > 1;
    smtp_client_reads(smtp, CLIENT_COMMANDS);
    if (!smtp_positive(&reply->code))
        return;
    if (!lost) {
        session_turn(s);
        return;
    }
    /* Where the new session begins is not known. */
    smtp_lose_track(s, smtp, false);
    smtp->no_server = smtp->head_stays = true;
}

static void vrfy_reply(struct session *s, struct smtp *smtp, struct bytes argument,
                       const struct smtp_reply *reply)
{
    (void)argument;
    smtp_verify(s, smtp, SMTP_VRFY, &reply->code);
}

static void expn_reply(struct session *s, struct smtp *smtp, struct bytes argument,
                       const struct smtp_reply *reply)
{
    (void)argument;
    smtp_verify(s, smtp, SMTP_EXPN, &reply->code);
}

static reply_function *const on_reply[] = {
    [SMTP_EHLO] = ehlo_reply,
    [SMTP_LHLO] = lhlo_reply,
    [SMTP_HELO] = hello_reply,
    [SMTP_MAIL] = mail_reply,
    [SMTP_RCPT] = rcpt_reply,
    [SMTP_DATA] = data_reply,
    [SMTP_BDAT] = bdat_reply,
    [SMTP_RSET] = rset_reply,
    [SMTP_QUIT] = rset_reply,
    [SMTP_AUTH] = auth_reply,
    [SMTP_STARTTLS] = starttls_reply,
    [SMTP_XCLIENT] = xclient_reply,
    [SMTP_XEXCH50] = xexch50_reply,
    [SMTP_TURN] = turn_reply,
    [SMTP_VRFY] = vrfy_reply,
    [SMTP_EXPN] = expn_reply,
    [SMTP_GREETING] = greeting_reply,
    [SMTP_SASL_RESPONSE] = auth_reply,
    [SMTP_END_OF_DATA] = end_of_data_reply,
    [SMTP_LOST] = NULL,
};

/* --- after a loss -------------------------------------------------------------------------------
 */

/* The server's own word brings the session back: a 354 means that a body begins where the client
 * stands; a multi-line 250 behind a lone EHLO means that commands begin there. Nothing the client
 * says does. */
static void resume(struct session *s, struct smtp *smtp, struct bytes name,
                   const struct smtp_reply *reply)
{
    bool ehlo = reply->code.code == 250 && reply->lines > 1 && smtp->blind_lines == 1 &&
                (smtp->blind_hello == SMTP_EHLO || smtp->blind_hello == SMTP_LHLO);
    /* Exchange's "354 Send binary data" asks for octets, how many was lost. */
    bool body = reply->code.code == 354 && !bytes_contains_nocase(reply->text, "binary");
    smtp->blind_lines = 0;
    if (smtp->no_server || (!body && !ehlo))
        return;
    smtp_auth_unanswered(s, smtp);
    session_explain(s, "the server's word brings the session back: %s",
                    ehlo ? "a list of capabilities, commands follow" : "354, a body follows");
    if (ehlo) {
        on_reply[smtp->blind_hello](s, smtp, name, reply);
        smtp->client = CLIENT_COMMANDS;
    } else {
        smtp_transaction_end(s, smtp);
        begin_body(s, smtp);
    }
    smtp_queue_clear(&smtp->queue);
}

/* A reply that no command explains. 421 may come at any time and ends the session (RFC 5321
 * section 3.8); Exchange says 451 when it has waited too long; before TLS it is injected. */
static void unexplained(struct session *s, struct smtp *smtp, const struct smtp_reply *reply)
{
    session_explain(s, "%u answers nothing that was asked", reply->code.code);
    if (reply->code.code == 421 || reply->code.code == 451 || session_expects_tls(s))
        return;
    if (!session_is_partial(s))
        session_weird(s, WEIRD_DESYNC, FROM_SERVER);
    smtp_lose_track(s, smtp, false);
}

/* Without the client only the answer behind the greeting can be told: several lines of 250 answer
 * an EHLO. */
static void one_sided_reply(struct session *s, struct smtp *smtp, const struct smtp_reply *reply)
{
    if (smtp->replies == 1 && reply->code.code == 250 && reply->lines > 1)
        listing_complete(s, smtp);
}

/* A server that does not know the PROXY protocol takes the header for a command, in version 2 for
 * several, and refuses it right behind its greeting. If something else was asked meanwhile, it
 * cannot be told which of the two was refused. */
static bool refuses_proxy(struct session *s, struct smtp *smtp, const struct smtp_reply *reply)
{
    enum proxied_by by = session_proxy_pending(s);
    if (smtp->replies != 1 || by == PROXIED_BY_NOBODY)
        return false;
    bool refused = reply->code.code / 100 == 5, believed = reply->code.code < 400;
    if (!refused && (!believed || smtp->queue.count == 0)) {
        session_not_proxied(s); /* this shows nothing, and what comes later will not either */
        return false;
    }
    session_proxy_judged(s, believed);
    if (refused && (smtp->queue.count > 0 || by == PROXIED_BY_V2))
        smtp_lose_track(s, smtp, smtp->queue.count == 0);
    return refused;
}

static void pair(struct session *s, struct smtp *smtp, enum smtp_command command,
                 struct bytes argument, const struct smtp_reply *reply)
{
    bool any;
    smtp->head_stays = false;
    if (smtp->queue.count > 1)
        session_explain(s, "%u answers %s, the oldest of %u that wait", reply->code.code,
                        smtp_command_name(command), smtp->queue.count);
    else
        session_explain(s, "%u answers %s", reply->code.code, smtp_command_name(command));
    if (on_reply[command])
        on_reply[command](s, smtp, argument, reply);
    if (!smtp->head_stays)
        smtp_queue_pop(&smtp->queue);
    if (smtp_queue_head(&smtp->queue, &any, &argument) == SMTP_LOST)
        smtp_forget_identity(s);
}

static void whole_reply(struct session *s, struct smtp *smtp, const struct smtp_reply *reply)
{
    bool any;
    struct bytes argument;
    enum smtp_command command = smtp_queue_head(&smtp->queue, &any, &argument);
    if (session_peer_visible(s, FROM_CLIENT) == CLAIM_NO && command != SMTP_GREETING) {
        if (command != SMTP_LOST)
            one_sided_reply(s, smtp, reply);
    } else if (command == SMTP_LOST && smtp->client != CLIENT_BODY &&
               smtp->client != CLIENT_CHUNK) {
        resume(s, smtp, argument, reply);
    } else if (refuses_proxy(s, smtp, reply)) {
        /* nothing else was answered */
    } else if (!any && smtp->client == CLIENT_SASL && reply->code.code != 334) {
        smtp_auth_reply(s, smtp, reply); /* the server would not wait for the rest of the login */
    } else if (!any || command == SMTP_LOST) {
        /* In a body this means that its end was not seen: it was in a gap, or was not the one that
         * counts. */
        unexplained(s, smtp, reply);
    } else {
        pair(s, smtp, command, argument, reply);
    }
    smtp->replies++;
}

/* --- lines --------------------------------------------------------------------------------------
 */

/* "535 5.7.8", or the code alone. */
static void set_code(struct smtp_code *code, const struct smtp_reply_line *line)
{
    struct bytes enhanced = smtp_enhanced(line->code, line->text); /* at most "5.123.123" */
    char *to = code->text;
    code->code = line->code;
    for (unsigned power = 100; power > 0; power /= 10)
        *to++ = (char)('0' + line->code / power % 10);
    if (enhanced.len > 0)
        *to++ = ' ';
    text_copy(to, sizeof code->text - (size_t)(to - code->text), enhanced);
}

static void begin_reply(struct session *s, struct smtp *smtp, const struct smtp_reply_line *line,
                        enum smtp_command head)
{
    set_code(&smtp->reply.code, line);
    facts_clear(&smtp->listing);
    smtp->listing_starttls = smtp->listing_anonymous = false;
    smtp->listing_masked = smtp->listing_chunking = false;
    smtp->listing_words = 0;
    if (head == SMTP_GREETING && line->text.len > 0)
        facts_text(starttls_hello(s), FIELD_SESSION_BANNER, line->text);
}

size_t smtp_server_data(struct session *s, struct smtp *smtp, struct bytes unread, size_t shown)
{
    struct line line;
    struct smtp_reply_line reply_line;
    struct bytes argument;
    bool any;
    size_t taken = line_read(&smtp->line[FROM_SERVER], unread, shown, &line);
    if (!line.ready)
        return taken;
    if (line.too_long)
        session_weird(s, WEIRD_LINE_TOO_LONG, FROM_SERVER);
    bool is_reply = smtp_reply_line(line.text, &reply_line);
    enum smtp_command head = smtp_queue_head(&smtp->queue, &any, &argument);
    if (!is_reply) {
        /* Text between replies, as some servers put it, has no meaning. After a loss it may be the
         * other side of a session that was turned round meanwhile. */
        smtp->no_server |= head == SMTP_LOST;
        return taken;
    }
    bool lists = head == SMTP_EHLO || head == SMTP_LHLO || head == SMTP_LOST ||
                 session_peer_visible(s, FROM_CLIENT) == CLAIM_NO;
    /* Replies may echo what the client sent: only greetings and capabilities are shown whole. */
    session_public(
        s,
        bytes_first(unread,
                    head == SMTP_GREETING || head == SMTP_EHLO || head == SMTP_LHLO ? taken : 3));
    if (smtp->reply.lines++ == 0)
        begin_reply(s, smtp, &reply_line, head);
    else if (lists)
        list_capability(smtp, reply_line.text);
    if (!reply_line.more) {
        /* Where the lines differ, clients go by the last. */
        if (smtp->reply.code.code != reply_line.code)
            set_code(&smtp->reply.code, &reply_line);
        smtp->reply.text = reply_line.text;
        struct smtp_reply reply = smtp->reply;
        smtp->reply = (struct smtp_reply){ 0 };
        whole_reply(s, smtp, &reply);
    }
    return taken;
}
