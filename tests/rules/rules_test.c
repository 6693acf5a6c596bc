/* For each shipped rule: events that must lead to its finding, and events that must not. A rule for
 * which one of the two is missing is a failure too.
 *
 *   rules_test [--examples] FOLDER-OF-RULES FILE.events...
 *
 * Examples need no rule that waits for the configuration. */
#include <stdlib.h>
#include <string.h>

#include "detect.h"
#include "script.h"
#include "sigma.h"

#define START_NS     (UINT64_C(1795507200) * 1000000000) /* 2026-11-24T08:00:00Z */
#define FINDINGS_MAX 64
#define HEAP_MAX     65536

/* What an operator's configuration would say. */
#define LIST(name_, needed_, ...)                                                                  \
    {                                                                                              \
        .name = name_, .option = "own." name_, .values = (const char *const[]){ __VA_ARGS__ },     \
        .needed = needed_                                                                          \
    }
static const struct placeholder configured[] = {
    LIST("own_networks", false, "10.0.0.0/8", "192.168.0.0/16", "203.0.113.0/24", "fc00::/7", NULL),
    LIST("own_domains", true, "example.org", NULL),
    LIST("own_address_endings", true, "@example.org", ".example.org", NULL),
    LIST("trusted_clear", false, "10.9.0.0/24", "198.18.0.0/24", NULL),
    LIST("tls_required_endings", true, "@partner.example", ".partner.example", NULL),
    LIST("tls_required_servers", true, "203.0.113.77", "10.9.0.77", NULL),
    LIST("access_servers", true, "10.0.0.143", NULL),
    LIST("submission_servers", true, "10.0.0.25", NULL),
    LIST("relay_servers", true, "10.0.0.25", "203.0.113.25", NULL),
    LIST("smtp_ports", false, "25", "465", "587", NULL),
    LIST("imap_ports", false, "143", "993", NULL),
    LIST("pop3_ports", false, "110", "995", NULL),
    LIST("sieve_ports", false, "4190", "2000", NULL),
};
#define PLACEHOLDERS (sizeof configured / sizeof configured[0])

/* One finding that came: of the file's own id. */
struct came {
    char id[64];
    uint64_t severity, count;
};

struct run {
    const struct rule_set *set;
    const struct script *script;
    uint8_t *hit_in_case;  /* by rule */
    uint8_t *hit, *missed; /* in any case so far; missed: in one of its own file */
    struct came came[FINDINGS_MAX];
    size_t came_count;
    char other[64]; /* an id of a finding that came beside them */
    unsigned failures;
};

static struct rule_set *load(const char *folder, bool with_lists)
{
    const char *shipped[] = { folder, NULL }, *none[] = { NULL };
    struct placeholder lists[PLACEHOLDERS];
    struct problems problems = { 0 };
    for (size_t i = 0; i < PLACEHOLDERS; i++) {
        lists[i] = configured[i];
        if (lists[i].needed && !with_lists)
            lists[i].values = none;
    }
    struct rule_set *set = sigma_load(&(struct sigma_options){ .shipped = shipped,
                                                               .added = none,
                                                               .placeholders = lists,
                                                               .placeholder_count = PLACEHOLDERS },
                                      &problems);
    if (!set)
        abort();
    problems_print(&problems, stderr);
    if (problems.count > 0)
        exit(1);
    return set;
}

/* --- what comes ---------------------------------------------------------------------------------
 */

static bool has_text(const struct facts_index *facts, enum field field, const char *text)
{
    struct fact fact;
    return facts_lookup(facts, field, &fact) && bytes_equal(fact.value, bytes_of_string(text));
}

static uint64_t number_of(const struct facts_index *facts, enum field field)
{
    struct fact fact;
    return facts_lookup(facts, field, &fact) ? fact_number(&fact) : 0;
}

static void receive(void *arg, const struct event *event)
{
    struct run *run = arg;
    struct facts_index facts;
    struct fact id;
    char text[64] = "";
    facts_index(&facts, event->facts);
    if (!has_text(&facts, FIELD_RULE_ID, run->script->id)) {
        if (facts_lookup(&facts, FIELD_RULE_ID, &id))
            fact_print(&id, run->other, sizeof run->other);
        return;
    }
    if (!facts_lookup(&facts, FIELD_FINDING_ID, &id))
        return;
    fact_print(&id, text, sizeof text);
    size_t i = 0;
    while (i < run->came_count && strcmp(run->came[i].id, text) != 0)
        i++;
    if (i == FINDINGS_MAX)
        return;
    run->came_count = i == run->came_count ? i + 1 : run->came_count;
    memcpy(run->came[i].id, text, sizeof text);
    run->came[i].severity = number_of(&facts, FIELD_EVENT_SEVERITY);
    run->came[i].count = number_of(&facts, FIELD_FINDING_COUNT);
}

static void judged(void *arg, const struct event *event, const struct facts_index *facts,
                   const struct rule_hits *hits, const struct correlation_result *results,
                   struct matcher *matcher)
{
    struct run *run = arg;
    (void)event, (void)facts, (void)results, (void)matcher;
    for (size_t i = 0; i < run->set->count; i++)
        run->hit_in_case[i] |= (uint8_t)(hits->words[i / 64] >> i % 64 & 1);
}

/* --- playing ------------------------------------------------------------------------------------
 */

struct moment {
    uint64_t time_ns;
    const struct script_event *event;
    unsigned n;
};

static int by_time(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;
    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    return x->event->line != y->event->line ? (x->event->line < y->event->line ? -1 : 1)
                                            : (int)x->n - (int)y->n;
}

static size_t in_order(const struct script_case *at, struct moment *moments)
{
    size_t count = 0;
    for (size_t i = 0; i < at->event_count; i++) {
        const struct script_event *event = &at->events[i];
        for (unsigned n = 1; n <= event->times && count < HEAP_MAX; n++)
            moments[count++] =
                (struct moment){ START_NS + event->at_ns + (n - 1) * event->every_ns, event, n };
    }
    qsort(moments, count, sizeof moments[0], by_time);
    return count;
}

/* As the collector does: what is tracked is part of the event that is judged. */
static void play(struct run *run, struct detect *detect, const struct script_case *at)
{
    struct moment *moments = calloc(HEAP_MAX, sizeof moments[0]);
    struct facts facts, tracked;
    facts_init(&facts, NULL);
    facts_init(&tracked, NULL);
    size_t count = moments ? in_order(at, moments) : 0;
    for (size_t i = 0; i < count; i++) {
        facts_clear(&facts);
        script_facts(run->script, moments[i].event, moments[i].n, &facts);
        struct event event = { .kind = moments[i].event->kind,
                               .time_ns = moments[i].time_ns,
                               .flow_uid = i + 1,
                               .facts = buffer_view(&facts.records) };
        struct facts_index index;
        facts_index(&index, event.facts);
        detect_track(detect, &event, &index, &tracked);
        detect_event(detect, &event, &index);
    }
    detect_end(detect);
    facts_free(&facts);
    facts_free(&tracked);
    free(moments);
}

static uint64_t severity_of(const char *level)
{
    static const struct {
        const char *name;
        enum severity severity;
    } levels[] = { { "informational", SEVERITY_INFO },
                   { "low", SEVERITY_LOW },
                   { "medium", SEVERITY_MEDIUM },
                   { "high", SEVERITY_HIGH },
                   { "critical", SEVERITY_CRITICAL } };
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strcmp(levels[i].name, level) == 0)
            return levels[i].severity;
    }
    return 0;
}

static void check_wanted(struct run *run, const struct script_case *at)
{
    size_t all = 0;
    for (size_t i = 0; i < at->wanted_count; i++) {
        const struct script_wanted *wanted = &at->wanted[i];
        size_t found = 0;
        for (size_t k = 0; k < run->came_count; k++)
            found += run->came[k].severity == severity_of(wanted->level) &&
                     (wanted->count == 0 || wanted->count == run->came[k].count);
        all += wanted->findings;
        if (found != wanted->findings) {
            printf("%s:%u: %zu such findings, not %u\n", run->script->path, wanted->line, found,
                   wanted->findings);
            run->failures++;
        }
    }
    if (at->nothing_else && run->other[0]) {
        printf("%s:%u: \"%s\": %s, too\n", run->script->path, at->line, at->name, run->other);
        run->failures++;
    }
    if (run->came_count != all) {
        printf("%s:%u: \"%s\": %zu findings in all, not %zu\n", run->script->path, at->line,
               at->name, run->came_count, all);
        for (size_t k = 0; k < run->came_count; k++)
            printf("    severity %u, count %u\n", (unsigned)run->came[k].severity,
                   (unsigned)run->came[k].count);
        run->failures++;
    }
}

static void note_hits(struct run *run)
{
    for (size_t i = 0; i < run->set->count; i++) {
        const struct rule *rule = &run->set->rules[i];
        run->hit[i] |= run->hit_in_case[i];
        /* Rules that only feed others have no file of their own. */
        if (!rule->reports || strcmp(rule->id, run->script->id) == 0)
            run->missed[i] |= !run->hit_in_case[i];
    }
}

static void run_case(struct run *run, const char *folder, const struct script_case *at)
{
    struct rule_set *set = load(folder, true);
    struct detect *detect = detect_new(set, &(struct event_receiver){ receive, run });
    if (!detect)
        abort();
    detect_watch(detect, (struct detect_watch){ judged, run });
    run->set = set;
    run->came_count = 0;
    run->other[0] = '\0';
    memset(run->hit_in_case, 0, set->count);
    play(run, detect, at);
    check_wanted(run, at);
    note_hits(run);
    detect_free(detect);
}

static void check_whole(struct run *run, const struct rule_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct rule *rule = &set->rules[i];
        if (run->hit[i] && run->missed[i])
            continue;
        printf("%s:%u: \"%s\" (%s, level %d): no event that %s\n", rule->place.file,
               rule->place.line, rule->title, rule->id, (int)rule->level,
               run->hit[i] ? "must not hit" : "must hit");
        run->failures++;
    }
}

/* Without a configuration every rule loads, and those that need it wait. */
static void check_waiting(struct run *run, const char *folder)
{
    struct rule_set *set = load(folder, false);
    size_t waiting = 0;
    for (size_t i = 0; i < set->count; i++)
        waiting += set->rules[i].waits_for != NULL;
    if (waiting == 0) {
        printf("no rule waits for the configuration\n");
        run->failures++;
    }
    arena_free(set->arena);
}

int main(int argc, char **argv)
{
    bool examples = argc > 1 && strcmp(argv[1], "--examples") == 0;
    argc -= examples;
    argv += examples;
    if (argc < 3) {
        fprintf(stderr, "usage: rules_test [--examples] FOLDER-OF-RULES FILE.events...\n");
        return 2;
    }
    struct rule_set *set = load(argv[1], true);
    struct run run = { .hit_in_case = calloc(set->count + 1, 1),
                       .hit = calloc(set->count + 1, 1),
                       .missed = calloc(set->count + 1, 1) };
    size_t cases = 0;
    if (!run.hit_in_case || !run.hit || !run.missed)
        abort();
    for (int i = 2; i < argc; i++) {
        struct script *script = script_read(argv[i]);
        run.script = script;
        for (size_t k = 0; k < script->case_count; k++)
            run_case(&run, argv[1], &script->cases[k]);
        cases += script->case_count;
        script_free(script);
    }
    check_whole(&run, set);
    if (!examples)
        check_waiting(&run, argv[1]);
    printf("%zu rules, %zu cases, %u failures\n", set->count, cases, run.failures);
    arena_free(set->arena);
    free(run.hit_in_case);
    free(run.hit);
    free(run.missed);
    return run.failures > 0;
}
