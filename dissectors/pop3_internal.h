/* The state of a POP3 session, shared by the pop3_*.c files.
 *
 *   pop3.c          the dissector: which file sees which bytes, gaps, the end
 *   pop3_client.c   command lines and SASL responses: what the client sends
 *   pop3_server.c   answers: they, not the commands, move the session
 *   pop3_listing.c  answers of many lines that are read: CAPA, AUTH alone, LIST, UIDL
 *   pop3_auth.c     login attempts
 *   pop3_syntax.c, pop3_probe.c  on their own feet
 *
 * After a loss. The client sends nothing but short lines and never a mail; the server sends mails.
 * So the two sides are met differently:
 *
 * - Bytes of the client are missing: it is read BLIND, nothing it says is claimed. What was asked
 *   before is still answered in order; what comes behind these answers belongs to nobody knows
 *   what: the session is `unpaired`. One thing is told all the same: a password in a line that the
 *   server answered alone, between two of its answers, with an unknown outcome.
 * - Answers of the server are missing: none that follows can be paired. The client is whole, so it
 *   is followed alone, as if the server could not be seen: no outcome, nothing waits.
 * - Unpaired answers are framed by what they look like: behind a +OK comes either the next status
 *   line, or a text up to a lone dot. No text begins like a status: a mail begins with a header.
 *   When it is not known whether a text is on its way, only a lone dot ends the doubt, because
 *   dots in a text are doubled; or any status line, if no mail was ever asked for.
 * - The session is paired again at the server's own word: the list that a lone CAPA, LIST or UIDL
 *   asks for and no other command can get, or the challenge behind an AUTH.
 * - A gap in a mail leaves us in the mail as long as nothing else was asked: its end is the next
 *   lone dot. One more command, and its end may have been in the gap. */
#ifndef MAILTAP_POP3_INTERNAL_H
#define MAILTAP_POP3_INTERNAL_H

#include "dissector.h"
#include "dot_stuffing.h"
#include "http_line.h"
#include "line.h"
#include "login.h"
#include "pop3_syntax.h"
#include "starttls.h"

/* What the next client bytes are. */
enum pop3_client_mode {
    POP3_READS_COMMANDS,
    POP3_WAITS, /* nothing until the answer: after PASS, APOP, AUTH, STLS, a SASL response */
    POP3_READS_SASL,
    POP3_BLIND
};

/* What the next server bytes are. */
enum pop3_server_mode {
    POP3_AT_STATUS,
    POP3_IN_LISTING, /* lines that are read */
    POP3_IN_SKIPPED, /* lines that are not */
    POP3_IN_MAIL,
    POP3_ANYWHERE, /* after a loss: a status, or any line of a text */
};

#define POP3_QUEUE_MAX 256 /* commands that wait for their answers */

struct pop3_queue {
    uint8_t command[POP3_QUEUE_MAX];
    unsigned first, count;
};

/* The list being read, and of what it can be a list. */
struct pop3_listing {
    enum pop3_command of; /* POP3_UNKNOWN: of nothing that is read */
    struct facts facts;   /* capabilities and mechanisms */
    bool starttls, known; /* STLS is in it; some registered capability is */
    bool masked;          /* some word was overwritten */
    bool fits;            /* so far, each line is one of such a list */
    unsigned lines;
};

struct pop3 {
    bool begun, client_whole; /* no byte of the client was missed */
    bool fetched;             /* a mail was asked for, so that one may be on its way */
    bool logged_in;           /* or may be, after a loss */
    enum pop3_client_mode client;
    enum pop3_server_mode server;
    struct line_reader line[DIRECTIONS];
    struct pop3_queue queue;
    unsigned statuses; /* status lines so far, the greeting included */
    bool open_ended;   /* at a status line: text may come instead, that belongs to the one before */
    struct pop3_listing listing;
    unsigned announced; /* words that were kept of all lists */
    struct http_lines http;

    bool unpaired;
    unsigned lone_lines;    /* client lines since the last status line, while unpaired */
    enum pop3_command lone; /* what the latest of them is */

    struct login login;
    const char *login_action;
    struct buffer user; /* the argument of the latest USER, until its PASS */
    bool user_named;
    bool unproved; /* the login was read blind: dropped if the server does not answer it alone */
    bool auth_cancelled;
    char auth_refused[POP3_CODE_SIZE]; /* refused, and more of it may be on its way; empty: no */
    bool may_wrap; /* a login succeeded whose mechanism may have a security layer */

    struct dot_stuffing body;
    enum pop3_command fetching;
    bool doubtful; /* there was a gap in this mail */
};

#define POP3_UNTRUSTED 1000 /* lone_lines after a loss that may have taken answers with it */

struct pop3_answer {
    enum pop3_status status;
    char code[POP3_CODE_SIZE];
    struct bytes text;
};

/* pop3.c */
/* False if there is no room: the caller leaves the command unread until an answer makes some. */
bool pop3_push(struct pop3 *, enum pop3_command);
enum pop3_command pop3_head(const struct pop3 *, bool *any);
void pop3_pop(struct pop3 *);
/* Nobody answers, or what is answered cannot be paired: the client is followed alone. */
bool pop3_alone(const struct session *, const struct pop3 *);
/* From here on nothing is paired until the server's own word. */
void pop3_unpair(struct session *, struct pop3 *, enum pop3_server_mode);
/* Bytes of the client are missing, or cannot be read. */
void pop3_client_lost(struct session *, struct pop3 *);
/* The server's word brings the session back: nothing is unanswered. */
void pop3_paired_again(struct session *, struct pop3 *, enum pop3_client_mode);
/* From here on the bytes are in a security layer of SASL: nobody can read them. */
void pop3_wrapped(struct session *, struct pop3 *);

/* pop3_client.c */
size_t pop3_client_data(struct session *, struct pop3 *, struct bytes unread, size_t shown);
/* An answer says what the client's next bytes are, unless they were lost. */
void pop3_client_reads(struct pop3 *, enum pop3_client_mode);
/* What waited for an answer that will not be seen goes on as far as one side tells. */
void pop3_follow_alone(struct session *, struct pop3 *);

/* pop3_server.c */
size_t pop3_server_data(struct session *, struct pop3 *, struct bytes unread, size_t shown);
/* The mail ends; not `whole`: its end was not seen. */
void pop3_mail_end(struct session *, struct pop3 *, bool whole);

/* pop3_listing.c */
void pop3_listing_begin(struct pop3_listing *, enum pop3_command of);
void pop3_listing_line(struct pop3_listing *, struct bytes line);
/* Whether what was read is what the command asks for, and no other can get. */
bool pop3_listing_is_proof(const struct pop3_listing *);
/* The list is complete: what it announces is taken over. */
void pop3_listing_end(struct session *, struct pop3 *);
/* One name of a way to log in, kept once. */
void pop3_offers(struct session *, struct pop3 *, struct bytes mechanism);

/* pop3_auth.c */
void pop3_user(struct pop3 *, struct bytes argument);
/* PASS, APOP or AUTH was sent. */
void pop3_login_sent(struct session *, struct pop3 *, enum pop3_command, struct bytes argument);
void pop3_auth_response(struct session *, struct pop3 *, struct bytes line);
/* The line behind the refusal of a SASL login, which may belong to it. */
void pop3_auth_overrun(struct session *, struct pop3 *, enum pop3_command, struct bytes line);
void pop3_login_answer(struct session *, struct pop3 *, const struct pop3_answer *);
/* The server's challenge: the client's next line is SASL. */
void pop3_challenge(struct session *, struct pop3 *, struct bytes text);
/* Nothing more will come of a login: it was seen whole, or its end was lost. */
void pop3_login_over(struct session *, struct pop3 *);
void pop3_login_unanswered(struct session *, struct pop3 *);
/* The login that was read blind was answered, or was not; nothing happens if there is none. */
void pop3_login_proved(struct session *, struct pop3 *, bool proved);
/* As far as one side tells, the login goes on. */
bool pop3_login_goes_on(const struct pop3 *);

#endif
