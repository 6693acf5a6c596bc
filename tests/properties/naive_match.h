/* What a rule means, as slowly and plainly as it can be said: the matcher must agree. */
#ifndef MAILTAP_NAIVE_MATCH_H
#define MAILTAP_NAIVE_MATCH_H

#include "facts.h"
#include "rules.h"

bool naive_rule(const struct rule *, enum event_kind, struct bytes facts);
/* As if the event's objects had no row but this one. */
bool naive_rule_in_row(const struct rule *, enum event_kind, struct bytes facts, unsigned row);

#endif
