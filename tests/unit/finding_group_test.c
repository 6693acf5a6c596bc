/* What makes events one finding: bands, windows, counts, and who is named in it. */
#include "detect_scene.h"

#define LOGINS "logsource: {service: auth}\ndetection: {s: {user.name: '*'}, condition: s}\n"
#define SUCCESS                                                                                    \
    "logsource: {service: auth}\ndetection: {s: {event.outcome: success}, condition: s}\n"
/* A rule that only feeds those behind it. */
#define FEEDER "title: Feeds\nname: feeder\nlevel: informational\n" LOGINS
#define COUNTED(what, mailtap)                                                                     \
    FEEDER "---\ntitle: Counts\nlevel: medium\ncorrelation: {rules: [feeder], timespan: 1h, " what \
           "}\nmailtap: {id: test.counts" mailtap "}\n"

static void the_worst_band_counts_and_each_event_once(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = scene_start(
        &seen,
        "title: Band\nlevel: low\nmailtap: {id: test.band, group: [user.name]}\n" LOGINS
        "---\ntitle: Worse\nlevel: high\n"
        "mailtap: {id: test.band, group: [user.name]}\n" SUCCESS "---\ntitle: As bad\nlevel: high\n"
        "mailtap: {id: test.band, group: [user.name]}\n" SUCCESS);
    scene_login(detect, 1 * SECOND, "alice", "failure");
    scene_login(detect, 2 * SECOND, "alice", "success");
    scene_login(detect, 3 * SECOND, "alice", "failure");
    scene_login(detect, 4 * SECOND, "alice", "success");
    detect_end(detect);
    assert_int_equal(seen.count, 3);
    scene_is(&seen, 0, "test.band", "new", 1);
    assert_int_equal(seen.finding[0].severity, SEVERITY_LOW);
    scene_is(&seen, 1, "test.band", "update", 2);
    assert_int_equal(seen.finding[1].severity, SEVERITY_HIGH);
    scene_is(&seen, 2, "test.band", "closed", 4);
    assert_int_equal(seen.finding[2].severity, SEVERITY_HIGH);
    for (size_t i = 1; i < 3; i++)
        assert_string_equal(seen.finding[i].id, seen.finding[0].id);
    detect_free(detect);
}

/* By packet time, however late the next packet is; two groups end one after the other. */
static void a_window_ends_at_its_time(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = scene_start(
        &seen, "title: Short\nlevel: low\nmailtap: {id: test.short, group: [user.name], "
               "window: 1h}\n" LOGINS);
    scene_login(detect, 10 * SECOND, "alice", "failure");
    scene_login(detect, 20 * SECOND, "bob", "failure");
    scene_login(detect, 9 * SECOND + HOUR, "alice", "failure");
    assert_int_equal(seen.count, 2);
    scene_login(detect, 10 * SECOND + HOUR, "alice", "failure");
    assert_int_equal(seen.count, 4);
    scene_is(&seen, 2, "test.short", "closed", 2);
    assert_int_equal(seen.finding[2].time_ns, 10 * SECOND + HOUR);
    assert_int_equal(seen.finding[2].first_ns, 10 * SECOND);
    assert_int_equal(seen.finding[2].last_ns, 9 * SECOND + HOUR);
    scene_is(&seen, 3, "test.short", "new", 1);
    assert_string_not_equal(seen.finding[3].id, seen.finding[0].id);
    scene_login(detect, 100 * HOUR, "carol", "failure");
    assert_string_equal(seen.finding[4].user, "bob");
    assert_int_equal(seen.finding[4].time_ns, 20 * SECOND + HOUR);
    assert_string_equal(seen.finding[5].user, "alice");
    assert_int_equal(seen.finding[5].time_ns, 10 * SECOND + 2 * HOUR);
    detect_free(detect);
}

static void events_that_were_counted_to_begin_with_are_in_the_count(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = scene_start(
        &seen, COUNTED("type: event_count, group-by: [client.ip], condition: {gte: 3}",
                       ", evidence: '{mailtap.correlation.count} logins[ by {user.domain}]'"));
    for (uint64_t i = 1; i <= 5; i++)
        scene_login(detect, i * SECOND, "alice", "failure");
    detect_end(detect);
    assert_int_equal(seen.count, 2);
    scene_is(&seen, 0, "test.counts", "new", 3);
    assert_int_equal(seen.finding[0].first_ns, 1 * SECOND);
    assert_string_equal(seen.finding[0].evidence, "3 logins");
    assert_string_equal(seen.finding[0].group_by, "client.ip");
    scene_is(&seen, 1, "test.counts", "closed", 5);
    assert_string_equal(seen.finding[1].evidence, "5 logins");
    detect_free(detect);
}

static void of_different_values_how_often_it_held(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    static const char *const users[] = { "a", "b", "b", "a", "c", "c" };
    struct detect *detect = scene_start(&seen, COUNTED("type: value_count, group-by: [client.ip], "
                                                       "condition: {field: user.name, gte: 2}",
                                                       ""));
    for (uint64_t i = 0; i < 6; i++)
        scene_login(detect, (i + 1) * SECOND, users[i], "failure");
    scene_login(detect, 3 * HOUR, "d", "failure");
    scene_login(detect, 3 * HOUR + SECOND, "e", "failure");
    detect_end(detect);
    assert_int_equal(seen.count, 2);
    scene_is(&seen, 0, "test.counts", "new", 1);
    scene_is(&seen, 1, "test.counts", "closed", 6);
    detect_free(detect);
}

static void a_sequence_counts_once(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    static const char *const outcomes[] = { "failure", "success", "failure", "success" };
    struct detect *detect = scene_start(
        &seen, "title: F\nname: failed\nlevel: low\nlogsource: {service: auth}\n"
               "detection: {s: {event.outcome: failure}, condition: s}\n"
               "---\ntitle: S\nname: worked\nlevel: low\n" SUCCESS
               "---\ntitle: Both\nlevel: high\nmailtap: {id: test.both}\n"
               "correlation: {type: temporal_ordered, rules: [failed, worked], timespan: 1h, "
               "group-by: [client.ip]}\n");
    for (uint64_t i = 0; i < 4; i++)
        scene_login(detect, (i + 1) * SECOND, "alice", outcomes[i]);
    detect_end(detect);
    assert_int_equal(seen.count, 2);
    scene_is(&seen, 0, "test.both", "new", 1);
    scene_is(&seen, 1, "test.both", "closed", 2);
    detect_free(detect);
}

/* Windows by the secret, one finding: whose id must not depend on a hash that is different in each
 * run, and which never shows it. */
static void what_is_internal_is_never_shown(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect =
        scene_start(&seen, COUNTED("type: event_count, condition: {gte: 2}, "
                                   "group-by: [client.ip, mailtap.auth.secret_hash]",
                                   ""));
    static const uint64_t secrets[] = { 1, 2, 3, 2, 1 };
    for (uint64_t i = 0; i < 3; i++)
        scene_login_with(detect, (i + 1) * SECOND, "alice", "failure", secrets[i]);
    assert_int_equal(seen.count, 0);
    for (uint64_t i = 3; i < 5; i++)
        scene_login_with(detect, (i + 1) * SECOND, "alice", "failure", secrets[i]);
    detect_end(detect);
    assert_int_equal(seen.count, 2);
    scene_is(&seen, 1, "test.counts", "closed", 3);
    for (size_t i = 0; i < 2; i++) {
        assert_false(seen.finding[i].internal);
        assert_string_equal(seen.finding[i].group_by, "client.ip");
    }
    detect_free(detect);
}

static void a_user_is_named_only_where_it_is_about_one(void **state)
{
    (void)state;
    struct seen seen = { .count = 0 };
    struct detect *detect = scene_start(
        &seen, "title: Of a user\nlevel: low\nmailtap: {id: test.user, group: [user.name]}\n" LOGINS
               "---\ntitle: Of a client\nlevel: low\n"
               "mailtap: {id: test.client, group: [client.ip]}\n" LOGINS
               "---\ntitle: Of all\nlevel: low\nmailtap: {id: test.all, group: []}\n" LOGINS);
    scene_login(detect, SECOND, "alice", "failure");
    scene_login(detect, SECOND, "bob", "failure");
    assert_int_equal(seen.count, 4);
    scene_is(&seen, 0, "test.user", "new", 1);
    assert_string_equal(seen.finding[0].user, "alice");
    scene_is(&seen, 1, "test.client", "new", 1);
    assert_string_equal(seen.finding[1].user, "");
    scene_is(&seen, 2, "test.all", "new", 1);
    assert_string_equal(seen.finding[2].user, "");
    assert_string_equal(seen.finding[3].user, "bob");
    detect_free(detect);
}

/* Each group that is given up for another is closed, with a word; there are never more. */
static void so_many_groups_and_no_more(void **state)
{
    (void)state;
    enum { FULL = 16384, MORE = 500 };
    struct seen seen = { .count = 0 };
    struct detect *detect = scene_start(
        &seen, "title: Each\nlevel: low\nmailtap: {id: test.each, group: [user.name]}\n" LOGINS);
    size_t bytes = detect_bytes(detect);
    for (size_t i = 0; i < FULL + MORE; i++) {
        char user[32];
        snprintf(user, sizeof user, "user%zu", i);
        scene_login(detect, SECOND + i, user, "failure");
        assert_int_equal(seen.closed, i < FULL ? 0 : i - FULL + 1);
    }
    assert_int_equal(seen.count, FULL + 2 * MORE);
    assert_int_equal(detect_bytes(detect), bytes);
    detect_end(detect);
    assert_int_equal(seen.count, 2 * (FULL + MORE));
    assert_int_equal(seen.closed, FULL + MORE);
    detect_free(detect);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worst_band_counts_and_each_event_once),
        cmocka_unit_test(a_window_ends_at_its_time),
        cmocka_unit_test(events_that_were_counted_to_begin_with_are_in_the_count),
        cmocka_unit_test(of_different_values_how_often_it_held),
        cmocka_unit_test(a_sequence_counts_once),
        cmocka_unit_test(what_is_internal_is_never_shown),
        cmocka_unit_test(a_user_is_named_only_where_it_is_about_one),
        cmocka_unit_test(so_many_groups_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
