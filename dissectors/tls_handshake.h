/* The handshake messages in the records of one side (RFC 9846 sections 4 and 5.1): several may
 * share a record, and one may span many. What nobody wants to read is skipped by its length. */
#ifndef MAILTAP_TLS_HANDSHAKE_H
#define MAILTAP_TLS_HANDSHAKE_H

#include "buffer.h"

enum tls_message_type {
    TLS_CLIENT_HELLO = 1,
    TLS_SERVER_HELLO = 2,
    TLS_CERTIFICATE = 11,
    TLS_SERVER_KEY_EXCHANGE = 12,
    TLS_CERTIFICATE_REQUEST = 13,
    TLS_SERVER_HELLO_DONE = 14,
};

#define TLS_MESSAGE_HEAD 4               /* type, length of 24 bits */
#define TLS_MESSAGE_MAX  ((size_t)65536) /* longer ones are skipped, wanted or not */

struct tls_messages {
    struct buffer kept; /* body of a wanted message that comes in pieces */
    uint32_t left;      /* bytes of a body that are still to come */
    uint8_t head[TLS_MESSAGE_HEAD], head_len;
    bool keeping, told; /* into `kept`; that was handed out by the call before */
};

struct tls_message {
    uint8_t type;
    bool whole;        /* the body is there: only of those that are wanted */
    struct bytes body; /* valid until the next call */
};

void tls_messages_init(struct tls_messages *, struct pool *);
/* Also after a loss: what comes next begins a message. */
void tls_messages_free(struct tls_messages *);

/* Reads on in *in, the next bytes of the records' content, and takes them off. True with the next
 * message: a wanted one (bit 1 << type) when it is whole, any other as soon as its head is there.
 * False when *in is used up. */
bool tls_messages_next(struct tls_messages *, struct bytes *in, uint32_t wanted,
                       struct tls_message *);

#endif
