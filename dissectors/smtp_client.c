/* What the client sends: commands, which wait in the queue for their replies, SASL responses and
 * bodies. */
#include <string.h>

#include "smtp_internal.h"
#include "text.h"

static bool server_hidden(const struct session *s)
{
    return session_peer_visible(s, FROM_SERVER) == CLAIM_NO;
}

/* --- commands -----------------------------------------------------------------------------------
 */

/* What happens when a command is read, beyond joining the queue; its argument is what the queue
 * keeps. */
static void auth_sent(struct session *s, struct smtp *smtp, struct bytes *argument)
{
    smtp_auth_command(s, smtp, *argument);
    *argument = BYTES_NONE; /* it may hold the secret */
    smtp->client = CLIENT_WAITS;
}

static void starttls_sent(struct session *s, struct smtp *smtp, struct bytes *argument)
{
    (void)argument;
    if (smtp->anonymous)
        starttls_listed(s, true, false); /* only Exchange knows it: to others it is no offer */
    starttls_requested(s);
    smtp->client = CLIENT_WAITS;
}

static void data_sent(struct session *s, struct smtp *smtp, struct bytes *argument)
{
    (void)argument;
    starttls_asked_for_mail(s);
    smtp->client = CLIENT_WAITS;
}

/* RFC 3030 section 2: the octets follow at once, whatever the server will answer. */
static void bdat_sent(struct session *s, struct smtp *smtp, struct bytes *argument)
{
    uint64_t len;
    bool last;
    starttls_asked_for_mail(s);
    if (!smtp_chunk(*argument, &len, &last)) {
        /* Octets or commands? Servers differ. */
        smtp->client = CLIENT_BLIND;
    } else if (len > 0) {
        smtp->chunk_left = len;
        smtp->client = CLIENT_CHUNK;
        session_explain(s, "a chunk of %llu octets follows", (unsigned long long)len);
    }
}

static void mail_sent(struct session *s, struct smtp *smtp, struct bytes *argument)
{
    starttls_asked_for_mail(s);
    struct bytes path = smtp_path(*argument);
    smtp->requires_tls = smtp_requires_tls(*argument, path);
    *argument = bytes_first(path, FACTS_TEXT_MAX);
}

static void path_sent(struct session *s, struct smtp *smtp, struct bytes *argument)
{
    (void)s;
    (void)smtp;
    *argument = bytes_first(smtp_path(*argument), FACTS_TEXT_MAX);
}

static void name_sent(struct session *s, struct smtp *smtp, struct bytes *argument)
{
    (void)s;
    (void)smtp;
    *argument = bytes_first(text_next_word(argument), FACTS_TEXT_MAX);
}

static void word_sent(struct session *s, struct smtp *smtp, struct bytes *argument)
{
    (void)s;
    (void)smtp;
    *argument = BYTES_NONE;
}

/* Exchange's octets follow a 354. */
static void xexch50_sent(struct session *s, struct smtp *smtp, struct bytes *argument)
{
    (void)s;
    *argument = bytes_first(*argument, FACTS_TEXT_MAX);
    smtp->client = CLIENT_WAITS;
}

/* Whoever answers decides who goes on as the client. */
static void turn_sent(struct session *s, struct smtp *smtp, struct bytes *argument)
{
    (void)s;
    *argument = BYTES_NONE;
    smtp->client = CLIENT_WAITS;
}

/* Postfix's attributes: kept is the address of the client that is spoken for. */
static void xclient_sent(struct session *s, struct smtp *smtp, struct bytes *argument)
{
    struct bytes word, rest = *argument;
    (void)s;
    (void)smtp;
    *argument = BYTES_NONE;
    while ((word = text_next_word(&rest)).len > 0) {
        if (bytes_starts_nocase(word, "ADDR="))
            *argument = bytes_first(bytes_after(word, 5), 64);
    }
    if (bytes_starts_nocase(*argument, "IPV6:"))
        *argument = bytes_after(*argument, 5);
}

static const struct {
    bool public_argument; /* may be shown in a trace; the verb always may */
    void (*sent)(struct session *, struct smtp *, struct bytes *argument);
} rules[] = {
    [SMTP_UNKNOWN] = { false, word_sent },   [SMTP_EHLO] = { true, name_sent },
    [SMTP_LHLO] = { true, name_sent },       [SMTP_HELO] = { true, name_sent },
    [SMTP_MAIL] = { true, mail_sent },       [SMTP_RCPT] = { true, path_sent },
    [SMTP_DATA] = { true, data_sent },       [SMTP_BDAT] = { true, bdat_sent },
    [SMTP_RSET] = { true, word_sent },       [SMTP_QUIT] = { true, word_sent },
    [SMTP_AUTH] = { false, auth_sent },      [SMTP_STARTTLS] = { true, starttls_sent },
    [SMTP_VRFY] = { true, word_sent },       [SMTP_EXPN] = { true, word_sent },
    [SMTP_OTHER] = { false, word_sent },     [SMTP_XCLIENT] = { false, xclient_sent },
    [SMTP_XEXCH50] = { true, xexch50_sent }, [SMTP_TURN] = { true, turn_sent },
};

/* The verb, and for AUTH the mechanism if it is one; the rest of a line only where its command
 * allows it. */
static void show_command(struct session *s, enum smtp_command command, struct bytes line,
                         size_t taken)
{
    if (command == SMTP_UNKNOWN)
        return;
    struct bytes rest = line;
    size_t shown = rules[command].public_argument ? taken : text_next_word(&rest).len;
    if (command == SMTP_AUTH) {
        struct bytes mechanism = text_next_word(&rest);
        if (sasl_known_name(mechanism))
            shown = (size_t)(mechanism.data + mechanism.len - line.data);
    }
    session_public(s, bytes_over(line.data, shown));
}

static size_t read_command(struct session *s, struct smtp *smtp, struct bytes unread, size_t shown)
{
    struct line line;
    struct bytes argument;
    if (smtp_queue_full(&smtp->queue)) {
        session_weird(s, WEIRD_PIPELINE_TOO_LONG, FROM_CLIENT);
        return 0;
    }
    size_t taken = line_read(&smtp->line[FROM_CLIENT], unread, shown, &line);
    if (!line.ready)
        return taken;
    if (line.too_long)
        session_weird(s, WEIRD_LINE_TOO_LONG, FROM_CLIENT);
    enum smtp_command command = smtp_command_of(line.text, &argument);
    smtp->said_ehlo |= command == SMTP_EHLO || command == SMTP_HELO;
    show_command(s, command, line.text, taken);
    if (smtp->login.open)
        smtp_auth_overrun(s, smtp, command, line.text);
    else if (command == SMTP_UNKNOWN && starttls_is_spoiled(s, line.text, "STARTTLS"))
        command = SMTP_STARTTLS;
    else if (command == SMTP_UNKNOWN)
        http_line(s, &smtp->http, line.text);
    if (smtp->queue.count > 0)
        session_explain(s, "%s is read while %u wait%s for an answer", smtp_command_name(command),
                        smtp->queue.count, smtp->queue.count == 1 ? "s" : "");
    rules[command].sent(s, smtp, &argument);
    if (!smtp_queue_push(&smtp->queue, command, argument)) {
        smtp_no_memory(s, smtp);
        return taken;
    }
    if (command == SMTP_MAIL && smtp->requires_tls)
        smtp_queue_mark(&smtp->queue);
    if (smtp->client == CLIENT_BLIND)
        smtp_lose_track(s, smtp, false);
    if (server_hidden(s))
        smtp_assume_replies(s, smtp);
    return taken;
}

/* --- SASL ---------------------------------------------------------------------------------------
 */

static size_t read_sasl(struct session *s, struct smtp *smtp, struct bytes unread, size_t shown)
{
    struct line line;
    size_t taken = line_read(&smtp->line[FROM_CLIENT], unread, shown, &line);
    if (!line.ready)
        return taken;
    smtp_auth_response(s, smtp, line.text);
    smtp->client = CLIENT_WAITS;
    if (!smtp_queue_push(&smtp->queue, SMTP_SASL_RESPONSE, BYTES_NONE))
        smtp_no_memory(s, smtp);
    else if (server_hidden(s))
        smtp_assume_replies(s, smtp);
    return taken;
}

/* --- bodies -------------------------------------------------------------------------------------
 */

void smtp_client_reads(struct smtp *smtp, enum smtp_client_mode mode)
{
    if (smtp->client != CLIENT_BLIND)
        smtp->client = mode;
}

bool smtp_body_done(struct smtp *smtp)
{
    bool any;
    struct bytes argument;
    bool lost = smtp_queue_head(&smtp->queue, &any, &argument) == SMTP_LOST;
    smtp->client = lost ? CLIENT_BLIND : CLIENT_COMMANDS;
    smtp->blind_lines = BLIND_UNTRUSTED;
    return !lost;
}

/* Without the server nobody says that DATA was accepted, and a command in place of the first line
 * says that it may have been refused: whose body follows cannot be told. Returns false while that
 * line is not whole. */
static bool judge_first_line(struct session *s, struct smtp *smtp, struct bytes unread)
{
    struct bytes argument, line = bytes_first(unread, bytes_index(unread, '\n'));
    if (smtp->body_met || !server_hidden(s))
        return true;
    if (line.len == unread.len && line.len < FACTS_TEXT_MAX)
        return false;
    smtp->body_met = true;
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    if (smtp_command_of(line, &argument) == SMTP_UNKNOWN)
        return true;
    smtp->client = CLIENT_WAITS; /* not in a body, as far as its event goes */
    smtp_lose_track(s, smtp, false);
    return true;
}

static size_t read_body(struct session *s, struct smtp *smtp, struct bytes unread)
{
    bool ended;
    size_t taken = dot_stuffing_read(&smtp->body, unread, &ended);
    if (!ended)
        return taken;
    smtp->transaction.size = smtp->body.size;
    smtp->transaction.sent = true;
    session_explain(s, "the body ends, %llu octets", (unsigned long long)smtp->transaction.size);
    if (!smtp_body_done(smtp))
        smtp_message_end(s, smtp, NULL); /* its reply cannot be told from others */
    else if (!smtp_queue_push(&smtp->queue, SMTP_END_OF_DATA, BYTES_NONE))
        smtp_no_memory(s, smtp);
    else if (server_hidden(s))
        smtp_assume_replies(s, smtp);
    return taken;
}

static size_t read_chunk(struct smtp *smtp, struct bytes unread)
{
    size_t taken = smtp->chunk_left < unread.len ? (size_t)smtp->chunk_left : unread.len;
    smtp->chunk_left -= taken;
    if (smtp->chunk_left == 0)
        smtp_body_done(smtp);
    return taken;
}

/* --- after a loss -------------------------------------------------------------------------------
 */

/* Consumes, and remembers only whether the last thing said was an EHLO, and its name with the loss
 * in the queue: the server's answer to it brings us back. */
static size_t read_blind(struct smtp *smtp, struct bytes unread, size_t shown)
{
    struct line line;
    struct bytes argument;
    size_t taken = line_read(&smtp->line[FROM_CLIENT], unread, shown, &line);
    if (line.ready) {
        smtp->blind_lines++;
        smtp->blind_hello = smtp_command_of(line.text, &argument);
        bool hello = smtp->blind_hello == SMTP_EHLO || smtp->blind_hello == SMTP_LHLO;
        if (smtp->queue.count == 1) {
            smtp_queue_clear(&smtp->queue);
            argument = hello ? bytes_first(text_next_word(&argument), FACTS_TEXT_MAX) : BYTES_NONE;
            if (!smtp_queue_push(&smtp->queue, SMTP_LOST, argument))
                smtp_queue_push(&smtp->queue, SMTP_LOST, BYTES_NONE);
        }
    }
    return taken;
}

/* --- without the server -------------------------------------------------------------------------
 */

/* From one side a login looks like base64 lines behind AUTH; anything else is the next command. */
static void assume_sasl(struct smtp *smtp)
{
    bool done = smtp->auth_cancelled || sasl_client_is_done(&smtp->login.sasl) ||
                smtp->login.sasl.layer == LAYER_AGREED;
    smtp->client = done ? CLIENT_COMMANDS : CLIENT_SASL;
}

static void assume_reply(struct session *s, struct smtp *smtp, enum smtp_command command,
                         struct bytes argument)
{
    switch (command) {
    case SMTP_EHLO:
    case SMTP_LHLO:
    case SMTP_HELO:
        smtp->lmtp = command == SMTP_LHLO;
        smtp->greeted = true;
        smtp_transaction_end(s, smtp);
        facts_unset(session_facts(s), FIELD_SMTP_HELO);
        facts_text(session_facts(s), FIELD_SMTP_HELO, argument);
        break;
    case SMTP_MAIL:
        if (smtp->transaction.active) {
            smtp_transaction_end(s, smtp);
            smtp_resume_transaction(s, smtp); /* one of the two was refused */
        } else {
            smtp_mail(s, smtp, argument);
        }
        break;
    case SMTP_RCPT:
        smtp_rcpt(s, smtp, argument, NULL);
        break;
    case SMTP_DATA:
        dot_stuffing_begin(&smtp->body);
        smtp->body_met = false;
        smtp->client = CLIENT_BODY;
        break;
    case SMTP_END_OF_DATA:
        smtp_message_end(s, smtp, NULL);
        break;
    case SMTP_RSET:
    case SMTP_QUIT:
        smtp_transaction_end(s, smtp);
        break;
    case SMTP_AUTH:
    case SMTP_SASL_RESPONSE:
        assume_sasl(smtp);
        if (smtp->client == CLIENT_COMMANDS)
            smtp_auth_unanswered(s, smtp);
        if (smtp->client == CLIENT_COMMANDS && smtp->login.sasl.layer == LAYER_AGREED)
            smtp_lose_track(s, smtp, false); /* wrapped or not, as the hidden answer was */
        break;
    case SMTP_STARTTLS:
        smtp->client = CLIENT_COMMANDS;
        session_expect_tls(s);
        break;
    case SMTP_XEXCH50: /* octets or commands, or the roles turned round: nobody can tell */
    case SMTP_TURN:
        smtp_lose_track(s, smtp, false);
        break;
    default:
        break;
    }
}

void smtp_assume_replies(struct session *s, struct smtp *smtp)
{
    bool any;
    struct bytes argument;
    for (;;) {
        enum smtp_command command = smtp_queue_head(&smtp->queue, &any, &argument);
        if (!any || command == SMTP_LOST)
            return;
        assume_reply(s, smtp, command, argument);
        if (smtp_queue_head(&smtp->queue, &any, &argument) == SMTP_LOST)
            return;
        smtp_queue_pop(&smtp->queue);
    }
}

/* A line that cannot be SASL ends an exchange whose replies are not seen: it is a command again. */
static bool leaves_sasl(struct session *s, struct smtp *smtp, struct bytes unread)
{
    struct bytes argument;
    struct bytes line = bytes_first(unread, bytes_index(unread, '\n'));
    if (!server_hidden(s) || line.len == unread.len)
        return false;
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    if (smtp_command_of(line, &argument) == SMTP_UNKNOWN)
        return false;
    smtp_auth_unanswered(s, smtp);
    smtp->client = CLIENT_COMMANDS;
    return true;
}

/* In a security layer: four bytes of length, then what nobody can read. No line of text begins with
 * NUL. */
static bool wrapped(const struct session *s, const struct smtp *smtp, struct bytes unread)
{
    bool may = smtp->client == CLIENT_COMMANDS ? smtp->may_wrap
                                               : smtp->client == CLIENT_SASL && server_hidden(s) &&
                                                     smtp->login.sasl.layer == LAYER_POSSIBLE;
    return may && unread.data[0] == 0;
}

void smtp_wrapped(struct session *s, struct smtp *smtp)
{
    smtp->client = CLIENT_BLIND; /* no answer so far was the last word */
    session_partial(s, COVERAGE_LAYER);
    session_ignore_rest(s);
}

size_t smtp_client_data(struct session *s, struct smtp *smtp, struct bytes unread, size_t shown)
{
    if (smtp->client == CLIENT_WAITS && server_hidden(s))
        smtp_assume_replies(s, smtp);
    /* The rest of an over-long line, whatever that line began. */
    if (smtp->line[FROM_CLIENT].skipping && smtp->client != CLIENT_BLIND)
        return line_read(&smtp->line[FROM_CLIENT], unread, shown, &(struct line){ 0 });
    if (wrapped(s, smtp, unread)) {
        smtp_wrapped(s, smtp);
        return unread.len;
    }
    if (smtp->client == CLIENT_BODY && !judge_first_line(s, smtp, unread))
        return 0;
    switch (smtp->client) {
    case CLIENT_SASL:
        return leaves_sasl(s, smtp, unread) ? read_command(s, smtp, unread, 0)
                                            : read_sasl(s, smtp, unread, shown);
    case CLIENT_COMMANDS:
        return read_command(s, smtp, unread, shown);
    case CLIENT_BODY:
        return read_body(s, smtp, unread);
    case CLIENT_CHUNK:
        return read_chunk(smtp, unread);
    case CLIENT_BLIND:
        return read_blind(smtp, unread, shown);
    case CLIENT_WAITS:
        break;
    }
    return 0;
}
