/* The state of a ManageSieve session, shared by the managesieve_*.c files.
 *
 *   managesieve.c         the dissector: which file sees which bytes, gaps, the end; logins
 *   managesieve_client.c  commands: what the client sends
 *   managesieve_server.c  answers: they, not the commands, move the session
 *   managesieve_text.c, managesieve_probe.c  on their own feet
 *
 * After a loss. Scripts go both ways as literals and may quote a whole session. A gap within a
 * literal that nobody reads is counted and harms nobody. Any other gap of the client: what was
 * asked before it is still answered in order, nothing behind it is claimed, and once that is
 * answered nothing more is read. Any other gap of the server: no answer behind it is believed; the
 * client is whole and is followed alone, as if the server could not be seen. Nothing here brings a
 * session back: an answer does not say what it answers, and sessions are short. */
#ifndef MAILTAP_MANAGESIEVE_INTERNAL_H
#define MAILTAP_MANAGESIEVE_INTERNAL_H

#include "dissector.h"
#include "login.h"
#include "managesieve_text.h"
#include "starttls.h"

/* What the next client line is. */
enum sieve_client_mode { SIEVE_COMMANDS, SIEVE_WAITS, SIEVE_SASL, SIEVE_BLIND };

#define SIEVE_QUEUE_MAX 64 /* commands that wait for their answers */

struct managesieve {
    bool begun, logged_in;
    bool unpaired; /* answers were lost: none is believed any more */
    bool over;     /* BYE was said */
    enum sieve_client_mode client;
    struct sieve_text text[DIRECTIONS];
    uint8_t queue[SIEVE_QUEUE_MAX]; /* enum sieve_word */
    unsigned first, count;
    struct facts listing; /* capabilities of a list that is not complete yet */
    bool listing_starttls, listing_masked;
    unsigned announced, listed;
    struct login login;
    bool cancelled;
    char refused[SIEVE_CODE_SIZE + 4]; /* a login, of which more may be on its way; empty: none */
    bool may_wrap; /* a login succeeded whose mechanism may have a security layer */
};

/* managesieve.c */
enum sieve_word sieve_head(const struct managesieve *, bool *any);
void sieve_push(struct managesieve *, enum sieve_word);
void sieve_pop(struct managesieve *);
/* Nobody answers, or no answer is believed: the client is followed alone. */
bool sieve_alone(const struct session *, const struct managesieve *);
void sieve_unpair(struct session *, struct managesieve *);
void sieve_client_lost(struct session *, struct managesieve *);
void sieve_wrapped(struct session *, struct managesieve *);

void sieve_login_end(struct session *, struct managesieve *, const char *outcome, const char *code,
                     bool whole);
/* Nothing more will come of a login: it was seen whole; its end was lost. */
void sieve_login_over(struct session *, struct managesieve *);
void sieve_login_unanswered(struct session *, struct managesieve *);

/* managesieve_client.c */
size_t sieve_client_data(struct session *, struct managesieve *, struct bytes unread, size_t shown);
/* What waited for an answer that will not be seen goes on as far as one side tells. */
void sieve_follow_alone(struct session *, struct managesieve *);

/* managesieve_server.c */
size_t sieve_server_data(struct session *, struct managesieve *, struct bytes unread, size_t shown);

#endif
