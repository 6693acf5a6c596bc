/* Login attempts (RFC 4954): one event each, with the outcome from the reply that belongs to it. */
#include "smtp_internal.h"
#include "text.h"

/* `whole`: the exchange was seen to its end. */
static void finish(struct session *s, struct smtp *smtp, const char *outcome,
                   const struct smtp_code *code, bool whole)
{
    login_end(s, &smtp->login, "smtp-auth",
              &(struct login_answer){ outcome, code ? bytes_of_string(code->text) : BYTES_NONE },
              whole);
}

void smtp_auth_command(struct session *s, struct smtp *smtp, struct bytes argument)
{
    struct bytes initial = argument;
    login_begin(s, &smtp->login, text_next_word(&initial));
    initial = text_trim(initial);
    smtp->auth_cancelled = false;
    smtp->auth_refused.code = 0;
    if (initial.len > 0)
        sasl_response(s, &smtp->login.sasl, initial);
}

void smtp_auth_response(struct session *s, struct smtp *smtp, struct bytes line)
{
    if (bytes_equal(line, BYTES_LITERAL("*")))
        smtp->auth_cancelled = true;
    else
        sasl_response(s, &smtp->login.sasl, line);
}

/* The client may have sent the rest before it read the refusal: its next line tells. */
static void refused(struct session *s, struct smtp *smtp, const struct smtp_code *code)
{
    bool blind = smtp->client == CLIENT_BLIND;
    if (blind || smtp->auth_cancelled || sasl_client_is_done(&smtp->login.sasl)) {
        finish(s, smtp, "failure", code, !blind);
        return;
    }
    smtp->auth_refused = *code;
    session_explain(s, "refused; if the client did not wait, the rest of the login follows");
}

static void accepted(struct session *s, struct smtp *smtp, const struct smtp_code *code)
{
    bool blind = smtp->client == CLIENT_BLIND;
    sasl_vouch(&smtp->login.sasl);
    finish(s, smtp, "success", code, !blind && session_unread(s, FROM_CLIENT) == 0);
    login_promote(s, &smtp->login);
    smtp->may_wrap = smtp->login.sasl.layer == LAYER_POSSIBLE;
    if (smtp->login.sasl.layer == LAYER_AGREED)
        smtp_wrapped(s, smtp);
}

void smtp_auth_reply(struct session *s, struct smtp *smtp, const struct smtp_reply *reply)
{
    if (reply->code.code == 334) {
        sasl_challenge(&smtp->login.sasl, text_trim(reply->text));
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
    if (command != SMTP_UNKNOWN || smtp->auth_cancelled || sasl_client_is_done(&smtp->login.sasl))
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
