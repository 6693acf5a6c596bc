/* Findings: which events are worth an alarm, and the alarm itself as one event per group, not per
 * occurrence.
 *
 * A finding is new when its group is first seen, updated when it gets worse, closed when its window
 * ends or the input does. Windows are a day of packet time, so that what goes on is said again. */
#ifndef MAILTAP_FINDING_H
#define MAILTAP_FINDING_H

#include "event.h"
#include "rules.h"

#define RULE_CONDITIONS 3
#define RULE_GROUP      5
#define RULE_TECHNIQUES 4

/* A field that has one of these values (separated by '|'), a list if any of its values is. A field
 * that is absent has none. */
struct condition {
    enum field field;
    const char *values;
};

struct finding_rule {
    const char *id, *uuid, *title;
    enum event_kind on;
    struct condition all[RULE_CONDITIONS]; /* ends with values NULL */
    enum severity severity;
    struct condition worse; /* if this holds too, it is worse_severity */
    enum severity worse_severity;
    const char *confidence;
    enum field group[RULE_GROUP]; /* ends with FIELDS; what makes it the same finding */
    const char *techniques[RULE_TECHNIQUES];
    const char *remediation;
    const char *evidence; /* a template over the event's facts, for event_text(); NULL: none */
};

/* The rules there are (catalogue.c); ends with id NULL. */
extern const struct finding_rule finding_rules[];

struct findings;

/* `out` gets the findings, as events. NULL if there is no memory. */
struct findings *findings_new(const struct finding_rule *rules, const struct event_receiver *out);
/* Looks at one event, in order of time. Emits what it means. */
void findings_event(struct findings *, const struct event *);
/* The input ends: closes what is open. */
void findings_end(struct findings *);
void findings_free(struct findings *); /* NULL is fine; emits nothing */

/* The most memory it can use, in bytes. */
size_t findings_bytes(const struct findings *);

#endif
