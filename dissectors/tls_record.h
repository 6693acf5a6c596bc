/* Recognises TLS by its bytes. */
#ifndef MAILTAP_TLS_RECORD_H
#define MAILTAP_TLS_RECORD_H

#include "dissector.h"

/* Content types of records (RFC 9846 section 5.1). */
enum tls_record_type {
    TLS_CHANGE_CIPHER_SPEC = 20,
    TLS_ALERT = 21,
    TLS_HANDSHAKE = 22,
    TLS_APPLICATION_DATA = 23,
    TLS_HEARTBEAT = 24
};

#define TLS_HEADER_LEN 5
#define TLS_RECORD_MAX                                                                             \
    (16384 + 2048) /* RFC 5246 section 6.2.3: with the expansion of encryption                     \
                    */

/* Whether this side's bytes begin with a TLS record (RFC 9846 section 5.1) or with a hello of SSL
 * 2.0 (RFC 5246 appendix E.2, RFC 6101 appendix E). VERDICT_MORE while too few are there to tell.
 */
enum verdict tls_record_probe(enum direction, struct bytes);

/* The same of both sides, for the session. Records in the middle of a connection say nothing that
 * could be used, and a server's text is no TLS, also where its client is not seen. */
enum verdict tls_probe(struct bytes client, struct bytes server, bool midstream);

/* What precedes a record of SSL 2.0: two bytes, or three if it is padded. `len` bytes follow. */
struct tls_sslv2_header {
    unsigned size, len;
};

/* False while too few bytes are there. */
bool tls_sslv2_header_read(struct bytes, struct tls_sslv2_header *);
/* Whether a stream that begins with this byte begins with a record of SSL 2.0. */
bool tls_sslv2_begins(uint8_t first);

extern const struct dissector tls_dissector;

#endif
