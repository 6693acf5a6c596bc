/* What may stand behind a field's name: `user.name|contains|all`. One table says what each modifier
 * does, what it needs before it, and what it cannot be combined with. */
#ifndef MAILTAP_MODIFIERS_H
#define MAILTAP_MODIFIERS_H

#include "rules.h"
#include "yaml_tree.h"

enum modifier {
    MODIFIER_CONTAINS = 1 << 0,
    MODIFIER_STARTSWITH = 1 << 1,
    MODIFIER_ENDSWITH = 1 << 2,
    MODIFIER_ALL = 1 << 3,
    MODIFIER_EXISTS = 1 << 4,
    MODIFIER_CASED = 1 << 5,
    MODIFIER_NEQ = 1 << 6,
    MODIFIER_RE = 1 << 7,
    MODIFIER_RE_I = 1 << 8,
    MODIFIER_RE_M = 1 << 9,
    MODIFIER_RE_S = 1 << 10,
    MODIFIER_LT = 1 << 11,
    MODIFIER_LTE = 1 << 12,
    MODIFIER_GT = 1 << 13,
    MODIFIER_GTE = 1 << 14,
    MODIFIER_CIDR = 1 << 15,
    MODIFIER_FIELDREF = 1 << 16,
    MODIFIER_EXPAND = 1 << 17,
    MODIFIER_WINDASH = 1 << 18,
    MODIFIER_BASE64 = 1 << 19,
    MODIFIER_BASE64OFFSET = 1 << 20,
};

#define MODIFIERS_WHERE     ((unsigned)MODIFIER_CONTAINS | MODIFIER_STARTSWITH | MODIFIER_ENDSWITH)
#define MODIFIERS_LESS_MORE ((unsigned)MODIFIER_LT | MODIFIER_LTE | MODIFIER_GT | MODIFIER_GTE)

/* Reads what stands behind the first | of the key; the name before it is *name_len bytes long.
 * False, with errors, if they do not fit together. */
bool modifiers_read(const struct yaml_node *item, size_t *name_len, unsigned *modifiers,
                    struct problems *);

/* Whether they make sense for a field of this type; if not, the name of one that does not. */
bool modifiers_fit(unsigned modifiers, enum field_type, const char **wrong);

void modifiers_print(FILE *);

#endif
