/* Login attempts: the command LOGIN (RFC 9051 section 6.2.3) and AUTHENTICATE (section 6.2.2, with
 * an initial response RFC 4959). One event each, with the outcome from the reply that has its tag.
 */
#include "imap_internal.h"
#include "text.h"

static void finish(struct session *s, struct imap *imap, const char *outcome,
                   const struct imap_answer *answer, bool whole)
{
    imap->login_refused.status = IMAP_NO_STATUS;
    imap->login_serial = 0;
    if (!imap->login.open)
        return;
    facts_claim(session_own_facts(s), FIELD_AUTH_LOGIN_DISABLED, imap->disabled_then);
    login_end(
        s, &imap->login, imap->login.sasl.is_command ? "imap-login" : "imap-authenticate",
        &(struct login_answer){ outcome, answer ? bytes_of_string(answer->code) : BYTES_NONE },
        whole);
}

static void begins(struct session *s, struct imap *imap, uint32_t serial)
{
    imap_login_over(s, imap);
    imap->login_asked = true;
    imap->login_serial = serial;
    imap->login_cancelled = imap->login_whole = false;
    imap->disabled_then = session_is_partial(s) ? CLAIM_UNKNOWN : imap->login_disabled;
}

void imap_login_begins(struct session *s, struct imap *imap, uint32_t serial)
{
    begins(s, imap, serial);
    login_begin_command(s, &imap->login, "LOGIN");
}

void imap_login_argument(struct session *s, struct imap *imap, unsigned number, struct bytes value)
{
    if (!imap->login.open || imap->login_serial != imap->command.serial)
        return;
    if (number == 0)
        sasl_names(&imap->login.sasl, FIELD_USER_NAME, value);
    else if (number == 1 && value.len > 0)
        sasl_exposes(s, &imap->login.sasl, EXPOSED_PASSWORD, value);
}

void imap_authenticate_begins(struct session *s, struct imap *imap, uint32_t serial,
                              struct bytes arguments)
{
    struct bytes initial = arguments;
    begins(s, imap, serial);
    login_begin(s, &imap->login, text_next_word(&initial));
    initial = text_trim(initial);
    if (initial.len > 0)
        sasl_response(s, &imap->login.sasl, initial);
}

void imap_sasl_line(struct session *s, struct imap *imap, struct bytes line)
{
    if (bytes_equal(line, BYTES_LITERAL("*")))
        imap->login_cancelled = true;
    else
        sasl_response(s, &imap->login.sasl, line);
}

/* Whether nothing of this attempt is still to come from the client. */
static bool client_is_done(const struct imap *imap)
{
    if (!imap->login.sasl.is_command)
        return imap->login_cancelled || sasl_client_is_done(&imap->login.sasl);
    /* Octets that were not let come will not come; those on their way will. */
    return imap->command.serial != imap->login_serial ||
           (imap->client != CLIENT_LITERAL && imap->client != CLIENT_ARGUMENTS);
}

static void accepted(struct session *s, struct imap *imap, const struct imap_answer *answer)
{
    bool command = imap->login.sasl.is_command;
    bool whole =
        command ? imap->login_whole : !imap->client_blind && session_unread(s, FROM_CLIENT) == 0;
    sasl_vouch(&imap->login.sasl);
    finish(s, imap, "success", answer, whole);
    imap->logged_in = true;
    imap->lists_count = false;
    imap_append_unanswered(s, imap); /* what is still open was another's */
    if (!imap->client_blind)
        login_promote(s, &imap->login);
    if (command)
        return;
    imap->may_wrap = imap->login.sasl.layer == LAYER_POSSIBLE;
    if (imap->login.sasl.layer == LAYER_AGREED)
        imap_wrapped(s, imap);
}

void imap_login_answered(struct session *s, struct imap *imap, const struct imap_answer *answer)
{
    if (!answer) {
        imap->lists_count = false;
        imap_login_unanswered(s, imap);
    } else if (answer->status == IMAP_OK) {
        accepted(s, imap, answer);
    } else if (imap->client_blind || client_is_done(imap)) {
        finish(s, imap, "failure", answer, !imap->client_blind);
    } else {
        imap->login_refused = *answer;
        session_explain(s, "refused; if the client did not wait, the rest of the login follows");
    }
}

void imap_login_overrun(struct session *s, struct imap *imap, enum imap_verb verb,
                        struct bytes line)
{
    bool rest = verb == IMAP_UNKNOWN && bytes_index(line, ' ') == line.len && line.len > 0;
    if (rest)
        imap_sasl_line(s, imap, line);
    if (!rest || client_is_done(imap))
        imap_login_over(s, imap);
}

void imap_login_over(struct session *s, struct imap *imap)
{
    if (imap->login_refused.status != IMAP_NO_STATUS) {
        struct imap_answer answer = imap->login_refused;
        finish(s, imap, "failure", &answer, true);
    } else {
        imap_login_unanswered(s, imap);
    }
}

void imap_login_unanswered(struct session *s, struct imap *imap)
{
    struct imap_answer answer = imap->login_refused;
    bool refused = answer.status != IMAP_NO_STATUS;
    imap->lists_count &= !imap->login.open || refused;
    finish(s, imap, refused ? "failure" : "unknown", refused ? &answer : NULL, false);
}

void imap_wrapped(struct session *s, struct imap *imap)
{
    imap->client_blind = true; /* no answer so far was the last word */
    session_partial(s, COVERAGE_LAYER);
    session_ignore_rest(s);
}
