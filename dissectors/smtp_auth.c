/* Login attempts (RFC 4954): one event each, with the outcome from the reply that belongs to it. */
#include <string.h>

#include "smtp_internal.h"
#include "text.h"

/* The session's user is who logged in before: an attempt that names nobody must not be given his
 * name. */
static void emit_without_user(struct session *s)
{
    struct fact fact;
    struct facts kept;
    facts_init(&kept, NULL);
    if (facts_find(buffer_view(&session_facts(s)->records), FIELD_USER_NAME, &fact)) {
        facts_copy(&kept, &fact);
        facts_unset(session_facts(s), FIELD_USER_NAME);
    }
    session_emit(s, EVENT_AUTH);
    facts_join(session_facts(s), buffer_view(&kept.records));
    facts_free(&kept);
}

/* `whole`: the exchange was seen to its end. */
static void finish(struct session *s, struct smtp *smtp, const char *outcome,
                   const struct smtp_code *code, bool whole)
{
    struct facts *own = session_own_facts(s);
    struct bytes user;
    if (!smtp->auth_open)
        return;
    smtp->auth_open = false;
    sasl_facts(s, &smtp->sasl, whole);
    facts_string(own, FIELD_EVENT_ACTION, "smtp-auth");
    facts_string(own, FIELD_EVENT_OUTCOME, outcome);
    if (code)
        facts_string(own, FIELD_EVENT_CODE, code->text);
    facts_claim(own, FIELD_AUTH_CLEARTEXT, CLAIM_YES); /* we could read it */
    facts_string(own, FIELD_AUTH_CHANNEL, "none");
    if (!session_is_partial(s))
        facts_number(own, FIELD_AUTH_ATTEMPT, smtp->auth_attempts);
    session_explain(s, "login %u ends: %s, exposed: %s", smtp->auth_attempts, outcome,
                    sasl_exposed_name(smtp->sasl.exposed));
    if (sasl_user(&smtp->sasl, &user))
        session_emit(s, EVENT_AUTH);
    else
        emit_without_user(s);
}

void smtp_auth_command(struct session *s, struct smtp *smtp, struct bytes argument)
{
    struct bytes initial = argument;
    sasl_start(&smtp->sasl, text_next_word(&initial));
    initial = text_trim(initial);
    if (facts_has(buffer_view(&starttls_hello(s)->records), FIELD_SESSION_AUTH_OFFERED,
                  bytes_of_string(smtp->sasl.name)))
        sasl_vouch(&smtp->sasl);
    smtp->auth_open = true;
    smtp->auth_cancelled = false;
    smtp->auth_refused.code = 0;
    smtp->auth_attempts++;
    const char *name = sasl_mechanism_name(&smtp->sasl);
    session_explain(s, "login %u begins with %s%s", smtp->auth_attempts,
                    name ? name : "a word that is not known for a mechanism",
                    initial.len > 0 ? ", its first message on the same line" : "");
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
    struct bytes user;
    facts_unset(session_facts(s), FIELD_USER_NAME);
    if (sasl_user(sasl, &user))
        session_user(s, session_facts(s), FIELD_USER_NAME, user);
}

/* The client may have sent the rest before it read the refusal: its next line tells. */
static void refused(struct session *s, struct smtp *smtp, const struct smtp_code *code)
{
    bool blind = smtp->client == CLIENT_BLIND;
    if (blind || smtp->auth_cancelled || sasl_client_is_done(&smtp->sasl)) {
        finish(s, smtp, "failure", code, !blind);
        return;
    }
    smtp->auth_refused = *code;
    session_explain(s, "refused; if the client did not wait, the rest of the login follows");
}

static void accepted(struct session *s, struct smtp *smtp, const struct smtp_code *code)
{
    bool blind = smtp->client == CLIENT_BLIND;
    sasl_vouch(&smtp->sasl);
    finish(s, smtp, "success", code, !blind && session_unread(s, FROM_CLIENT) == 0);
    promote(s, &smtp->sasl);
    smtp->may_wrap = smtp->sasl.layer == LAYER_POSSIBLE;
    if (smtp->sasl.layer == LAYER_AGREED)
        smtp_wrapped(s, smtp);
}

void smtp_auth_reply(struct session *s, struct smtp *smtp, const struct smtp_reply *reply)
{
    if (reply->code.code == 334) {
        sasl_challenge(&smtp->sasl, text_trim(reply->text));
        smtp_client_reads(smtp, CLIENT_SASL);
        session_explain(s, "334: the client's next line is SASL, whatever it looks like");
        return;
    }
    smtp_client_reads(smtp, CLIENT_COMMANDS);
    if (smtp_positive(&reply->code))
        accepted(s, smtp, &reply->code);
    else
        refused(s, smtp, &reply->code);
}

void smtp_auth_overrun(struct session *s, struct smtp *smtp, enum smtp_command command,
                       struct bytes line)
{
    if (command == SMTP_UNKNOWN)
        smtp_auth_response(s, smtp, line);
    if (command != SMTP_UNKNOWN || smtp->auth_cancelled || sasl_client_is_done(&smtp->sasl))
        smtp_auth_over(s, smtp);
}

void smtp_auth_over(struct session *s, struct smtp *smtp)
{
    if (smtp->auth_refused.code != 0)
        finish(s, smtp, "failure", &smtp->auth_refused, true);
    else
        smtp_auth_unanswered(s, smtp);
}

void smtp_auth_unanswered(struct session *s, struct smtp *smtp)
{
    if (smtp->auth_refused.code != 0)
        finish(s, smtp, "failure", &smtp->auth_refused, false);
    else
        finish(s, smtp, "unknown", NULL, false);
}
