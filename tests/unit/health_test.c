/* What the sensor says of its own view, and the findings that come of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "health.h"
#include "shipped.h"

#define SECOND UINT64_C(1000000000)

struct scene {
    struct health health;
    struct counters counters;
    struct facts facts;
    char rule[16][48], evidence[16][128];
    uint64_t severity[16];
    size_t findings;
};

static int set_up(void **state)
{
    static struct scene scene;
    memset(&scene, 0, sizeof scene);
    facts_init(&scene.facts, NULL);
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    facts_free(&((struct scene *)*state)->facts);
    return 0;
}

static void print(struct bytes facts, enum field field, char *to, size_t size)
{
    struct fact fact;
    to[0] = '\0';
    if (facts_find(facts, field, &fact))
        fact_print(&fact, to, size);
}

static void receive(void *arg, const struct event *event)
{
    struct scene *scene = arg;
    size_t i = scene->findings++;
    char severity[24];
    assert_true(i < 16);
    print(event->facts, FIELD_RULE_ID, scene->rule[i], sizeof scene->rule[i]);
    print(event->facts, FIELD_FINDING_EVIDENCE, scene->evidence[i], sizeof scene->evidence[i]);
    print(event->facts, FIELD_EVENT_SEVERITY, severity, sizeof severity);
    scene->severity[i] = strtoull(severity, NULL, 10);
}

/* What the collector makes of the numbers of two workers, one of which has none. */
static bool sum_up(struct scene *scene)
{
    struct health_sum sum = { { 0 } };
    const struct counters nothing = { { 0 } };
    const struct health idle = { .due_ns = 0 };
    health_numbers(&idle, &nothing, &scene->facts);
    health_add(&sum, buffer_view(&scene->facts.records));
    health_numbers(&scene->health, &scene->counters, &scene->facts);
    health_add(&sum, buffer_view(&scene->facts.records));
    return health_judge(&sum, &scene->facts);
}

/* The findings of one stats event. */
static void judge(struct scene *scene)
{
    struct detect *detect = shipped_detect(&(struct event_receiver){ receive, scene });
    assert_true(sum_up(scene));
    struct event event = { .kind = EVENT_STATS,
                           .time_ns = SECOND,
                           .facts = buffer_view(&scene->facts.records) };
    scene->findings = 0;
    struct facts_index index;
    facts_index(&index, event.facts);
    detect_event(detect, &event, &index);
    detect_free(detect);
}

static void assert_claim(const struct scene *scene, enum field field, enum claim claim)
{
    struct fact fact;
    assert_true(facts_find(buffer_view(&scene->facts.records), field, &fact));
    assert_int_equal(fact_number(&fact), claim);
}

static void test_nothing_wrong(void **state)
{
    struct scene *scene = *state;
    count_many(&scene->counters, COUNT_PACKETS, 1000);
    count_many(&scene->counters, COUNT_MAIL_FLOWS, 100);
    count_many(&scene->counters, COUNT_PACKETS_TRUNCATED, 1); /* not over 0.1 % */
    count_many(&scene->counters, COUNT_MAIL_ONE_SIDED, 5);    /* not over 5 % */
    judge(scene);
    assert_int_equal(scene->findings, 0);
    assert_false(health_is_bad(&scene->facts));
    assert_claim(scene, FIELD_SENSOR_TRUNCATED, CLAIM_NO);
}

static void test_each_claim_has_its_finding(void **state)
{
    static const struct {
        enum counter part;
        uint64_t n;
        const char *rule, *evidence;
        enum severity severity;
    } rows[] = {
        { COUNT_DROPPED_KERNEL, 1, "sensor.capture_loss",
          "1 dropped by the kernel and 0 by the interface, 1000 read", SEVERITY_MEDIUM },
        { COUNT_DROPPED_INTERFACE, 7, "sensor.capture_loss",
          "0 dropped by the kernel and 7 by the interface, 1000 read", SEVERITY_MEDIUM },
        { COUNT_PACKETS_TRUNCATED, 2, "sensor.truncated", "2 of 1000 packets", SEVERITY_MEDIUM },
        { COUNT_MAIL_ONE_SIDED, 6, "sensor.partial_view",
          "6 of 100 mail flows with one direction only, 0 without a start", SEVERITY_MEDIUM },
        { COUNT_MAIL_MIDSTREAM, 6, "sensor.partial_view",
          "0 of 100 mail flows with one direction only, 6 without a start", SEVERITY_MEDIUM },
        { COUNT_MAIL_GAP, 1, "sensor.tcp.gap", "1 of 100 mail flows", SEVERITY_LOW },
        { COUNT_MAIL_GAP, 3, "sensor.tcp.gap", "3 of 100 mail flows", SEVERITY_MEDIUM },
        { COUNT_MAIL_DESYNC, 3, "sensor.desync", "3 of 100 mail flows", SEVERITY_LOW },
        { COUNT_EVENTS_LOST, 1, "sensor.lost_events", "1 of 500 events", SEVERITY_MEDIUM },
    };
    struct scene *scene = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(&scene->counters, 0, sizeof scene->counters);
        count_many(&scene->counters, COUNT_PACKETS, 1000);
        count_many(&scene->counters, COUNT_MAIL_FLOWS, 100);
        count_many(&scene->counters, COUNT_EVENTS, 500);
        count_many(&scene->counters, rows[i].part, rows[i].n);
        judge(scene);
        assert_int_equal(scene->findings, 1);
        assert_string_equal(scene->rule[0], rows[i].rule);
        assert_string_equal(scene->evidence[0], rows[i].evidence);
        assert_int_equal(scene->severity[0], rows[i].severity);
        assert_true(health_is_bad(&scene->facts));
    }
}

/* A minute whose event found no room is told with the next one. */
static void test_what_was_not_told_is_told_later(void **state)
{
    struct scene *scene = *state;
    count_many(&scene->counters, COUNT_PACKETS, 10);
    count_many(&scene->counters, COUNT_DROPPED_KERNEL, 2);
    count_many(&scene->counters, COUNT_PACKETS, 10);
    judge(scene);
    assert_string_equal(scene->evidence[0],
                        "2 dropped by the kernel and 0 by the interface, 20 read");
    health_told(&scene->health, &scene->counters);
    assert_false(sum_up(scene)); /* since then there was nothing */
}

static void test_once_a_minute(void **state)
{
    struct scene *scene = *state;
    uint64_t minute_ns;
    assert_false(health_due(&scene->health, 5 * SECOND, &minute_ns));
    assert_false(health_due(&scene->health, 59 * SECOND, &minute_ns));
    assert_true(health_due(&scene->health, 65 * SECOND, &minute_ns));
    assert_true(minute_ns == 60 * SECOND);
    assert_false(health_due(&scene->health, 119 * SECOND, &minute_ns));
    assert_true(health_due(&scene->health, 3661 * SECOND, &minute_ns)); /* nothing in between */
    assert_true(minute_ns == 3660 * SECOND);
    assert_false(health_due(&scene->health, 3662 * SECOND, &minute_ns));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_claim_has_its_finding, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_was_not_told_is_told_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_once_a_minute, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
