/* Login attempts: USER and PASS (RFC 1939 section 7), APOP (the same), AUTH (RFC 5034). One event
 * each, with the outcome from the answer that belongs to it. USER alone sends no secret and is no
 * attempt, whatever its answer. */
#include "pop3_internal.h"
#include "text.h"

/* `whole`: the exchange was seen to its end. */
static void finish(struct session *s, struct pop3 *pop3, const char *outcome, const char *code,
                   bool whole)
{
    login_end(s, &pop3->login, pop3->login_action,
              &(struct login_answer){ outcome, bytes_of_string(code) }, whole);
    pop3->auth_refused[0] = '\0';
}

void pop3_user(struct pop3 *pop3, struct bytes argument)
{
    buffer_clear(&pop3->user);
    pop3->user_named = buffer_append(&pop3->user, text_cut(text_trim(argument), SASL_WHO_MAX)) &&
                       pop3->user.len > 0;
}

/* What servers ask of a digest: 32 hexadecimal digits. */
static bool is_digest(struct bytes word)
{
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.data[i] | 0x20;
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
    }
    return word.len == 32;
}

static void pass_sent(struct session *s, struct pop3 *pop3, struct bytes password)
{
    struct sasl *sasl = &pop3->login.sasl;
    login_begin_command(s, &pop3->login, "USER/PASS");
    if (pop3->user_named)
        sasl_names(sasl, FIELD_USER_NAME, buffer_view(&pop3->user));
    if (password.len > 0)
        sasl_exposes(s, sasl, EXPOSED_PASSWORD, password);
    buffer_clear(&pop3->user);
    pop3->user_named = false;
}

/* In place of a digest may stand anything, a password too. */
static void apop_sent(struct session *s, struct pop3 *pop3, struct bytes argument)
{
    struct sasl *sasl = &pop3->login.sasl;
    struct bytes name = text_next_word(&argument);
    login_begin_command(s, &pop3->login, "APOP");
    sasl_names(sasl, FIELD_USER_NAME, name);
    if (argument.len == 0)
        return;
    bool digest = is_digest(argument);
    sasl_exposes(s, sasl, digest ? EXPOSED_RESPONSE : EXPOSED_NONE, argument);
    sasl->unreadable = !digest;
}

static void auth_sent(struct session *s, struct pop3 *pop3, struct bytes argument)
{
    login_begin(s, &pop3->login, text_next_word(&argument));
    argument = text_trim(argument);
    if (argument.len > 0)
        sasl_response(s, &pop3->login.sasl, argument);
}

void pop3_login_sent(struct session *s, struct pop3 *pop3, enum pop3_command command,
                     struct bytes argument)
{
    static const struct {
        const char *action;
        void (*sent)(struct session *, struct pop3 *, struct bytes argument);
    } ways[] = {
        [POP3_PASS] = { "pop3-user-pass", pass_sent },
        [POP3_APOP] = { "pop3-apop", apop_sent },
        [POP3_AUTH] = { "pop3-auth", auth_sent },
    };
    pop3->login_action = ways[command].action;
    pop3->auth_cancelled = false;
    pop3->auth_refused[0] = '\0';
    ways[command].sent(s, pop3, argument);
}

void pop3_auth_response(struct session *s, struct pop3 *pop3, struct bytes line)
{
    if (bytes_equal(line, BYTES_LITERAL("*")))
        pop3->auth_cancelled = true;
    else
        sasl_response(s, &pop3->login.sasl, line);
}

bool pop3_login_goes_on(const struct pop3 *pop3)
{
    const struct sasl *sasl = &pop3->login.sasl;
    return pop3->login.open && !sasl->is_command && !pop3->auth_cancelled &&
           !sasl_client_is_done(sasl) && sasl->layer != LAYER_AGREED;
}

/* The client may have sent the rest before it read the refusal: its next line tells. */
static void refused(struct session *s, struct pop3 *pop3, const char *code)
{
    bool blind = pop3->client == POP3_BLIND;
    if (blind || pop3->login.sasl.is_command || pop3->auth_cancelled ||
        sasl_client_is_done(&pop3->login.sasl)) {
        finish(s, pop3, "failure", code, !blind || pop3->login.sasl.is_command);
        return;
    }
    text_copy(pop3->auth_refused, sizeof pop3->auth_refused, bytes_of_string(code));
    session_explain(s, "refused; if the client did not wait, the rest of the login follows");
}

static void accepted(struct session *s, struct pop3 *pop3, const char *code)
{
    bool whole = pop3->login.sasl.is_command ||
                 (pop3->client != POP3_BLIND && session_unread(s, FROM_CLIENT) == 0);
    sasl_vouch(&pop3->login.sasl);
    finish(s, pop3, "success", code, whole);
    login_promote(s, &pop3->login);
    pop3->logged_in = true;
    if (pop3->login.sasl.is_command)
        return;
    pop3->may_wrap = pop3->login.sasl.layer == LAYER_POSSIBLE;
    if (pop3->login.sasl.layer == LAYER_AGREED)
        pop3_wrapped(s, pop3);
}

void pop3_challenge(struct session *s, struct pop3 *pop3, struct bytes text)
{
    sasl_challenge(&pop3->login.sasl, text);
    pop3_client_reads(pop3, POP3_READS_SASL);
    session_explain(s, "a challenge: the client's next line is SASL, whatever it looks like");
}

void pop3_login_answer(struct session *s, struct pop3 *pop3, const struct pop3_answer *answer)
{
    pop3_client_reads(pop3, POP3_READS_COMMANDS);
    if (answer->status == STATUS_OK)
        accepted(s, pop3, answer->code);
    else
        refused(s, pop3, answer->code);
}

void pop3_auth_overrun(struct session *s, struct pop3 *pop3, enum pop3_command command,
                       struct bytes line)
{
    if (command == POP3_UNKNOWN)
        pop3_auth_response(s, pop3, line);
    if (command != POP3_UNKNOWN || pop3->auth_cancelled || sasl_client_is_done(&pop3->login.sasl))
        pop3_login_over(s, pop3);
}

void pop3_login_over(struct session *s, struct pop3 *pop3)
{
    if (pop3->auth_refused[0])
        finish(s, pop3, "failure", pop3->auth_refused, true);
    else
        pop3_login_unanswered(s, pop3);
}

void pop3_login_unanswered(struct session *s, struct pop3 *pop3)
{
    bool refused = pop3->auth_refused[0] != '\0', whole = pop3->login.sasl.is_command;
    finish(s, pop3, refused ? "failure" : "unknown", pop3->auth_refused, whole);
}

void pop3_login_proved(struct session *s, struct pop3 *pop3, bool proved)
{
    if (!pop3->unproved)
        return;
    pop3->unproved = false;
    if (proved)
        pop3_login_unanswered(s, pop3);
    pop3->login.open = false; /* it may have been none: no event */
}
