/* SMTP (RFC 5321) with its extensions: the dissector, for the registry. */
#ifndef MAILTAP_SMTP_H
#define MAILTAP_SMTP_H

#include "dissector.h"

extern const struct dissector smtp_dissector;

/* Its verdict on the beginnings of both sides (smtp_probe.c). */
enum verdict smtp_probe(struct bytes client, struct bytes server, bool midstream);

#endif
