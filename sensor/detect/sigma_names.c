/* By which names rules are found: finding id, UUID, name, title. */
#include <stdlib.h>
#include <string.h>

#include "loader.h"

enum name_kind { NAME_UUID, NAME_NAME, NAME_ID, NAME_TITLE, NAME_KINDS };

struct name_entry {
    const char *name;
    uint32_t draft;
    uint8_t kind;
};

static int compare(const void *left, const void *right)
{
    const struct name_entry *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    if (order == 0)
        order = (a->draft > b->draft) - (a->draft < b->draft);
    return order != 0 ? order : a->kind - b->kind;
}

bool load_index_names(struct loader *loader)
{
    struct name_entry *names = calloc(loader->count * NAME_KINDS + 1, sizeof names[0]);
    if (!names)
        return false;
    loader->names = names;
    for (size_t i = 0; i < loader->count; i++) {
        const struct rule *rule = &loader->drafts[i].rule;
        const char *of[] = { rule->uuid, rule->name, rule->id, rule->title };
        for (unsigned kind = 0; kind < NAME_KINDS; kind++) {
            if (of[kind][0])
                names[loader->name_count++] = (struct name_entry){ .name = of[kind],
                                                                   .draft = (uint32_t)i,
                                                                   .kind = (uint8_t)kind };
        }
    }
    qsort(names, loader->name_count, sizeof names[0], compare);
    return true;
}

static size_t first_of(const struct loader *loader, const char *name)
{
    size_t low = 0, high = loader->name_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(loader->names[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t load_find(struct loader *loader, const char *name, void (*each)(void *arg, struct draft *),
                 void *arg)
{
    size_t count = 0;
    uint32_t last = UINT32_MAX;
    for (size_t i = first_of(loader, name);
         i < loader->name_count && strcmp(loader->names[i].name, name) == 0; i++) {
        if (loader->names[i].draft == last)
            continue; /* by two of its names */
        last = loader->names[i].draft;
        each(arg, &loader->drafts[last]);
        count++;
    }
    return count;
}

/* The shortest name that begins with the word; or else holds it. NULL: none does. */
static const char *longer_name(const struct loader *loader, const char *word)
{
    const char *best = NULL;
    bool best_begins = false;
    for (size_t i = 0; i < loader->name_count; i++) {
        const char *name = loader->names[i].name, *found = strstr(name, word);
        bool begins = found == name;
        if (!found || (best_begins && !begins) || loader->names[i].kind == NAME_TITLE)
            continue;
        if (!best || begins != best_begins || strlen(name) < strlen(best)) {
            best = name;
            best_begins = begins;
        }
    }
    return best;
}

const char *load_nearest_rule(struct loader *loader, const char *name)
{
    const unsigned slip = 2; /* so many letters are wrong by accident; else the rest was left off */
    struct nearest nearest = nearest_to(name);
    const char *longer = NULL;
    for (size_t i = 0; i < loader->name_count && loader->problems->count < PROBLEMS_MAX; i++)
        nearest_consider(&nearest, loader->names[i].name);
    if ((!nearest.best || nearest.least > slip) && strlen(name) > slip &&
        loader->problems->count < PROBLEMS_MAX)
        longer = longer_name(loader, name);
    return longer ? longer : nearest.best;
}

static void twice(struct loader *loader, const struct name_entry *first,
                  const struct name_entry *second)
{
    const struct draft *earlier = &loader->drafts[first->draft];
    struct draft *later = &loader->drafts[second->draft];
    bool uuid = second->kind == NAME_UUID;
    struct place place = uuid ? later->uuid_place : later->name_place;
    problem_error(loader->problems, place, "the %s \"%.100s\" is taken, by %s line %u",
                  uuid ? "id" : "name", second->name, earlier->rule.place.file,
                  earlier->rule.place.line);
    later->broken = true;
}

void load_check_names(struct loader *loader)
{
    for (size_t i = 0, first = 0; i < loader->name_count && !loader->options->foreign; i++) {
        if (strcmp(loader->names[i].name, loader->names[first].name) != 0)
            first = i;
        for (size_t k = first; k < i && loader->names[i].kind <= NAME_NAME; k++) {
            if (loader->names[k].kind != loader->names[i].kind)
                continue;
            twice(loader, &loader->names[k], &loader->names[i]);
            break;
        }
    }
}
