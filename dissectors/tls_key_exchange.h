/* ServerKeyExchange up to TLS 1.2 (RFC 5246 section 7.4.3, RFC 8422 section 5.4, RFC 4279, RFC
 * 5489): what the server agrees the keys with, and how it signed that. */
#ifndef MAILTAP_TLS_KEY_EXCHANGE_H
#define MAILTAP_TLS_KEY_EXCHANGE_H

#include "bytes.h"

struct tls_key_exchange {
    uint16_t group;     /* named curve; 0: none */
    unsigned dh_bits;   /* of the prime, leading zeros left out; 0: none */
    uint16_t signature; /* signature scheme, which only TLS 1.2 names; 0: none */
};

/* What stands in the message is told by the suite. False if nothing is to be had of it: SRP, RSA
 * of export grade, explicit curves, a hint alone; or if it is cut. */
bool tls_key_exchange_read(struct bytes body, uint16_t suite, uint16_t version,
                           struct tls_key_exchange *);

#endif
