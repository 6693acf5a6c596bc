/* Login attempts as their clients and servers write them. */
#ifndef MAILTAP_BENCH_LOGIN_H
#define MAILTAP_BENCH_LOGIN_H

#include "script.h"

enum argument { INITIAL, AFTER_334, EQUALS };

struct login_form;

struct login {
    const struct login_form *form;
    bool success;
    bool at_once; /* the client does not wait for 334 */
    char user[64];
};

size_t login_forms(void);
const struct login_form *login_form(size_t);
const char *login_mechanism(const struct login *);
bool login_can_be_at_once(const struct login_form *);

/* One line of the client says it all, so a pipelining client may go on behind it. */
bool login_is_one_line(const struct login *);

/* All but the server's last word. */
void login_say(struct script *, const struct login *);

#endif
