/* Rules as they were written, read and checked: what sigma.c makes of YAML, and what match.c,
 * correlation.c and finding.c work from. Everything lives in the set's arena and does not change
 * once it is loaded.
 *
 * Grammar: Sigma 2.1, detection rules, correlation rules and filters; beyond it the `mailtap:`
 * block and `tuning:` documents (rules/README.md). */
#ifndef MAILTAP_RULES_H
#define MAILTAP_RULES_H

#include "problems.h"
#include "schema.h"
#include "severity.h"

/* --- what is compared ---------------------------------------------------------------------------
 */

/* Text with wildcards, UTF-8: marks[i] says what text[i] is. Modifiers contains, startswith and
 * endswith have become MARK_MANY at the ends. Bytes of the rule as written: the matcher folds case.
 */
enum mark { MARK_LITERAL, MARK_ONE /* ? */, MARK_MANY /* * */ };

struct pattern {
    const uint8_t *text, *marks; /* `len` of each */
    size_t len;
};

struct network { /* an address has all its bits */
    uint8_t address[16];
    uint8_t len; /* 4 or 16 bytes */
    uint8_t bits;
};

struct regex {
    const char *text;
    bool ignore_case, multiline, dot_all;
};

enum test {
    TEST_PATTERN, /* one of the patterns; numbers and addresses as people write them */
    TEST_NUMBER,  /* equal to one of the numbers */
    TEST_LESS,    /* < number, ... */
    TEST_AT_MOST,
    TEST_GREATER,
    TEST_AT_LEAST,
    TEST_NETWORK, /* an address within one of the networks */
    TEST_REGEX,
    TEST_SAME,   /* as the value of another field of the event (fieldref) */
    TEST_EXISTS, /* whether there is a value at all: `exists` */
    TEST_NULL,   /* no value, or an empty one */
};

struct value {
    struct place place;
    union {
        struct pattern pattern;
        uint64_t number;
        struct network network;
        struct regex regex;
        enum field field; /* TEST_SAME */
    };
};

/* One line of a search: a field (or, for a keyword, any text of the event) and the values it may
 * have. A field with several values (a list, or an object of an array) holds if one of them does.
 * Keywords have MARK_MANY at both ends unless they say startswith or endswith. Values of claims and
 * booleans are patterns in small letters. */
struct item {
    struct place place;
    const char *name; /* of the field as written, without modifiers; "" for keywords */
    enum field field; /* FIELDS: a keyword; or, in a foreign rule, a name mailtap does not have */
    bool keyword;
    enum test test;
    bool all;       /* each value must be met, not one of them */
    bool not_equal; /* neq: there is a value, and none is met */
    bool cased;     /* letters of different case differ */
    bool exists;    /* TEST_EXISTS: what is asked for */
    bool threshold; /* an at-least or greater-than that `tuning: threshold` may set */
    const struct value *values;
    size_t value_count;
};

/* Items that must all hold. Those about objects of one array must hold in the same object. */
struct item_group {
    const struct item *items;
    size_t count;
};

/* A named search: one of its groups must hold; with `all`, each (keywords with |all are one group
 * per word). */
struct search {
    const char *name;
    struct place place;
    const struct item_group *groups;
    size_t count;
    bool all;
};

/* The condition in postfix order: SEARCH pushes, NOT turns the top, AND and OR join two. Never
 * empty, never deeper than EXPRESSION_DEPTH_MAX. */
enum operation { OPERATION_SEARCH, OPERATION_NOT, OPERATION_AND, OPERATION_OR };

struct step {
    enum operation operation;
    uint16_t search; /* which, of OPERATION_SEARCH */
};

#define EXPRESSION_STEPS_MAX 4096
#define EXPRESSION_DEPTH_MAX 64
#define SEARCHES_MAX         1024 /* of one rule */
#define VALUES_MAX           20000
#define RULES_MAX            8192 /* of one set */

struct expression {
    const struct search *searches;
    size_t search_count;
    const struct step *steps;
    size_t step_count; /* 0: no expression, everything matches */
    const char *text;  /* the condition as written, with those of filters; NULL: none */
};

/* --- correlation --------------------------------------------------------------------------------
 */

enum correlation_type { EVENT_COUNT, VALUE_COUNT, TEMPORAL, TEMPORAL_ORDERED };

#define CORRELATION_RULES_MAX 16
#define GROUP_FIELDS_MAX      8
/* A count above this is not supported: each window keeps so many times at most. */
#define CORRELATION_COUNT_MAX 10000

struct correlation {
    enum correlation_type type;
    uint16_t rules[CORRELATION_RULES_MAX]; /* places in the set; smaller than that of this rule */
    size_t rule_count;
    /* What the windows are kept by: the field, for each of the rules (aliases may differ). */
    enum field group[GROUP_FIELDS_MAX][CORRELATION_RULES_MAX];
    size_t group_count;
    uint64_t timespan_ns;
    enum field counted; /* VALUE_COUNT */
    /* The count (of events or values) must lie in this range and not be `except`. With only a lower
     * bound it is judged as soon as it is reached; otherwise when the window is over. */
    uint64_t at_least, at_most; /* 0, UINT64_MAX: no bound */
    bool has_except;
    uint64_t except;
    bool generate; /* its rules make findings of their own too */
};

/* --- rules --------------------------------------------------------------------------------------
 */

#define TECHNIQUES_MAX 8

struct rule {
    struct place place;
    const char *uuid, *name, *title; /* name may be ""; uuid may be "" */
    const char *description, *status;
    const char *const *references, *const *false_positives; /* end with NULL */
    const char *techniques[TECHNIQUES_MAX + 1];             /* "T1110.001"; ends with NULL */
    enum severity level;

    /* The mailtap: block, or what stands in for it. */
    const char *id;         /* of the finding; several rules (bands of severity) may share it */
    const char *confidence; /* confirmed, likely or weak */
    const char *remediation;
    const char *evidence;                  /* template for event_text(); NULL: none */
    enum field group_by[GROUP_FIELDS_MAX]; /* what makes it the same finding */
    size_t group_count;
    uint64_t window_ns; /* how long it stays the same finding */

    uint32_t kinds;       /* bits by enum event_kind: what it looks at */
    const char *protocol; /* network.protocol must be this; NULL: any */
    struct expression expression;
    const struct correlation *correlation; /* NULL: a detection rule */

    bool reports;          /* it makes findings; otherwise it only feeds a correlation */
    const char *waits_for; /* the option without which it cannot be judged; NULL: it is active */
    bool disabled;         /* by tuning */
    bool shipped;          /* from the installed folder */
    /* Of all that decides what it matches: the same rule in another set has the same. */
    uint64_t fingerprint[2];
};

/* Correlations stand behind the rules they are about; otherwise in the order of files. */
struct rule_set {
    struct arena *arena;
    const struct rule *rules;
    size_t count;
};

#endif
