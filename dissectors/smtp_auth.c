/* Login attempts (RFC 4954): one event each, with the outcome from the reply that belongs to it. */
#include <string.h>

#include "smtp_internal.h"
#include "text.h"

/* The session's user is who logged in before: an attempt that names nobody must not be given his
 * name. */
static void emit_without_user(struct session *s)
{
    uint8_t name[SASL_USER_MAX];
    struct fact fact;
    struct bytes kept = BYTES_NONE;
    if (facts_find(buffer_view(&session_facts(s)->records), FIELD_USER_NAME, &fact)) {
        kept = bytes_over(name, fact.value.len < sizeof name ? fact.value.len : sizeof name);
        memcpy(name, fact.value.data, kept.len);
        facts_unset(session_facts(s), FIELD_USER_NAME);
    }
    session_emit(s, EVENT_AUTH);
    if (kept.len > 0)
        facts_text(session_facts(s), FIELD_USER_NAME, kept);
}

static void finish(struct session *s, struct smtp *smtp, const char *outcome,
                   const struct smtp_code *code)
{
    struct facts *own = session_own_facts(s);
    if (!smtp->auth_open)
        return;
    smtp->auth_open = false;
    sasl_facts(s, &smtp->sasl, code != NULL);
    facts_string(own, FIELD_EVENT_ACTION, "smtp-auth");
    facts_string(own, FIELD_EVENT_OUTCOME, outcome);
    if (code)
        facts_string(own, FIELD_EVENT_CODE, code->text);
    facts_claim(own, FIELD_AUTH_CLEARTEXT, CLAIM_YES); /* we could read it */
    facts_string(own, FIELD_AUTH_CHANNEL, "none");
    if (!session_is_partial(s))
        facts_number(own, FIELD_AUTH_ATTEMPT, smtp->auth_attempts);
    if (smtp->sasl.user_len > 0)
        session_emit(s, EVENT_AUTH);
    else
        emit_without_user(s);
}

void smtp_auth_command(struct session *s, struct smtp *smtp, struct bytes argument)
{
    struct bytes initial = argument;
    struct bytes name = text_next_word(&initial);
    initial = text_trim(initial);
    sasl_start(&smtp->sasl, name);
    smtp->auth_open = true;
    smtp->auth_cancelled = false;
    smtp->auth_attempts++;
    if (initial.len > 0)
        sasl_response(s, &smtp->sasl, initial);
}

void smtp_auth_response(struct session *s, struct smtp *smtp, struct bytes line)
{
    if (bytes_equal(line, BYTES_LITERAL("*")))
        smtp->auth_cancelled = true;
    else
        sasl_response(s, &smtp->sasl, line);
}

/* Only on success is the user who he says he is: a failed login must not make anyone the sender of
 * later mail. */
static void promote(struct session *s, const struct sasl *sasl)
{
    facts_unset(session_facts(s), FIELD_USER_NAME);
    if (sasl->user_len > 0)
        session_user(s, session_facts(s), FIELD_USER_NAME, bytes_over(sasl->user, sasl->user_len));
}

void smtp_auth_reply(struct session *s, struct smtp *smtp, const struct smtp_reply *reply)
{
    if (reply->code.code == 334) {
        sasl_challenge(&smtp->sasl, text_trim(reply->text));
        smtp_client_reads(smtp, CLIENT_SASL);
        return;
    }
    smtp_client_reads(smtp, CLIENT_COMMANDS);
    bool success = smtp_positive(&reply->code);
    finish(s, smtp, success ? "success" : "failure", &reply->code);
    if (success) {
        promote(s, &smtp->sasl);
        smtp->may_wrap = sasl_may_wrap(&smtp->sasl);
    }
}

void smtp_auth_unanswered(struct session *s, struct smtp *smtp)
{
    finish(s, smtp, "unknown", NULL);
}
