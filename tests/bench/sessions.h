/* Each kind of flow, written as a script. */
#ifndef MAILTAP_BENCH_SESSIONS_H
#define MAILTAP_BENCH_SESSIONS_H

#include <stdio.h>

#include "script.h"

/* Writes flow number `index` of its kind; planted logins go to truth. */
typedef void write_session(struct script *, uint32_t index, FILE *truth);

write_session write_mail;     /* login, mails, QUIT: in clear */
write_session write_tiny;     /* login and QUIT */
write_session write_idle;     /* EHLO, and then nothing */
write_session write_tls;      /* TLS from the first byte, much data */
write_session write_starttls; /* EHLO, STARTTLS, much data */
write_session write_imap;     /* login, chatter, FETCH, APPEND, IDLE: in clear */
write_session write_pop3;     /* login, lists, RETR: in clear */
write_session write_noise;    /* not mail: HTTP, other TCP, DNS, ARP */

/* The part of the two with TLS that both have: from the ClientHello to the end of the flow. */
void write_tls_bytes(struct script *);

#endif
