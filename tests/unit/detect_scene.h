/* Rules as text, and the findings that come of events, for tests. */
#ifndef MAILTAP_DETECT_SCENE_H
#define MAILTAP_DETECT_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "detect.h"
#include "sigma.h"

#define SECOND   UINT64_C(1000000000)
#define HOUR     (3600 * SECOND)
#define SEEN_MAX 64

/* What was told, the first ones in detail. */
struct seen {
    struct {
        char state[16], rule[40], id[40], user[64], evidence[128], group_by[128];
        uint64_t count, severity, time_ns, first_ns, last_ns;
        bool internal; /* it names what must never be shown */
    } finding[SEEN_MAX];
    size_t count, closed;
};

/* Every value of the field, joined by spaces; empty if there is none. */
static inline void scene_text(struct bytes facts, enum field field, char *to, size_t size)
{
    struct fact fact;
    size_t len = 0;
    to[0] = '\0';
    for (size_t at = 0; facts_next(facts, &at, &fact) && len + 1 < size;) {
        if (fact.field != field)
            continue;
        if (len > 0)
            to[len++] = ' ';
        fact_print(&fact, to + len, size - len);
        len = strlen(to);
    }
}

static inline uint64_t scene_number(struct bytes facts, enum field field)
{
    struct fact fact;
    assert_true(facts_find(facts, field, &fact));
    return fact_number(&fact);
}

static inline void scene_receive(void *arg, const struct event *event)
{
    struct seen *seen = arg;
    struct fact fact;
    char state[16];
    size_t i = seen->count++;
    assert_int_equal(event->kind, EVENT_FINDING);
    scene_text(event->facts, FIELD_FINDING_STATE, state, sizeof state);
    seen->closed += strcmp(state, "closed") == 0;
    if (i >= SEEN_MAX)
        return;
    memcpy(seen->finding[i].state, state, sizeof state);
    scene_text(event->facts, FIELD_RULE_ID, seen->finding[i].rule, 40);
    scene_text(event->facts, FIELD_FINDING_ID, seen->finding[i].id, 40);
    scene_text(event->facts, FIELD_USER_NAME, seen->finding[i].user, 64);
    scene_text(event->facts, FIELD_FINDING_EVIDENCE, seen->finding[i].evidence, 128);
    scene_text(event->facts, FIELD_FINDING_GROUP_BY, seen->finding[i].group_by, 128);
    seen->finding[i].count = scene_number(event->facts, FIELD_FINDING_COUNT);
    seen->finding[i].severity = scene_number(event->facts, FIELD_EVENT_SEVERITY);
    seen->finding[i].first_ns = scene_number(event->facts, FIELD_FINDING_FIRST_SEEN);
    seen->finding[i].last_ns = scene_number(event->facts, FIELD_FINDING_LAST_SEEN);
    seen->finding[i].time_ns = event->time_ns;
    for (size_t at = 0; facts_next(event->facts, &at, &fact);)
        seen->finding[i].internal |= schema_field(fact.field)->visibility == VISIBILITY_INTERNAL;
}

/* A login from one client, with this secret. */
static inline void scene_login_with(struct detect *detect, uint64_t time_ns, const char *user,
                                    const char *outcome, uint64_t secret)
{
    static const uint8_t client[4] = { 192, 0, 2, 1 }, server[4] = { 192, 0, 2, 25 };
    struct facts facts;
    facts_init(&facts, NULL);
    facts_ip(&facts, FIELD_CLIENT_IP, bytes_over(client, 4));
    facts_ip(&facts, FIELD_SERVER_IP, bytes_over(server, 4));
    facts_number(&facts, FIELD_SERVER_PORT, 25);
    facts_string(&facts, FIELD_USER_NAME, user);
    facts_string(&facts, FIELD_EVENT_OUTCOME, outcome);
    facts_number(&facts, FIELD_AUTH_SECRET_HASH, secret);
    struct event event = { .kind = EVENT_AUTH,
                           .time_ns = time_ns,
                           .facts = buffer_view(&facts.records) };
    struct facts_index index;
    facts_index(&index, event.facts);
    detect_event(detect, &event, &index);
    facts_free(&facts);
}

static inline void scene_login(struct detect *detect, uint64_t time_ns, const char *user,
                               const char *outcome)
{
    scene_login_with(detect, time_ns, user, outcome, 4711);
}

/* Rules that must be well. */
static inline struct rule_set *scene_rules(const char *text)
{
    static const char *const none[] = { NULL };
    const struct sigma_options options = { .shipped = none, .added = none };
    struct problems problems;
    struct rule_set *set = sigma_load_text(&options, "test.yml", bytes_of_string(text), &problems);
    assert_non_null(set);
    problems_print(&problems, stderr);
    assert_int_equal(problems.errors, 0);
    return set;
}

static inline struct detect *scene_start(struct seen *seen, const char *rules)
{
    struct detect *detect =
        detect_new(scene_rules(rules), &(struct event_receiver){ scene_receive, seen });
    assert_non_null(detect);
    return detect;
}

static inline void scene_is(const struct seen *seen, size_t at, const char *rule, const char *state,
                            uint64_t count)
{
    assert_true(at < seen->count);
    assert_string_equal(seen->finding[at].rule, rule);
    assert_string_equal(seen->finding[at].state, state);
    assert_int_equal(seen->finding[at].count, count);
}

#endif
