/* Makes rules and events by choices: random ones, or those that the bytes of a fuzzer make. The
 * words are few, so that rules often match. */
#ifndef MAILTAP_RULE_MAKER_H
#define MAILTAP_RULE_MAKER_H

#include "facts.h"
#include "rules.h"

/* Each choice takes a byte of `data`, or if there is no data a random number. */
struct choices {
    uint64_t random;
    struct bytes data;
    bool from_data;
};

size_t choose(struct choices *, size_t n); /* 0 to n - 1 */

/* Rules of a set, in its arena. NULL if there is no memory. */
struct rule_set *make_rules(struct choices *, struct arena *, size_t count);
enum event_kind make_event(struct choices *, struct facts *);

/* As a person would write it, more or less. */
void print_rule(const struct rule *);
void print_event(enum event_kind, struct bytes facts);

#endif
