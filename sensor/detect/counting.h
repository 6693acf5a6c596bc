/* One correlation: which window an event belongs to, what it adds there, and whether the condition
 * holds then. Nothing here depends on the run or on the order of hashes. */
#ifndef MAILTAP_COUNTING_H
#define MAILTAP_COUNTING_H

#include "correlation.h"
#include "window.h"

struct counting {
    const struct correlation *what;
    uint32_t rule;        /* its place in the set */
    bool bounded;         /* its condition has an upper bound */
    bool aliases;         /* its rules are grouped by different fields */
    uint32_t limit;       /* times or values that a window keeps */
    uint64_t identity[2]; /* of all that decides what its windows hold */
    /* In the order of last use; of a bounded one, of their beginning. */
    struct window_queue windows;
    uint64_t tainted_before; /* windows that begin before this may lack events */
};

struct window_key {
    uint64_t hash[2];
};

/* All but its identity and its place. */
void counting_init(struct counting *, const struct correlation *);

/* The window that an event belongs to, as an event of the rule-th rule of the correlation: by the
 * values of the group-by fields, each with its length, so that no two groups read the same. Of a
 * field with several values the first counts. False if one is missing. */
bool counting_key(const struct counting *, unsigned rule, enum event_kind,
                  const struct facts_index *, struct window_key *);
/* A 128-bit hash that is the same on every run. */
void counting_hash(struct bytes, uint64_t hash[2]);

/* What is counted in. */
struct count {
    const struct event *event;
    const struct facts_index *facts;
    struct matcher *matcher;
    uint64_t now_ns;
    uint32_t steps;      /* bits by the rules of the correlation: those that the event matched */
    struct row_set rows; /* that count, if rows are counted */
};

/* Whether the event has what is counted. */
bool counting_takes(const struct counting *, const struct count *);
/* Finds the rows that count: those for which one of the steps holds. False if there is none. */
bool counting_rows(const struct counting *, struct count *);
/* Whether it may open a window. */
bool counting_opens(const struct counting *, const struct count *);
/* Counts it in; whether the condition holds now, and what was counted then. */
bool counting_add(const struct counting *, struct window_memory *, struct window *,
                  const struct count *, struct correlation_result *);
/* Whether the condition holds for all that was counted in. */
bool counting_judge(const struct counting *, const struct window *, struct correlation_result *);

/* The last moment that belongs to a bounded window. */
uint64_t counting_end(const struct counting *, const struct window *);
/* Whether a bounded window has ended; of another one, whether nothing in it counts any more. */
bool counting_over(const struct counting *, const struct window *, uint64_t now_ns);

#endif
