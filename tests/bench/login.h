/* Login attempts as their clients and servers write them. */
#ifndef MAILTAP_BENCH_LOGIN_H
#define MAILTAP_BENCH_LOGIN_H

#include "script.h"

enum argument { INITIAL, AWAITED, EQUALS };

struct login_form;

struct login {
    const struct login_form *form;
    bool success;
    bool at_once;         /* the client does not wait for the challenge */
    bool refused_at_once; /* instead of the challenge, which must be awaited, comes the refusal */
    char user[64];
};

/* How a protocol carries SASL: what stands in front of the mechanism, of a challenge, and what is
 * said where a challenge is empty. */
struct login_framing {
    const char *command, *challenge, *empty;
};

size_t login_forms(void);
const struct login_form *login_form(size_t);
const char *login_mechanism(const struct login_form *);
bool login_can_be_at_once(const struct login_form *);
/* The client's first message waits for a challenge. */
bool login_is_awaited(const struct login_form *);

/* One line of the client says it all, so a pipelining client may go on behind it. */
bool login_is_one_line(const struct login *);

/* All but the server's last word. Returns how many lines the client sent too many: the server,
 * which had refused, takes them for commands. */
int login_say(struct script *, const struct login *, const struct login_framing *);

#endif
