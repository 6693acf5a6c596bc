/* Rules and events for tests of correlation: sets made by hand, events of a time, a client, a user
 * and the rules they match. */
#ifndef MAILTAP_CORRELATION_SCENE_H
#define MAILTAP_CORRELATION_SCENE_H

#include <string.h>

#include "correlation.h"

#define SCENE_RULES 16

/* The first rules are detection rules, the others correlations. */
struct scene_set {
    struct rule rules[SCENE_RULES];
    struct correlation what[SCENE_RULES];
    struct rule_set set;
};

static inline void scene_rule(struct scene_set *scene)
{
    struct rule *rule = &scene->rules[scene->set.count];
    rule->fingerprint[0] = 100 + scene->set.count++;
    scene->set.rules = scene->rules;
}

/* A correlation of these rules (bits) by client.ip; the caller adds what makes it different. */
static inline struct correlation *scene_correlation(struct scene_set *scene,
                                                    enum correlation_type type, uint32_t rules,
                                                    uint64_t timespan_ns)
{
    size_t place = scene->set.count;
    struct correlation *what = &scene->what[place];
    *what = (struct correlation){ .type = type,
                                  .timespan_ns = timespan_ns,
                                  .counted = FIELD_USER_NAME,
                                  .at_most = UINT64_MAX,
                                  .group_count = 1 };
    for (uint16_t rule = 0; rule < place; rule++) {
        if (!(rules >> rule & 1))
            continue;
        what->group[0][what->rule_count] = FIELD_CLIENT_IP;
        what->rules[what->rule_count++] = rule;
    }
    scene->rules[place].correlation = what;
    scene_rule(scene);
    return what;
}

struct scene_event {
    uint64_t time_ns;
    uint32_t client;    /* 0: none */
    const char *user;   /* NULL: none */
    uint64_t rules;     /* bits: those that it matches */
    uint64_t held_back; /* bits: correlations whose own expression does not let it through */
};

struct scene_answer {
    uint64_t hits;
    struct correlation_result results[SCENE_RULES];
};

static inline struct scene_answer scene_play(struct correlator *correlator,
                                             const struct scene_event *what)
{
    struct scene_answer answer = { 0 };
    struct rule_hits hits = { &answer.hits, SCENE_RULES };
    struct facts_index index;
    struct facts facts;
    facts_init(&facts, NULL);
    if (what->client)
        facts_ip(&facts, FIELD_CLIENT_IP, bytes_over(&what->client, sizeof what->client));
    if (what->user)
        facts_string(&facts, FIELD_USER_NAME, what->user);
    facts_index(&index, buffer_view(&facts.records));
    struct event event = { .kind = EVENT_AUTH,
                           .time_ns = what->time_ns,
                           .facts = buffer_view(&facts.records) };
    answer.hits = (what->rules | ~UINT64_C(0) << 8) & ~what->held_back;
    correlator_event(correlator, NULL, &event, &index, &hits, answer.results);
    facts_free(&facts);
    return answer;
}

#endif
