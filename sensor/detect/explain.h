/* A rule in plain words: what it looks for, where, what it reads, what to do. */
#ifndef MAILTAP_EXPLAIN_H
#define MAILTAP_EXPLAIN_H

#include <stdio.h>

#include "rules.h"

void explain_rule(const struct rule_set *, size_t rule, FILE *);

#endif
