/* Who feeds whom: the correlations of a set of rules. */
#ifndef MAILTAP_CORRELATION_PLAN_H
#define MAILTAP_CORRELATION_PLAN_H

#include "counting.h"

struct correlation_plan {
    struct counting *list; /* active correlations, in the order of the set */
    size_t count;
    size_t rule_words, list_words;    /* of bit sets by rule, by place in the list */
    uint64_t *feeding, *correlations; /* by rule: feeds a correlation; is one */
    uint64_t *allowed, *due; /* for one event: by rule, its expression lets it through; by place in
                                the list, it is fed */
    uint32_t *reader_start, *readers; /* by rule: which of the list it feeds */
    size_t rule_count, reader_count;
};

/* False if there is no memory; can be freed in any case. */
bool correlation_plan_init(struct correlation_plan *, const struct rule_set *);
void correlation_plan_free(struct correlation_plan *);
size_t correlation_plan_bytes(const struct correlation_plan *);

/* Moves the windows of correlations that are in both plans; those of others stay. */
void correlation_plan_move(struct correlation_plan *from, struct correlation_plan *to);

#endif
