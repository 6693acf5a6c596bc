/* Reads rules: files and folders of YAML into a rule_set, with every complaint at once.
 *
 * Documents: Sigma 2.1 detection rules, correlations and filters, and `tuning:` of ours. A file may
 * hold several. Bounded: size of a file, nesting, nodes, aliases, values, steps of a condition. */
#ifndef MAILTAP_SIGMA_H
#define MAILTAP_SIGMA_H

#include "rules.h"

/* The values of a %placeholder%, from the configuration. */
struct placeholder {
    const char *name;          /* without the per cent signs */
    const char *option;        /* where the operator sets it */
    const char *const *values; /* end with NULL */
    /* Without values a rule that needs it cannot be judged and waits; otherwise it is an empty
     * list, which nothing is in. */
    bool needed;
};

struct sigma_options {
    const char *const *shipped; /* folders or files of the installed rules; end with NULL */
    const char *const *added;   /* those of the operator, tuning among them; end with NULL */
    const struct placeholder *placeholders;
    size_t placeholder_count;
    bool foreign; /* field names and log sources may be any: only the grammar is checked */
};

/* Returns a set (arena_free(set->arena) gives it back) unless there is no memory (or it would take
 * more than 256 MiB); it holds the rules that have no errors. What is wrong is in problems, whose
 * texts live in the set's arena; it needs no initialisation. */
struct rule_set *sigma_load(const struct sigma_options *, struct problems *);

/* The same from memory, of one file called `name`: for tests and fuzzing. */
struct rule_set *sigma_load_text(const struct sigma_options *, const char *name, struct bytes text,
                                 struct problems *);

/* The modifiers and correlation types there are, for the help text: a line each. */
void sigma_print_grammar(FILE *);

#endif
