/* What of an event may be shown: user names, addresses, subjects and attachment names, as the
 * operator decides. */
#ifndef MAILTAP_PRIVACY_H
#define MAILTAP_PRIVACY_H

#include "facts.h"

enum privacy_mode { PRIVACY_CLEAR, PRIVACY_MASK, PRIVACY_HASH, PRIVACY_DROP };

struct privacy {
    enum privacy_mode mode[VISIBILITY_INTERNAL]; /* by visibility; PUBLIC is always clear */
    struct bytes key;                            /* for PRIVACY_HASH */
};

/* Appends one fact as the operator wants it seen. A hashed user name becomes user.hash too, so that
 * anonymised events can be correlated. INTERNAL facts are passed on: no writer shows them. */
void privacy_copy(const struct privacy *, const struct fact *, struct facts *);

/* Whether everything is shown as it is. */
bool privacy_is_clear(const struct privacy *);

#endif
