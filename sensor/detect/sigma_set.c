/* The set: correlations find their rules and stand behind them. */
#include <stdlib.h>
#include <string.h>

#include "loader.h"

/* --- references ---------------------------------------------------------------------------------
 */

struct resolution {
    struct loader *loader;
    struct draft *draft;
    size_t reference; /* which */
    size_t found;
    bool too_many, bounded; /* bounded: of a correlation that is judged when its time is over */
};

/* Puts a rule into the correlation, by its place among the drafts for now. */
static void add_rule(void *arg, struct draft *found)
{
    struct resolution *resolution = arg;
    struct correlation_draft *draft = resolution->draft->correlation;
    struct correlation *made = &draft->made;
    resolution->found++;
    if (found->correlation)
        resolution->bounded |=
            found->correlation->made.at_most < UINT64_MAX || found->correlation->made.has_except;
    if (made->rule_count == CORRELATION_RULES_MAX) {
        resolution->too_many = true;
        return;
    }
    for (size_t i = 0; i < made->group_count; i++)
        made->group[i][made->rule_count] = draft->groups[i].fields[resolution->reference];
    made->rules[made->rule_count++] = (uint16_t)(found - resolution->loader->drafts);
    found->feeds = true;
    found->feeds_and_reports |= made->generate;
    resolution->draft->broken |= found->broken;
}

static void not_found(struct loader *loader, const struct reference *reference)
{
    const char *best = load_nearest_rule(loader, reference->name);
    load_unknown(loader, reference->place, "rule", reference->name, best);
}

static void resolve_one(struct loader *loader, struct draft *draft)
{
    struct correlation_draft *correlation = draft->correlation;
    bool temporal =
        correlation->made.type == TEMPORAL || correlation->made.type == TEMPORAL_ORDERED;
    for (size_t i = 0; i < correlation->reference_count; i++) {
        const struct reference *reference = &correlation->references[i];
        struct resolution resolution = { .loader = loader, .draft = draft, .reference = i };
        load_find(loader, reference->name, add_rule, &resolution);
        bool ambiguous = temporal && resolution.found > 1;
        if (resolution.found == 0)
            not_found(loader, reference);
        else if (ambiguous)
            problem_error(loader->problems, reference->place,
                          "\"%.100s\" is several rules: name one of them by its id",
                          reference->name);
        else if (resolution.too_many)
            problem_error(loader->problems, reference->place, "a correlation of more than %d rules",
                          CORRELATION_RULES_MAX);
        else if (resolution.bounded)
            problem_error(loader->problems, reference->place,
                          "\"%.100s\" has an upper bound, so it holds when its time is over and "
                          "for no event: no correlation can count it",
                          reference->name);
        draft->broken |=
            resolution.found == 0 || ambiguous || resolution.too_many || resolution.bounded;
    }
}

/* temporal: all of its rules, unless it says how many. */
static void complete_count(struct loader *loader, struct draft *draft)
{
    struct correlation_draft *correlation = draft->correlation;
    struct correlation *made = &correlation->made;
    if (draft->broken || (made->type != TEMPORAL && made->type != TEMPORAL_ORDERED))
        return;
    if (!correlation->has_count)
        made->at_least = made->rule_count;
    if (made->at_least <= made->rule_count)
        return;
    problem_error(loader->problems, correlation->count_place, "it is about %zu rules only",
                  made->rule_count);
    draft->broken = true;
}

void load_resolve(struct loader *loader)
{
    for (size_t i = 0; i < loader->count; i++) {
        struct draft *draft = &loader->drafts[i];
        if (!draft->is_correlation || draft->broken)
            continue;
        resolve_one(loader, draft);
        complete_count(loader, draft);
    }
}

/* --- order --------------------------------------------------------------------------------------
 */

static void place_rule(struct loader *loader, struct rule *rules, size_t *count,
                       struct draft *draft)
{
    struct rule *rule = &rules[*count];
    *rule = draft->rule;
    rule->reports = !draft->feeds || draft->feeds_and_reports || draft->own_block;
    draft->place_in_set = (*count)++;
    if (draft->correlation) {
        struct correlation *made = &draft->correlation->made;
        for (size_t i = 0; i < made->rule_count; i++) {
            made->rules[i] = (uint16_t)loader->drafts[made->rules[i]].place_in_set;
            rule->kinds |= rules[made->rules[i]].kinds;
        }
        rule->correlation = made;
    }
    load_fingerprint(rule, rules);
}

/* A rule that it is about and that has no place yet; NULL: none. */
static struct draft *missing(struct loader *loader, const struct draft *draft)
{
    const struct correlation *made = &draft->correlation->made;
    for (size_t i = 0; i < made->rule_count; i++) {
        struct draft *rule = &loader->drafts[made->rules[i]];
        if (rule->place_in_set == SIZE_MAX)
            return rule;
    }
    return NULL;
}

/* Walks from one to the next that is missing until it comes to where somebody has been. */
static void find_circle(struct loader *loader, struct draft *from, size_t walk, size_t *walked)
{
    struct draft *at = from;
    while (at && !walked[at - loader->drafts]) {
        walked[at - loader->drafts] = walk;
        at = at->is_correlation && !at->broken ? missing(loader, at) : NULL;
    }
    if (at && walked[at - loader->drafts] == walk)
        problem_error(loader->problems, at->correlation->references[0].place,
                      "correlations go in a circle: \"%.100s\" is about itself", at->rule.id);
}

static void report_circles(struct loader *loader)
{
    size_t *walked = calloc(loader->count + 1, sizeof walked[0]);
    for (size_t i = 0; walked && i < loader->count; i++) {
        struct draft *draft = &loader->drafts[i];
        if (draft->is_correlation && !draft->broken && draft->place_in_set == SIZE_MAX)
            find_circle(loader, draft, i + 1, walked);
    }
    loader->no_memory |= !walked;
    free(walked);
}

bool load_finish(struct loader *loader, struct rule_set *set)
{
    struct rule *rules = load_take(loader, loader->count, sizeof rules[0]);
    size_t before = SIZE_MAX;
    if (!rules)
        return false;
    for (size_t i = 0; i < loader->count; i++) {
        if (!loader->drafts[i].is_correlation && !loader->drafts[i].broken)
            place_rule(loader, rules, &set->count, &loader->drafts[i]);
    }
    while (before != set->count) {
        before = set->count;
        for (size_t i = 0; i < loader->count; i++) {
            struct draft *draft = &loader->drafts[i];
            if (draft->is_correlation && !draft->broken && draft->place_in_set == SIZE_MAX &&
                !missing(loader, draft))
                place_rule(loader, rules, &set->count, draft);
        }
    }
    report_circles(loader);
    set->rules = rules;
    return true;
}
