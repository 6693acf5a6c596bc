/* What a session holds. For session*.c and starttls.c only. */
#ifndef MAILTAP_SESSION_INTERNAL_H
#define MAILTAP_SESSION_INTERNAL_H

#include "starttls.h"

#define SESSION_SECRETS 8
#define TRACE_RANGES    4

struct stream {
    struct buffer kept;  /* what was left unread when its packet went */
    struct bytes unread; /* what is left now: over `kept` or over the packet itself */
    size_t shown;        /* so much of it the dissector has seen */
    uint64_t gap;        /* missing before `unread`, found while nobody was chosen yet */
    enum claim visible;
    bool tls; /* while TLS is expected: it has begun here */
};

struct session {
    const struct session_env *env;
    struct flow_identity *id;
    struct moment now;
    const struct dissector *dissector; /* NULL while probing */
    void *state;
    struct stream stream[DIRECTIONS];
    struct facts facts, message;
    struct starttls starttls;
    uint64_t secrets[SESSION_SECRETS]; /* keyed hashes, for comparing only */
    uint32_t secret_count;
    uint32_t weirds[DIRECTIONS]; /* bit per weird that was reported */
    bool ambiguous[DIRECTIONS];  /* before anybody recognised the protocol */
    uint32_t not_mine;           /* bit per dissector that said no */
    uint16_t coverage;
    bool midstream, reading, expecting_tls;
    bool closed_by[DIRECTIONS], reset_by[DIRECTIONS]; /* who closed first; who reset */
    bool turning, turned;                             /* the roles are about to change; they did */
    enum {
        CLIENT_NEW,
        CLIENT_HEARD,
        CLIENT_FOREIGN
    } client;                  /* FOREIGN: TLS, to a server that speaks none */
    bool proxy_read;           /* the client's first bytes were searched for a PROXY header */
    struct proxy_header proxy; /* that was found, until the server's answers judge it */
    struct bytes public[TRACE_RANGES];
    unsigned public_count;
};

/* session.c: takes the session for this dissector. Without memory for its state nothing more of the
 * session is read. */
bool session_choose(struct session *, const struct dissector *);
/* The dissector's last words, before another one, or another session of its own, goes on with the
 * same bytes. */
void session_hand_over(struct session *);

/* session_upgrade.c: while TLS is expected. */
/* Judges the next bytes of a direction. True if with them the session became TLS; else *text is
 * what the old dissector may be shown: one line at most, nothing of TLS, and nothing at all while
 * that cannot be told. */
bool upgrade_begins(struct session *, enum direction, struct bytes *text);
/* The dissector read this much. */
void upgrade_saw_text(struct session *, enum direction, struct bytes text);
/* It waits, and was shown so much. If TLS begins behind what it will not read, that is passed over:
 * then it is true. */
bool upgrade_skips_text(struct session *, enum direction, size_t shown);
/* The connection is over. True if the client spoke TLS and nobody answered: TLS it is, then. */
bool upgrade_ends(struct session *);

/* The trace: what a dissector was shown, what it took, what came of it. */
bool trace_wanted(const struct session *);
/* Until trace_data(), what is said waits for the line that it explains. */
void trace_hold(const struct session *);
void trace_data(struct session *, enum direction, struct bytes shown, size_t consumed);

#endif
