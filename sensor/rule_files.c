/* The rules that the configuration asks for. */
#include "rule_files.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "match.h"

#define ENDINGS 2 /* of each domain */

/* What a placeholder stands for: a list of the configuration. */
static const struct {
    const char *name, *option;
    size_t offset;
    bool needed; /* a rule that asks for it cannot be judged while nothing is set */
} lists[] = {
#define LIST(name_, option_, member, needed_)                                                      \
    {                                                                                              \
        name_, option_, offsetof(struct config, member), needed_                                   \
    }
    LIST("own_networks", "own.networks", own_networks, false),
    LIST("own_domains", "own.domains", own_domains, true),
    LIST("trusted_clear", "own.trusted_clear", own_trusted_clear, false),
    LIST("tls_required_servers", "own.tls_required.servers", own_tls_required_servers, true),
    LIST("access_servers", "own.servers.access", own_access, true),
    LIST("submission_servers", "own.servers.submission", own_submission, true),
    LIST("relay_servers", "own.servers.relay", own_relay, true),
    LIST("smtp_ports", "own.ports.smtp", own_smtp_ports, false),
    LIST("imap_ports", "own.ports.imap", own_imap_ports, false),
    LIST("pop3_ports", "own.ports.pop3", own_pop3_ports, false),
    LIST("sieve_ports", "own.ports.sieve", own_sieve_ports, false),
#undef LIST
};
#define LISTS (sizeof lists / sizeof lists[0])

/* The same for lists of domains, as the ends of addresses there. */
static const struct {
    const char *name, *option;
    size_t offset;
} endings_lists[] = {
    { "own_address_endings", "own.domains", offsetof(struct config, own_domains) },
    { "tls_required_endings", "own.tls_required.domains",
      offsetof(struct config, own_tls_required_domains) },
};
#define ENDINGS_LISTS (sizeof endings_lists / sizeof endings_lists[0])

static const char *const nothing[] = { NULL };

static const struct text_list *list_at(const struct config *config, size_t offset)
{
    return (const void *)((const char *)config + offset);
}

/* How addresses of these domains end: "@example.org", and ".example.org" below it. */
static bool endings_of(const struct text_list *domains, struct text_list *endings)
{
    for (unsigned i = 0; i < domains->count; i++) {
        char text[512];
        for (int k = 0; k < ENDINGS; k++) {
            snprintf(text, sizeof text, "%c%.500s", "@."[k], domains -> items[i]);
            if (!text_list_add(endings, text))
                return false;
        }
    }
    return true;
}

static const char *const *items_of(const struct text_list *list)
{
    return list->count > 0 ? (const char *const *)list->items : nothing;
}

static size_t fill_placeholders(const struct config *config,
                                const struct text_list endings[ENDINGS_LISTS],
                                struct placeholder placeholders[LISTS + ENDINGS_LISTS])
{
    for (size_t i = 0; i < LISTS; i++)
        placeholders[i] =
            (struct placeholder){ .name = lists[i].name,
                                  .option = lists[i].option,
                                  .values = items_of(list_at(config, lists[i].offset)),
                                  .needed = lists[i].needed };
    for (size_t i = 0; i < ENDINGS_LISTS; i++)
        placeholders[LISTS + i] = (struct placeholder){ .name = endings_lists[i].name,
                                                        .option = endings_lists[i].option,
                                                        .values = items_of(&endings[i]),
                                                        .needed = true };
    return LISTS + ENDINGS_LISTS;
}

/* The folder of the rules that come with mailtap: beside the program where it was built, else where
 * it was installed. */
static bool shipped_folder(char folder[PATH_MAX])
{
    static const char *const places[] = { "rules", "../share/mailtap/rules" };
    char program[PATH_MAX];
    struct stat about;
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    if (len <= 0)
        return false;
    program[len] = '\0';
    int parent = (int)(strrchr(program, '/') - program) + 1;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (snprintf(folder, PATH_MAX, "%.*s%s", parent, program, places[i]) < PATH_MAX &&
            stat(folder, &about) == 0 && S_ISDIR(about.st_mode))
            return true;
    }
    return false;
}

static struct rule_set *load(const struct config *config, const char *const *shipped,
                             const char *const *added, bool foreign, struct problems *problems)
{
    struct placeholder placeholders[LISTS + ENDINGS_LISTS];
    struct text_list endings[ENDINGS_LISTS] = { 0 };
    struct rule_set *set = NULL;
    bool whole = true;
    for (size_t i = 0; i < ENDINGS_LISTS; i++)
        whole = whole && endings_of(list_at(config, endings_lists[i].offset), &endings[i]);
    if (whole) {
        struct sigma_options options = {
            .shipped = shipped, .added = added, .placeholders = placeholders, .foreign = foreign
        };
        options.placeholder_count = fill_placeholders(config, endings, placeholders);
        set = sigma_load(&options, problems);
    }
    for (size_t i = 0; i < ENDINGS_LISTS; i++)
        text_list_clear(&endings[i]);
    if (set && !foreign)
        matcher_free(matcher_new(set, problems));
    if (set)
        problems_sort(problems);
    return set;
}

/* It need not be there, and may come while mailtap runs; a link to nowhere is a mistake. */
static bool has_folder(const struct config *config)
{
    struct stat about;
    return config->rules_folder && (lstat(config->rules_folder, &about) == 0 || errno != ENOENT);
}

/* What a run reads: what comes with mailtap or stands in its place, and what the operator adds. */
static bool collect(const struct config *config, struct text_list *shipped, struct text_list *added)
{
    char folder[PATH_MAX] = "/usr/share/mailtap/rules";
    const struct text_list *replace = &config->rules_replace;
    bool good = true;
    if (replace->count == 0) {
        shipped_folder(folder);
        good = text_list_add(shipped, folder);
    }
    for (unsigned i = 0; i < replace->count; i++)
        good = good && text_list_add(shipped, replace->items[i]);
    if (has_folder(config))
        good = good && text_list_add(added, config->rules_folder);
    for (unsigned i = 0; i < config->rules_add.count; i++)
        good = good && text_list_add(added, config->rules_add.items[i]);
    return good;
}

struct rule_set *rule_files_load(const struct config *config, struct problems *problems)
{
    struct text_list shipped = { 0 }, added = { 0 };
    struct rule_set *set = NULL;
    if (collect(config, &shipped, &added))
        set = load(config, items_of(&shipped), items_of(&added), false, problems);
    text_list_clear(&shipped);
    text_list_clear(&added);
    return set;
}

bool rule_files_print_sources(const struct config *config, FILE *out)
{
    struct text_list sources = { 0 };
    bool good = collect(config, &sources, &sources);
    for (unsigned i = 0; good && i < sources.count; i++)
        fprintf(out, "%s%s", i > 0 ? ", " : "", sources.items[i]);
    text_list_clear(&sources);
    return good;
}

/* They may be about rules that come with mailtap (tuning is), or be copies of those: of the two
 * ways to read them the one with fewer complaints is meant. */
struct rule_set *rule_files_check(const struct config *config, const char *const *paths,
                                  bool foreign, struct problems *problems)
{
    struct text_list shipped = { 0 }, added = { 0 };
    struct problems with = { 0 };
    struct rule_set *alone = load(config, nothing, paths, foreign, problems), *other = NULL;
    if (!alone || foreign || problems->count == 0)
        return alone;
    if (collect(config, &shipped, &added))
        other = load(config, items_of(&shipped), paths, false, &with);
    text_list_clear(&shipped);
    text_list_clear(&added);
    if (!other || with.count >= problems->count) {
        if (other)
            arena_free(other->arena);
        return alone;
    }
    arena_free(alone->arena);
    *problems = with;
    return other;
}

bool rule_files_good(const struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->list[i];
        char where[64] = "";
        if (problem->place.line > 0)
            snprintf(where, sizeof where, ":%u:%u", problem->place.line, problem->place.column);
        if (problem->kind == PROBLEM_ERROR)
            log_error("%s%s: %s", problem->place.file, where, problem->text);
        else
            log_warn("%s%s: %s", problem->place.file, where, problem->text);
    }
    return problems->errors == 0;
}
