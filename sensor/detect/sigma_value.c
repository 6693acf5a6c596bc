/* The values of an item: text, numbers, addresses, as the field's type wants them. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "loader.h"
#include "modifiers.h"
#include "pattern.h"
#include "text.h"

#define VALUE_BYTES_MAX 4096 /* texts of events are shorter (FACTS_TEXT_MAX) */

struct gatherer {
    struct loader *loader;
    struct item *item;
    unsigned modifiers;
    const char *key; /* the field and its modifiers, as written */
    enum field_type type;
    struct value *values; /* malloc'ed while they are gathered */
    size_t count, capacity;
    bool wildcards; /* one of the texts has some */
};

/* %name% means nothing then. */
static bool forgot_expand(const struct gatherer *gatherer, struct bytes text)
{
    return !(gatherer->modifiers & MODIFIER_EXPAND) && load_is_placeholder(text);
}

typedef bool (*text_taker)(struct gatherer *, struct bytes text, struct place);

/* What has to be written for an address, and for others. */
#define CIDR_TOO(gatherer)                                                                         \
    ((gatherer)->type == TYPE_IP && !((gatherer)->modifiers & MODIFIER_CIDR) ? "|cidr" : "")

#define COMPLAIN(gatherer, place, ...)                                                             \
    (problem_error((gatherer)->loader->problems, (place), __VA_ARGS__), false)

static struct value *new_value(struct gatherer *gatherer, struct place place)
{
    if (gatherer->loader->values + gatherer->count >= VALUES_MAX) {
        problem_error(gatherer->loader->problems, place, "more than %d values in one rule",
                      VALUES_MAX);
        return NULL;
    }
    if (gatherer->count == gatherer->capacity) {
        size_t capacity = gatherer->capacity > 0 ? 2 * gatherer->capacity : 8;
        struct value *larger = realloc(gatherer->values, capacity * sizeof larger[0]);
        if (!larger) {
            problem_error(gatherer->loader->problems, place, "no memory");
            return NULL;
        }
        gatherer->values = larger;
        gatherer->capacity = capacity;
    }
    struct value *value = &gatherer->values[gatherer->count++];
    memset(value, 0, sizeof *value);
    value->place = place;
    return value;
}

/* --- patterns -----------------------------------------------------------------------------------
 */

static bool add_pattern(struct gatherer *gatherer, struct bytes text, struct place place)
{
    unsigned modifiers = gatherer->modifiers;
    bool contains = (modifiers & MODIFIER_CONTAINS) ||
                    (gatherer->item->keyword && !(modifiers & MODIFIERS_WHERE));
    struct value *value = new_value(gatherer, place);
    return value &&
           pattern_read(gatherer->loader->arena, text, contains || (modifiers & MODIFIER_ENDSWITH),
                        contains || (modifiers & MODIFIER_STARTSWITH), &value->pattern);
}

static bool add_dashes(struct gatherer *gatherer, struct bytes text, struct place place)
{
    size_t count = windash_count(text);
    if (count == 0)
        return COMPLAIN(gatherer, place, "windash: more than four dashes in one value");
    for (size_t i = 0; i < count; i++) {
        struct bytes variant = windash_variant(gatherer->loader->arena, text, i);
        if ((!variant.data && text.len > 0) || !add_pattern(gatherer, variant, place))
            return false;
    }
    return true;
}

static bool add_base64(struct gatherer *gatherer, struct bytes text, struct place place)
{
    struct arena *arena = gatherer->loader->arena;
    struct pattern plain;
    if (pattern_has_wildcard(text))
        return COMPLAIN(gatherer, place, "base64 of wildcards cannot be searched for");
    if (!pattern_read(arena, text, false, false, &plain))
        return false;
    struct bytes bytes = bytes_over(plain.text, plain.len);
    if (gatherer->modifiers & MODIFIER_BASE64)
        return add_pattern(gatherer, base64_whole(arena, bytes), place);
    for (unsigned offset = 0; offset < 3; offset++) {
        struct bytes within = base64_within(arena, bytes, offset);
        if (within.len == 0)
            return COMPLAIN(gatherer, place, "too short to be found in base64");
        if (!add_pattern(gatherer, within, place))
            return false;
    }
    return true;
}

static bool add_text(struct gatherer *gatherer, struct bytes text, struct place place)
{
    if (gatherer->modifiers & MODIFIER_WINDASH)
        return add_dashes(gatherer, text, place);
    if (gatherer->modifiers & (MODIFIER_BASE64 | MODIFIER_BASE64OFFSET))
        return add_base64(gatherer, text, place);
    return add_pattern(gatherer, text, place);
}

/* --- numbers and addresses ----------------------------------------------------------------------
 */

static bool add_number(struct gatherer *gatherer, struct bytes text, struct place place)
{
    uint64_t number = 0;
    char *end;
    if (!text_to_u64(text, &number)) {
        char word[64];
        text_copy(word, sizeof word, text);
        if (forgot_expand(gatherer, text))
            return COMPLAIN(gatherer, place, "\"%s\" needs expand: write %.100s|expand", word,
                            gatherer->key);
        strtod(word, &end);
        /* Others compare with fractions and negative numbers. */
        if (!gatherer->loader->options->foreign || end == word || *end != '\0')
            return COMPLAIN(gatherer, place, "\"%s\" is not a whole number, as %s needs", word,
                            gatherer->item->name);
    }
    struct value *value = new_value(gatherer, place);
    if (value)
        value->number = number;
    return value != NULL;
}

static bool add_network(struct gatherer *gatherer, struct bytes text, struct place place)
{
    struct network network;
    char word[64];
    memset(&network, 0, sizeof network);
    text_copy(word, sizeof word, text);
    if (forgot_expand(gatherer, text))
        return COMPLAIN(gatherer, place, "\"%s\" needs expand: write %.100s|expand%s", word,
                        gatherer->key, CIDR_TOO(gatherer));
    if (!load_network(text, &network))
        return COMPLAIN(gatherer, place, "\"%s\" is neither an address nor a network", word);
    if (!(gatherer->modifiers & MODIFIER_CIDR) && bytes_index(text, '/') < text.len)
        return gatherer->modifiers & MODIFIER_EXPAND
                   ? COMPLAIN(gatherer, place, "there are networks in this list: write %.100s|cidr",
                              gatherer->key)
                   : COMPLAIN(gatherer, place, "\"%s\" is a network: write %.100s|cidr", word,
                              gatherer->key);
    struct value *value = new_value(gatherer, place);
    if (value)
        value->network = network;
    return value != NULL;
}

/* Beside others with wildcards: in the form in which the matcher prints it. */
static bool add_printed(struct gatherer *gatherer, struct bytes text, struct place place)
{
    char printed[INET6_ADDRSTRLEN] = "";
    uint8_t address[16];
    uint64_t number;
    size_t len = text_to_address(text, address);
    if (pattern_has_wildcard(text))
        return add_text(gatherer, text, place);
    if (gatherer->type == TYPE_IP && len > 0)
        inet_ntop(len == 4 ? AF_INET : AF_INET6, address, printed, sizeof printed);
    else if (gatherer->type != TYPE_IP && text_to_u64(text, &number))
        snprintf(printed, sizeof printed, "%llu", (unsigned long long)number);
    else
        return gatherer->type == TYPE_IP ? add_network(gatherer, text, place)
                                         : add_number(gatherer, text, place);
    return add_text(gatherer, bytes_of_string(printed), place);
}

/* --- words of closed sets, regexes, other fields ------------------------------------------------
 */

static bool add_claim(struct gatherer *gatherer, struct bytes text, struct place place)
{
    static const char *const words[][4] = {
        [0] = { "true", "false", NULL }, [1] = { "yes", "no", "unknown", NULL }
    };
    bool claim = gatherer->type == TYPE_CLAIM;
    char word[64];
    for (size_t i = 0; words[claim][i]; i++) {
        if (bytes_equal_nocase(text, words[claim][i]))
            return add_pattern(gatherer, bytes_of_string(words[claim][i]), place);
    }
    text_copy(word, sizeof word, text);
    const char *best = NULL;
    for (size_t i = 0; i < 2; i++) {
        if (bytes_equal_nocase(text, words[!claim][i]))
            best = words[claim][i]; /* true means yes, and so on */
    }
    return COMPLAIN(gatherer, place, "%s is %s, not \"%s\"%s%s%s", gatherer->item->name,
                    claim ? "yes, no or unknown" : "true or false", word,
                    best ? ", did you mean \"" : "", best ? best : "", best ? "\"?" : "");
}

static bool add_regex(struct gatherer *gatherer, struct bytes text, struct place place)
{
    if (text.len > 0 && memchr(text.data, '\0', text.len))
        return COMPLAIN(gatherer, place, "a NUL in a regular expression: write \\x00");
    struct value *value = new_value(gatherer, place);
    if (!value)
        return false;
    value->regex = (struct regex){ .text = arena_text(gatherer->loader->arena, text),
                                   .ignore_case = gatherer->modifiers & MODIFIER_RE_I,
                                   .multiline = gatherer->modifiers & MODIFIER_RE_M,
                                   .dot_all = gatherer->modifiers & MODIFIER_RE_S };
    return value->regex.text != NULL;
}

/* Types that can be the same. */
static unsigned family(enum field_type type)
{
    static const unsigned families[] = {
        [TYPE_TEXT] = 0, [TYPE_KEYWORD] = 0, [TYPE_NUMBER] = 1, [TYPE_TIME] = 1,
        [TYPE_IP] = 2,   [TYPE_BOOL] = 3,    [TYPE_CLAIM] = 4
    };
    return families[type];
}

static bool add_field(struct gatherer *gatherer, struct bytes text, struct place place)
{
    const char *name = arena_text(gatherer->loader->arena, text);
    bool foreign = gatherer->loader->options->foreign;
    if (!name)
        return false;
    enum field field = load_field(gatherer->loader, name, place, USE_SEARCH);
    if (field == FIELDS && !foreign)
        return false;
    if (!foreign && family(schema_field(field)->type) != family(gatherer->type))
        return COMPLAIN(gatherer, place, "%s and %s are of different types, never the same",
                        gatherer->item->name, name);
    struct value *value = new_value(gatherer, place);
    if (value)
        value->field = field;
    return value != NULL;
}

/* --- the values of an item ----------------------------------------------------------------------
 */

static bool expand(struct gatherer *gatherer, struct bytes text, struct place place,
                   text_taker take)
{
    size_t errors = gatherer->loader->problems->errors;
    const struct placeholder *placeholder = load_placeholder(gatherer->loader, text, place);
    if (!placeholder) {
        gatherer->loader->waits_for = "a placeholder";
        return gatherer->loader->problems->errors == errors;
    }
    if (placeholder->needed && !placeholder->values[0])
        gatherer->loader->waits_for = placeholder->option;
    for (size_t i = 0; placeholder->values[i]; i++) {
        if (!take(gatherer, bytes_of_string(placeholder->values[i]), place))
            return false;
    }
    return true;
}

static bool each_text(struct gatherer *gatherer, const struct yaml_node *node, text_taker take)
{
    bool list = node->kind == YAML_LIST, good = true;
    for (const struct yaml_node *at = list ? node->first : node; at; at = list ? at->next : NULL) {
        struct bytes text = bytes_over(at->text, at->len);
        good &= gatherer->modifiers & MODIFIER_EXPAND ? expand(gatherer, text, at->place, take)
                                                      : take(gatherer, text, at->place);
        if (!good && gatherer->loader->values + gatherer->count >= VALUES_MAX)
            break; /* said once */
    }
    return good;
}

static bool notice_wildcards(struct gatherer *gatherer, struct bytes text, struct place place)
{
    (void)place;
    gatherer->wildcards |= pattern_has_wildcard(text);
    return true;
}

static text_taker choose(struct gatherer *gatherer, const struct yaml_node *node)
{
    static const struct {
        unsigned modifier;
        enum test test;
        text_taker take;
    } tests[] = {
        { MODIFIER_RE, TEST_REGEX, add_regex },      { MODIFIER_LT, TEST_LESS, add_number },
        { MODIFIER_LTE, TEST_AT_MOST, add_number },  { MODIFIER_GT, TEST_GREATER, add_number },
        { MODIFIER_GTE, TEST_AT_LEAST, add_number }, { MODIFIER_CIDR, TEST_NETWORK, add_network },
        { MODIFIER_FIELDREF, TEST_SAME, add_field },
    };
    struct item *item = gatherer->item;
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        if (gatherer->modifiers & tests[i].modifier) {
            item->test = tests[i].test;
            return tests[i].take;
        }
    }
    item->test = TEST_PATTERN;
    if (gatherer->type == TYPE_CLAIM || gatherer->type == TYPE_BOOL)
        return add_claim;
    if (gatherer->type == TYPE_TEXT || gatherer->type == TYPE_KEYWORD ||
        (gatherer->modifiers & MODIFIERS_WHERE))
        return add_text;
    each_text(gatherer, node, notice_wildcards);
    if (gatherer->wildcards)
        return add_printed;
    item->test = gatherer->type == TYPE_IP ? TEST_NETWORK : TEST_NUMBER;
    return gatherer->type == TYPE_IP ? add_network : add_number;
}

/* Null, exists, and what cannot be a value. */
static bool values_are_texts(struct gatherer *gatherer, const struct yaml_node *node)
{
    const struct yaml_node *at = node->kind == YAML_LIST ? node->first : node;
    if (node->kind == YAML_LIST && node->count == 0)
        return COMPLAIN(gatherer, node->place, "a list without values");
    for (; at; at = node->kind == YAML_LIST ? at->next : NULL) {
        if (at->kind != YAML_TEXT)
            return COMPLAIN(gatherer, at->place, "a value must be a text or a number, not a %s",
                            at->kind == YAML_MAP ? "map" : "list");
        if (at->len > VALUE_BYTES_MAX)
            return COMPLAIN(gatherer, at->place, "a value has at most %d bytes", VALUE_BYTES_MAX);
        if (yaml_is_null(at))
            return COMPLAIN(gatherer, at->place,
                            node->kind == YAML_LIST
                                ? "null in a list: make it a search of its own"
                                : "null goes with no modifier: there is exists");
    }
    return true;
}

static bool gather(struct gatherer *gatherer, const struct yaml_node *node)
{
    struct item *item = gatherer->item;
    if (!values_are_texts(gatherer, node))
        return false;
    text_taker take = choose(gatherer, node);
    if (!each_text(gatherer, node, take))
        return false;
    struct value *copy = load_take(gatherer->loader, gatherer->count, sizeof copy[0]);
    if (!copy)
        return false;
    if (gatherer->count > 0)
        memcpy(copy, gatherer->values, gatherer->count * sizeof copy[0]);
    item->values = copy;
    item->value_count = gatherer->count;
    item->threshold =
        gatherer->count == 1 && (item->test == TEST_AT_LEAST || item->test == TEST_GREATER);
    gatherer->loader->values += gatherer->count;
    return true;
}

bool load_values(struct loader *loader, const struct yaml_node *node, unsigned modifiers,
                 struct item *item)
{
    bool typed = item->field != FIELDS && !loader->options->foreign;
    struct gatherer gatherer = { .loader = loader,
                                 .item = item,
                                 .modifiers = modifiers,
                                 .key = node->key,
                                 .type = typed ? schema_field(item->field)->type : TYPE_TEXT };
    const char *wrong;
    if (typed && !modifiers_fit(modifiers, gatherer.type, &wrong))
        return COMPLAIN(&gatherer, node->key_place, "\"%s\" makes no sense for %s, which is %s",
                        wrong, item->name, load_type_name(gatherer.type));
    if (item->keyword && (!modifiers_fit(modifiers, TYPE_TEXT, &wrong) ||
                          (modifiers & (MODIFIER_EXISTS | MODIFIER_FIELDREF))))
        return COMPLAIN(&gatherer, node->key_place, "this modifier needs a field before it");
    item->all = modifiers & MODIFIER_ALL;
    item->not_equal = modifiers & MODIFIER_NEQ;
    item->cased = modifiers & MODIFIER_CASED;
    if (modifiers & MODIFIER_EXISTS) {
        item->test = TEST_EXISTS;
        return load_bool(loader, node, "exists", &item->exists);
    }
    if (modifiers == 0 && !item->keyword && yaml_is_null(node)) {
        item->test = TEST_NULL;
        return true;
    }
    bool good = gather(&gatherer, node);
    free(gatherer.values);
    return good;
}
