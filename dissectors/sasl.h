/* One SASL exchange (RFC 4422) as the wire shows it: which mechanism, who, and what was exposed.
 * Never the secret.
 *
 * The mail protocol frames the exchange; this module is given the base64 lines. What each mechanism
 * says stands in sasl_mechanisms.c. */
#ifndef MAILTAP_SASL_H
#define MAILTAP_SASL_H

#include "dissector.h"

#define SASL_NAME_MAX 20  /* RFC 4422 section 3.1 */
#define SASL_WHO_MAX  255 /* bytes of a name that are kept */

/* What somebody who listens has afterwards: nothing, an answer to attack off line, a token or a
 * password to use. */
enum sasl_exposed { EXPOSED_NONE, EXPOSED_RESPONSE, EXPOSED_TOKEN, EXPOSED_PASSWORD };

/* Whether what follows a success is wrapped (RFC 4422 section 3.7): agreed in readable messages, or
 * hidden in them. */
enum sasl_layer { LAYER_NONE, LAYER_POSSIBLE, LAYER_AGREED };

struct sasl_mechanism;

struct sasl {
    const struct sasl_mechanism *mechanism; /* NULL: not one we know */
    char name[SASL_NAME_MAX + 1];           /* in capitals; empty if it cannot be a name */
    bool vouched;                           /* the server said that this is a mechanism */
    bool is_command;                        /* no SASL: the name is ours */
    bool empty_initial;                     /* the initial response was "=" */
    unsigned responses;                     /* client messages so far, the empty ones too */
    unsigned messages;                      /* those that were not empty */
    bool wants_user;                        /* LOGIN: the next response is the user name */
    bool unreadable;                        /* a response was not what the mechanism says */
    enum sasl_layer layer;
    enum sasl_exposed exposed;
    bool decided;          /* something was sent by a client that knew the answer to STARTTLS */
    uint64_t secret_hash;  /* keyed, as session_secret() returned it */
    unsigned ntlm_version; /* of an NTLM response: 1 or 2; else 0 */
    struct facts who;      /* user.name, user.domain, mailtap.auth.authzid as sent */
};

void sasl_init(struct sasl *, struct pool *);
void sasl_free(struct sasl *);

/* An exchange with this mechanism begins; names are compared without case. */
void sasl_start(struct sasl *, struct bytes name);
/* A login that is no SASL: a command of the protocol with this name of ours ("USER/PASS"). */
void sasl_start_command(struct sasl *, const char *name);
/* The server listed this mechanism, or went on with it: only then may the name of one that we do
 * not know be shown. Any other word behind AUTH may be anything, a secret too. */
void sasl_vouch(struct sasl *);
/* In its canonical spelling; NULL if it may not be shown. */
const char *sasl_mechanism_name(const struct sasl *);

/* Whether the client has said all that the mechanism has it say; false where that varies. */
bool sasl_client_is_done(const struct sasl *);

/* The server's challenge, base64 or not. */
void sasl_challenge(struct sasl *, struct bytes base64);
/* The client's next message as sent: base64; "=" as initial response is an empty one (RFC 4954
 * section 4). A secret is given to session_secret() and forgotten. */
void sasl_response(struct session *, struct sasl *, struct bytes base64);

/* What a message, or the argument of a command, says: user.name, user.domain or
 * mailtap.auth.authzid as sent (an empty name is none), and what it gives away. */
void sasl_names(struct sasl *, enum field, struct bytes name);
void sasl_exposes(struct session *, struct sasl *, enum sasl_exposed, struct bytes secret);

/* user.*, mailtap.auth.{mechanism,exposed,secret_observed,authzid,ntlm_version} into the own facts.
 * `whole`: the exchange was seen to its end, so that what was not exposed was not sent. */
void sasl_facts(struct session *, const struct sasl *, bool whole);
/* The user as sent; false if the exchange names none. */
bool sasl_user(const struct sasl *, struct bytes *name);

/* "password", as mailtap.auth.exposed has it. */
const char *sasl_exposed_name(enum sasl_exposed);

/* A registered mechanism name in its canonical spelling, NULL if it is none. */
const char *sasl_known_name(struct bytes);

#endif
