/* What the files of the matcher share: rules as they are compiled, and the event being looked at.
 */
#ifndef MAILTAP_MATCH_INTERNAL_H
#define MAILTAP_MATCH_INTERNAL_H

#include <string.h>

#include "match.h"

/* --- text (match_text.c) ------------------------------------------------------------------------
 */

enum shape { SHAPE_ANY, SHAPE_EQUAL, SHAPE_PREFIX, SHAPE_SUFFIX, SHAPE_CONTAINS, SHAPE_GLOB };

/* A pattern made ready: its literal text and how that must lie in the value. */
struct shaped {
    enum shape shape;
    struct bytes text;
    const uint8_t *marks; /* SHAPE_GLOB: one for each byte of text */
};

/* `fold`: letters of the pattern become small; the value must then be folded too. `within`: as if
 * the pattern stood between stars. Uses at most len + 2 bytes of `text` and of `marks`. */
struct shaped shape_pattern(const struct pattern *, bool fold, bool within, uint8_t *text,
                            uint8_t *marks);
bool shape_matches(const struct shaped *, struct bytes value);
/* ASCII letters to small ones. */
void fold_text(uint8_t *to, const uint8_t *from, size_t len);
int compare_texts(const void *, const void *); /* struct bytes, for qsort: by length, then bytes */

/* --- regular expressions (match_regex.c) --------------------------------------------------------
 */

struct regexes;    /* all that matching needs, allocated beforehand */
struct regex_code; /* one expression */

struct regexes *regexes_new(void);
void regexes_free(struct regexes *); /* and all their expressions */
/* NULL, and a problem at that place, if it is none of Sigma's or does not compile. */
const struct regex_code *regexes_add(struct regexes *, const struct regex *, struct place,
                                     struct problems *);
enum regex_answer { REGEX_NO, REGEX_YES, REGEX_GAVE_UP };
enum regex_answer regex_search(struct regexes *, const struct regex_code *, struct bytes text);
size_t regexes_bytes(const struct regexes *);

/* --- rules, compiled (match_compile.c) ----------------------------------------------------------
 */

/* Where the values of a field come from. */
enum source {
    SOURCE_NOWHERE,  /* a field that mailtap does not have */
    SOURCE_LAST,     /* the last fact */
    SOURCE_LIST,     /* every fact */
    SOURCE_ROWS,     /* every fact, each in its row */
    SOURCE_ENVELOPE, /* rule_field(), with several words perhaps */
    SOURCE_KEYWORD,  /* every text of the event */
};

union value_code {
    struct shaped shaped;
    uint64_t number;
    const struct network *network;
    const struct regex_code *regex;
    enum field field;
};

/* What was said of an item at the latest event, for all rules that have the same one. */
struct item_memo {
    uint64_t asked; /* which event */
    bool answer, gave_up;
    struct row_set rows; /* SOURCE_ROWS; then the answer is whether there is one */
    /* By kind of event: the rules, as bits of kind_index.rules, that cannot hold if it does not.
     * NULL: fewer than two of each kind. */
    uint64_t **needed_by;
    size_t users; /* items */
};

struct item_code {
    const struct item *item;
    enum test test; /* of `item`, or what is the same and faster */
    enum source source;
    unsigned object; /* SOURCE_ROWS: which */
    unsigned cost;
    bool fold;
    bool all;
    bool texts;    /* patterns over a field of text */
    bool required; /* without it the rule cannot hold */
    /* Sorted: whole texts and whole addresses; numbers. What else there is, and everything with
     * `all`, stands in `values`. */
    const struct bytes *keys;
    const uint64_t *numbers;
    const union value_code *values;
    size_t key_count, number_count, value_count;
    struct item_memo *memo; /* NULL: it is judged each time */
};

struct group_code {
    struct item_code *items; /* the cheap ones first; those about rows last, by object */
    size_t count, row_count; /* row_count: of those at the end */
};

struct search_code {
    struct group_code *groups;
    size_t count;
    bool all;
    bool shared;    /* the condition asks more than once */
    uint64_t asked; /* the judgement of which `answer` is part */
    bool answer;
};

enum code { CODE_SEARCH, CODE_NOT, CODE_UNLESS, CODE_IF };

/* One register. SEARCH sets it, NOT turns it; UNLESS and IF jump if it is false, or true. */
struct instruction {
    enum code code;
    uint32_t operand;
};

struct rule_code {
    const struct rule *rule;
    bool active; /* it may match */
    uint32_t kinds;
    uint32_t objects;      /* bits: whose rows it asks for */
    struct bytes protocol; /* empty: any */
    struct search_code *searches;
    const struct instruction *program;
    uint32_t length;
};

/* Makes rule_code of every rule. False if there is no memory. */
bool matcher_compile(struct matcher *, struct problems *);

/* Of each step of an expression: where its right operand starts; the left one ends before it.
 * False if it is no expression. */
bool expression_operands(const struct expression *, uint16_t *right);

/* --- items in common (match_share.c) ------------------------------------------------------------
 */

struct shared_items; /* while compiling */

bool shared_items_init(struct matcher *);
/* Gives the item the memo of those that are the same. False if there is no memory. */
bool share_item(struct matcher *, struct item_code *);
/* Takes away memos that one item has alone; but rows are asked again for each of them. */
void unshare_lonely(struct matcher *);

/* --- the index (match_index.c) ------------------------------------------------------------------
 */

#define INDEX_FIELDS_MAX 12

struct bucket {
    uint32_t hash;
    uint32_t field; /* place in `fields` */
    struct bytes key;
    uint64_t *rules; /* NULL: free */
};

struct index_field {
    enum field field;
    enum source source;
    uint64_t *any;      /* rules that ask nothing of it */
    size_t longest_key; /* a longer value is in no bucket */
};

struct kind_index {
    uint16_t *rules; /* by place in the bitmaps */
    size_t count, words;
    uint64_t *every; /* a bit for each of them */
    struct index_field fields[INDEX_FIELDS_MAX];
    size_t field_count;
    struct bucket *buckets;
    size_t bucket_mask, bucket_count, bucket_max;
};

bool matcher_build_index(struct matcher *);
/* Bits of kind_index.rules into matcher.candidates. */
void matcher_candidates(struct matcher *, const struct kind_index *);

/* What rules need in common (match_needs.c): after the requirements were marked. */
bool index_needs(struct matcher *, enum event_kind);

/* --- the event (match_value.c) ------------------------------------------------------------------
 */

#define OBJECTS_MAX 16

struct entry {
    uint32_t place; /* of the fact in the record */
    uint16_t next;  /* in `entries`, and 1 */
    uint8_t row;
};

struct event_view {
    enum event_kind kind;
    const struct facts_index *facts;
    struct bytes protocol;                 /* empty: not known */
    bool folded, chained;                  /* what follows is filled in when first asked for */
    uint16_t chain[FIELDS];                /* first in `entries`, and 1; of lists and rows */
    uint64_t rows[OBJECTS_MAX][ROW_WORDS]; /* rows that there are */
    struct entry entries[FACTS_MAX_BYTES / FACT_HEAD + 1];
    uint8_t small[FACTS_MAX_BYTES]; /* the record with small letters */
};

/* All values of a field, one after the other. */
struct walk {
    enum source source;
    enum field field;
    uint16_t entry;
    size_t at;
    struct bytes words;
};

struct matcher {
    const struct rule_set *set;
    struct arena *arena;
    struct regexes *regexes; /* NULL: there are none */
    struct shared_items *shared;
    struct rule_code *rules;
    struct kind_index kinds[EVENT_KINDS];
    uint64_t *candidates;
    enum source sources[FIELDS];
    uint8_t objects[FIELDS]; /* of SOURCE_ROWS */
    unsigned object_count;
    uint16_t several[FIELDS]; /* fields of SOURCE_LIST and SOURCE_ROWS */
    size_t several_count;
    size_t small_used;          /* bytes of view.small that were ever written */
    uint64_t events;            /* seen so far */
    uint64_t judgements;        /* the event as a whole, or one row of it */
    const struct row_set *only; /* rows of `only_object` that count; NULL: all of all */
    unsigned only_object;
    uint64_t regex_limits;
    bool gave_up;                    /* a regular expression did, in this rule */
    const struct item_memo *missing; /* what this rule requires and others may, and is not so */
    struct event_view view;
};

void view_sources(struct matcher *);
/* False if the record is longer than one can be. */
bool view_begin(struct matcher *, enum event_kind, const struct facts_index *);
/* The fact of the record that begins there. */
static inline struct fact view_fact(const struct matcher *m, enum field field, uint32_t at)
{
    uint16_t len;
    const uint8_t *record = m->view.facts->records.data + at;
    memcpy(&len, record + 4, sizeof len);
    return (struct fact){ field, record[2], bytes_over(record + FACT_HEAD, len) };
}
/* facts_lookup(), without looking again at what facts_index() has looked at. */
static inline bool view_last(const struct matcher *m, enum field field, struct fact *fact)
{
    uint32_t place = m->view.facts->place[field];
    if (place > 0)
        *fact = view_fact(m, field, place - 1);
    return place > 0;
}
struct walk walk_over(struct matcher *, enum source, enum field);
bool walk_next(struct matcher *, struct walk *, struct fact *);
/* Text of the record with small letters. */
struct bytes view_folded(struct matcher *, struct bytes);
/* As people read it; folded if asked for. Valid until the next call with the same scratch. */
#define SCRATCH_MAX 64
struct bytes view_text(struct matcher *, const struct fact *, bool fold,
                       uint8_t scratch[SCRATCH_MAX]);
/* False if it is none. Claims and booleans are numbers too. */
bool view_number(const struct fact *, uint64_t *);
const struct entry *view_chain(struct matcher *, enum field, const struct entry *after);

/* --- evaluation (match_item.c) ------------------------------------------------------------------
 */

bool item_holds(struct matcher *, const struct item_code *);
/* To explain: which of the item's `values` this one value of the event meets; value_count: one of
 * the sorted ones; SIZE_MAX: none. */
size_t item_meets(struct matcher *, const struct item_code *, const struct fact *);
/* Whether there is a row of one object in which all these items hold. Without rows it is judged as
 * one in which nothing is. */
bool same_row(struct matcher *, const struct item_code *, size_t count);

/* --- searches and rules (match_rule.c) ----------------------------------------------------------
 */

bool search_holds(struct matcher *, struct search_code *);
bool group_holds(struct matcher *, const struct group_code *);
bool rule_holds(struct matcher *, const struct rule_code *);
/* Whether the event is of a kind and protocol that the rule is about. */
bool rule_concerns(const struct matcher *, const struct rule_code *);

#endif
