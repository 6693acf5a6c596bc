/* ManageSieve: which file sees which bytes, what a gap does, what the end does. */
#include "managesieve.h"

#include "managesieve_internal.h"

/* --- commands that wait -------------------------------------------------------------------------
 */

enum sieve_word sieve_head(const struct managesieve *sieve, bool *any)
{
    *any = sieve->count > 0;
    return *any ? (enum sieve_word)sieve->queue[sieve->first] : SIEVE_NO_WORD;
}

void sieve_push(struct managesieve *sieve, enum sieve_word word)
{
    sieve->queue[(sieve->first + sieve->count++) % SIEVE_QUEUE_MAX] = (uint8_t)word;
}

void sieve_pop(struct managesieve *sieve)
{
    sieve->first = (sieve->first + 1) % SIEVE_QUEUE_MAX;
    sieve->count--;
}

/* --- logins -------------------------------------------------------------------------------------
 */

void sieve_login_end(struct session *s, struct managesieve *sieve, const char *outcome,
                     const char *code, bool whole)
{
    login_end(s, &sieve->login, "sieve-authenticate",
              &(struct login_answer){ outcome, bytes_of_string(code) }, whole);
    sieve->refused[0] = '\0';
}

void sieve_login_over(struct session *s, struct managesieve *sieve)
{
    if (sieve->refused[0])
        sieve_login_end(s, sieve, "failure", sieve->refused, true);
    else
        sieve_login_unanswered(s, sieve);
}

void sieve_login_unanswered(struct session *s, struct managesieve *sieve)
{
    sieve_login_end(s, sieve, sieve->refused[0] ? "failure" : "unknown", sieve->refused, false);
}

/* --- loss ---------------------------------------------------------------------------------------
 */

bool sieve_alone(const struct session *s, const struct managesieve *sieve)
{
    return sieve->unpaired || session_peer_visible(s, FROM_SERVER) == CLAIM_NO;
}

/* Neither side tells anything any more, unless TLS begins. */
static void ignore_rest(struct session *s, const struct managesieve *sieve)
{
    if (sieve->client == SIEVE_BLIND && !session_expects_tls(s))
        session_ignore_rest(s);
}

void sieve_unpair(struct session *s, struct managesieve *sieve)
{
    bool asked_tls = false;
    session_explain(s, "lost track: no answer is believed any more");
    for (unsigned i = 0; i < sieve->count; i++)
        asked_tls |= sieve->queue[(sieve->first + i) % SIEVE_QUEUE_MAX] == SIEVE_STARTTLS;
    sieve->count = 0;
    sieve->unpaired = true;
    facts_unset(session_facts(s), FIELD_USER_NAME); /* UNAUTHENTICATE may go by unseen */
    if (!session_is_partial(s))
        session_partial(s, COVERAGE_DESYNC);
    sieve_follow_alone(s, sieve);
    if (asked_tls)
        session_expect_tls(s);
    ignore_rest(s, sieve);
}

void sieve_client_lost(struct session *s, struct managesieve *sieve)
{
    bool was_blind = sieve->client == SIEVE_BLIND;
    sieve->client = SIEVE_BLIND;
    starttls_client_lost(s);
    sieve->logged_in = true; /* or may be */
    if (!session_is_partial(s))
        session_partial(s, COVERAGE_DESYNC);
    if (!was_blind)
        sieve_push(sieve, SIEVE_LOST);
    if (sieve->unpaired || sieve->count == 1)
        sieve_unpair(s, sieve);
}

void sieve_wrapped(struct session *s, struct managesieve *sieve)
{
    sieve->client = SIEVE_BLIND; /* no answer so far was the last word */
    session_partial(s, COVERAGE_LAYER);
    session_ignore_rest(s);
}

/* --- the dissector ------------------------------------------------------------------------------
 */

static void begin(struct session *s, struct managesieve *sieve)
{
    if (sieve->begun)
        return;
    sieve->begun = true;
    facts_init(&sieve->listing, session_pool(s));
    login_init(&sieve->login, session_pool(s));
    for (int d = 0; d < DIRECTIONS; d++)
        sieve_text_init(&sieve->text[d], session_pool(s));
    starttls_track(s);
    if (session_from_start(s)) {
        sieve_push(sieve, SIEVE_GREETING);
        return;
    }
    sieve->client = SIEVE_BLIND;
    sieve_unpair(s, sieve);
}

static size_t managesieve_data(struct session *s, void *state, enum direction d,
                               struct bytes unread, size_t shown)
{
    struct managesieve *sieve = state;
    begin(s, sieve);
    return d == FROM_CLIENT ? sieve_client_data(s, sieve, unread, shown)
                            : sieve_server_data(s, sieve, unread, shown);
}

static void managesieve_gap(struct session *s, void *state, enum direction d, uint64_t missing)
{
    struct managesieve *sieve = state;
    begin(s, sieve);
    if (sieve_text_gap(&sieve->text[d], missing))
        return;
    if (d == FROM_CLIENT)
        sieve_client_lost(s, sieve);
    else
        sieve_unpair(s, sieve);
}

static void managesieve_end(struct session *s, void *state, enum ending ending)
{
    struct managesieve *sieve = state;
    begin(s, sieve);
    bool final = ending == ENDED_CLOSED || ending == ENDED_RESET || ending == ENDED_UPGRADED;
    if (final && sieve->client != SIEVE_BLIND)
        sieve_login_over(s, sieve);
    else
        sieve_login_unanswered(s, sieve);
    /* UNAUTHENTICATE may have gone by unseen, or may come behind what was seen. */
    if (!final || sieve->client == SIEVE_BLIND)
        facts_unset(session_facts(s), FIELD_USER_NAME);
    facts_free(&sieve->listing);
    login_free(&sieve->login);
    for (int d = 0; d < DIRECTIONS; d++)
        sieve_text_free(&sieve->text[d]);
}

static const uint16_t managesieve_ports[] = { 4190, 2000, 0 };

const struct dissector managesieve_dissector = {
    .name = "managesieve",
    .ports = managesieve_ports,
    .state_size = sizeof(struct managesieve),
    .probe = managesieve_probe,
    .data = managesieve_data,
    .gap = managesieve_gap,
    .end = managesieve_end,
    .is_command = sieve_is_command,
};
