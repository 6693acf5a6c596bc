/* From files to a set of rules. */
#include "sigma.h"

#include <stdlib.h>
#include <string.h>

#include "loader.h"
#include "modifiers.h"

#define SET_MAX ((size_t)256 * 1024 * 1024)

void *load_take(struct loader *loader, size_t n, size_t size)
{
    return arena_take(loader->arena, n, size);
}

/* The kinds of documents, by the entry that only they have. */
static const struct {
    const char *entry;
    void (*load)(struct loader *, const struct yaml_node *);
} documents[] = {
    { "detection", load_rule },
    { "correlation", load_correlation },
    { "filter", load_filter },
    { "tuning", load_tuning },
};

#define DOCUMENTS (sizeof documents / sizeof documents[0])

static void unknown_document(struct loader *loader, const struct yaml_node *document)
{
    for (const struct yaml_node *member = document->first; member; member = member->next) {
        struct nearest nearest = nearest_to(member->key);
        for (size_t i = 0; i < DOCUMENTS; i++)
            nearest_consider(&nearest, documents[i].entry);
        if (!nearest.best)
            continue;
        load_unknown(loader, member->key_place, "entry", member->key, nearest.best);
        return;
    }
    problem_error(loader->problems, document->place,
                  "not a rule: there is no detection, correlation, filter or tuning");
}

void load_document(struct loader *loader, const struct yaml_node *document)
{
    if (document->kind != YAML_MAP) {
        problem_error(loader->problems, document->place, "a rule must be a map");
        return;
    }
    if (yaml_member(document, "action")) {
        problem_error(loader->problems, yaml_member(document, "action")->key_place,
                      "collections with \"action\" are not supported: repeat what they share");
        return;
    }
    for (size_t i = 0; i < DOCUMENTS; i++) {
        if (yaml_member(document, documents[i].entry)) {
            documents[i].load(loader, document);
            return;
        }
    }
    unknown_document(loader, document);
}

static bool start(struct loader *loader, const struct sigma_options *options,
                  struct problems *problems)
{
    *loader = (struct loader){ .options = options, .problems = problems };
    *problems = (struct problems){ 0 };
    loader->last_change = &loader->changes;
    loader->arena = arena_new(SET_MAX);
    return loader->arena && problems_init(problems, loader->arena);
}

/* Everything is read. */
static struct rule_set *finish(struct loader *loader)
{
    struct rule_set *set = load_take(loader, 1, sizeof *set);
    bool good = set && load_index_names(loader);
    if (good) {
        load_check_names(loader);
        load_apply_changes(loader);
        load_resolve(loader);
        good = load_finish(loader, set);
        problems_sort(loader->problems);
        set->arena = loader->arena;
    }
    if (!good || loader->no_memory || arena_full(loader->arena))
        return NULL;
    return set;
}

static struct rule_set *end(struct loader *loader, struct rule_set *set)
{
    free(loader->drafts);
    free(loader->names);
    if (!set) {
        *loader->problems = (struct problems){ 0 }; /* its texts go too */
        arena_free(loader->arena);
    }
    return set;
}

struct rule_set *sigma_load(const struct sigma_options *options, struct problems *problems)
{
    struct loader loader;
    if (!start(&loader, options, problems))
        return end(&loader, NULL);
    load_paths(&loader, options->shipped, true);
    load_paths(&loader, options->added, false);
    return end(&loader, finish(&loader));
}

struct rule_set *sigma_load_text(const struct sigma_options *options, const char *name,
                                 struct bytes text, struct problems *problems)
{
    struct loader loader;
    if (!start(&loader, options, problems))
        return end(&loader, NULL);
    load_text(&loader, name, text);
    return end(&loader, finish(&loader));
}

void sigma_print_grammar(FILE *out)
{
    fputs("modifiers, behind a field's name (user.name|contains):\n", out);
    modifiers_print(out);
    fputs("correlation types:\n"
          "  event_count      how many events there were\n"
          "  value_count      how many different values a field had\n"
          "  temporal         events of all its rules, in any order\n"
          "  temporal_ordered in the order in which the rules are named\n",
          out);
}
