/* One SASL exchange (RFC 4422) as the wire shows it: which mechanism, who, and what was exposed.
 * Never the secret.
 *
 * The mail protocol frames the exchange; this module is given the base64 lines. */
#ifndef MAILTAP_SASL_H
#define MAILTAP_SASL_H

#include "dissector.h"

#define SASL_NAME_MAX 20 /* RFC 4422 section 3.1 */
#define SASL_USER_MAX 255

enum sasl_exposed { EXPOSED_NONE, EXPOSED_RESPONSE, EXPOSED_TOKEN, EXPOSED_PASSWORD };

struct sasl_mechanism;

struct sasl {
    const struct sasl_mechanism *mechanism; /* NULL: not one we know */
    unsigned responses;                     /* client messages so far, the empty ones too */
    unsigned messages;                      /* those that were not empty */
    bool wants_user;                        /* LOGIN: the next response is the user name */
    bool unreadable;                        /* a response was not what the mechanism says */
    enum sasl_exposed exposed;
    uint64_t secret_hash; /* keyed, as session_secret() returned it */
    uint8_t user_len, authzid_len;
    uint8_t user[SASL_USER_MAX], authzid[SASL_USER_MAX];
};

/* An exchange with this mechanism begins; names are compared without case. */
void sasl_start(struct sasl *, struct bytes name);
/* The name if it is a registered one, else NULL: an unknown word may be anything, a secret too. */
const char *sasl_mechanism_name(const struct sasl *);
/* Whether the client's first message carries the secret, so that nothing more will come (PLAIN,
 * tokens). */
bool sasl_is_single(const struct sasl *);

/* Whether what follows a success may be wrapped in the mechanism's own security layer (RFC 4422
 * section 3.7). */
bool sasl_may_wrap(const struct sasl *);

/* The server's challenge, base64 or not. */
void sasl_challenge(struct sasl *, struct bytes base64);
/* The client's next message as sent: base64; "=" as initial response is an empty one (RFC 4954
 * section 4). A secret is given to session_secret() and forgotten. */
void sasl_response(struct session *, struct sasl *, struct bytes base64);

/* mailtap.auth.{mechanism,exposed,secret_observed,authzid} and user.name into the own facts.
 * `whole`: the exchange was seen to its end, so that what was not exposed was not sent. */
void sasl_facts(struct session *, const struct sasl *, bool whole);

/* A registered mechanism name in its canonical spelling, NULL if it is none. */
const char *sasl_known_name(struct bytes);

#endif
