/* The mechanisms of SASL: a row each, and how their messages are read. For sasl.c only. */
#ifndef MAILTAP_SASL_MECHANISMS_H
#define MAILTAP_SASL_MECHANISMS_H

#include "sasl.h"

struct sasl_mechanism {
    const char *name;
    /* One message of the client, decoded, not empty; sasl->messages counts it. NULL: messages that
     * nobody can read, so that nothing is claimed of them. */
    void (*decode)(struct session *, struct sasl *, struct bytes message);
    unsigned client_messages; /* how many the client sends; 0: it varies */
    enum sasl_layer layer;    /* LAYER_AGREED is found by decode() */
    bool may_be_empty;        /* the client's first message */
    bool asks_user;           /* the server's prompt decides what the next message is (LOGIN) */
};

/* NULL if there is none of this name. */
const struct sasl_mechanism *sasl_find(struct bytes name);

#endif
