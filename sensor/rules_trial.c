/* `mailtap rules test`: which rules hold for which events of a capture, and why one does not. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "log.h"
#include "match.h"
#include "rules_command.h"

#define REASON_MAX  512
#define MESSAGE_MAX 512

struct rules_trial {
    const struct rule_set *set;
    const char *id; /* NULL: all rules */
    size_t meant;   /* documents: bands of one finding share its id */
    FILE *out;
    uint64_t events;
    uint64_t *fired; /* by place in the set */
};

static bool is_meant(const struct rules_trial *trial, const struct rule *rule)
{
    return !trial->id || rule_is_called(rule, trial->id);
}

struct rules_trial *rules_trial_new(const struct rule_set *set, const char *id, FILE *out)
{
    struct rules_trial *trial = calloc(1, sizeof *trial);
    if (trial) {
        *trial = (struct rules_trial){ .set = set, .id = id, .out = out };
        trial->fired = calloc(set->count + 1, sizeof(uint64_t));
    }
    if (!trial || !trial->fired) {
        free(trial);
        log_error("out of memory");
        return NULL;
    }
    for (size_t i = 0; i < set->count; i++)
        trial->meant += is_meant(trial, &set->rules[i]);
    if (trial->meant > 0)
        return trial;
    log_error("no rule is called %s: \"mailtap rules list\" shows them", id);
    free(trial->fired);
    free(trial);
    return NULL;
}

/* "frame 12 2026-11-24T09:00:00.000000000Z auth: imap login by ..." */
static void print_event(const struct rules_trial *trial, const struct event *event,
                        const struct facts_index *facts)
{
    char time[TIME_TEXT_LEN + 1], message[MESSAGE_MAX];
    time_print(event->time_ns, time);
    event_message(event->kind, facts, message, sizeof message);
    if (event->frame > 0)
        fprintf(trial->out, "frame %" PRIu64 " ", frame_number(event->frame));
    fprintf(trial->out, "%s %s: %s\n", time, schema_event(event->kind)->name, message);
}

static void print_rule(const struct rules_trial *trial, size_t place, const char *what)
{
    const struct rule *rule = &trial->set->rules[place];
    fprintf(trial->out, "    %s %s (%s)%s%s\n", what, rule->id, severity_level(rule->level),
            rule->reports ? "" : ", which feeds others: ", rule->reports ? "" : rule->title);
}

/* --- why not ------------------------------------------------------------------------------------
 */

/* An event, and what was said of it. */
struct judgement {
    const struct event *event;
    const struct facts_index *facts;
    const struct rule_hits *hits;
    const struct correlation_result *results;
    struct matcher *matcher;
};

static bool is_hit(const struct judgement *judgement, size_t place)
{
    return judgement->hits->words[place / 64] >> place % 64 & 1;
}

static const char *field_name(enum field field)
{
    return schema_field(field)->name;
}

/* "counted, 3 of 10 so far (by user.name)" */
static void print_counted(FILE *out, const struct rule *rule, uint64_t count)
{
    const struct correlation *what = rule->correlation;
    bool bounded = what->at_most != UINT64_MAX || what->has_except;
    fprintf(out, "counted, %" PRIu64, count);
    if (what->type == TEMPORAL || what->type == TEMPORAL_ORDERED)
        fprintf(out, " of %zu rules%s", what->rule_count,
                what->type == TEMPORAL ? "" : ", one after the other,");
    else if (!bounded)
        fprintf(out, " of %" PRIu64, what->at_least);
    if (what->type == VALUE_COUNT)
        fprintf(out, " different %s", field_name(what->counted));
    fputs(" so far", out);
    for (size_t g = 0; g < what->group_count; g++)
        fprintf(out, "%s%s%s", g == 0 ? " (by " : ", ", field_name(what->group[g][0]),
                g + 1 == what->group_count ? ")" : "");
    fputs(bounded ? "; it is judged when its timespan is over" : "", out);
}

static const char *name_of(const struct rule *rule)
{
    return rule->name[0] ? rule->name : rule->title;
}

/* One of its rules held, and yet the event is in none of its windows. */
static void print_not_counted(FILE *out, const struct rule_set *set, const struct rule *rule,
                              size_t of, const struct judgement *judgement)
{
    const struct correlation *what = rule->correlation;
    struct fact fact;
    for (size_t g = 0; g < what->group_count; g++) {
        enum field field = what->group[g][of];
        if (!rule_field(judgement->event->kind, judgement->facts, field, &fact)) {
            fprintf(out, "not counted: there is no %s to group by", field_name(field));
            return;
        }
    }
    if (what->type == VALUE_COUNT)
        fprintf(out, "not counted: there is no %s that the rule is about",
                field_name(what->counted));
    else if (what->type == TEMPORAL_ORDERED)
        fprintf(out, "not counted: %s has not held before", name_of(&set->rules[what->rules[0]]));
    else
        fprintf(out, "not counted: there was no room for its window");
}

/* "none of its rules holds: failed_login: event.outcome is success, not 'failure'; ..." */
static void print_none_holds(FILE *out, const struct rule_set *set, const struct rule *rule,
                             const struct judgement *judgement)
{
    char reason[REASON_MAX];
    const struct correlation *what = rule->correlation;
    fprintf(out, "not counted: %s",
            what->rule_count > 1 ? "none of its rules holds: " : "its rule does not hold: ");
    for (size_t r = 0; r < what->rule_count; r++) {
        const struct rule *of = &set->rules[what->rules[r]];
        bool why = matcher_why_not(judgement->matcher, what->rules[r], judgement->event->kind,
                                   judgement->facts, reason, sizeof reason);
        fprintf(out, "%s%s: ", r > 0 ? "; " : "", name_of(of));
        if (!why && judgement->results[what->rules[r]].count > 0)
            print_counted(out, of, judgement->results[what->rules[r]].count);
        else
            fputs(why ? reason : "this event does not count for it", out);
    }
}

static void print_correlation(FILE *out, const struct rule_set *set, size_t place,
                              const struct judgement *judgement)
{
    const struct rule *rule = &set->rules[place];
    const struct correlation *what = rule->correlation;
    if (judgement->results[place].count > 0) {
        print_counted(out, rule, judgement->results[place].count);
        return;
    }
    for (size_t r = 0; r < what->rule_count; r++) {
        if (is_hit(judgement, what->rules[r])) {
            print_not_counted(out, set, rule, r, judgement);
            return;
        }
    }
    print_none_holds(out, set, rule, judgement);
}

/* "no: "; "no, critical: " if there are several documents of that name; of one level, with titles.
 */
static void print_no(const struct rules_trial *trial, const struct rule *rule)
{
    size_t same = 0;
    for (size_t i = 0; i < trial->set->count; i++)
        same += is_meant(trial, &trial->set->rules[i]) && trial->set->rules[i].level == rule->level;
    fputs("    no", trial->out);
    if (trial->meant > 1)
        fprintf(trial->out, ", %s", severity_level(rule->level));
    if (same > 1)
        fprintf(trial->out, " (%s)", rule->title);
    fputs(": ", trial->out);
}

static void print_why_not(struct rules_trial *trial, size_t place,
                          const struct judgement *judgement)
{
    char reason[REASON_MAX];
    const struct rule *rule = &trial->set->rules[place];
    print_no(trial, rule);
    if (matcher_why_not(judgement->matcher, place, judgement->event->kind, judgement->facts, reason,
                        sizeof reason))
        fputs(reason, trial->out);
    else if (rule->correlation)
        print_correlation(trial->out, trial->set, place, judgement);
    fputc('\n', trial->out);
}

/* --- events -------------------------------------------------------------------------------------
 */

/* A correlation looks at what its rules look at. */
static bool looks_at(const struct rule *rule, enum event_kind kind)
{
    return (rule->correlation && rule->kinds == 0) || (rule->kinds >> kind & 1);
}

static void judged(void *arg, const struct event *event, const struct facts_index *facts,
                   const struct rule_hits *hits, const struct correlation_result *results,
                   struct matcher *matcher)
{
    const struct judgement judgement = { event, facts, hits, results, matcher };
    struct rules_trial *trial = arg;
    bool printed = false;
    trial->events++;
    for (size_t i = 0; i < trial->set->count; i++) {
        const struct rule *rule = &trial->set->rules[i];
        bool holds = is_hit(&judgement, i);
        if (!is_meant(trial, rule) || (!holds && (!trial->id || !looks_at(rule, event->kind))))
            continue;
        if (!printed)
            print_event(trial, event, facts);
        printed = true;
        trial->fired[i] += holds;
        if (holds)
            print_rule(trial, i, "holds:");
        else
            print_why_not(trial, i, &judgement);
    }
}

struct detect_watch rules_trial_watch(struct rules_trial *trial)
{
    return (struct detect_watch){ judged, trial };
}

void rules_trial_end(struct rules_trial *trial)
{
    size_t held = 0;
    for (size_t i = 0; i < trial->set->count; i++)
        held += trial->fired[i] > 0;
    fprintf(trial->out, "%s%" PRIu64 " events", held > 0 ? "\n" : "", trial->events);
    if (held == 0)
        fputs(trial->id ? ", it holds for none\n" : ", no rule holds for any\n", trial->out);
    else
        fprintf(trial->out, "; rules that hold:\n");
    for (size_t i = 0; i < trial->set->count; i++) {
        const struct rule *rule = &trial->set->rules[i];
        if (trial->fired[i] > 0)
            fprintf(trial->out, "%8" PRIu64 " x  %-30s %s\n", trial->fired[i], rule->id,
                    rule->title);
    }
    free(trial->fired);
    free(trial);
}
