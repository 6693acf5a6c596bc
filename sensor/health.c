/* Numbers of the last minute, and what they mean. */
#include "health.h"

#define MINUTE_NS (UINT64_C(60) * 1000000000)

static const struct {
    enum field field;
    enum counter counter;
} numbers[] = {
    { FIELD_STATS_PACKETS, COUNT_PACKETS },
    { FIELD_STATS_BYTES, COUNT_BYTES },
    { FIELD_STATS_DROPPED_KERNEL, COUNT_DROPPED_KERNEL },
    { FIELD_STATS_DROPPED_INTERFACE, COUNT_DROPPED_INTERFACE },
    { FIELD_STATS_TRUNCATED, COUNT_PACKETS_TRUNCATED },
    { FIELD_STATS_MAIL_FLOWS, COUNT_MAIL_FLOWS },
    { FIELD_STATS_MAIL_ONE_SIDED, COUNT_MAIL_ONE_SIDED },
    { FIELD_STATS_MAIL_MIDSTREAM, COUNT_MAIL_MIDSTREAM },
    { FIELD_STATS_MAIL_GAP, COUNT_MAIL_GAP },
    { FIELD_STATS_MAIL_DESYNC, COUNT_MAIL_DESYNC },
    { FIELD_STATS_EVENTS, COUNT_EVENTS },
    { FIELD_STATS_EVENTS_LOST, COUNT_EVENTS_LOST },
};

/* A claim is yes if the part is at least so many, and more than so many in a thousand of the whole.
 * The counter of events stands for "of whatever". */
static const struct {
    enum field claim;
    enum counter part, whole;
    uint64_t at_least, per_mille;
} judgements[] = {
    { FIELD_SENSOR_CAPTURE_LOSS, COUNT_DROPPED_KERNEL, COUNT_PACKETS, 1, 0 },
    { FIELD_SENSOR_CAPTURE_LOSS, COUNT_DROPPED_INTERFACE, COUNT_PACKETS, 1, 0 },
    { FIELD_SENSOR_TRUNCATED, COUNT_PACKETS_TRUNCATED, COUNT_PACKETS, 1, 1 },
    { FIELD_SENSOR_PARTIAL_VIEW, COUNT_MAIL_ONE_SIDED, COUNT_MAIL_FLOWS, 1, 50 },
    { FIELD_SENSOR_PARTIAL_VIEW, COUNT_MAIL_MIDSTREAM, COUNT_MAIL_FLOWS, 3, 50 },
    { FIELD_SENSOR_GAP, COUNT_MAIL_GAP, COUNT_MAIL_FLOWS, 1, 0 },
    { FIELD_SENSOR_GAP_OFTEN, COUNT_MAIL_GAP, COUNT_MAIL_FLOWS, 3, 10 },
    { FIELD_SENSOR_DESYNC_OFTEN, COUNT_MAIL_DESYNC, COUNT_MAIL_FLOWS, 3, 10 },
    { FIELD_SENSOR_LOST_EVENTS, COUNT_EVENTS_LOST, COUNT_EVENTS, 1, 0 },
};
#define JUDGEMENTS (sizeof judgements / sizeof judgements[0])

bool health_due(struct health *health, uint64_t now_ns)
{
    if (health->due_ns == 0)
        health->due_ns = now_ns + MINUTE_NS;
    if (now_ns < health->due_ns)
        return false;
    health->due_ns = now_ns + MINUTE_NS;
    return true;
}

static uint64_t since(const struct health *health, const struct counters *counters,
                      enum counter counter)
{
    return counter_read(counters, counter) - health->said[counter];
}

static bool holds(const struct health *health, const struct counters *counters, size_t i)
{
    uint64_t part = since(health, counters, judgements[i].part);
    uint64_t whole = since(health, counters, judgements[i].whole);
    return part >= judgements[i].at_least && part * 1000 > whole * judgements[i].per_mille;
}

bool health_facts(const struct health *health, const struct counters *counters, struct facts *facts)
{
    uint64_t any = 0;
    facts_clear(facts);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        uint64_t n = since(health, counters, numbers[i].counter);
        facts_number(facts, numbers[i].field, n);
        any |= n;
    }
    for (size_t i = 0; i < JUDGEMENTS;) {
        enum field claim = judgements[i].claim;
        bool yes = false;
        for (; i < JUDGEMENTS && judgements[i].claim == claim; i++)
            yes |= holds(health, counters, i);
        facts_claim(facts, claim, yes ? CLAIM_YES : CLAIM_NO);
    }
    return any != 0;
}

bool health_is_bad(const struct facts *facts)
{
    struct bytes records = buffer_view(&facts->records);
    for (size_t i = 0; i < JUDGEMENTS; i++) {
        struct fact fact;
        if (facts_find(records, judgements[i].claim, &fact) && fact_number(&fact) == CLAIM_YES)
            return true;
    }
    return false;
}

void health_told(struct health *health, const struct counters *counters)
{
    for (int i = 0; i < COUNTERS; i++)
        health->said[i] = counter_read(counters, (enum counter)i);
}
