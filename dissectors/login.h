/* One login attempt, and the one auth event it ends with, for all mail protocols.
 *
 * The protocol frames the attempt: what begins it, which lines belong to it, which reply ends it.
 * An attempt is a SASL exchange, or a command with a name and a secret of its own (LOGIN of IMAP,
 * USER and PASS, APOP), told to `sasl` with sasl_start_command(), sasl_names() and sasl_exposes().
 */
#ifndef MAILTAP_LOGIN_H
#define MAILTAP_LOGIN_H

#include "sasl.h"

struct login {
    struct sasl sasl;
    bool open;         /* an attempt is under way */
    bool decided;      /* begun in clear by a client that knew the answer to STARTTLS */
    unsigned attempts; /* so far, this one included */
};

/* How the server answered; `code` as event.code has it, empty if it says none or was not seen. */
struct login_answer {
    const char *outcome; /* "success", "failure", "unknown" */
    struct bytes code;
};

void login_init(struct login *, struct pool *);
void login_free(struct login *);

/* A SASL exchange begins. A mechanism that the server listed before is known to be one. */
void login_begin(struct session *, struct login *, struct bytes mechanism);
/* A command of the protocol's own begins, with this name for a mechanism. */
void login_begin_command(struct session *, struct login *, const char *name);

/* The attempt ends: emits its event. `action` is event.action; `whole`: it was seen to its end, so
 * that what was not exposed was not sent. Nothing happens if none is open. */
void login_end(struct session *, struct login *, const char *action,
               const struct login_answer *answer, bool whole);
/* The server accepted: from now on the session is this user's. Only on success: a failed login must
 * not make anyone the sender of later mail. */
void login_promote(struct session *, const struct login *);

#endif
