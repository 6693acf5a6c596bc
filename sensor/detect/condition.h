/* The condition of a rule: how its searches are combined (Sigma 2.1, "Condition").
 *
 *   or-expression = and-expression { "or" and-expression }
 *   and-expression = not-expression { "and" not-expression }
 *   not-expression = ["not"] ( search | ("1" | "any" | "all") "of" ("them" | pattern) | "("
 * or-expression ")" )
 *
 * A pattern is a name with * for any letters. "them" and patterns leave out searches whose name
 * begins with _ unless the pattern does too. */
#ifndef MAILTAP_CONDITION_H
#define MAILTAP_CONDITION_H

#include "rules.h"
#include "yaml_tree.h"

/* Puts the text of the condition into postfix order. Sets used[i] for each search it names. False
 * if it is wrong (then `problems` says where) or there is no memory. */
bool condition_read(const struct yaml_node *text, const struct search *searches, size_t count,
                    bool *used, struct arena *, struct problems *, struct expression *to);

/* The same rule for names as in "1 of name*". */
bool condition_pattern_matches(struct bytes pattern, const char *name);

#endif
