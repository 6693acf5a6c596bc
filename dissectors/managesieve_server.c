/* Answers: they, not the commands, move the session (RFC 5804 section 1.2). Matched by order only.
 */
#include <stdio.h>

#include "managesieve_internal.h"
#include "text.h"

#define ANNOUNCED_MAX 64

/* --- capabilities -------------------------------------------------------------------------------
 */

static void list(struct managesieve *sieve, enum field field, struct bytes word)
{
    char upper[FACTS_TEXT_MAX + 1];
    text_copy(upper, sizeof upper, word);
    for (char *c = upper; *c; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    if (word.len > 0 && sieve->listed++ < ANNOUNCED_MAX)
        facts_string(&sieve->listing, field, upper);
}

static void capability(struct managesieve *sieve, const struct sieve_text *text)
{
    struct bytes name = sieve_text_string(text, 0), value = sieve_text_string(text, 1), word;
    list(sieve, FIELD_SESSION_CAPABILITIES, name);
    sieve->listing_masked |= starttls_masks(name, "STARTTLS");
    sieve->listing_starttls |= bytes_equal_nocase(name, "STARTTLS");
    if (!bytes_equal_nocase(name, "SASL"))
        return;
    while ((word = text_next_word(&value)).len > 0)
        list(sieve, FIELD_SESSION_AUTH_OFFERED, word);
}

/* What was announced before the login counts; behind it, ways to log in are none (as with STARTTLS:
 * the list may leave out what is no longer of use). */
static void listing_end(struct session *s, struct managesieve *sieve, bool complete)
{
    struct facts *hello = starttls_hello(s);
    struct fact fact;
    for (size_t at = 0; complete && facts_next(buffer_view(&sieve->listing.records), &at, &fact);) {
        bool counts = fact.field != FIELD_SESSION_AUTH_OFFERED || !sieve->logged_in;
        if (counts && sieve->announced < ANNOUNCED_MAX &&
            !facts_has(buffer_view(&hello->records), fact.field, fact.value)) {
            facts_copy(hello, &fact);
            sieve->announced++;
        }
    }
    if (complete && (sieve->listing_starttls || !sieve->logged_in))
        starttls_listed(s, sieve->listing_starttls, sieve->listing_masked);
    facts_clear(&sieve->listing);
    sieve->listing_starttls = sieve->listing_masked = false;
    sieve->listed = 0;
}

/* --- answers ------------------------------------------------------------------------------------
 */

struct answer {
    enum sieve_word word; /* SIEVE_OK, SIEVE_NO, SIEVE_BYE */
    char code[SIEVE_CODE_SIZE + 4];
    struct bytes text; /* what it says, if it was kept */
};

static void greeting(struct session *s, struct managesieve *sieve, const struct answer *answer)
{
    static const char *const words[] = {
        [SIEVE_OK] = "OK",
        [SIEVE_NO] = "NO",
        [SIEVE_BYE] = "BYE",
    };
    struct facts *hello = starttls_hello(s);
    facts_string(hello, FIELD_SESSION_GREETING, words[answer->word]);
    if (answer->text.len > 0)
        facts_text(hello, FIELD_SESSION_BANNER, answer->text);
    listing_end(s, sieve, answer->word == SIEVE_OK);
}

static void login_answer(struct session *s, struct managesieve *sieve, const struct answer *answer)
{
    bool blind = sieve->client == SIEVE_BLIND;
    sieve->client = blind ? SIEVE_BLIND : SIEVE_COMMANDS;
    if (answer->word != SIEVE_OK) {
        if (blind || sieve->cancelled || sasl_client_is_done(&sieve->login.sasl))
            sieve_login_end(s, sieve, "failure", answer->code, !blind);
        else
            text_copy(sieve->refused, sizeof sieve->refused, bytes_of_string(answer->code));
        return;
    }
    sasl_vouch(&sieve->login.sasl);
    sieve_login_end(s, sieve, "success", answer->code,
                    !blind && session_unread(s, FROM_CLIENT) == 0);
    login_promote(s, &sieve->login);
    sieve->logged_in = true;
    sieve->may_wrap = sieve->login.sasl.layer == LAYER_POSSIBLE;
    if (sieve->login.sasl.layer == LAYER_AGREED)
        sieve_wrapped(s, sieve);
}

static void starttls_answer(struct session *s, struct managesieve *sieve,
                            const struct answer *answer)
{
    bool accepted = answer->word == SIEVE_OK;
    if (sieve->client != SIEVE_BLIND)
        sieve->client = SIEVE_COMMANDS;
    starttls_answered(s, accepted,
                      bytes_first(bytes_of_string(answer->code),
                                  bytes_index(bytes_of_string(answer->code), ' ')));
    if (accepted)
        session_expect_tls(s);
}

static void pair(struct session *s, struct managesieve *sieve, enum sieve_word head,
                 const struct answer *answer)
{
    session_explain(s, "%s answers the oldest of %u that wait", answer->code, sieve->count);
    sieve_pop(sieve);
    switch (head) {
    case SIEVE_GREETING:
        greeting(s, sieve, answer);
        break;
    case SIEVE_CAPABILITY:
        listing_end(s, sieve, answer->word == SIEVE_OK);
        break;
    case SIEVE_AUTHENTICATE:
        login_answer(s, sieve, answer);
        break;
    case SIEVE_STARTTLS:
        starttls_answer(s, sieve, answer);
        break;
    case SIEVE_UNAUTHENTICATE:
        if (answer->word == SIEVE_OK)
            facts_unset(session_facts(s), FIELD_USER_NAME);
        break;
    default:
        break;
    }
    bool any;
    if (sieve_head(sieve, &any) == SIEVE_LOST)
        sieve_unpair(s, sieve);
}

/* RFC 5804 section 1.2: BYE may come at any time, and the session is over. */
static void bye(struct session *s, struct managesieve *sieve, enum sieve_word head,
                const struct answer *answer)
{
    if (head == SIEVE_GREETING || head == SIEVE_AUTHENTICATE)
        pair(s, sieve, head, answer);
    sieve->count = 0;
    sieve->over = true;
}

static void status_line(struct session *s, struct managesieve *sieve, const struct sieve_text *text)
{
    static const char *const names[] = {
        [SIEVE_OK] = "OK",
        [SIEVE_NO] = "NO",
        [SIEVE_BYE] = "BYE",
    };
    struct answer answer = { .word = text->word, .text = sieve_text_string(text, 0) };
    bool any;
    enum sieve_word head = sieve_head(sieve, &any);
    snprintf(answer.code, sizeof answer.code, text->code[0] ? "%s (%s)" : "%s", names[text->word],
             text->code);
    if (text->word == SIEVE_BYE) {
        bye(s, sieve, head, &answer);
    } else if (any) {
        pair(s, sieve, head, &answer);
    } else if (!session_expects_tls(s) && !sieve->over) {
        if (!session_is_partial(s))
            session_weird(s, WEIRD_DESYNC, FROM_SERVER);
        sieve_unpair(s, sieve);
    }
}

/* A line that begins with a string: a capability, a challenge, or what nobody reads. */
static void data_line(struct managesieve *sieve, const struct sieve_text *text)
{
    bool any;
    switch (sieve_head(sieve, &any)) {
    case SIEVE_GREETING:
    case SIEVE_CAPABILITY:
        capability(sieve, text);
        break;
    case SIEVE_AUTHENTICATE:
        sasl_challenge(&sieve->login.sasl, sieve_text_string(text, 0));
        if (sieve->client != SIEVE_BLIND)
            sieve->client = SIEVE_SASL;
        break;
    default:
        break;
    }
}

static bool keeps(void *arg, enum sieve_word word)
{
    bool any;
    enum sieve_word head = sieve_head(arg, &any);
    return head == SIEVE_GREETING ||
           (word == SIEVE_NO_WORD && (head == SIEVE_CAPABILITY || head == SIEVE_AUTHENTICATE));
}

static void whole_line(struct session *s, struct managesieve *sieve, const struct sieve_text *text)
{
    bool status = text->word == SIEVE_OK || text->word == SIEVE_NO || text->word == SIEVE_BYE;
    if (status) {
        status_line(s, sieve, text);
    } else if (text->word == SIEVE_NO_WORD) {
        data_line(sieve, text);
    } else if (!session_expects_tls(s)) {
        if (!session_is_partial(s))
            session_weird(s, WEIRD_DESYNC, FROM_SERVER);
        sieve_unpair(s, sieve);
    }
}

size_t sieve_server_data(struct session *s, struct managesieve *sieve, struct bytes unread,
                         size_t shown)
{
    struct sieve_text *text = &sieve->text[FROM_SERVER];
    bool ended, any;
    if (sieve->unpaired)
        return unread.len;
    size_t taken = sieve_text_read(text, unread, shown, keeps, sieve, &ended);
    if (text->too_long) {
        session_weird(s, WEIRD_LINE_TOO_LONG, FROM_SERVER);
        sieve_text_clear(text);
        sieve_unpair(s, sieve);
        return taken;
    }
    if (sieve_head(sieve, &any) == SIEVE_GREETING)
        session_public(s, bytes_first(unread, taken));
    else if (text->word > SIEVE_UNKNOWN)
        session_public(s, text->verb);
    text->verb = BYTES_NONE;
    if (!ended)
        return taken;
    if (session_peer_visible(s, FROM_CLIENT) == CLAIM_NO && !any)
        sieve->unpaired = true;
    else
        whole_line(s, sieve, text);
    sieve_text_clear(text);
    return taken;
}
