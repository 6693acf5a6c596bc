/* The table of modifiers (Sigma 2.1, appendix "Modifiers"). */
#include "modifiers.h"

#include <string.h>

#include "text.h"

#define TYPES_WORDS   ((unsigned)1 << TYPE_TEXT | 1 << TYPE_KEYWORD)
#define TYPES_NUMBERS ((unsigned)1 << TYPE_NUMBER | 1 << TYPE_TIME)
#define TYPES_PRINTED (TYPES_WORDS | TYPES_NUMBERS | 1 << TYPE_IP)
#define TYPES_ALL     (TYPES_PRINTED | 1 << TYPE_BOOL | 1 << TYPE_CLAIM)
#define ENCODINGS     ((unsigned)MODIFIER_WINDASH | MODIFIER_BASE64 | MODIFIER_BASE64OFFSET)
#define REGEX_FLAGS   ((unsigned)MODIFIER_RE_I | MODIFIER_RE_M | MODIFIER_RE_S)
/* What is not about text as it stands. */
#define OTHER_TESTS                                                                                \
    (MODIFIERS_LESS_MORE | MODIFIER_CIDR | MODIFIER_FIELDREF | MODIFIER_EXISTS | MODIFIER_RE)
#define NOTHING_ELSE (~(unsigned)MODIFIER_EXPAND)

static const struct row {
    const char *name;
    unsigned bit;
    unsigned needs;    /* one of these must stand before it */
    unsigned excludes; /* none of these may stand before or behind it */
    unsigned types;    /* of fields it may be used with, by enum field_type */
    const char *doc;   /* NULL: named, but not supported */
} rows[] = {
    { "contains", MODIFIER_CONTAINS, 0, OTHER_TESTS | MODIFIER_STARTSWITH | MODIFIER_ENDSWITH,
      TYPES_PRINTED, "the value is somewhere in the field" },
    { "startswith", MODIFIER_STARTSWITH, 0, OTHER_TESTS | MODIFIERS_WHERE, TYPES_PRINTED,
      "the field begins with it" },
    { "endswith", MODIFIER_ENDSWITH, 0, OTHER_TESTS | MODIFIERS_WHERE, TYPES_PRINTED,
      "the field ends with it" },
    { "all", MODIFIER_ALL, 0, MODIFIER_EXISTS | MODIFIER_NEQ, TYPES_ALL,
      "each of the values must be met, not one of them" },
    { "exists", MODIFIER_EXISTS, 0, ~0U, TYPES_ALL,
      "whether the field is there at all: true or false" },
    { "cased", MODIFIER_CASED, 0, OTHER_TESTS, TYPES_WORDS, "capital and small letters differ" },
    { "neq", MODIFIER_NEQ, 0, MODIFIERS_LESS_MORE | MODIFIER_EXISTS | MODIFIER_ALL, TYPES_ALL,
      "the field has a value, and none of these" },
    { "re", MODIFIER_RE, 0, OTHER_TESTS | MODIFIERS_WHERE | MODIFIER_CASED | ENCODINGS,
      TYPES_PRINTED, "the value is a regular expression (PCRE), found anywhere" },
    { "i", MODIFIER_RE_I, MODIFIER_RE, 0, TYPES_ALL, "after re: letters of either case alike" },
    { "m", MODIFIER_RE_M, MODIFIER_RE, 0, TYPES_ALL, "after re: ^ and $ at each line" },
    { "s", MODIFIER_RE_S, MODIFIER_RE, 0, TYPES_ALL, "after re: . takes line ends too" },
    { "lt", MODIFIER_LT, 0, NOTHING_ELSE, TYPES_NUMBERS, "less than" },
    { "lte", MODIFIER_LTE, 0, NOTHING_ELSE, TYPES_NUMBERS, "less than or equal to" },
    { "gt", MODIFIER_GT, 0, NOTHING_ELSE, TYPES_NUMBERS, "greater than" },
    { "gte", MODIFIER_GTE, 0, NOTHING_ELSE, TYPES_NUMBERS, "greater than or equal to" },
    { "cidr", MODIFIER_CIDR, 0, OTHER_TESTS | MODIFIERS_WHERE | MODIFIER_CASED | ENCODINGS,
      1U << TYPE_IP, "the address lies within the network, as 192.0.2.0/24" },
    { "fieldref", MODIFIER_FIELDREF, 0,
      OTHER_TESTS | MODIFIERS_WHERE | MODIFIER_CASED | ENCODINGS | MODIFIER_EXPAND, TYPES_ALL,
      "the same value as that other field" },
    { "expand", MODIFIER_EXPAND, 0, MODIFIER_FIELDREF | MODIFIER_EXISTS, TYPES_ALL,
      "%name% stands for the values from the configuration" },
    { "windash", MODIFIER_WINDASH, 0, OTHER_TESTS | MODIFIER_BASE64 | MODIFIER_BASE64OFFSET,
      TYPES_WORDS, "- before a word may be any of the dashes, or /" },
    { "base64", MODIFIER_BASE64, 0, OTHER_TESTS | ENCODINGS | MODIFIER_CASED, TYPES_WORDS,
      "the value, in base64" },
    { "base64offset", MODIFIER_BASE64OFFSET, 0, OTHER_TESTS | ENCODINGS | MODIFIER_CASED,
      TYPES_WORDS, "the value somewhere within base64: in each of the three ways" },
    { .name = "utf16" },
    { .name = "utf16le" },
    { .name = "utf16be" },
    { .name = "wide" },
    { .name = "minute" },
    { .name = "hour" },
    { .name = "day" },
    { .name = "week" },
    { .name = "month" },
    { .name = "year" },
};

#define ROWS (sizeof rows / sizeof rows[0])

static const struct row *row_of(struct bytes name)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (bytes_equal(name, bytes_of_string(rows[i].name)))
            return &rows[i];
    }
    return NULL;
}

/* What others write. `ours` is NULL where a value without a modifier says the same. */
static const struct {
    const char *theirs, *ours;
} foreign[] = {
    { "ge", "gte" },
    { "min", "gte" },
    { "atleast", "gte" },
    { "le", "lte" },
    { "max", "lte" },
    { "atmost", "lte" },
    { "greater", "gt" },
    { "more", "gt" },
    { "above", "gt" },
    { "less", "lt" },
    { "below", "lt" },
    { "not", "neq" },
    { "ne", "neq" },
    { "notequals", "neq" },
    { "regex", "re" },
    { "regexp", "re" },
    { "matches", "re" },
    { "has", "contains" },
    { "includes", "contains" },
    { "substring", "contains" },
    { "starts", "startswith" },
    { "begins", "startswith" },
    { "prefix", "startswith" },
    { "ends", "endswith" },
    { "suffix", "endswith" },
    { "net", "cidr" },
    { "network", "cidr" },
    { "subnet", "cidr" },
    { "field", "fieldref" },
    { "casesensitive", "cased" },
    { "case", "cased" },
    { "list", "expand" },
    { "placeholder", "expand" },
    { "eq", NULL },
    { "equals", NULL },
    { "equal", NULL },
    { "is", NULL },
    { "in", NULL },
    { "any", NULL },
    { "or", NULL },
    { "exact", NULL },
};

/* False: nobody writes it. */
static bool is_foreign(const char *word, struct place place, struct problems *problems)
{
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        if (!bytes_equal_nocase(bytes_of_string(word), foreign[i].theirs))
            continue;
        if (foreign[i].ours)
            problem_error(problems, place, "unknown modifier \"%s\", did you mean \"%s\"?", word,
                          foreign[i].ours);
        else
            problem_error(problems, place,
                          "unknown modifier \"%s\": leave it out, since without one the whole "
                          "value is compared, and one of a list is enough",
                          word);
        return true;
    }
    return false;
}

static bool unknown(struct bytes name, struct place place, struct problems *problems)
{
    const char *names[ROWS + 1];
    char word[64];
    size_t count = 0;
    text_copy(word, sizeof word, name);
    if (name.len == 0) {
        problem_error(problems, place, "there is no modifier behind |");
        return false;
    }
    if (is_foreign(word, place, problems))
        return false;
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].doc && !rows[i].needs)
            names[count++] = rows[i].name;
    }
    names[count] = NULL;
    problem_unknown(problems, PROBLEM_ERROR, place, "modifier", word, names);
    return false;
}

/* The name of a modifier in `given` that this one cannot stand with. */
static const char *conflict(const struct row *row, unsigned given)
{
    for (size_t i = 0; i < ROWS; i++) {
        unsigned bit = rows[i].bit & given;
        if ((row->excludes & bit) || (bit && (rows[i].excludes & row->bit)))
            return rows[i].name;
    }
    return NULL;
}

static bool add(struct bytes name, unsigned *given, struct place place, struct problems *problems)
{
    const struct row *row = row_of(name);
    if (!row)
        return unknown(name, place, problems);
    if (!row->doc) {
        problem_error(problems, place, "the modifier \"%s\" is not supported", row->name);
        return false;
    }
    if (row->bit & *given) {
        problem_error(problems, place, "\"%s\" stands twice", row->name);
        return false;
    }
    if (row->needs && !(row->needs & *given)) {
        problem_error(problems, place, "\"%s\" only goes after \"re\"", row->name);
        return false;
    }
    const char *other = conflict(row, *given);
    if (other) {
        problem_error(problems, place, "\"%s\" and \"%s\" exclude each other", other, row->name);
        return false;
    }
    *given |= row->bit;
    return true;
}

bool modifiers_read(const struct yaml_node *item, size_t *name_len, unsigned *modifiers,
                    struct problems *problems)
{
    struct bytes key = bytes_of_string(item->key);
    size_t at = bytes_index(key, '|');
    *name_len = at;
    *modifiers = 0;
    while (at < key.len) {
        struct bytes rest = bytes_after(key, at + 1);
        struct bytes name = bytes_first(rest, bytes_index(rest, '|'));
        if (!add(name, modifiers, yaml_place_in_key(item, at + 1), problems))
            return false;
        at += 1 + name.len;
    }
    return true;
}

bool modifiers_fit(unsigned modifiers, enum field_type type, const char **wrong)
{
    for (size_t i = 0; i < ROWS; i++) {
        if ((rows[i].bit & modifiers) && !(rows[i].types >> type & 1)) {
            *wrong = rows[i].name;
            return false;
        }
    }
    return true;
}

void modifiers_print(FILE *out)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].doc)
            fprintf(out, "  %-14s %s\n", rows[i].name, rows[i].doc);
    }
}
