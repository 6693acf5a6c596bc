/* Events written as text, and the findings that are to come of them (README.md has the form). */
#ifndef MAILTAP_TEST_RULES_SCRIPT_H
#define MAILTAP_TEST_RULES_SCRIPT_H

#include "event.h"

#define SCRIPT_CASES_MAX  64
#define SCRIPT_EVENTS_MAX 256
#define SCRIPT_WANTED_MAX 8
#define SCRIPT_LIKES_MAX  32

/* One line: an event, and how often it happens. */
struct script_event {
    unsigned line;
    enum event_kind kind;
    uint64_t at_ns, every_ns;
    unsigned times;
    char *text; /* its facts, as written behind the kind */
};

struct script_wanted {
    unsigned line;
    char level[16];
    unsigned findings; /* so many with different groups */
    uint64_t count;    /* of the finding, where there is one; 0: any */
};

struct script_case {
    unsigned line;
    const char *name;
    struct script_event events[SCRIPT_EVENTS_MAX];
    size_t event_count;
    struct script_wanted wanted[SCRIPT_WANTED_MAX];
    size_t wanted_count; /* 0: nothing must come */
    bool says_nothing;
    bool nothing_else; /* of no other id either */
};

/* Facts that events have in common. */
struct script_like {
    const char *name, *facts;
};

struct script {
    const char *path;
    char id[64]; /* of the finding: the name of the file without .events */
    char *text, *likes_text;
    struct script_like likes[SCRIPT_LIKES_MAX];
    size_t like_count;
    struct script_case *cases;
    size_t case_count;
};

/* Ends the program, with file and line on standard error, if something is wrong. */
struct script *script_read(const char *path);
void script_free(struct script *);

/* The facts of the n-th time (from 1) that this event happens. */
void script_facts(const struct script *, const struct script_event *, unsigned n, struct facts *to);

#endif
