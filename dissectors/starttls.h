/* STARTTLS for all mail protocols: one state machine, and the one event that tells how a session in
 * clear went.
 *
 * The dissector says what was offered, asked, answered and used; the session says what the bytes
 * then were; the TLS dissector says how the handshake went. A claim is "no" only when the whole
 * session was seen: otherwise it is unknown. */
#ifndef MAILTAP_STARTTLS_H
#define MAILTAP_STARTTLS_H

#include "dissector.h"

/* What went over the session in clear. */
enum clear_use { CLEAR_LOGIN = 1, CLEAR_SECRET = 2, CLEAR_MAIL = 4 };

/* How far a TLS handshake came, as far as it could be seen. */
enum handshake { HANDSHAKE_NONE, HANDSHAKE_BEGUN, HANDSHAKE_DOUBTFUL, HANDSHAKE_ESTABLISHED };

/* What one side said between the upgrade and TLS. */
struct clear_text {
    uint64_t bytes; /* in clear, from the end of the upgrade command or of its answer */
    bool text;      /* more than stray CRLFs among them */
    bool early;     /* of the client: such text was here before the answer, */
    bool late;      /* or came when it was there */
    bool tls;       /* a TLS record came behind them */
};

struct starttls {
    bool tracked, emitted; /* a mail session that began in clear; its event is out */
    enum claim offered, requested, accepted;
    bool client_lost;         /* since it was asked for: it may have been asked for again, unseen */
    bool asked_again;         /* behind a refusal, and not answered yet */
    bool masked;              /* a list held a masked word */
    enum handshake handshake; /* of the TLS behind the acceptance */
    uint8_t used;             /* enum clear_use */
    bool asked_mail;          /* a mail was asked for since the answer */
    bool continued, continued_if_no_tls;
    bool dialogue; /* accepted, and both sides went on in clear */
    size_t early;  /* bytes of the client that were here before the answer, not read yet */
    struct clear_text clear[DIRECTIONS];
    enum claim command; /* whether the client's clear text begins with a command */
    char code[8];       /* of the answer */
    struct facts hello; /* mailtap.session.*: greeting, banner, capabilities */
};

/* For dissectors */

/* A mail session begins in clear: from now on it owes one starttls event. */
void starttls_track(struct session *);
/* Greeting and capabilities go here: they are shown with the starttls event. */
struct facts *starttls_hello(struct session *);
/* Whether a word of a list of capabilities is the command written over by something on the path, as
 * long as that and all one character, but maybe for the last: XXXXXXXA of Cisco's inspection. Words
 * of another length stood for something else. */
bool starttls_masks(struct bytes word, const char *command);
/* Whether a line of the client that is no command is the upgrade command, written over in the same
 * way on its way to a server that had offered it. */
bool starttls_is_spoiled(const struct session *, struct bytes line, const char *command);
/* A capability list was read to its end. Once offered stays offered, and masked; "not in the list"
 * is a no only for a session that was seen whole so far. */
void starttls_listed(struct session *, bool offered, bool masked);
void starttls_requested(struct session *);
/* The server's answer, with its code. Who is refused may ask again; once accepted stays accepted.
 */
void starttls_answered(struct session *, bool accepted, struct bytes code);
/* Whether the client knows the answer: what it says now was not on its way before. */
bool starttls_is_answered(const struct session *);
/* It asks for a mail to move: MAIL, DATA, APPEND, FETCH, RETR. Tells whether it knew the answer
 * when the mail does move. */
void starttls_asked_for_mail(struct session *);
/* A login was tried, a secret was sent, a mail moved or was about to, in clear. `decided`: the
 * client went on although it knew the answer; of a mail that is known from the call above. */
void starttls_used(struct session *, enum clear_use, bool decided);
/* From here on not all is read that the client says. */
void starttls_client_lost(struct session *);
/* How far the handshake came: it only goes forward. */
void starttls_handshake(struct session *, enum handshake);

/* For the session */

void starttls_init(struct starttls *, struct pool *);
void starttls_free(struct starttls *);
/* Both sides are watched for TLS from here on; so many bytes of the client are here already. */
void starttls_watched(struct session *, size_t early);
/* Bytes of the client were read, watched or not. */
void starttls_client_read(struct session *, size_t);
/* Clear text, or the first TLS record, in this direction. Text tells true if with it the session
 * goes on in clear: no TLS will come of this upgrade. */
bool starttls_saw_text(struct session *, enum direction, struct bytes text);
void starttls_saw_tls(struct session *, enum direction);
/* Emits the event if one is owed. */
void starttls_finish(struct session *, enum ending);

#endif
