/* What the client sends: commands, scripts in literals, SASL responses. */
#include "managesieve_internal.h"

/* --- logins (RFC 5804 section 2.1) --------------------------------------------------------------
 */

static bool login_goes_on(const struct managesieve *sieve)
{
    const struct sasl *sasl = &sieve->login.sasl;
    return sieve->login.open && !sieve->cancelled && !sasl_client_is_done(sasl) &&
           sasl->layer != LAYER_AGREED;
}

static void response(struct session *s, struct managesieve *sieve, struct bytes base64)
{
    if (bytes_equal(base64, BYTES_LITERAL("*")))
        sieve->cancelled = true;
    else
        sasl_response(s, &sieve->login.sasl, base64);
}

static void authenticate(struct session *s, struct managesieve *sieve,
                         const struct sieve_text *text)
{
    sieve->cancelled = false;
    sieve->refused[0] = '\0';
    login_begin(s, &sieve->login, sieve_text_string(text, 0));
    if (text->strings < 2)
        return;
    struct bytes initial = sieve_text_string(text, 1);
    sasl_response(s, &sieve->login.sasl, initial.len > 0 ? initial : BYTES_LITERAL("="));
}

/* The line behind a refusal, which may belong to the login. */
static void overrun(struct session *s, struct managesieve *sieve, const struct sieve_text *text)
{
    if (text->word == SIEVE_NO_WORD && text->strings > 0)
        response(s, sieve, sieve_text_string(text, 0));
    if (text->word != SIEVE_NO_WORD || !login_goes_on(sieve))
        sieve_login_over(s, sieve);
}

/* --- without the server -------------------------------------------------------------------------
 */

void sieve_follow_alone(struct session *s, struct managesieve *sieve)
{
    sieve->count = 0;
    if (sieve->client == SIEVE_BLIND) {
        sieve_login_unanswered(s, sieve);
        return;
    }
    if (sieve->client == SIEVE_COMMANDS && sieve->refused[0])
        return; /* the next line still tells whether more of it was sent */
    if (sieve->client != SIEVE_COMMANDS && login_goes_on(sieve)) {
        sieve->client = SIEVE_SASL;
        return;
    }
    bool layer = sieve->login.open && sieve->login.sasl.layer == LAYER_AGREED;
    sieve->logged_in |= sieve->login.open;
    sieve_login_unanswered(s, sieve);
    sieve->client = SIEVE_COMMANDS;
    if (layer)
        sieve_client_lost(s, sieve); /* wrapped or not, as the answer that was not seen was */
}

/* --- lines --------------------------------------------------------------------------------------
 */

/* Strings are of interest where they are part of a login. */
static bool keeps(void *arg, enum sieve_word word)
{
    const struct managesieve *sieve = arg;
    return word == SIEVE_AUTHENTICATE ||
           (word == SIEVE_NO_WORD && (sieve->client == SIEVE_SASL || sieve->login.open));
}

static void command(struct session *s, struct managesieve *sieve, const struct sieve_text *text)
{
    if (sieve->login.open)
        overrun(s, sieve, text);
    if (text->word == SIEVE_AUTHENTICATE) {
        authenticate(s, sieve, text);
        sieve->client = SIEVE_WAITS;
    } else if (text->word == SIEVE_STARTTLS) {
        starttls_requested(s);
        sieve->client = SIEVE_WAITS;
    }
    if (!sieve_alone(s, sieve)) {
        sieve_push(sieve, text->word);
        return;
    }
    if (text->word == SIEVE_STARTTLS)
        session_expect_tls(s);
    sieve_follow_alone(s, sieve);
}

/* Without the server, a command in place of a response ends the login. */
static void whole_line(struct session *s, struct managesieve *sieve, const struct sieve_text *text)
{
    if (sieve->client != SIEVE_SASL) {
        command(s, sieve, text);
    } else if (sieve_alone(s, sieve) && text->word > SIEVE_UNKNOWN) {
        sieve_login_unanswered(s, sieve);
        sieve->client = SIEVE_COMMANDS;
        command(s, sieve, text);
    } else {
        response(s, sieve, sieve_text_string(text, 0));
        sieve->client = SIEVE_WAITS;
        if (sieve_alone(s, sieve))
            sieve_follow_alone(s, sieve);
    }
}

/* The verb, and the mechanism if it is one, may be shown in a trace. */
static void show(struct session *s, const struct sieve_text *text)
{
    if (text->word > SIEVE_UNKNOWN)
        session_public(s, text->verb);
}

/* In a security layer: four bytes of length, then what nobody can read. No line of text begins with
 * NUL. */
static bool wrapped(const struct managesieve *sieve, struct bytes unread)
{
    const struct sieve_text *text = &sieve->text[FROM_CLIENT];
    return sieve->may_wrap && sieve->client == SIEVE_COMMANDS && !text->begun &&
           !text->lines.skipping && unread.data[0] == 0;
}

size_t sieve_client_data(struct session *s, struct managesieve *sieve, struct bytes unread,
                         size_t shown)
{
    struct sieve_text *text = &sieve->text[FROM_CLIENT];
    bool ended;
    if (sieve->client != SIEVE_BLIND && sieve_alone(s, sieve) &&
        (sieve->client == SIEVE_WAITS || sieve->count > 0))
        sieve_follow_alone(s, sieve);
    if (sieve->client == SIEVE_BLIND)
        return unread.len;
    if (sieve->client == SIEVE_WAITS || sieve->count >= SIEVE_QUEUE_MAX - 1)
        return 0; /* until the answer; one place is kept free for SIEVE_LOST */
    if (wrapped(sieve, unread)) {
        sieve_wrapped(s, sieve);
        return unread.len;
    }
    size_t taken = sieve_text_read(text, unread, shown, keeps, sieve, &ended);
    if (text->too_long) {
        session_weird(s, WEIRD_LINE_TOO_LONG, FROM_CLIENT);
        sieve_text_clear(text);
        sieve_client_lost(s, sieve); /* a literal may have been announced in what was cut */
        return taken;
    }
    if (ended && text->cut) {
        session_partial(s, COVERAGE_MEMORY);
        sieve_text_clear(text);
        sieve_client_lost(s, sieve);
        return taken;
    }
    if (text->verb.len > 0)
        show(s, text);
    text->verb = BYTES_NONE;
    if (ended) {
        whole_line(s, sieve, text);
        sieve_text_clear(text);
    }
    return taken;
}
