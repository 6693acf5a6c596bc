/* Words, numbers and spans of time in rules. */
#include <string.h>

#include "loader.h"
#include "text.h"

void load_unknown(struct loader *loader, struct place place, const char *what, const char *word,
                  const char *best)
{
    if (best)
        problem_error(loader->problems, place, "unknown %s \"%.100s\", did you mean \"%s\"?", what,
                      word, best);
    else
        problem_error(loader->problems, place, "unknown %s \"%.100s\"", what, word);
}

const char *load_word(struct loader *loader, const struct yaml_node *node, const char *what)
{
    if (node->kind != YAML_TEXT || yaml_is_null(node)) {
        problem_error(loader->problems, node->place, "%s must be a text", what);
        return NULL;
    }
    return arena_text(loader->arena, bytes_of_string(node->text));
}

bool load_bool(struct loader *loader, const struct yaml_node *node, const char *what, bool *to)
{
    static const char *const words[] = { "false", "true", "no", "yes", NULL };
    for (unsigned i = 0; words[i] && node->kind == YAML_TEXT; i++) {
        if (bytes_equal_nocase(bytes_over(node->text, node->len), words[i])) {
            *to = i % 2 == 1;
            return true;
        }
    }
    problem_error(loader->problems, node->place, "%s must be true or false", what);
    return false;
}

bool load_count(struct loader *loader, const struct yaml_node *node, const char *what, uint64_t *to)
{
    if (node->kind == YAML_TEXT && text_to_u64(bytes_over(node->text, node->len), to))
        return true;
    problem_error(loader->problems, node->place, "%s must be a whole number", what);
    return false;
}

bool load_span(struct loader *loader, const struct yaml_node *node, const char *what, uint64_t *ns)
{
    static const struct {
        char letter;
        uint64_t seconds;
    } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
    const uint64_t days_max = 366;
    uint64_t n = 0;
    for (size_t i = 0; i < 4 && node->kind == YAML_TEXT && node->len > 1; i++) {
        struct bytes digits = bytes_over(node->text, node->len - 1);
        if (node->text[node->len - 1] != units[i].letter || !text_to_u64(digits, &n))
            continue;
        if (n == 0 || n > days_max * 86400 / units[i].seconds) {
            problem_error(loader->problems, node->place, "%s must be between 1s and 366d", what);
            return false;
        }
        *ns = n * units[i].seconds * 1000000000U;
        return true;
    }
    problem_error(loader->problems, node->place,
                  "%s must be a number with s, m, h or d behind it, as 10m", what);
    return false;
}

void load_unknown_of(struct loader *loader, struct place place, const char *what, const char *word,
                     const char *const *words)
{
    problem_unknown(loader->problems, PROBLEM_ERROR, place, what, word, words);
}

int load_choice(struct loader *loader, const struct yaml_node *node, const char *what,
                const char *const *choices)
{
    if (node->kind != YAML_TEXT) {
        problem_error(loader->problems, node->place, "%s must be a word", what);
        return -1;
    }
    for (int i = 0; choices[i]; i++) {
        if (strcmp(choices[i], node->text) == 0)
            return i;
    }
    load_unknown_of(loader, node->place, what, node->text, choices);
    return -1;
}

bool load_level(struct loader *loader, const struct yaml_node *node, enum severity *to)
{
    static const char *const names[] = {
        "informational", "low", "medium", "high", "critical", NULL
    };
    static const enum severity levels[] = { SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM,
                                            SEVERITY_HIGH, SEVERITY_CRITICAL };
    int which = load_choice(loader, node, "level", names);
    if (which >= 0)
        *to = levels[which];
    return which >= 0;
}

const char *const *load_words(struct loader *loader, const struct yaml_node *node, const char *what)
{
    size_t count = node->kind == YAML_LIST ? node->count : 1;
    const char **words = load_take(loader, count + 1, sizeof words[0]);
    if (!words)
        return NULL;
    const struct yaml_node *at = node->kind == YAML_LIST ? node->first : node;
    for (size_t i = 0; i < count && at; i++, at = at->next) {
        words[i] = load_word(loader, at, what);
        if (!words[i])
            return NULL;
    }
    return words;
}

bool load_known_members(struct loader *loader, const struct yaml_node *map, const char *what,
                        const char *const *names)
{
    bool good = true;
    if (map->kind != YAML_MAP) {
        problem_error(loader->problems, map->place, "%s must be a map", what);
        return false;
    }
    for (const struct yaml_node *member = map->first; member; member = member->next) {
        bool known = false;
        for (size_t i = 0; names[i] && !known; i++)
            known = strcmp(names[i], member->key) == 0;
        if (known)
            continue;
        char full[100];
        snprintf(full, sizeof full, "entry of %s:", what);
        load_unknown_of(loader, member->key_place, full, member->key, names);
        good = false;
    }
    return good;
}

bool load_network(struct bytes text, struct network *network)
{
    size_t slash = bytes_index(text, '/');
    size_t len = text_to_address(bytes_first(text, slash), network->address);
    uint64_t bits = 8 * len;
    if (len == 0 ||
        (slash < text.len && (!text_to_u64(bytes_after(text, slash + 1), &bits) || bits > 8 * len)))
        return false;
    network->len = (uint8_t)len;
    network->bits = (uint8_t)bits;
    for (size_t i = 0; i < len; i++) {
        size_t kept = bits > 8 * i ? bits - 8 * i : 0;
        if (kept < 8)
            network->address[i] &= (uint8_t)(0xff00U >> kept);
    }
    return true;
}
