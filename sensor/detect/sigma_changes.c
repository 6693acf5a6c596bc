/* Filters and tuning, applied once all rules are read. */
#include "loader.h"

struct application {
    struct loader *loader;
    const struct change *change;
    size_t thresholds; /* how many the rules had that it names */
};

/* Items are made by the loader and become read-only when it is done. */
static struct item *find_threshold(struct rule *rule, const char *field, size_t *count)
{
    struct item *found = NULL;
    for (size_t i = 0; i < rule->expression.search_count; i++) {
        const struct search *search = &rule->expression.searches[i];
        for (size_t k = 0; k < search->count; k++) {
            for (size_t n = 0; n < search->groups[k].count; n++) {
                const struct item *item = &search->groups[k].items[n];
                if (!item->threshold ||
                    (field && !bytes_equal(bytes_of_string(field), bytes_of_string(item->name))))
                    continue;
                found = (struct item *)(uintptr_t)item;
                ++*count;
            }
        }
    }
    return found;
}

static void set_correlation_threshold(struct application *application, struct draft *draft)
{
    struct loader *loader = application->loader;
    const struct change *change = application->change;
    struct correlation *correlation = &draft->correlation->made;
    application->thresholds++;
    if (change->threshold > CORRELATION_COUNT_MAX || change->threshold > correlation->at_most ||
        change->threshold == 0) {
        problem_error(loader->problems, change->threshold_place,
                      "the threshold of \"%s\" must be between 1 and %llu", draft->rule.id,
                      (unsigned long long)(correlation->at_most < CORRELATION_COUNT_MAX
                                               ? correlation->at_most
                                               : CORRELATION_COUNT_MAX));
    } else {
        correlation->at_least = change->threshold;
        draft->correlation->has_count = true;
    }
}

static void set_threshold(struct application *application, struct draft *draft)
{
    struct loader *loader = application->loader;
    const struct change *change = application->change;
    size_t count = 0;
    if (draft->correlation && !change->threshold_field) {
        set_correlation_threshold(application, draft);
        return;
    }
    struct item *item = find_threshold(&draft->rule, change->threshold_field, &count);
    if (count > 1)
        problem_error(loader->problems, change->threshold_place,
                      "\"%s\" has several thresholds: write threshold: {FIELD: NUMBER}",
                      draft->rule.id);
    application->thresholds += count;
    if (count != 1)
        return;
    struct value *value = load_take(loader, 1, sizeof *value);
    if (!value)
        return;
    *value = item->values[0];
    value->number = change->threshold;
    item->values = value;
}

static void change_rule(void *arg, struct draft *draft)
{
    struct application *application = arg;
    const struct change *change = application->change;
    draft->rule.disabled |= change->disable;
    if (change->level != SEVERITY_NONE)
        draft->rule.level = change->level;
    if (change->has_threshold && !draft->broken)
        set_threshold(application, draft);
}

static void narrow_rule(void *arg, struct draft *draft)
{
    struct application *application = arg;
    const struct change *change = application->change;
    struct place place = change->expression.searches[0].place;
    if (draft->broken || change->expression.step_count == 0)
        return;
    if (!load_join(application->loader, place, &draft->rule.expression, &change->expression))
        draft->broken = true;
    if (change->waits_for)
        draft->rule.waits_for = change->waits_for;
}

static bool same_source(const struct change *change, const struct rule *rule)
{
    return (change->source.kinds & rule->kinds) != 0 &&
           (!change->source.protocol || !rule->protocol ||
            bytes_equal(bytes_of_string(change->source.protocol), bytes_of_string(rule->protocol)));
}

static void each_target(struct loader *loader, const struct change *change,
                        void (*what)(void *, struct draft *), bool complain)
{
    struct application application = { .loader = loader, .change = change };
    for (size_t i = 0; change->any && i < loader->count; i++) {
        if (!loader->drafts[i].is_correlation && same_source(change, &loader->drafts[i].rule))
            what(&application, &loader->drafts[i]);
    }
    for (size_t i = 0; i < change->reference_count; i++) {
        const struct reference *reference = &change->references[i];
        size_t found = load_find(loader, reference->name, what, &application);
        if (found > 0 && complain && change->has_threshold && application.thresholds == 0)
            problem_error(loader->problems, change->threshold_place,
                          "\"%.100s\" has no such threshold", reference->name);
        if (found > 0 || !complain || loader->options->foreign)
            continue;
        /* Rules come and go with versions: a sensor that tunes one that went must still start. */
        const char *best = load_nearest_rule(loader, reference->name);
        problem_warning(loader->problems, reference->place,
                        best ? "no rule is called \"%.100s\", did you mean \"%s\"?"
                             : "no rule is called \"%.100s\"",
                        reference->name, best);
    }
}

void load_apply_changes(struct loader *loader)
{
    for (const struct change *change = loader->changes; change; change = change->next)
        each_target(loader, change, change_rule, true);
    /* Only now, so that a threshold is the rule's own. */
    for (const struct change *change = loader->changes; change; change = change->next) {
        if (change->expression.step_count > 0)
            each_target(loader, change, narrow_rule, false);
    }
}
