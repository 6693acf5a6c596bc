/* The envelope of a mail transaction and the events that come of it (RFC 5321 section 3.3). */
#include <string.h>

#include "smtp_internal.h"

#define RECIPIENTS_LISTED 100 /* more are counted, not listed */

static void clear(struct session *s, struct smtp *smtp)
{
    facts_clear(session_message_facts(s));
    smtp->transaction = (struct smtp_transaction){ 0 };
}

/* 252 says neither yes nor no (RFC 5321 section 3.5.3). */
static void outcome(struct session *s, const struct smtp_code *code)
{
    struct facts *own = session_own_facts(s);
    facts_string(own, FIELD_EVENT_OUTCOME,
                 !code || code->code == 252 ? "unknown"
                 : smtp_positive(code)      ? "success"
                                            : "failure");
    if (code)
        facts_string(own, FIELD_EVENT_CODE, code->text);
}

static void emit(struct session *s, struct smtp *smtp, const char *action)
{
    struct facts *own = session_own_facts(s);
    facts_join(own, buffer_view(&session_message_facts(s)->records));
    facts_string(own, FIELD_EVENT_ACTION, action);
    if (smtp->transaction.known) {
        facts_number(own, FIELD_SMTP_RCPT_COUNT, smtp->transaction.rcpt_count);
        if (!session_is_partial(s))
            facts_number(own, FIELD_SMTP_TRANSACTION_DEPTH, smtp->transactions);
    }
    session_emit(s, EVENT_MESSAGE);
    clear(s, smtp);
}

void smtp_mail(struct session *s, struct smtp *smtp, struct bytes path)
{
    smtp_transaction_end(s, smtp);
    clear(s, smtp); /* what was refused or answered outside any transaction is none of its */
    smtp->transaction.active = smtp->transaction.known = true;
    smtp->transactions++;
    facts_text(session_message_facts(s), FIELD_SMTP_MAIL_FROM, path);
    if (smtp_queue_head_marked(&smtp->queue))
        facts_bool(session_message_facts(s), FIELD_SMTP_REQUIRE_TLS, true);
}

void smtp_mail_refused(struct session *s, struct smtp *smtp, struct bytes path,
                       const struct smtp_code *code)
{
    if (smtp->transaction.active && !smtp->transaction.mail_refused)
        return; /* a nested MAIL: RFC 5321 section 4.1.4 wants a 503 and no effect */
    smtp_mail(s, smtp, path);
    smtp->transaction.mail_refused = true;
    smtp->transaction.refused = *code;
}

void smtp_rcpt(struct session *s, struct smtp *smtp, struct bytes path,
               const struct smtp_code *code)
{
    struct smtp_transaction *t = &smtp->transaction;
    struct facts *facts = session_message_facts(s);
    if (!t->active)
        return;
    t->rcpt_count++;
    bool accepted = code && smtp_positive(code);
    if (accepted)
        t->accepted++;
    else if (code && t->refused.code == 0)
        t->refused = *code;
    if (t->listed == RECIPIENTS_LISTED)
        return;
    uint8_t row = (uint8_t)t->listed++;
    if (accepted)
        t->accepted_rows[row / 64] |= UINT64_C(1) << row % 64;
    facts_text(facts, FIELD_SMTP_RCPT_TO, path);
    facts_row_text(facts, row, FIELD_SMTP_RECIPIENT_ADDRESS, path);
    if (!code)
        return;
    facts_row_number(facts, row, FIELD_SMTP_RECIPIENT_CODE, code->code);
    const char *enhanced = strchr(code->text, ' ');
    if (enhanced)
        facts_row_text(facts, row, FIELD_SMTP_RECIPIENT_ENHANCED, bytes_of_string(enhanced + 1));
}

void smtp_data_refused(struct smtp *smtp, const struct smtp_code *code)
{
    struct smtp_transaction *t = &smtp->transaction;
    if (!t->data_refused && (t->accepted > 0 || t->refused.code == 0))
        t->refused = *code;
    t->data_refused = true;
}

void smtp_resume_transaction(struct session *s, struct smtp *smtp)
{
    clear(s, smtp);
    smtp->transactions++;
    smtp->transaction.active = true;
}

/* The next accepted recipient that is listed; false if there is none. */
static bool next_accepted(struct smtp_transaction *t, uint8_t *row)
{
    for (unsigned i = 0; i < t->listed; i++) {
        uint64_t bit = UINT64_C(1) << i % 64;
        if (t->accepted_rows[i / 64] & bit) {
            t->accepted_rows[i / 64] &= ~bit;
            *row = (uint8_t)i;
            return true;
        }
    }
    return false;
}

/* LMTP answers once for each accepted recipient, in their order (RFC 2033 section 4.2). If all say
 * the same, that is the outcome. */
bool smtp_message_answered(struct session *s, struct smtp *smtp, const struct smtp_reply *reply)
{
    struct smtp_transaction *t = &smtp->transaction;
    struct facts *facts = session_message_facts(s);
    unsigned expected = smtp->lmtp && t->known && t->accepted > 0 ? t->accepted : 1;
    uint8_t row;
    t->answers++;
    t->positive += smtp_positive(&reply->code);
    t->sent = true;
    if (smtp->lmtp && next_accepted(t, &row))
        facts_row_number(facts, row, FIELD_SMTP_RECIPIENT_DELIVERY_CODE, reply->code.code);
    if (smtp->lmtp)
        session_explain(s, "answer %u of %u to the message", t->answers, expected);
    if (t->answers < expected)
        return false;
    struct bytes id = smtp_positive(&reply->code) ? smtp_queue_id(reply->text) : BYTES_NONE;
    if (id.len > 0 && t->active)
        facts_text(facts, FIELD_SMTP_QUEUE_ID, id);
    /* Without its envelope, a message by LMTP has more answers than anybody can count. */
    bool alike = (t->positive == 0 || t->positive == t->answers) &&
                 (t->known || (!smtp->lmtp && (smtp->greeted || smtp->said_ehlo)));
    smtp_message_end(s, smtp, alike ? &reply->code : NULL);
    return true;
}

void smtp_message_end(struct session *s, struct smtp *smtp, const struct smtp_code *code)
{
    if (!smtp->transaction.active)
        return;
    starttls_used(s, CLEAR_MAIL, false);
    facts_number(session_own_facts(s), FIELD_EMAIL_SIZE, smtp->transaction.size);
    outcome(s, code);
    emit(s, smtp, "smtp-message");
}

void smtp_transaction_end(struct session *s, struct smtp *smtp)
{
    struct smtp_transaction *t = &smtp->transaction;
    if (!t->active)
        return;
    if (smtp->client == CLIENT_BODY)
        t->size = smtp->body.size;
    bool in_body = smtp->client == CLIENT_BODY && smtp->body_met;
    if (!t->known && !t->sent) {
        clear(s, smtp); /* a body of which neither envelope nor end was seen may have been none */
        return;
    }
    if (t->sent || in_body) {
        smtp_message_end(s, smtp, NULL);
        return;
    }
    /* Refused as a whole if the sender was, or nobody was accepted, or the data was not; after a
     * loss nobody knows what came later. */
    bool nobody = t->refused.code != 0 && (t->accepted == 0 || t->data_refused);
    if (t->mail_refused || (nobody && smtp->client != CLIENT_BLIND))
        outcome(s, &t->refused);
    emit(s, smtp, "smtp-transaction");
}

void smtp_verify(struct session *s, struct smtp *smtp, enum smtp_command command,
                 const struct smtp_code *code)
{
    struct facts *own = session_own_facts(s);
    (void)smtp;
    outcome(s, code);
    facts_string(own, FIELD_EVENT_ACTION, command == SMTP_VRFY ? "smtp-vrfy" : "smtp-expn");
    session_emit(s, EVENT_MESSAGE);
}
