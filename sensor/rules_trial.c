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
    FILE *out;
    uint64_t events;
    uint64_t *fired; /* by place in the set */
};

static bool is_meant(const struct rules_trial *trial, const struct rule *rule)
{
    return !trial->id || strcmp(rule->id, trial->id) == 0 || strcmp(rule->uuid, trial->id) == 0 ||
           strcmp(rule->name, trial->id) == 0;
}

struct rules_trial *rules_trial_new(const struct rule_set *set, const char *id, FILE *out)
{
    struct rules_trial *trial = calloc(1, sizeof *trial);
    bool any = false;
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
        any |= is_meant(trial, &set->rules[i]);
    if (any)
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
    fprintf(trial->out, "    %s %s (%s)%s%s\n", what, rule->id, severity_name(rule->level),
            rule->reports ? "" : ", which feeds others: ", rule->reports ? "" : rule->title);
}

static void print_why_not(struct rules_trial *trial, size_t place, struct matcher *matcher,
                          const struct event *event, const struct facts_index *facts)
{
    char reason[REASON_MAX];
    const struct rule *rule = &trial->set->rules[place];
    if (rule->correlation && !matcher_why_not(matcher, place, event->kind, facts, reason, REASON_MAX))
        snprintf(reason, sizeof reason, "its window does not hold (yet)");
    else if (!rule->correlation)
        matcher_why_not(matcher, place, event->kind, facts, reason, REASON_MAX);
    fprintf(trial->out, "    no: %s\n", reason);
}

/* A correlation looks at what its rules look at. */
static bool looks_at(const struct rule_set *set, const struct rule *rule, enum event_kind kind)
{
    if (!rule->correlation)
        return rule->kinds >> kind & 1;
    for (size_t i = 0; i < rule->correlation->rule_count; i++) {
        const struct rule *of = &set->rules[rule->correlation->rules[i]];
        if (of->correlation || (of->kinds >> kind & 1))
            return true;
    }
    return false;
}

static void judged(void *arg, const struct event *event, const struct facts_index *facts,
                   const struct rule_hits *hits, struct matcher *matcher)
{
    struct rules_trial *trial = arg;
    bool printed = false;
    trial->events++;
    for (size_t i = 0; i < trial->set->count; i++) {
        const struct rule *rule = &trial->set->rules[i];
        bool holds = hits->words[i / 64] >> i % 64 & 1;
        if (!is_meant(trial, rule) ||
            (!holds && (!trial->id || !looks_at(trial->set, rule, event->kind))))
            continue;
        if (!printed)
            print_event(trial, event, facts);
        printed = true;
        trial->fired[i] += holds;
        if (holds)
            print_rule(trial, i, "holds:");
        else
            print_why_not(trial, i, matcher, event, facts);
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
