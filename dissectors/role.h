/* What a mail server is for, which decides how bad it is if its sessions can be read. */
#ifndef MAILTAP_ROLE_H
#define MAILTAP_ROLE_H

#include "flow_identity.h"

/* "access" (people read mail: IMAP, POP3, ManageSieve), "submission" (people send it: 587, 465,
 * 2525) or "relay" (other SMTP, LMTP), by the protocol, or for TLS by the port; NULL if neither
 * tells. */
const char *role_of_server(const struct flow_identity *);

#endif
