/* IMAP (RFC 9051, RFC 3501) with its extensions: the dissector, for the registry. */
#ifndef MAILTAP_IMAP_H
#define MAILTAP_IMAP_H

#include "dissector.h"

extern const struct dissector imap_dissector;

/* Its verdict on the beginnings of both sides (imap_probe.c). */
enum verdict imap_probe(struct bytes client, struct bytes server, bool midstream);

#endif
