/* What the parts of the loader (sigma*.c) share: the rules as they are being built. */
#ifndef MAILTAP_LOADER_H
#define MAILTAP_LOADER_H

#include "sigma.h"
#include "yaml_tree.h"

/* The events a rule or filter is about. */
struct log_source {
    uint32_t kinds;
    const char *protocol; /* NULL: any */
};

/* A name by which a document refers to rules: finding id, UUID, name or title. */
struct reference {
    struct place place;
    const char *name;
};

/* A field to group by, of each of the rules referred to (aliases may differ). */
struct group_draft {
    struct place place;
    const char *name;
    enum field fields[CORRELATION_RULES_MAX]; /* by reference */
};

struct correlation_draft {
    struct correlation made;
    struct reference references[CORRELATION_RULES_MAX];
    size_t reference_count;
    struct group_draft groups[GROUP_FIELDS_MAX];
    struct place count_place; /* of the condition */
    bool has_count;
};

struct draft {
    struct rule rule;
    struct correlation_draft *correlation; /* NULL: a detection rule */
    bool broken;                           /* it has errors: others may still refer to it */
    bool is_correlation;
    bool own_block, own_group; /* it has a mailtap: block; that says how to group */
    struct place uuid_place, name_place;
    bool feeds, feeds_and_reports; /* a correlation is about it; and says generate */
    size_t place_in_set;           /* SIZE_MAX: it has none yet */
};

/* A filter, or an entry of tuning: what is to be done to rules once all are read. */
struct change {
    struct change *next;
    struct reference *references;
    size_t reference_count;
    bool any; /* all rules about its log source */
    struct log_source source;
    struct expression expression; /* must hold too; no steps: none */
    bool disable;
    enum severity level; /* SEVERITY_NONE: as it is */
    bool has_threshold;
    uint64_t threshold;
    const char *threshold_field; /* NULL: the only one there is */
    struct place threshold_place;
    const char *waits_for; /* as of rules */
};

struct name_entry;

struct loader {
    const struct sigma_options *options;
    struct problems *problems;
    struct arena *arena; /* of the set */
    bool shipped;        /* what is read now is installed */
    struct draft *drafts;
    size_t count, capacity;
    struct change *changes, **last_change;
    size_t files, bytes; /* read so far */
    size_t values;       /* of the rule that is being read */
    const char *waits_for;
    struct name_entry *names; /* sorted */
    size_t name_count;
    bool no_memory;
};

/* --- sigma_files.c: reads what the options name, document by document ---------------------------
 */

void load_paths(struct loader *, const char *const *paths, bool shipped);
void load_text(struct loader *, const char *name, struct bytes text);

/* --- sigma.c ------------------------------------------------------------------------------------
 */

void load_document(struct loader *, const struct yaml_node *);

/* --- sigma_words.c: small things that documents are made of -------------------------------------
 */

/* Each complains and returns NULL or false if the node is something else. `what` is its name. */
const char *load_word(struct loader *, const struct yaml_node *, const char *what);
bool load_bool(struct loader *, const struct yaml_node *, const char *what, bool *to);
bool load_count(struct loader *, const struct yaml_node *, const char *what, uint64_t *to);
/* 30s, 10m, 24h, 7d */
bool load_span(struct loader *, const struct yaml_node *, const char *what, uint64_t *ns);
bool load_level(struct loader *, const struct yaml_node *, enum severity *to);
/* 192.0.2.0/24, or an address, which has all its bits. Bits behind the mask become zero. */
bool load_network(struct bytes, struct network *);
/* A word or a list of words, as an array that ends with NULL. */
const char *const *load_words(struct loader *, const struct yaml_node *, const char *what);
/* One of the words (the list ends with NULL); returns which, or -1. */
int load_choice(struct loader *, const struct yaml_node *, const char *what,
                const char *const *choices);
/* Complains about each member of a map that is not in the list. */
bool load_known_members(struct loader *, const struct yaml_node *map, const char *what,
                        const char *const *names);
/* "unknown WHAT "word", did you mean "best"?" */
void load_unknown(struct loader *, struct place, const char *what, const char *word,
                  const char *best);
/* The same, with the best of a list that ends with NULL; or all of it, if none is near. */
void load_unknown_of(struct loader *, struct place, const char *what, const char *word,
                     const char *const *words);

/* --- sigma_fields.c -----------------------------------------------------------------------------
 */

enum field_use {
    USE_SEARCH, /* compared with values */
    USE_COUNT,  /* grouped by or counted in a correlation: INTERNAL ones too */
    USE_SHOW,   /* grouped by in a finding */
};

/* Warns of a network.protocol that no event has. */
void load_warn_protocol(struct loader *, const char *protocol, struct place);
/* The field of this name; FIELDS, with an error, if it is not one that rules may use so. Foreign
 * names are FIELDS without an error. */
enum field load_field(struct loader *, const char *name, struct place, enum field_use);
/* The fields in the braces of a message template. */
void load_check_template(struct loader *, const char *text, const struct yaml_node *);
/* "a number", for people. */
const char *load_type_name(enum field_type);
bool load_source(struct loader *, const struct yaml_node *, struct log_source *);
/* Whether the text is %name%, and one that there is. */
bool load_is_placeholder(struct bytes);
bool load_knows_placeholder(const struct loader *, struct bytes);
/* NULL, with an error unless the rules are foreign, if there is none. */
const struct placeholder *load_placeholder(struct loader *, struct bytes, struct place);

/* --- sigma_value.c, sigma_search.c --------------------------------------------------------------
 */

/* Completes an item whose place, name and field are set. */
bool load_values(struct loader *, const struct yaml_node *, unsigned modifiers, struct item *);
/* Searches and the condition of `detection` or `filter`, which is the member `what` of the
 * document; `skip` is a member of it that is neither. */
bool load_expression(struct loader *, const struct yaml_node *document, const char *what,
                     const char *skip, struct expression *);
/* A map or list of maps as the only search. */
bool load_search(struct loader *, const struct yaml_node *, const char *name, struct search *);
/* Warns where `not` takes "unknown" for "no". */
void load_warn_claims(struct loader *, const struct expression *);
/* Both must hold. False, with an error at `place`, if that is too much. */
bool load_join(struct loader *, struct place, struct expression *, const struct expression *with);

/* --- sigma_rule.c, sigma_correlation.c, sigma_tuning.c ------------------------------------------
 */

void load_rule(struct loader *, const struct yaml_node *);
void load_correlation(struct loader *, const struct yaml_node *);
void load_filter(struct loader *, const struct yaml_node *);
void load_tuning(struct loader *, const struct yaml_node *);

/* A new rule with what all documents have: title, id, level, ... NULL: no memory. */
struct draft *load_head(struct loader *, const struct yaml_node *);
/* Reads `correlation:` into the draft. */
bool load_correlation_block(struct loader *, const struct yaml_node *, struct draft *);

/* --- once everything is read: sigma_names.c, sigma_changes.c, sigma_set.c, sigma_fingerprint.c --
 */

bool load_index_names(struct loader *); /* false: no memory */
/* Calls `each` for all rules of that name; returns how many there are. */
size_t load_find(struct loader *, const char *name, void (*each)(void *arg, struct draft *),
                 void *arg);
/* The name in use that is nearest; NULL: none is near. */
const char *load_nearest_rule(struct loader *, const char *name);
/* Complains about ids and names that two rules have. */
void load_check_names(struct loader *);
/* Filters and tuning. */
void load_apply_changes(struct loader *);
/* Finds the rules of correlations; then puts all that are whole in order. False: no memory. */
void load_resolve(struct loader *);
bool load_finish(struct loader *, struct rule_set *);
/* Over all that decides what the rule matches; those it refers to have theirs. */
void load_fingerprint(struct rule *, const struct rule *rules);

/* Zeroed memory of the set. */
void *load_take(struct loader *, size_t n, size_t size);

#endif
