/* Numbers of the last minute, and what they mean. */
#include "health.h"

#define MINUTE_NS (UINT64_C(60) * 1000000000)

enum number {
    PACKETS,
    BYTES,
    DROPPED_KERNEL,
    DROPPED_INTERFACE,
    TRUNCATED,
    MAIL_FLOWS,
    MAIL_ONE_SIDED,
    MAIL_MIDSTREAM,
    MAIL_GAP,
    MAIL_DESYNC,
    EVENTS,
    EVENTS_LOST,
    NUMBERS
};
_Static_assert(NUMBERS == HEALTH_NUMBERS, "health.h reserves room for each");

static const struct {
    enum field field;
    enum counter counter;
} numbers[NUMBERS] = {
    [PACKETS] = { FIELD_STATS_PACKETS, COUNT_PACKETS },
    [BYTES] = { FIELD_STATS_BYTES, COUNT_BYTES },
    [DROPPED_KERNEL] = { FIELD_STATS_DROPPED_KERNEL, COUNT_DROPPED_KERNEL },
    [DROPPED_INTERFACE] = { FIELD_STATS_DROPPED_INTERFACE, COUNT_DROPPED_INTERFACE },
    [TRUNCATED] = { FIELD_STATS_TRUNCATED, COUNT_PACKETS_TRUNCATED },
    [MAIL_FLOWS] = { FIELD_STATS_MAIL_FLOWS, COUNT_MAIL_FLOWS },
    [MAIL_ONE_SIDED] = { FIELD_STATS_MAIL_ONE_SIDED, COUNT_MAIL_ONE_SIDED },
    [MAIL_MIDSTREAM] = { FIELD_STATS_MAIL_MIDSTREAM, COUNT_MAIL_MIDSTREAM },
    [MAIL_GAP] = { FIELD_STATS_MAIL_GAP, COUNT_MAIL_GAP },
    [MAIL_DESYNC] = { FIELD_STATS_MAIL_DESYNC, COUNT_MAIL_DESYNC },
    [EVENTS] = { FIELD_STATS_EVENTS, COUNT_EVENTS },
    [EVENTS_LOST] = { FIELD_STATS_EVENTS_LOST, COUNT_EVENTS_LOST },
};

/* A claim is yes if the part is at least so many, and more than so many in a thousand of the whole.
 */
static const struct {
    enum field claim;
    enum number part, whole;
    uint64_t at_least, per_mille;
} judgements[] = {
    { FIELD_SENSOR_CAPTURE_LOSS, DROPPED_KERNEL, PACKETS, 1, 0 },
    { FIELD_SENSOR_CAPTURE_LOSS, DROPPED_INTERFACE, PACKETS, 1, 0 },
    { FIELD_SENSOR_TRUNCATED, TRUNCATED, PACKETS, 1, 1 },
    { FIELD_SENSOR_PARTIAL_VIEW, MAIL_ONE_SIDED, MAIL_FLOWS, 1, 50 },
    { FIELD_SENSOR_PARTIAL_VIEW, MAIL_MIDSTREAM, MAIL_FLOWS, 3, 50 },
    { FIELD_SENSOR_GAP, MAIL_GAP, MAIL_FLOWS, 1, 0 },
    { FIELD_SENSOR_GAP_OFTEN, MAIL_GAP, MAIL_FLOWS, 3, 10 },
    { FIELD_SENSOR_DESYNC_OFTEN, MAIL_DESYNC, MAIL_FLOWS, 3, 10 },
    { FIELD_SENSOR_LOST_EVENTS, EVENTS_LOST, EVENTS, 1, 0 },
};
#define JUDGEMENTS (sizeof judgements / sizeof judgements[0])

/* --- of a worker --------------------------------------------------------------------------------
 */

bool health_due(struct health *health, uint64_t now_ns, uint64_t *minute_ns)
{
    uint64_t minutes = now_ns / MINUTE_NS;
    bool due = health->due_ns > 0 && now_ns >= health->due_ns;
    *minute_ns = minutes * MINUTE_NS;
    if (due || health->due_ns == 0)
        health->due_ns = (minutes + 1) * MINUTE_NS;
    return due;
}

void health_numbers(const struct health *health, const struct counters *counters,
                    struct facts *facts)
{
    facts_clear(facts);
    for (size_t i = 0; i < NUMBERS; i++)
        facts_number(facts, numbers[i].field,
                     counter_read(counters, numbers[i].counter) - health->said[i]);
}

void health_told(struct health *health, const struct counters *counters)
{
    for (size_t i = 0; i < NUMBERS; i++)
        health->said[i] = counter_read(counters, numbers[i].counter);
}

/* --- of all -------------------------------------------------------------------------------------
 */

void health_add(struct health_sum *sum, struct bytes facts)
{
    struct fact fact;
    for (size_t i = 0; i < NUMBERS; i++) {
        if (facts_find(facts, numbers[i].field, &fact))
            sum->n[i] += fact_number(&fact);
    }
}

static bool holds(const struct health_sum *sum, size_t i)
{
    uint64_t part = sum->n[judgements[i].part], whole = sum->n[judgements[i].whole];
    return part >= judgements[i].at_least && part * 1000 > whole * judgements[i].per_mille;
}

bool health_judge(const struct health_sum *sum, struct facts *facts)
{
    uint64_t any = 0;
    facts_clear(facts);
    for (size_t i = 0; i < NUMBERS; i++) {
        facts_number(facts, numbers[i].field, sum->n[i]);
        any |= sum->n[i];
    }
    for (size_t i = 0; i < JUDGEMENTS;) {
        enum field claim = judgements[i].claim;
        bool yes = false;
        for (; i < JUDGEMENTS && judgements[i].claim == claim; i++)
            yes |= holds(sum, i);
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
