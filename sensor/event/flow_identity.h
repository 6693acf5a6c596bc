/* Who talks to whom: what every event about a flow says of it, and the names derived from that.
 *
 * Nothing here depends on a random key or on the run, so that reading a file again gives the same
 * names. */
#ifndef MAILTAP_FLOW_IDENTITY_H
#define MAILTAP_FLOW_IDENTITY_H

#include "event.h"

#define COMMUNITY_ID_LEN (2 + 28) /* "1:" and base64 of a SHA-1 */

/* Who sends. The client is who opened the connection, unless the session was turned round. */
enum direction { FROM_CLIENT, FROM_SERVER };
#define DIRECTIONS 2

static inline enum direction other_direction(enum direction direction)
{
    return direction == FROM_CLIENT ? FROM_SERVER : FROM_CLIENT;
}

/* A point in the capture: packet time, and frame_of() the packet. */
struct moment {
    uint64_t time_ns, frame;
};

/* "client" or "server", as events and traces say it. */
static inline const char *direction_name(enum direction direction)
{
    return direction == FROM_CLIENT ? "client" : "server";
}

enum tls_mode { TLS_MODE_NONE, TLS_MODE_STARTTLS, TLS_MODE_IMPLICIT };

struct endpoint {
    uint8_t address[16]; /* IPv4 uses the first four, the rest is zero */
    uint16_t port;       /* host byte order */
};

struct flow_identity {
    struct endpoint end[DIRECTIONS];         /* [FROM_CLIENT] opened the connection */
    uint8_t address_len;                     /* 4 or 16 */
    uint8_t ip_protocol;                     /* 6: TCP */
    uint16_t vlan;                           /* outer tag, 0: none */
    uint64_t first_ns;                       /* time of the first packet */
    uint64_t uid;                            /* set by flow_identity_name() */
    uint32_t events;                         /* events made so far: the number of the next one */
    char community_id[COMMUNITY_ID_LEN + 1]; /* once an event needed it */
    const char *protocol;                    /* name of the dissector that took it; NULL: none */
    enum tls_mode tls_mode;
    bool turned; /* the roles changed: who opened the connection is the server now */
};

/* Derives uid from the ordered endpoints, the VLAN and the first packet's time. */
void flow_identity_name(struct flow_identity *);

/* Adds client, server, network.* (protocol, community id, ...) and mailtap.flow.uid. */
void flow_identity_facts(struct flow_identity *, struct facts *);

/* Hands one event about this flow to the receiver, numbered, with the identity and then `own` as
 * its facts. `assembly` is emptied and used for that. */
void flow_emit(struct flow_identity *, const struct event_receiver *, enum event_kind,
               struct moment, const struct bytes *own, size_t parts, struct facts *assembly);

/* Community ID v1, seed 0, NUL-terminated. False if SHA-1 is not to be had. */
bool flow_community_id(const struct flow_identity *, char id[COMMUNITY_ID_LEN + 1]);

#endif
