/* `mailtap rules list|check|explain|test`: what an operator asks about rules. */
#ifndef MAILTAP_RULES_COMMAND_H
#define MAILTAP_RULES_COMMAND_H

#include <stdio.h>

#include "config.h"
#include "detect.h"

/* Whether this is the rule's finding id, uuid or name. */
bool rule_is_called(const struct rule *, const char *name);

/* list, check and explain; what is wrong with rules goes to standard error. */
enum exit_code rules_command(const struct config *, FILE *out);

/* `rules test`: prints each event of a capture on which a rule holds, or, if one rule is named,
 * each event that it looks at and why it does not hold. */
struct rules_trial;

/* NULL, with a line on standard error, if no rule is called `id` (NULL: all are meant), or there is
 * no memory. The set must stay as long as the trial. */
struct rules_trial *rules_trial_new(const struct rule_set *, const char *id, FILE *out);
struct detect_watch rules_trial_watch(struct rules_trial *);
/* Prints the sum, and gives it back. */
void rules_trial_end(struct rules_trial *);

#endif
