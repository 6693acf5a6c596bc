/* Mails: made once, sent often. */
#ifndef MAILTAP_BENCH_MAIL_H
#define MAILTAP_BENCH_MAIL_H

#include "script.h"

struct mail {
    uint8_t *text; /* as written, without dot-stuffing */
    size_t len;
};

/* A mail of the pool: 2 kB to 200 kB, most of them short; one in eight quotes dialogues. The
 * pool is made at the first call. */
const struct mail *mail_any(struct chance *);

/* The mail as DATA and RETR carry it: dots doubled, a lone one at its end. */
void mail_say_stuffed(struct script *, enum side, const struct mail *);

#endif
