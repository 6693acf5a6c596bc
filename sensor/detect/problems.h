/* What is wrong with rules: one line each, with the place, all of a folder at once. */
#ifndef MAILTAP_PROBLEMS_H
#define MAILTAP_PROBLEMS_H

#include <stdio.h>

#include "arena.h"

/* Where something stands. Lines and columns count from 1; 0: the file as a whole. */
struct place {
    const char *file; /* lives as long as the rules do */
    unsigned line, column;
};

enum problem_kind { PROBLEM_ERROR, PROBLEM_WARNING };

struct problem {
    enum problem_kind kind;
    struct place place;
    const char *text;
};

#define PROBLEMS_MAX 1000

struct problems {
    struct arena *arena; /* texts are kept here */
    struct problem *list;
    size_t count, errors, warnings; /* count: of the list; the others may be larger */
};

/* Room for PROBLEMS_MAX lines. False if there is no memory. */
bool problems_init(struct problems *, struct arena *);
void problem_error(struct problems *, struct place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void problem_warning(struct problems *, struct place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* By file (in the order of names), line and column; errors and warnings together. */
void problems_sort(struct problems *);
/* "file:line:column: text", warnings as "file:line:column: warning: text". */
void problems_print(const struct problems *, FILE *);

/* The word of a list that is nearest to a wrong one, if it is near; NULL: none is. Feed it each
 * candidate. */
struct nearest {
    const char *word, *best;
    unsigned least;
};
struct nearest nearest_to(const char *word);
void nearest_consider(struct nearest *, const char *candidate);

/* "unknown WHAT "word", did you mean "best"?" with the nearest of a list that ends with NULL. If
 * none is near, the list itself: `unknown WHAT "word": there are one, other`. */
void problem_unknown(struct problems *, enum problem_kind, struct place, const char *what,
                     const char *word, const char *const *words);

#endif
