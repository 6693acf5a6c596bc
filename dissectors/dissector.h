/* The interface of a dissector, and all that it may call.
 *
 * A dissector is a protocol state machine over two streams of bytes. It does no I/O and knows no
 * packet, no clock of its own and no output format, so its test is a text file. The rules it keeps
 * are in README.md of this folder. */
#ifndef MAILTAP_DISSECTOR_H
#define MAILTAP_DISSECTOR_H

#include "proxy_header.h"
#include "session.h"

/* Where one side showed nothing yet: IF_SILENT, mine if it never says anything; IF_UNSEEN, mine
 * also if it speaks and is not seen. */
enum verdict { VERDICT_MORE, VERDICT_MINE, VERDICT_NOT_MINE, VERDICT_IF_SILENT, VERDICT_IF_UNSEEN };

struct dissector {
    const char *name;      /* value of network.protocol */
    const uint16_t *ports; /* ends with 0; a hint for what stays undecided, never a proof */
    size_t state_size;     /* zeroed memory that the session owns for the dissector */
    /* Judges the beginnings of both sides. NOT_MINE is final. `midstream`: the start was not seen,
     * judge only what both sides show. Must give the same verdict however the bytes arrive. */
    enum verdict (*probe)(struct bytes client_start, struct bytes server_start, bool midstream);
    /* Returns how many bytes it consumed. What it leaves is shown again with more behind it; 0
     * means "wait", for more of this direction or for the other side to speak. already_shown: the
     * first so many bytes were shown by the call before, which consumed none. */
    size_t (*data)(struct session *, void *state, enum direction, struct bytes unread,
                   size_t already_shown);
    void (*gap)(struct session *, void *state, enum direction, uint64_t missing);
    /* Also ENDED_UPGRADED. Events that waited for an answer are emitted here; memory of the state
     * is freed here. */
    void (*end)(struct session *, void *state, enum ending);
    /* Whether this line, without its end, begins with a command of the protocol. NULL: none has. */
    bool (*is_command)(struct bytes line);
};

/* Facts of the whole session, which every event gets, and of the message under way, which the
 * dissector joins to the own facts of the events about it. */
struct facts *session_facts(struct session *);
struct facts *session_message_facts(struct session *);
/* An empty record for an event's own facts; valid until the next call of session_emit(). */
struct facts *session_own_facts(struct session *);
/* Emits an event: identity, session scope, the own facts, coverage. */
void session_emit(struct session *, enum event_kind);

/* A secret passed by: the session remembers a keyed hash of it, which is returned, and nothing
 * else. */
uint64_t session_secret(struct session *, struct bytes);
/* Adds a user name to a record, masked as `********` if it is implausible (holds white space, is
 * over 64 bytes) or equals a secret of this session: people type passwords into the user box. */
void session_user(struct session *, struct facts *, enum field, struct bytes name);

/* The budget for what a dissector's state grows by. */
struct pool *session_pool(struct session *);

/* The upgrade was accepted, or its acceptance may have been lost: both sides are watched for TLS at
 * their next byte. */
void session_expect_tls(struct session *);
bool session_expects_tls(const struct session *);
/* Nothing more of this session can be read. */
void session_ignore_rest(struct session *);
/* The sides change roles (ATRN): this session ends, and once data() has returned a new one of the
 * same protocol begins, in which who was the server is the client. */
void session_turn(struct session *);

/* A PROXY header stood before the client's first byte, and nothing yet shows whether the server
 * knows that protocol. The dissector says so with the first answer that tells. */
enum proxied_by session_proxy_pending(const struct session *);
void session_proxy_judged(struct session *, bool believed);
/* The client speaks for another one, whose address this is (4 or 16 bytes); port 0: not told. */
void session_proxied(struct session *, enum proxied_by, struct bytes address, uint16_t port);
/* Nobody knows for whom it speaks now, if for anybody. */
void session_not_proxied(struct session *);

/* Adds who closed the connection first and who reset it, as far as that is known. Of use in end().
 */
void session_closing_facts(const struct session *, struct facts *);

/* How many bytes of this direction were sent and not read yet. */
size_t session_unread(const struct session *, enum direction);
/* A line for the trace, if there is one: what was understood and why. Nothing secret. */
void session_explain(struct session *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* These bytes, part of what data() was shown, may be shown in a trace. Everything else of the
 * client is secret. */
void session_public(struct session *, struct bytes);
/* Whether the other direction's packets can be seen: yes, no, or not known yet. */
enum claim session_peer_visible(const struct session *, enum direction);
/* Whether the beginnings of both streams were seen: otherwise the state in which they are met is
 * unknown. */
bool session_from_start(const struct session *);
/* Whether anything at all of this session was missed, so that absence proves nothing. */
bool session_is_partial(const struct session *);
uint64_t session_time(const struct session *);
/* Who talks to whom. */
const struct flow_identity *session_identity(const struct session *);

/* The registry: every dissector there is, in order of preference; ends with NULL. */
extern const struct dissector *const dissectors[];

#endif
