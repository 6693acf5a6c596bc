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

struct starttls {
    bool tracked, emitted; /* a mail session that began in clear; its event is out */
    enum claim offered, requested, accepted;
    bool masked;               /* a list held a masked word */
    enum handshake handshake;  /* of the TLS behind the acceptance */
    uint8_t used, used_after;  /* enum clear_use: at all; after the server's answer */
    bool tls_seen[DIRECTIONS]; /* TLS records came */
    uint64_t early_bytes;      /* clear bytes of the client that were here before the answer */
    uint64_t text_bytes[DIRECTIONS]; /* clear bytes after the acceptance and before TLS */
    bool text_seen[DIRECTIONS];      /* more of them than stray CRLFs */
    bool early_seen;                 /* the same of the early ones */
    enum claim command;              /* whether the client's begin with a command */
    char code[8];                    /* of the answer */
    struct facts hello;              /* mailtap.session.*: greeting, banner, capabilities */
};

/* For dissectors */

/* A mail session begins in clear: from now on it owes one starttls event. */
void starttls_track(struct session *);
/* Greeting and capabilities go here: they are shown with the starttls event. */
struct facts *starttls_hello(struct session *);
/* Whether a word of a list of capabilities was overwritten by something on the path: XXXXXXXA of
 * Cisco's inspection, or four or more times the same character. */
bool starttls_masks(struct bytes word);
/* A capability list was read to its end. Once offered stays offered, and masked; "not in the list"
 * is a no only for a session that was seen whole so far. */
void starttls_listed(struct session *, bool offered, bool masked);
void starttls_requested(struct session *);
/* The server's answer, with its code. */
void starttls_answered(struct session *, bool accepted, struct bytes code);
/* A login was tried, a secret was sent, a mail moved or was about to, in clear. */
void starttls_used(struct session *, enum clear_use);
/* How far the handshake came: it only goes forward. */
void starttls_handshake(struct session *, enum handshake);

/* For the session */

void starttls_init(struct starttls *, struct pool *);
void starttls_free(struct starttls *);
/* After the acceptance: clear text, or the first TLS record, in this direction. `early`: the text
 * was here before the answer. */
void starttls_saw_text(struct session *, enum direction, struct bytes text, bool early);
void starttls_saw_tls(struct session *, enum direction);
/* Emits the event if one is owed. */
void starttls_finish(struct session *, enum ending);

#endif
