/* Which rules an event matches: the expressions of a rule_set, compiled to one flat program and
 * indexed by the kind of event and by fields that must have one of a few values.
 *
 * Matching is pure: the same event and rules give the same answer. It allocates nothing, does not
 * recurse and is bounded. Three-valued logic it is not: an absent field holds for no value, `not`
 * turns what is written; that is why claims have the value `unknown`. */
#ifndef MAILTAP_MATCH_H
#define MAILTAP_MATCH_H

#include "facts.h"
#include "rules.h"

struct matcher;

/* Regular expressions that do not compile are errors in `problems` (NULL: told before), with their
 * place, and their rules never match. The set must outlive the matcher. NULL if there is no memory.
 */
struct matcher *matcher_new(const struct rule_set *, struct problems *);
void matcher_free(struct matcher *); /* NULL is fine */
size_t matcher_bytes(const struct matcher *);

/* Bits by the place of the rule in the set: words[i / 64] >> i % 64 & 1. */
struct rule_hits {
    uint64_t *words; /* (count + 63) / 64 of them */
    size_t count;
};

/* Sets the bits of the detection rules whose expression holds for the event, and of correlations
 * whose own expression (from filters; none: always) holds. Rules that are disabled, wait for an
 * option or are about other events have bit 0. Returns whether any detection rule matched. */
bool matcher_event(struct matcher *, enum event_kind, const struct facts_index *,
                   struct rule_hits *);

/* Rows of an event, by number. */
#define ROW_WORDS 4 /* 256 rows */
struct row_set {
    uint64_t words[ROW_WORDS];
};

/* Of a rule that holds for the event, and a field of an object of an array: the rows that have the
 * field and for which the rule would hold if that object had no other row. Keywords, and other
 * fields compared with one of the object, still see the whole event. Of any other field, and of a
 * correlation without an expression, all rows. Whether there is one. */
bool matcher_rows(struct matcher *, size_t rule, enum event_kind, const struct facts_index *,
                  enum field, struct row_set *);

/* For people: why a rule does not hold for an event. Names the first thing that fails
 * ("event.outcome is failure, not success", "another protocol: imap"), always NUL-terminated. False
 * if it holds. */
bool matcher_why_not(struct matcher *, size_t rule, enum event_kind, const struct facts_index *,
                     char *to, size_t size);

/* Regular expressions given up at their limits so far. */
uint64_t matcher_regex_limits(const struct matcher *);

/* What the envelope will add to an event of this kind and rules may ask for: event.dataset,
 * event.kind, event.category, event.type, event.module and, if the event has none of its own,
 * event.action. Whoever looks a field up for a rule asks here. */
bool rule_field(enum event_kind, const struct facts_index *, enum field, struct fact *);

#endif
