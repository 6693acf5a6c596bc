/* What operators change about rules that others wrote: Sigma filters, and `tuning:` of ours. */
#include <string.h>

#include "loader.h"

static struct change *new_change(struct loader *loader)
{
    struct change *change = load_take(loader, 1, sizeof *change);
    if (!change)
        return NULL;
    *loader->last_change = change;
    loader->last_change = &change->next;
    loader->values = 0;
    loader->waits_for = NULL;
    return change;
}

static bool load_targets(struct loader *loader, const struct yaml_node *node, struct change *change)
{
    size_t count = node->kind == YAML_LIST ? node->count : 1;
    const struct yaml_node *at = node->kind == YAML_LIST ? node->first : node;
    if (count == 0) {
        problem_error(loader->problems, node->place, "a list without rules");
        return false;
    }
    change->references = load_take(loader, count, sizeof change->references[0]);
    for (; change->references && at; at = node->kind == YAML_LIST ? at->next : NULL) {
        const char *name = load_word(loader, at, node->key);
        if (!name)
            return false;
        change->references[change->reference_count++] =
            (struct reference){ .place = at->place, .name = name };
    }
    return change->references != NULL;
}

/* Without their errors mended, changes must not take effect in part. */
static void forget(struct change *change)
{
    struct change *next = change->next;
    memset(change, 0, sizeof *change);
    change->next = next;
}

/* rules is a list of rules, or the word any. */
static bool load_filter_targets(struct loader *loader, const struct yaml_node *filter,
                                struct change *change)
{
    const struct yaml_node *rules = yaml_member(filter, "rules");
    if (!rules) {
        problem_error(loader->problems, filter->key_place, "the filter names no rules");
        return false;
    }
    change->any = rules->kind == YAML_TEXT && strcmp(rules->text, "any") == 0;
    return change->any || load_targets(loader, rules, change);
}

static bool load_filter_parts(struct loader *loader, const struct yaml_node *map,
                              struct change *change)
{
    const struct yaml_node *filter = yaml_member(map, "filter");
    const struct yaml_node *source = yaml_member(map, "logsource");
    if (filter->kind != YAML_MAP) {
        problem_error(loader->problems, filter->place, "filter must be a map");
        return false;
    }
    if (!source)
        problem_error(loader->problems, map->place, "there is no logsource");
    bool good = source && load_source(loader, source, &change->source);
    good &= load_filter_targets(loader, filter, change);
    good &= load_expression(loader, map, "filter", "rules", &change->expression);
    change->waits_for = loader->waits_for;
    return good;
}

void load_filter(struct loader *loader, const struct yaml_node *map)
{
    size_t errors = loader->problems->errors;
    struct change *change = new_change(loader);
    if (!change)
        return;
    if (!yaml_member(map, "title"))
        problem_error(loader->problems, map->place, "there is no title");
    if (load_filter_parts(loader, map, change))
        load_warn_claims(loader, &change->expression);
    if (loader->problems->errors != errors)
        forget(change);
}

/* --- tuning -------------------------------------------------------------------------------------
 */

/* threshold: N, or {FIELD: N} where a rule has several. */
static bool load_threshold(struct loader *loader, const struct yaml_node *node,
                           struct change *change)
{
    const struct yaml_node *number = node;
    if (node->kind == YAML_MAP) {
        if (node->count != 1) {
            problem_error(loader->problems, node->place, "one field and its threshold");
            return false;
        }
        number = node->first;
        change->threshold_field = arena_text(loader->arena, bytes_of_string(number->key));
        if (!change->threshold_field)
            return false;
    }
    change->has_threshold = true;
    change->threshold_place = node->place;
    return load_count(loader, number, "threshold", &change->threshold);
}

/* Not what is excepted. */
static bool load_except(struct loader *loader, const struct yaml_node *node, struct change *change)
{
    static const struct step steps[] = { { .operation = OPERATION_SEARCH },
                                         { .operation = OPERATION_NOT } };
    struct search *search = load_take(loader, 1, sizeof *search);
    if (!search || !load_search(loader, node, "except", search))
        return false;
    change->expression = (struct expression){
        .searches = search, .search_count = 1, .steps = steps, .step_count = 2, .text = "not except"
    };
    change->waits_for = loader->waits_for;
    load_warn_claims(loader, &change->expression);
    return true;
}

static bool load_entry_parts(struct loader *loader, const struct yaml_node *entry,
                             struct change *change)
{
    const struct yaml_node *node = yaml_member(entry, "rule");
    bool good = true;
    if (!node) {
        problem_error(loader->problems, entry->place, "the entry names no rule");
        return false;
    }
    if (entry->count == 1) {
        problem_error(loader->problems, entry->place, "the entry does not say what to change");
        return false;
    }
    good &= load_targets(loader, node, change);
    if ((node = yaml_member(entry, "disable")))
        good &= load_bool(loader, node, "disable", &change->disable);
    if ((node = yaml_member(entry, "level")))
        good &= load_level(loader, node, &change->level);
    if ((node = yaml_member(entry, "threshold")))
        good &= load_threshold(loader, node, change);
    if ((node = yaml_member(entry, "except")))
        good &= load_except(loader, node, change);
    return good;
}

static void load_entry(struct loader *loader, const struct yaml_node *entry)
{
    static const char *const members[] = {
        "rule", "disable", "level", "threshold", "except", NULL
    };
    struct change *change = new_change(loader);
    if (!change)
        return;
    if (!load_known_members(loader, entry, "tuning", members) ||
        !load_entry_parts(loader, entry, change))
        forget(change);
}

void load_tuning(struct loader *loader, const struct yaml_node *map)
{
    const struct yaml_node *tuning = yaml_member(map, "tuning");
    if (tuning->kind != YAML_LIST) {
        problem_error(loader->problems, tuning->place, "tuning must be a list of entries");
        return;
    }
    for (const struct yaml_node *entry = tuning->first; entry; entry = entry->next)
        load_entry(loader, entry);
}
