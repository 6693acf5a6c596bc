/* Correlation documents (Sigma 2.1, correlation rules). */
#include <string.h>

#include "loader.h"

static const char *const types[] = { "event_count", "value_count", "temporal", "temporal_ordered",
                                     NULL };
static const char *const unsupported[] = { "value_sum", "value_avg", "value_percentile" };

static bool load_type(struct loader *loader, const struct yaml_node *block, struct correlation *to)
{
    const struct yaml_node *node = yaml_member(block, "type");
    if (!node) {
        problem_error(loader->problems, block->key_place, "the correlation has no type");
        return false;
    }
    for (size_t i = 0; i < sizeof unsupported / sizeof unsupported[0]; i++) {
        if (node->kind == YAML_TEXT && strcmp(node->text, unsupported[i]) == 0) {
            problem_error(loader->problems, node->place,
                          "the correlation type \"%s\" is not supported", unsupported[i]);
            return false;
        }
    }
    int which = load_choice(loader, node, "correlation type", types);
    if (which < 0)
        return false;
    to->type = (enum correlation_type)which; /* in the order of the names */
    return true;
}

static bool load_references(struct loader *loader, const struct yaml_node *block,
                            struct correlation_draft *draft)
{
    const struct yaml_node *node = yaml_member(block, "rules");
    if (!node || (node->kind == YAML_LIST && node->count == 0)) {
        problem_error(loader->problems, node ? node->place : block->key_place,
                      "the correlation names no rules");
        return false;
    }
    const struct yaml_node *at = node->kind == YAML_LIST ? node->first : node;
    for (; at; at = node->kind == YAML_LIST ? at->next : NULL) {
        const char *name = load_word(loader, at, "rules");
        if (!name)
            return false;
        if (draft->reference_count == CORRELATION_RULES_MAX) {
            problem_error(loader->problems, at->place, "a correlation of more than %d rules",
                          CORRELATION_RULES_MAX);
            return false;
        }
        draft->references[draft->reference_count++] =
            (struct reference){ .place = at->place, .name = name };
    }
    return true;
}

/* aliases: {NAME: {RULE: FIELD, ...}}: a field of each rule. */
static bool load_alias(struct loader *loader, const struct yaml_node *alias,
                       const struct correlation_draft *draft, struct group_draft *group)
{
    bool good = true;
    if (alias->kind != YAML_MAP) {
        problem_error(loader->problems, alias->place, "an alias must be a map of rules to fields");
        return false;
    }
    for (size_t i = 0; i < draft->reference_count; i++) {
        const struct yaml_node *node = yaml_member(alias, draft->references[i].name);
        if (!node) {
            problem_error(loader->problems, alias->key_place,
                          "the alias \"%s\" names no field of \"%s\"", alias->key,
                          draft->references[i].name);
            return false;
        }
        const char *name = load_word(loader, node, "an alias");
        if (!name)
            return false;
        group->fields[i] = load_field(loader, name, node->place, USE_COUNT);
        good &= group->fields[i] != FIELDS || loader->options->foreign;
    }
    return good;
}

static bool load_group(struct loader *loader, const struct yaml_node *node,
                       const struct yaml_node *aliases, struct correlation_draft *draft)
{
    if (draft->made.group_count == GROUP_FIELDS_MAX) {
        problem_error(loader->problems, node->place, "more than %d fields to group by",
                      GROUP_FIELDS_MAX);
        return false;
    }
    struct group_draft *group = &draft->groups[draft->made.group_count++];
    group->place = node->place;
    group->name = load_word(loader, node, "group-by");
    if (!group->name)
        return false;
    const struct yaml_node *alias = yaml_member(aliases, group->name);
    if (alias)
        return load_alias(loader, alias, draft, group);
    enum field field = load_field(loader, group->name, node->place, USE_COUNT);
    for (size_t i = 0; i < CORRELATION_RULES_MAX; i++)
        group->fields[i] = field;
    return field != FIELDS || loader->options->foreign;
}

static bool load_groups(struct loader *loader, const struct yaml_node *block,
                        struct correlation_draft *draft)
{
    const struct yaml_node *node = yaml_member(block, "group-by");
    const struct yaml_node *aliases = yaml_member(block, "aliases");
    bool good = true;
    if (aliases && aliases->kind != YAML_MAP) {
        problem_error(loader->problems, aliases->place, "aliases must be a map");
        return false;
    }
    for (const struct yaml_node *at = node && node->kind == YAML_LIST ? node->first : node; at;
         at = node->kind == YAML_LIST ? at->next : NULL)
        good &= load_group(loader, at, aliases, draft);
    return good;
}

/* --- the condition ------------------------------------------------------------------------------
 */

static void at_least(struct correlation *to, uint64_t n)
{
    to->at_least = n > to->at_least ? n : to->at_least;
}

static void at_most(struct correlation *to, uint64_t n)
{
    to->at_most = n < to->at_most ? n : to->at_most;
}

static void bound(struct correlation *to, const char *key, uint64_t n)
{
    if (strcmp(key, "gt") == 0)
        at_least(to, n + 1);
    if (strcmp(key, "gte") == 0 || strcmp(key, "eq") == 0)
        at_least(to, n);
    if (strcmp(key, "lte") == 0 || strcmp(key, "eq") == 0)
        at_most(to, n);
    if (strcmp(key, "lt") == 0)
        at_most(to, n > 0 ? n - 1 : 0);
    if (strcmp(key, "neq") == 0) {
        to->has_except = true;
        to->except = n;
    }
}

static bool load_bound(struct loader *loader, const struct yaml_node *node,
                       struct correlation_draft *draft)
{
    uint64_t n;
    if (!load_count(loader, node, node->key, &n))
        return false;
    if (n > CORRELATION_COUNT_MAX) {
        problem_error(loader->problems, node->place, "counts above %d are not supported",
                      CORRELATION_COUNT_MAX);
        return false;
    }
    if (n == 0 && strcmp(node->key, "lt") == 0) {
        problem_error(loader->problems, node->place, "nothing is less than 0");
        return false;
    }
    bound(&draft->made, node->key, n);
    draft->has_count = true;
    return true;
}

static bool load_counted(struct loader *loader, const struct yaml_node *node,
                         struct correlation_draft *draft)
{
    const struct yaml_node *only = node->kind == YAML_LIST ? node->first : node;
    if (node->kind == YAML_LIST && node->count != 1) {
        problem_error(loader->problems, node->place,
                      "counting the values of several fields together is not supported");
        return false;
    }
    const char *name = load_word(loader, only, "field");
    if (!name)
        return false;
    if (draft->made.type != VALUE_COUNT) {
        problem_error(loader->problems, node->key_place, "only value_count counts a field");
        return false;
    }
    draft->made.counted = load_field(loader, name, only->place, USE_COUNT);
    return draft->made.counted != FIELDS || loader->options->foreign;
}

static bool load_members(struct loader *loader, const struct yaml_node *condition,
                         struct correlation_draft *draft)
{
    static const char *const members[] = { "gte", "gt", "lte", "lt", "eq", "neq", "field", NULL };
    bool good = load_known_members(loader, condition, "condition", members);
    for (const struct yaml_node *at = condition->first; good && at; at = at->next)
        good = strcmp(at->key, "field") == 0 ? load_counted(loader, at, draft)
                                             : load_bound(loader, at, draft);
    return good;
}

static bool load_condition(struct loader *loader, const struct yaml_node *block,
                           struct correlation_draft *draft)
{
    struct correlation *made = &draft->made;
    const struct yaml_node *condition = yaml_member(block, "condition");
    bool temporal = made->type == TEMPORAL || made->type == TEMPORAL_ORDERED;
    draft->count_place = condition ? condition->place : block->key_place;
    if (condition && condition->kind == YAML_TEXT) {
        problem_error(loader->problems, condition->place,
                      "conditions in words are not supported for correlations");
        return false;
    }
    if (condition && !load_members(loader, condition, draft))
        return false;
    if (!temporal && !draft->has_count) {
        problem_error(loader->problems, draft->count_place, "the correlation has no count");
        return false;
    }
    if (made->type == VALUE_COUNT && !yaml_member(condition, "field")) {
        problem_error(loader->problems, draft->count_place,
                      "value_count needs the field whose values count");
        return false;
    }
    if (made->at_least > made->at_most) {
        problem_error(loader->problems, draft->count_place, "no count can be like that");
        return false;
    }
    return true;
}

bool load_correlation_block(struct loader *loader, const struct yaml_node *block,
                            struct draft *draft)
{
    static const char *const members[] = { "type",      "rules",   "group-by", "timespan",
                                           "condition", "aliases", "generate", NULL };
    struct correlation_draft *made = load_take(loader, 1, sizeof *made);
    const struct yaml_node *node;
    if (!made || !load_known_members(loader, block, "correlation", members))
        return false;
    draft->correlation = made;
    made->made.at_most = UINT64_MAX;
    made->made.counted = FIELDS;
    bool good = load_type(loader, block, &made->made) && load_references(loader, block, made);
    good = good && load_groups(loader, block, made) && load_condition(loader, block, made);
    if ((node = yaml_member(block, "generate")))
        good &= load_bool(loader, node, "generate", &made->made.generate);
    if ((node = yaml_member(block, "timespan")))
        return load_span(loader, node, "timespan", &made->made.timespan_ns) && good;
    problem_error(loader->problems, block->key_place, "the correlation has no timespan");
    return false;
}

/* Unless it says so itself, the finding is about what the windows are kept by. */
static void group_as_windows(struct draft *draft)
{
    const struct correlation_draft *correlation = draft->correlation;
    struct rule *rule = &draft->rule;
    for (size_t i = 0; i < correlation->made.group_count; i++) {
        enum field field = correlation->groups[i].fields[0];
        if (field != FIELDS && schema_field(field)->visibility != VISIBILITY_INTERNAL)
            rule->group_by[rule->group_count++] = field;
    }
}

void load_correlation(struct loader *loader, const struct yaml_node *map)
{
    size_t errors = loader->problems->errors;
    struct draft *draft = load_head(loader, map);
    const struct yaml_node *node = yaml_member(map, "generate");
    if (!draft)
        return;
    bool good = load_correlation_block(loader, yaml_member(map, "correlation"), draft);
    if (good && node)
        good = load_bool(loader, node, "generate", &draft->correlation->made.generate);
    if (good && !draft->own_group)
        group_as_windows(draft);
    draft->is_correlation = true;
    draft->broken = !good || loader->problems->errors != errors || arena_full(loader->arena);
}
