/* The PROXY protocol (haproxy's proxy-protocol.txt, versions 1 and 2): a header before the first
 * byte of a connection, in which a proxy says for whom it speaks. */
#ifndef MAILTAP_PROXY_HEADER_H
#define MAILTAP_PROXY_HEADER_H

#include "bytes.h"

enum proxied_by { PROXIED_BY_NOBODY, PROXIED_BY_V1, PROXIED_BY_V2, PROXIED_BY_XCLIENT };

enum proxy_verdict { PROXY_NONE, PROXY_MORE, PROXY_WHOLE };

struct proxy_header {
    enum proxied_by by;
    size_t len;          /* of the header, in bytes of the stream */
    uint8_t address[16]; /* of the client */
    size_t address_len;  /* 4 or 16; 0: the proxy speaks for itself, or does not say */
    uint16_t port;
};

/* Reads the header at the start of a stream. PROXY_MORE: what is there may be the start of one. */
enum proxy_verdict proxy_header_read(struct bytes, struct proxy_header *);

#endif
