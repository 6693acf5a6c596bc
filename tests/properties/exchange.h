/* Law 8, in a form that sees a single byte: the same dialogue with other secrets must leave the
 * same trace and the same events. */
#ifndef MAILTAP_EXCHANGE_H
#define MAILTAP_EXCHANGE_H

#include "dialogue.h"

/* A copy of what the turns of a dialogue show, byte for byte as long, in which each secret is
 * another one: where it stands as it is, and inside of base64. NULL if none of them stands in
 * either form: then there is nothing to compare. The caller frees. */
uint8_t *exchange_secrets(const struct dialogue *);

/* These turns, views into the dialogue's bytes or altered copies of them, over the other bytes. */
void exchange_turns(const struct dialogue *, const uint8_t *other, const struct turn *,
                    size_t turns, struct turn *out);

#endif
