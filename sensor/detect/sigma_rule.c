/* Detection rules, and what all rules have: title, id, level, the mailtap: block. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "loader.h"

#define TITLE_MAX 256
#define DAY_NS    (86400U * (uint64_t)1000000000)

static bool load_uuid(struct loader *loader, const struct yaml_node *node, struct draft *draft)
{
    const char *text = load_word(loader, node, "id");
    if (!text)
        return false;
    bool good = node->len == 36;
    for (size_t i = 0; good && i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        good = dash ? text[i] == '-' : isxdigit((unsigned char)text[i]) != 0;
    }
    if (!good)
        problem_error(loader->problems, node->place,
                      "id must be a UUID (the finding's own id stands in mailtap: id)");
    draft->rule.uuid = text;
    draft->uuid_place = node->place;
    return good;
}

/* attack.t1110.001 becomes T1110.001; other tags are for people. */
static void load_tags(struct loader *loader, const struct yaml_node *node, struct rule *rule)
{
    const char *prefix = "attack.t";
    const char *const *tags = load_words(loader, node, "tags");
    size_t count = 0;
    for (size_t i = 0; tags && tags[i]; i++) {
        if (strncmp(tags[i], prefix, strlen(prefix)) != 0 ||
            !isdigit((unsigned char)tags[i][strlen(prefix)]))
            continue;
        if (count == TECHNIQUES_MAX) {
            problem_warning(loader->problems, node->place, "only the first %d techniques count",
                            TECHNIQUES_MAX);
            return;
        }
        const char *from = tags[i] + strlen(prefix) - 1;
        char *technique = load_take(loader, strlen(from) + 1, 1);
        if (!technique)
            return;
        technique[0] = 'T';
        memcpy(technique + 1, from + 1, strlen(from) - 1);
        rule->techniques[count++] = technique;
    }
}

static bool load_title(struct loader *loader, const struct yaml_node *map, struct rule *rule)
{
    const struct yaml_node *title = yaml_member(map, "title");
    if (!title) {
        problem_error(loader->problems, map->place, "there is no title");
        return false;
    }
    rule->title = load_word(loader, title, "title");
    if (rule->title && (title->len == 0 || title->len > TITLE_MAX)) {
        problem_error(loader->problems, title->place, "a title has 1 to %d bytes", TITLE_MAX);
        return false;
    }
    return rule->title != NULL;
}

/* A word that is nearly one we read is a slip; others are for other programs. */
static void warn_slips(struct loader *loader, const struct yaml_node *map)
{
    static const char *const names[] = { "title",    "id",          "name",      "related",
                                         "taxonomy", "status",      "license",   "author",
                                         "date",     "modified",    "logsource", "description",
                                         "fields",   "level",       "tags",      "falsepositives",
                                         "scope",    "references",  "mailtap",   "filter",
                                         "generate", "correlation", "detection", NULL };
    for (const struct yaml_node *member = map->first; member; member = member->next) {
        struct nearest nearest = nearest_to(member->key);
        size_t i = 0;
        while (names[i] && strcmp(names[i], member->key) != 0)
            i++;
        for (size_t k = 0; !names[i] && names[k]; k++)
            nearest_consider(&nearest, names[k]);
        if (nearest.best && !loader->options->foreign)
            problem_warning(loader->problems, member->key_place,
                            "unknown entry \"%s\", did you mean \"%s\"?", member->key,
                            nearest.best);
    }
}

/* --- the mailtap: block -------------------------------------------------------------------------
 */

static bool load_finding_id(struct loader *loader, const struct yaml_node *node, struct rule *rule)
{
    rule->id = load_word(loader, node, "id");
    if (!rule->id)
        return false;
    size_t good = strspn(rule->id, "abcdefghijklmnopqrstuvwxyz0123456789._-");
    if (rule->id[good] == '\0' && good > 0)
        return true;
    problem_error(loader->problems, yaml_place_in(node, good),
                  "the id of a finding has small letters, digits, dots and _ only");
    return false;
}

static bool load_group_by(struct loader *loader, const struct yaml_node *node, struct rule *rule)
{
    bool good = true;
    const struct yaml_node *at = node->kind == YAML_LIST ? node->first : node;
    rule->group_count = 0;
    for (; at; at = node->kind == YAML_LIST ? at->next : NULL) {
        const char *name = load_word(loader, at, "group");
        if (rule->group_count == GROUP_FIELDS_MAX) {
            problem_error(loader->problems, at->place, "more than %d fields to group by",
                          GROUP_FIELDS_MAX);
            return false;
        }
        enum field field = name ? load_field(loader, name, at->place, USE_SHOW) : FIELDS;
        good &= field != FIELDS;
        if (field != FIELDS)
            rule->group_by[rule->group_count++] = field;
    }
    return good;
}

static bool load_block(struct loader *loader, const struct yaml_node *block, struct draft *draft)
{
    static const char *const members[] = { "id",         "remediation", "group", "window",
                                           "confidence", "evidence",    NULL };
    static const char *const confidences[] = { "confirmed", "likely", "weak", NULL };
    const struct yaml_node *node;
    struct rule *rule = &draft->rule;
    bool good = load_known_members(loader, block, "mailtap", members);
    draft->own_block = true;
    if ((node = yaml_member(block, "id")))
        good &= load_finding_id(loader, node, rule);
    if ((node = yaml_member(block, "remediation")))
        good &= (rule->remediation = load_word(loader, node, "remediation")) != NULL;
    if ((node = yaml_member(block, "group"))) {
        good &= load_group_by(loader, node, rule);
        draft->own_group = true;
    }
    if ((node = yaml_member(block, "window")))
        good &= load_span(loader, node, "window", &rule->window_ns);
    if ((node = yaml_member(block, "confidence"))) {
        int which = load_choice(loader, node, "confidence", confidences);
        rule->confidence = which >= 0 ? confidences[which] : rule->confidence;
    }
    if ((node = yaml_member(block, "evidence"))) {
        rule->evidence = load_word(loader, node, "evidence");
        if (rule->evidence)
            load_check_template(loader, rule->evidence, node);
    }
    return good;
}

/* Without an id of its own: the name, the UUID, or the title with dots between its words. */
static const char *finding_id(struct loader *loader, const struct rule *rule)
{
    if (rule->name[0] || rule->uuid[0])
        return rule->name[0] ? rule->name : rule->uuid;
    size_t len = 0;
    char *id = load_take(loader, strlen(rule->title) + 1, 1);
    for (const char *at = rule->title; id && *at; at++) {
        unsigned char letter = (unsigned char)*at;
        if (letter < 128 && isalnum(letter))
            id[len++] = (char)tolower(letter);
        else if (len > 0 && id[len - 1] != '.')
            id[len++] = '.';
    }
    if (id && len > 0 && id[len - 1] == '.')
        id[len - 1] = '\0';
    return id && id[0] ? id : "rule";
}

/* --- all rules ----------------------------------------------------------------------------------
 */

static struct draft *new_draft(struct loader *loader, const struct yaml_node *map)
{
    if (loader->count == RULES_MAX) {
        problem_error(loader->problems, map->place, "more than %d rules", RULES_MAX);
        return NULL;
    }
    if (loader->count == loader->capacity) {
        size_t capacity = loader->capacity > 0 ? 2 * loader->capacity : 64;
        struct draft *larger = realloc(loader->drafts, capacity * sizeof larger[0]);
        if (!larger) {
            problem_error(loader->problems, map->place, "no memory");
            return NULL;
        }
        loader->drafts = larger;
        loader->capacity = capacity;
    }
    struct draft *draft = &loader->drafts[loader->count++];
    memset(draft, 0, sizeof *draft);
    draft->place_in_set = SIZE_MAX;
    draft->rule = (struct rule){ .place = map->place,
                                 .uuid = "",
                                 .name = "",
                                 .title = "",
                                 .description = "",
                                 .status = "",
                                 .level = SEVERITY_INFO,
                                 .confidence = "likely",
                                 .remediation = "",
                                 .window_ns = DAY_NS,
                                 .shipped = loader->shipped };
    loader->values = 0;
    loader->waits_for = NULL;
    return draft;
}

static void load_texts(struct loader *loader, const struct yaml_node *map, struct rule *rule)
{
    static const char *const none[] = { NULL };
    static const char *const statuses[] = { "stable",     "test",        "experimental",
                                            "deprecated", "unsupported", NULL };
    const struct yaml_node *node;
    const char *text;
    rule->references = rule->false_positives = none;
    if ((node = yaml_member(map, "name")) && (text = load_word(loader, node, "name")))
        rule->name = text;
    if ((node = yaml_member(map, "description")) && (text = load_word(loader, node, "description")))
        rule->description = text;
    int which =
        (node = yaml_member(map, "status")) ? load_choice(loader, node, "status", statuses) : -1;
    if (which >= 0)
        rule->status = statuses[which];
    const char *const *words;
    if ((node = yaml_member(map, "references")) && (words = load_words(loader, node, "references")))
        rule->references = words;
    if ((node = yaml_member(map, "falsepositives")) &&
        (words = load_words(loader, node, "falsepositives")))
        rule->false_positives = words;
}

struct draft *load_head(struct loader *loader, const struct yaml_node *map)
{
    struct draft *draft = new_draft(loader, map);
    const struct yaml_node *node;
    if (!draft)
        return NULL;
    load_title(loader, map, &draft->rule);
    if (!draft->rule.title)
        draft->rule.title = "";
    load_texts(loader, map, &draft->rule);
    if ((node = yaml_member(map, "name")))
        draft->name_place = node->place;
    if ((node = yaml_member(map, "id")))
        load_uuid(loader, node, draft);
    if (!draft->rule.uuid)
        draft->rule.uuid = "";
    if ((node = yaml_member(map, "level")))
        load_level(loader, node, &draft->rule.level);
    if ((node = yaml_member(map, "tags")))
        load_tags(loader, node, &draft->rule);
    if ((node = yaml_member(map, "mailtap")))
        load_block(loader, node, draft);
    if (!draft->rule.id)
        draft->rule.id = finding_id(loader, &draft->rule);
    warn_slips(loader, map);
    return draft;
}

void load_rule(struct loader *loader, const struct yaml_node *map)
{
    static const enum field group[] = { FIELD_CLIENT_IP, FIELD_SERVER_IP, FIELD_SERVER_PORT };
    size_t errors = loader->problems->errors;
    struct draft *draft = load_head(loader, map);
    struct log_source source = { 0 };
    if (!draft)
        return;
    struct rule *rule = &draft->rule;
    const struct yaml_node *node = yaml_member(map, "logsource");
    if (!node)
        problem_error(loader->problems, map->place, "there is no logsource");
    else
        load_source(loader, node, &source);
    rule->kinds = source.kinds;
    rule->protocol = source.protocol;
    if (load_expression(loader, map, "detection", NULL, &rule->expression))
        load_warn_claims(loader, &rule->expression);
    rule->waits_for = loader->waits_for;
    if (!draft->own_group) {
        memcpy(rule->group_by, group, sizeof group);
        rule->group_count = sizeof group / sizeof group[0];
    }
    draft->broken = loader->problems->errors != errors || arena_full(loader->arena);
}
