/* STARTTLS for all mail protocols: one state machine, and the one event that tells how a session in
 * clear went.
 *
 * The dissector says what was offered, asked and answered; the session says what the bytes then
 * were. A claim is "no" only when the whole session was seen: otherwise it is unknown. */
#ifndef MAILTAP_STARTTLS_H
#define MAILTAP_STARTTLS_H

#include "dissector.h"

struct starttls {
    bool tracked, emitted; /* a mail session that began in clear; its event is out */
    enum claim offered, requested, accepted;
    bool established;                /* the handshake completed */
    bool tls_seen[DIRECTIONS];       /* TLS records came */
    uint64_t text_bytes[DIRECTIONS]; /* clear bytes after the acceptance and before TLS */
    bool text_seen[DIRECTIONS];      /* more of them than stray CRLFs */
    char code[8];                    /* of the answer */
    struct facts hello;              /* mailtap.session.*: greeting, banner, capabilities */
};

/* For dissectors */

/* A mail session begins in clear: from now on it owes one starttls event. */
void starttls_track(struct session *);
/* Greeting and capabilities go here: they are shown with the starttls event. */
struct facts *starttls_hello(struct session *);
/* A capability list was read to its end. Once offered stays offered; "not in the list" is a no only
 * for a session that was seen whole so far. */
void starttls_listed(struct session *, bool offered);
void starttls_requested(struct session *);
/* The server's answer, with its code. */
void starttls_answered(struct session *, bool accepted, struct bytes code);
/* Whether the upgrade went through. */
void starttls_established(struct session *);

/* For the session */

void starttls_init(struct starttls *, struct pool *);
void starttls_free(struct starttls *);
/* After the acceptance: clear text, or the first TLS record, in this direction. */
void starttls_saw_text(struct session *, enum direction, struct bytes text, bool early);
void starttls_saw_tls(struct session *, enum direction);
/* Emits the event if one is owed. */
void starttls_finish(struct session *, enum ending);

#endif
