/* Rules that are exchanged while events come: what goes on, what ends, and what a failure changes.
 */
#include <stdlib.h>

#include "detect_scene.h"

/* Linked in place of malloc and its kin: refuses one of the next allocations; 0: none. */
static unsigned refuse_at;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

static bool refused(void)
{
    return refuse_at > 0 && --refuse_at == 0;
}

void *__wrap_malloc(size_t size)
{
    return refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return refused() ? NULL : __real_realloc(block, size);
}

static void login(struct detect *detect, uint64_t second, const char *user)
{
    scene_login(detect, second * SECOND, user, "failure");
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

static void the_same_rule_goes_on_counting(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = scene_start(&seen, REFUSED MANY("10"));
    for (uint64_t i = 1; i <= 6; i++)
        login(detect, i, "alice");
    assert_true(detect_swap(detect, scene_rules(BY_NAME("bob", "low") "---\n" REFUSED MANY("10"))));
    for (uint64_t i = 7; i <= 9; i++)
        login(detect, i, "alice");
    assert_int_equal(seen.count, 0);
    login(detect, 10, "alice");
    scene_is(&seen, 0, "test.many", "new", 10);
    assert_int_equal(seen.count, 1);
    detect_free(detect);
}

static void a_changed_rule_begins_anew(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = scene_start(&seen, REFUSED MANY("10"));
    for (uint64_t i = 1; i <= 6; i++)
        login(detect, i, "alice");
    assert_true(detect_swap(detect, scene_rules(REFUSED MANY("5"))));
    for (uint64_t i = 7; i <= 10; i++)
        login(detect, i, "alice");
    assert_int_equal(seen.count, 0);
    login(detect, 11, "alice");
    scene_is(&seen, 0, "test.many", "new", 5);
    detect_free(detect);
}

static void findings_of_rules_that_are_gone_are_closed(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = scene_start(&seen, BY_NAME("alice", "low") BY_NAME("bob", "low"));
    login(detect, 1, "alice");
    login(detect, 2, "bob");
    assert_true(detect_swap(detect, scene_rules(BY_NAME("bob", "low") BY_NAME("carol", "low"))));
    assert_int_equal(seen.count, 3);
    scene_is(&seen, 2, "test.alice", "closed", 1);
    assert_int_equal(seen.finding[2].time_ns, 2 * SECOND);
    login(detect, 3, "alice");
    login(detect, 4, "bob");
    login(detect, 5, "carol");
    assert_int_equal(seen.count, 4);
    scene_is(&seen, 3, "test.carol", "new", 1);
    detect_end(detect);
    assert_int_equal(seen.count, 6);
    scene_is(&seen, 4, "test.bob", "closed", 2);
    assert_string_equal(seen.finding[4].id, seen.finding[1].id);
    scene_is(&seen, 5, "test.carol", "closed", 1);
    detect_free(detect);
}

/* The level is no part of what a rule matches: the finding goes on, with what it is worth now. */
static void another_level_is_the_same_finding(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = scene_start(&seen, BY_NAME("alice", "low"));
    login(detect, 1, "alice");
    assert_true(detect_swap(detect, scene_rules(BY_NAME("alice", "high"))));
    login(detect, 2, "alice");
    detect_end(detect);
    assert_int_equal(seen.count, 2);
    scene_is(&seen, 1, "test.alice", "closed", 2);
    assert_string_equal(seen.finding[1].id, seen.finding[0].id);
    detect_free(detect);
}

static void disabling_a_rule_closes_its_finding(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = scene_start(&seen, BY_NAME("alice", "low"));
    login(detect, 1, "alice");
    assert_true(detect_swap(
        detect, scene_rules(BY_NAME("alice", "low") "---\ntuning:\n"
                                                    "  - {rule: test.alice, disable: true}\n")));
    login(detect, 2, "alice");
    assert_int_equal(seen.count, 2);
    scene_is(&seen, 1, "test.alice", "closed", 1);
    assert_true(detect_swap(detect, scene_rules(BY_NAME("alice", "low"))));
    login(detect, 3, "alice");
    scene_is(&seen, 2, "test.alice", "new", 1);
    detect_free(detect);
}

static void all_rules_may_go_and_come_back(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = scene_start(&seen, REFUSED MANY("3"));
    login(detect, 1, "alice");
    login(detect, 2, "alice");
    assert_true(detect_swap(detect, scene_rules("")));
    login(detect, 3, "alice");
    assert_true(detect_swap(detect, scene_rules(REFUSED MANY("3"))));
    login(detect, 4, "alice");
    login(detect, 5, "alice");
    assert_int_equal(seen.count, 0);
    login(detect, 6, "alice");
    scene_is(&seen, 0, "test.many", "new", 3);
    detect_free(detect);
}

/* Whichever allocation is refused: windows and findings go on under the rules there were. */
static void a_swap_that_fails_changes_nothing(void **state)
{
    (void)state;
    unsigned at = 1;
    for (bool swapped = false; !swapped; at++) {
        struct seen seen = { .count = 0 };
        struct detect *detect = scene_start(&seen, REFUSED MANY("10") BY_NAME("alice", "low"));
        struct rule_set *other = scene_rules(REFUSED MANY("5") BY_NAME("bob", "low"));
        for (uint64_t i = 1; i <= 6; i++)
            login(detect, i, "alice");
        refuse_at = at;
        swapped = detect_swap(detect, other);
        refuse_at = 0;
        for (uint64_t i = 7; i <= 10; i++)
            login(detect, i, "alice");
        detect_end(detect);
        scene_is(&seen, 0, "test.alice", "new", 1);
        if (swapped) {
            scene_is(&seen, 1, "test.alice", "closed", 6);
        } else {
            scene_is(&seen, 1, "test.many", "new", 10);
            scene_is(&seen, 2, "test.alice", "closed", 10);
        }
        detect_free(detect);
    }
    assert_true(at > 6);
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
        cmocka_unit_test(a_swap_that_fails_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
