/* SMTP: which file sees which bytes, what a gap does, what the end does. */
#include "smtp.h"

#include "smtp_internal.h"

static void begin(struct session *s, struct smtp *smtp)
{
    if (smtp->begun)
        return;
    smtp->begun = true;
    smtp_queue_init(&smtp->queue, session_pool(s));
    facts_init(&smtp->listing, session_pool(s));
    login_init(&smtp->login, session_pool(s));
    starttls_track(s);
    if (session_from_start(s))
        smtp_queue_push(&smtp->queue, SMTP_GREETING, BYTES_NONE);
    else
        smtp_lose_track(s, smtp, true);
}

/* Recipients whose replies will not be seen were offered all the same. */
static void recipients_unanswered(struct session *s, struct smtp *smtp)
{
    bool any;
    struct bytes argument;
    while (smtp_queue_head(&smtp->queue, &any, &argument) == SMTP_RCPT) {
        smtp_rcpt(s, smtp, argument, NULL);
        smtp_queue_pop(&smtp->queue);
    }
}

/* A new login, EHLO or XCLIENT may have gone by unseen: who it is now, nobody knows. */
void smtp_forget_identity(struct session *s)
{
    facts_unset(session_facts(s), FIELD_USER_NAME);
    facts_unset(session_facts(s), FIELD_SMTP_HELO);
    session_not_proxied(s);
}

void smtp_lose_track(struct session *s, struct smtp *smtp, bool trusted)
{
    session_explain(s, "lost track: nothing is claimed until the server's own word");
    starttls_client_lost(s);
    smtp_auth_unanswered(s, smtp);
    recipients_unanswered(s, smtp);
    if (smtp->client != CLIENT_BODY)
        smtp->client = CLIENT_BLIND;
    smtp_transaction_end(s, smtp);
    smtp_forget_identity(s);
    smtp_queue_clear(&smtp->queue);
    smtp_queue_push(&smtp->queue, SMTP_LOST, BYTES_NONE);
    smtp->client = CLIENT_BLIND;
    smtp->blind_lines = trusted ? 0 : BLIND_UNTRUSTED;
    if (!session_is_partial(s))
        session_partial(s, COVERAGE_DESYNC);
}

void smtp_no_memory(struct session *s, struct smtp *smtp)
{
    session_partial(s, COVERAGE_MEMORY);
    smtp_lose_track(s, smtp, false);
}

static size_t smtp_data(struct session *s, void *state, enum direction d, struct bytes unread,
                        size_t shown)
{
    struct smtp *smtp = state;
    begin(s, smtp);
    return d == FROM_CLIENT ? smtp_client_data(s, smtp, unread, shown)
                            : smtp_server_data(s, smtp, unread, shown);
}

/* Commands that came before the gap still get their replies in order; what comes behind it cannot
 * be paired. */
static void client_gap(struct session *s, struct smtp *smtp, uint64_t missing)
{
    if (smtp->client == CLIENT_BODY && smtp->body_met) {
        dot_stuffing_gap(&smtp->body);
        smtp->body.size += missing;
        return;
    }
    if (smtp->client == CLIENT_CHUNK && missing <= smtp->chunk_left) {
        smtp->chunk_left -= missing;
        if (smtp->chunk_left == 0)
            smtp_body_done(smtp);
        return;
    }
    smtp->line[FROM_CLIENT].skipping = true;
    smtp->said_ehlo = false;
    smtp->blind_lines = BLIND_UNTRUSTED;
    if (smtp->client == CLIENT_BLIND)
        return;
    smtp->client = CLIENT_BLIND;
    session_explain(s, "from here on nothing of the client is claimed until the server's own word");
    if (!smtp_queue_push(&smtp->queue, SMTP_LOST, BYTES_NONE))
        smtp_no_memory(s, smtp);
    smtp_forget_identity(s);
}

/* Replies are missing, so none that follows can be paired. */
static void server_gap(struct session *s, struct smtp *smtp)
{
    bool any, asked_tls = false;
    struct bytes argument;
    enum smtp_command head = smtp_queue_head(&smtp->queue, &any, &argument);
    bool settled = !any || (head == SMTP_GREETING && smtp->queue.count == 1) ||
                   (smtp->replies == 0 && head == SMTP_LOST &&
                    smtp->blind_lines == 0); /* a gap before all else */
    for (unsigned i = 0; i < smtp->queue.count; i++)
        asked_tls |=
            smtp->queue.entry[(smtp->queue.first + i) % SMTP_QUEUE_MAX].command == SMTP_STARTTLS;
    smtp->line[FROM_SERVER].skipping = true;
    smtp->reply = (struct smtp_reply){ 0 };
    /* Chunks are answered while others flow. In a body only its end is: that it was answered means
     * that it is over. */
    if (smtp->client == CLIENT_CHUNK) {
        recipients_unanswered(s, smtp);
        smtp_queue_clear(&smtp->queue);
        smtp_queue_push(&smtp->queue, SMTP_LOST, BYTES_NONE);
        return;
    }
    smtp_lose_track(s, smtp, settled);
    if (asked_tls)
        session_expect_tls(s);
}

static void smtp_gap(struct session *s, void *state, enum direction d, uint64_t missing)
{
    struct smtp *smtp = state;
    begin(s, smtp);
    if (d == FROM_CLIENT)
        client_gap(s, smtp, missing);
    else
        server_gap(s, smtp);
}

static void smtp_end(struct session *s, void *state, enum ending ending)
{
    struct smtp *smtp = state;
    begin(s, smtp);
    bool final = ending == ENDED_CLOSED || ending == ENDED_RESET || ending == ENDED_UPGRADED;
    if (final && smtp->client != CLIENT_BLIND)
        smtp_auth_over(s, smtp);
    else
        smtp_auth_unanswered(s, smtp);
    recipients_unanswered(s, smtp);
    if (!final && smtp->client != CLIENT_BODY)
        smtp->client = CLIENT_BLIND; /* it may go on unseen: no refusal was the last word */
    smtp_transaction_end(s, smtp);
    smtp_queue_free(&smtp->queue);
    facts_free(&smtp->listing);
    login_free(&smtp->login);
}

static const uint16_t smtp_ports[] = { 25, 587, 2525, 24, 2003, 465, 0 };

const struct dissector smtp_dissector = {
    .name = "smtp",
    .ports = smtp_ports,
    .state_size = sizeof(struct smtp),
    .probe = smtp_probe,
    .data = smtp_data,
    .gap = smtp_gap,
    .end = smtp_end,
    .is_command = smtp_is_command,
};
