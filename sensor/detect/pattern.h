/* Values of rules as patterns: wildcards, escapes, dashes, base64. */
#ifndef MAILTAP_PATTERN_H
#define MAILTAP_PATTERN_H

#include "rules.h"

/* Reads text as Sigma writes it: * is any text, ? any one character, and a backslash before *, ? or
 * a backslash takes their meaning; other backslashes are themselves. `before` and `after`: any text
 * may stand there. False if there is no memory. */
bool pattern_read(struct arena *, struct bytes text, bool before, bool after, struct pattern *);

/* Whether text read that way has a wildcard. */
bool pattern_has_wildcard(struct bytes text);

/* The ways to write text with the dashes before words as -, /, or one of three longer dashes:
 * variant `which`, from 0. windash_count() says how many there are, 0: too many. */
size_t windash_count(struct bytes text);
struct bytes windash_variant(struct arena *, struct bytes text, size_t which);

/* What is the same of the base64 of any text that holds this one at `offset` (0 to 2) modulo 3. */
struct bytes base64_within(struct arena *, struct bytes text, unsigned offset);
struct bytes base64_whole(struct arena *, struct bytes text);

#endif
