/* POP3 (RFC 1939) with its extensions (RFC 2449, RFC 2595, RFC 5034, RFC 6856): the dissector, for
 * the registry. */
#ifndef MAILTAP_POP3_H
#define MAILTAP_POP3_H

#include "dissector.h"

extern const struct dissector pop3_dissector;

/* Its verdict on the beginnings of both sides (pop3_probe.c). */
enum verdict pop3_probe(struct bytes client_start, struct bytes server_start, bool midstream);

#endif
