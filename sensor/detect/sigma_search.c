/* Searches and conditions: the `detection` of a rule, the `filter` of a filter. */
#include <stdio.h>
#include <string.h>

#include "condition.h"
#include "loader.h"
#include "modifiers.h"
#include "pattern.h"

#define NAME_MAX_LEN 100 /* of a search: the time that patterns of names take depends on it */

/* Values that are well formed, and yet what nobody can have meant. */
static void warn_values(struct loader *loader, const struct yaml_node *node, unsigned modifiers,
                        const struct item *item)
{
    const struct yaml_node *at = node->kind == YAML_LIST ? node->first : node;
    bool protocol = item->field == FIELD_NETWORK_PROTOCOL && modifiers == 0;
    for (; at; at = node->kind == YAML_LIST ? at->next : NULL) {
        struct bytes text = bytes_over(at->text, at->len);
        if (!(modifiers & MODIFIER_EXPAND) && load_knows_placeholder(loader, text))
            problem_warning(loader->problems, at->place,
                            "\"%.100s\" is taken as it stands: write %.100s|expand for the list",
                            at->text, node->key);
        else if (protocol && item->test == TEST_PATTERN && !pattern_has_wildcard(text))
            load_warn_protocol(loader, at->text, at->place);
    }
}

/* A member of a map, or a bare value, which is a keyword. */
static bool load_item(struct loader *loader, const struct yaml_node *node, bool keyword,
                      struct item *item)
{
    size_t len = 0;
    unsigned modifiers = 0;
    item->place = keyword ? node->place : node->key_place;
    item->field = FIELDS;
    item->name = "";
    if (!keyword && !modifiers_read(node, &len, &modifiers, loader->problems))
        return false;
    item->keyword = len == 0;
    if (!item->keyword) {
        item->name = arena_text(loader->arena, bytes_over(node->key, len));
        if (!item->name)
            return false;
        item->field = load_field(loader, item->name, item->place, USE_SEARCH);
        if (item->field == FIELDS && !loader->options->foreign)
            return false;
    }
    if (!load_values(loader, node, modifiers, item))
        return false;
    if (!item->keyword && !loader->options->foreign)
        warn_values(loader, node, modifiers, item);
    return true;
}

static bool load_group(struct loader *loader, const struct yaml_node *map, struct item_group *group)
{
    struct item *items = load_take(loader, map->count, sizeof items[0]);
    bool good = items != NULL;
    size_t count = 0;
    if (map->count == 0) {
        problem_error(loader->problems, map->place, "a search without fields");
        return false;
    }
    for (const struct yaml_node *member = map->first; items && member; member = member->next)
        good &= load_item(loader, member, false, &items[count++]);
    *group = (struct item_group){ .items = items, .count = count };
    return good;
}

static bool load_keywords(struct loader *loader, const struct yaml_node *node,
                          struct item_group *group)
{
    struct item *item = load_take(loader, 1, sizeof *item);
    *group = (struct item_group){ .items = item, .count = 1 };
    return item && load_item(loader, node, true, item);
}

/* '|all': [a, b]. Each word makes a group, and the search wants them all. */
static bool split_all(struct loader *loader, struct search *search)
{
    const struct item *whole = &search->groups[0].items[0];
    if (search->count != 1 || search->groups[0].count != 1 || !whole->keyword || !whole->all)
        return true;
    struct item_group *groups = load_take(loader, whole->value_count, sizeof groups[0]);
    struct item *items = load_take(loader, whole->value_count, sizeof items[0]);
    if (!groups || !items)
        return false;
    for (size_t i = 0; i < whole->value_count; i++) {
        items[i] = *whole;
        items[i].all = false;
        items[i].values = &whole->values[i];
        items[i].value_count = 1;
        groups[i] = (struct item_group){ .items = &items[i], .count = 1 };
    }
    search->groups = groups;
    search->count = whole->value_count;
    search->all = true;
    return true;
}

static bool has_maps(const struct yaml_node *list)
{
    for (const struct yaml_node *at = list->first; at; at = at->next) {
        if (at->kind == YAML_MAP)
            return true;
    }
    return false;
}

/* Maps, of which one must hold; words beside them are one more alternative each. */
static bool load_alternatives(struct loader *loader, const struct yaml_node *list,
                              struct item_group *groups)
{
    bool good = true;
    size_t count = 0;
    for (const struct yaml_node *at = list->first; at; at = at->next, count++)
        good &= at->kind == YAML_MAP ? load_group(loader, at, &groups[count])
                                     : load_keywords(loader, at, &groups[count]);
    return good;
}

bool load_search(struct loader *loader, const struct yaml_node *node, const char *name,
                 struct search *search)
{
    bool alternatives = node->kind == YAML_LIST && has_maps(node);
    size_t count = alternatives ? node->count : 1;
    struct item_group *groups = load_take(loader, count, sizeof groups[0]);
    *search =
        (struct search){ .name = name, .place = node->place, .groups = groups, .count = count };
    if (!groups)
        return false;
    if (node->kind == YAML_TEXT) {
        problem_error(loader->problems, node->place, "a search must be a map or a list");
        return false;
    }
    if (alternatives)
        return load_alternatives(loader, node, groups);
    if (node->kind == YAML_LIST)
        return load_keywords(loader, node, &groups[0]);
    return load_group(loader, node, &groups[0]) && split_all(loader, search);
}

static bool is_search(const struct yaml_node *member, const char *skip)
{
    return strcmp(member->key, "condition") != 0 && (!skip || strcmp(member->key, skip) != 0);
}

/* Whether this member may be a search at all. */
static bool check_search(struct loader *loader, const struct yaml_node *member, size_t count)
{
    if (strcmp(member->key, "timeframe") == 0)
        problem_error(loader->problems, member->key_place,
                      "timeframe is not supported: write a correlation");
    else if (count == SEARCHES_MAX)
        problem_error(loader->problems, member->key_place, "more than %d searches in one rule",
                      SEARCHES_MAX);
    else if (strlen(member->key) > NAME_MAX_LEN)
        problem_error(loader->problems, member->key_place,
                      "the name of a search has at most %d bytes", NAME_MAX_LEN);
    else
        return true;
    return false;
}

/* *whole: the condition can be judged, since each search is known by name at least. */
static bool load_searches(struct loader *loader, const struct yaml_node *map, const char *skip,
                          struct search *searches, size_t *count, bool *whole)
{
    bool good = true;
    for (const struct yaml_node *member = map->first; member; member = member->next) {
        if (!is_search(member, skip))
            continue;
        const char *name = arena_text(loader->arena, bytes_of_string(member->key));
        *whole = name && check_search(loader, member, *count);
        if (!*whole)
            return false;
        good &= load_search(loader, member, name, &searches[(*count)++]);
    }
    return good;
}

/* NULL, with an error, if there is none that can be read. */
static const struct yaml_node *find_condition(struct loader *loader,
                                              const struct yaml_node *document, const char *what)
{
    const struct yaml_node *map = yaml_member(document, what);
    const struct yaml_node *condition = yaml_member(map, "condition");
    const struct yaml_node *outside = yaml_member(document, "condition");
    if (!condition && outside)
        problem_error(loader->problems, outside->key_place,
                      "the condition stands outside of %s: indent it, as the searches are", what);
    else if (map->kind != YAML_MAP)
        problem_error(loader->problems, map->place, "must be a map");
    else if (!condition)
        problem_error(loader->problems, map->key_place, "there is no condition");
    else if (condition->kind != YAML_TEXT)
        problem_error(loader->problems, condition->place,
                      "the condition must be a text: several conditions are several rules");
    else
        return condition;
    return NULL;
}

bool load_expression(struct loader *loader, const struct yaml_node *document, const char *what,
                     const char *skip, struct expression *to)
{
    bool used[SEARCHES_MAX] = { false };
    const struct yaml_node *map = yaml_member(document, what);
    const struct yaml_node *condition = find_condition(loader, document, what);
    if (!condition)
        return false;
    struct search *searches = load_take(loader, map->count, sizeof searches[0]);
    size_t count = 0;
    if (!searches)
        return false;
    bool whole = true, good = load_searches(loader, map, skip, searches, &count, &whole);
    if (!whole)
        return false;
    if (count == 0) {
        problem_error(loader->problems, map->key_place, "there is no search");
        return false;
    }
    good &= condition_read(condition, searches, count, used, loader->arena, loader->problems, to);
    for (size_t i = 0; i < count && good; i++) {
        if (!used[i] && searches[i].name[0] != '_')
            problem_warning(loader->problems, searches[i].place,
                            "the search \"%s\" is not part of the condition", searches[i].name);
    }
    return good;
}

/* --- not, and claims ----------------------------------------------------------------------------
 */

static bool asks_for_no(const struct item *item)
{
    for (size_t i = 0; i < item->value_count; i++) {
        struct pattern pattern = item->values[i].pattern;
        if (bytes_equal(bytes_over(pattern.text, pattern.len), BYTES_LITERAL("no")))
            return true;
    }
    return false;
}

static void warn_search(struct loader *loader, const struct search *search, bool negated)
{
    for (size_t i = 0; i < search->count; i++) {
        for (size_t k = 0; k < search->groups[i].count; k++) {
            const struct item *item = &search->groups[i].items[k];
            if (item->field == FIELDS || schema_field(item->field)->type != TYPE_CLAIM ||
                item->test != TEST_PATTERN || negated == item->not_equal || asks_for_no(item))
                continue;
            problem_warning(loader->problems, item->place,
                            "\"not\" takes unknown for no here: ask for %s: no", item->name);
        }
    }
}

void load_warn_claims(struct loader *loader, const struct expression *expression)
{
    bool negated[EXPRESSION_DEPTH_MAX + 1] = { false };
    size_t depth = 1;
    /* From behind, a step says what the steps before it are worth. */
    for (size_t i = expression->step_count; i > 0 && depth > 0 && !loader->options->foreign; i--) {
        const struct step *step = &expression->steps[i - 1];
        bool top = negated[depth - 1];
        if (step->operation == OPERATION_SEARCH)
            warn_search(loader, &expression->searches[step->search], negated[--depth]);
        else if (step->operation == OPERATION_NOT)
            negated[depth - 1] = !top;
        else if (depth <= EXPRESSION_DEPTH_MAX)
            negated[depth++] = top;
    }
}

/* --- joining ------------------------------------------------------------------------------------
 */

static size_t depth_of(const struct expression *expression)
{
    size_t depth = 0, deepest = 0;
    for (size_t i = 0; i < expression->step_count; i++) {
        enum operation operation = expression->steps[i].operation;
        depth += operation == OPERATION_SEARCH;
        depth -= operation == OPERATION_AND || operation == OPERATION_OR;
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest;
}

/* "(one) and (other)"; NULL if there is no memory. */
static const char *join_texts(struct loader *loader, const char *one, const char *other)
{
    size_t size = strlen(one) + strlen(other) + sizeof "() and ()";
    char *text = load_take(loader, size, 1);
    if (text)
        snprintf(text, size, "(%s) and (%s)", one, other);
    return text;
}

bool load_join(struct loader *loader, struct place place, struct expression *expression,
               const struct expression *with)
{
    if (expression->step_count == 0) {
        *expression = *with;
        return true;
    }
    size_t searches = expression->search_count + with->search_count;
    size_t steps = expression->step_count + with->step_count + 1;
    if (searches > SEARCHES_MAX || steps > EXPRESSION_STEPS_MAX ||
        depth_of(with) >= EXPRESSION_DEPTH_MAX) {
        problem_error(loader->problems, place, "too many filters and exceptions for one rule");
        return false;
    }
    struct search *all = load_take(loader, searches, sizeof all[0]);
    struct step *path = load_take(loader, steps, sizeof path[0]);
    if (!all || !path)
        return false;
    memcpy(all, expression->searches, expression->search_count * sizeof all[0]);
    memcpy(all + expression->search_count, with->searches, with->search_count * sizeof all[0]);
    memcpy(path, expression->steps, expression->step_count * sizeof path[0]);
    memcpy(path + expression->step_count, with->steps, with->step_count * sizeof path[0]);
    for (size_t i = expression->step_count; i < steps - 1; i++)
        path[i].search = (uint16_t)(path[i].search + expression->search_count);
    path[steps - 1] = (struct step){ .operation = OPERATION_AND };
    const char *text = join_texts(loader, expression->text, with->text);
    *expression = (struct expression){
        .searches = all, .search_count = searches, .steps = path, .step_count = steps, .text = text
    };
    return text != NULL;
}
