/* ManageSieve (RFC 5804): the dissector, for the registry. */
#ifndef MAILTAP_MANAGESIEVE_H
#define MAILTAP_MANAGESIEVE_H

#include "dissector.h"

extern const struct dissector managesieve_dissector;

/* Its verdict on the beginnings of both sides (managesieve_probe.c). */
enum verdict managesieve_probe(struct bytes client_start, struct bytes server_start,
                               bool midstream);

#endif
