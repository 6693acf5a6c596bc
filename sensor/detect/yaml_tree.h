/* YAML as a tree with the place of every node: for files that people write and want told exactly
 * where they erred.
 *
 * Bounded: size, nesting and number of nodes; there are no anchors and aliases, which would let a
 * small file grow without end. */
#ifndef MAILTAP_YAML_TREE_H
#define MAILTAP_YAML_TREE_H

#include "problems.h"

#define YAML_FILE_MAX    ((size_t)1024 * 1024)
#define YAML_NESTING_MAX 32
#define YAML_NODES_MAX   100000
#define YAML_MEMBERS_MAX 2000 /* of one map */

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    bool plain;   /* text that stands without quotes: it may mean null, a number, true */
    bool escaped; /* in double quotes, over several lines, ...: columns inside it cannot be told */
    struct place place;
    const char *text; /* YAML_TEXT, with a NUL behind its `len` bytes */
    size_t len;
    const char *key; /* of a member of a map: without NUL inside */
    struct place key_place;
    bool key_quoted;
    struct yaml_node *first, *next; /* what is in it, in order; behind it in its list or map */
    size_t count;
};

/* The documents of a file, chained by `next`; an empty one is left out. Ends at the first error,
 * which is in `problems`. `file` must outlive the problems, the tree lives in `arena`. */
struct yaml_node *yaml_read(struct bytes text, const char *file, struct arena *, struct problems *);

/* The member of a map, NULL if there is none (or it is no map). */
const struct yaml_node *yaml_member(const struct yaml_node *map, const char *key);
/* Null as YAML writes it: nothing, ~ or null. */
bool yaml_is_null(const struct yaml_node *);
/* The place `offset` bytes into a text, as near as can be told. */
struct place yaml_place_in(const struct yaml_node *, size_t offset);
struct place yaml_place_in_key(const struct yaml_node *, size_t offset);

#endif
