/* Rules that are exchanged while events come: what goes on, what ends, and what a failure changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "detect.h"
#include "sigma.h"
#include "text.h"

#define SECOND UINT64_C(1000000000)
#define HOUR   (3600 * SECOND)

#define SEEN_MAX 64

struct seen {
    struct {
        char state[16], rule[40], id[40];
        uint64_t count, time_ns;
    } finding[SEEN_MAX];
    size_t count;
};

static void get(struct bytes facts, enum field field, char *to, size_t size)
{
    struct fact fact;
    assert_true(facts_find(facts, field, &fact));
    fact_print(&fact, to, size);
}

static void receive(void *arg, const struct event *event)
{
    struct seen *seen = arg;
    struct fact count;
    size_t i = seen->count++;
    assert_true(i < SEEN_MAX);
    get(event->facts, FIELD_FINDING_STATE, seen->finding[i].state, 16);
    get(event->facts, FIELD_RULE_ID, seen->finding[i].rule, 40);
    get(event->facts, FIELD_FINDING_ID, seen->finding[i].id, 40);
    assert_true(facts_find(event->facts, FIELD_FINDING_COUNT, &count));
    seen->finding[i].count = fact_number(&count);
    seen->finding[i].time_ns = event->time_ns;
}

static void login(struct detect *detect, uint64_t second, const char *user)
{
    static const uint8_t client[4] = { 192, 0, 2, 1 };
    struct facts facts;
    facts_init(&facts, NULL);
    facts_ip(&facts, FIELD_CLIENT_IP, bytes_over(client, 4));
    facts_string(&facts, FIELD_USER_NAME, user);
    facts_string(&facts, FIELD_EVENT_OUTCOME, "failure");
    struct event event = { .kind = EVENT_AUTH,
                           .time_ns = second * SECOND,
                           .facts = buffer_view(&facts.records) };
    detect_event(detect, &event);
    facts_free(&facts);
}

static struct rule_set *load(const char *text)
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

#define REFUSED                                                                                    \
    "title: Refused\nname: refused\nlogsource: {service: auth}\n"                                  \
    "detection: {s: {event.outcome: failure}, condition: s}\nlevel: informational\n"
#define MANY(at_least)                                                                             \
    "---\ntitle: Many\ncorrelation: {type: event_count, rules: [refused], group-by: [client.ip], " \
    "timespan: 5m, condition: {gte: " at_least "}}\nlevel: medium\n"                               \
    "mailtap: {id: test.many}\n"
#define BY_NAME(name, level)                                                                       \
    "---\ntitle: About " name "\nlogsource: {service: auth}\n"                                     \
    "detection: {s: {user.name: " name "}, condition: s}\nlevel: " level "\n"                      \
    "mailtap: {id: test." name ", group: [user.name]}\n"

static struct detect *start(struct seen *seen, const char *rules)
{
    struct detect *detect = detect_new(load(rules), &(struct event_receiver){ receive, seen });
    assert_non_null(detect);
    return detect;
}

static void is(const struct seen *seen, size_t at, const char *rule, const char *state,
               uint64_t count)
{
    assert_true(at < seen->count);
    assert_string_equal(seen->finding[at].rule, rule);
    assert_string_equal(seen->finding[at].state, state);
    assert_int_equal(seen->finding[at].count, count);
}

static void the_same_rule_goes_on_counting(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = start(&seen, REFUSED MANY("10"));
    for (uint64_t i = 1; i <= 6; i++)
        login(detect, i, "alice");
    assert_true(detect_swap(detect, load(BY_NAME("bob", "low") "---\n" REFUSED MANY("10"))));
    for (uint64_t i = 7; i <= 9; i++)
        login(detect, i, "alice");
    assert_int_equal(seen.count, 0);
    login(detect, 10, "alice");
    is(&seen, 0, "test.many", "new", 10);
    assert_int_equal(seen.count, 1);
    detect_free(detect);
}

static void a_changed_rule_begins_anew(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = start(&seen, REFUSED MANY("10"));
    for (uint64_t i = 1; i <= 6; i++)
        login(detect, i, "alice");
    assert_true(detect_swap(detect, load(REFUSED MANY("5"))));
    for (uint64_t i = 7; i <= 10; i++)
        login(detect, i, "alice");
    assert_int_equal(seen.count, 0);
    login(detect, 11, "alice");
    is(&seen, 0, "test.many", "new", 5);
    detect_free(detect);
}

static void findings_of_rules_that_are_gone_are_closed(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = start(&seen, BY_NAME("alice", "low") BY_NAME("bob", "low"));
    login(detect, 1, "alice");
    login(detect, 2, "bob");
    assert_true(detect_swap(detect, load(BY_NAME("bob", "low") BY_NAME("carol", "low"))));
    assert_int_equal(seen.count, 3);
    is(&seen, 2, "test.alice", "closed", 1);
    assert_int_equal(seen.finding[2].time_ns, 2 * SECOND);
    login(detect, 3, "alice");
    login(detect, 4, "bob");
    login(detect, 5, "carol");
    assert_int_equal(seen.count, 4);
    is(&seen, 3, "test.carol", "new", 1);
    detect_end(detect);
    assert_int_equal(seen.count, 6);
    is(&seen, 4, "test.bob", "closed", 2);
    assert_string_equal(seen.finding[4].id, seen.finding[1].id);
    is(&seen, 5, "test.carol", "closed", 1);
    detect_free(detect);
}

/* The level is no part of what a rule matches: the finding goes on, with what it is worth now. */
static void another_level_is_the_same_finding(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = start(&seen, BY_NAME("alice", "low"));
    login(detect, 1, "alice");
    assert_true(detect_swap(detect, load(BY_NAME("alice", "high"))));
    login(detect, 2, "alice");
    detect_end(detect);
    assert_int_equal(seen.count, 2);
    is(&seen, 1, "test.alice", "closed", 2);
    assert_string_equal(seen.finding[1].id, seen.finding[0].id);
    detect_free(detect);
}

static void disabling_a_rule_closes_its_finding(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = start(&seen, BY_NAME("alice", "low"));
    login(detect, 1, "alice");
    assert_true(detect_swap(detect, load(BY_NAME("alice", "low") "---\ntuning:\n"
                                         "  - {rule: test.alice, disable: true}\n")));
    login(detect, 2, "alice");
    assert_int_equal(seen.count, 2);
    is(&seen, 1, "test.alice", "closed", 1);
    assert_true(detect_swap(detect, load(BY_NAME("alice", "low"))));
    login(detect, 3, "alice");
    is(&seen, 2, "test.alice", "new", 1);
    detect_free(detect);
}

static void all_rules_may_go_and_come_back(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = start(&seen, REFUSED MANY("3"));
    login(detect, 1, "alice");
    login(detect, 2, "alice");
    assert_true(detect_swap(detect, load("")));
    login(detect, 3, "alice");
    assert_true(detect_swap(detect, load(REFUSED MANY("3"))));
    login(detect, 4, "alice");
    login(detect, 5, "alice");
    assert_int_equal(seen.count, 0);
    login(detect, 6, "alice");
    is(&seen, 0, "test.many", "new", 3);
    detect_free(detect);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_rule_goes_on_counting),
        cmocka_unit_test(a_changed_rule_begins_anew),
        cmocka_unit_test(findings_of_rules_that_are_gone_are_closed),
        cmocka_unit_test(another_level_is_the_same_finding),
        cmocka_unit_test(disabling_a_rule_closes_its_finding),
        cmocka_unit_test(all_rules_may_go_and_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
