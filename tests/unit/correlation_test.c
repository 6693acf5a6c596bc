/* Correlations: the edges of windows, every type, aliases, chains of correlations, absence and
 * loss, exchange of rules, and the bound. The first eight rules of each set are detection rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "correlation_scene.h"
#include "counting.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define SECOND     UINT64_C(1000000000)
#define SPAN       (300 * SECOND)
#define FIRST      8 /* the first correlation */

/* The matcher is not part of this: a field is what the event says. */
bool rule_field(enum event_kind kind, const struct facts_index *facts, enum field field,
                struct fact *fact)
{
    (void)kind;
    return facts_lookup(facts, field, fact);
}

/* Of each rule, the rows that it holds for: the first 64 of them. */
static uint64_t rows_of[SCENE_RULES];

bool matcher_rows(struct matcher *m, size_t rule, enum event_kind kind,
                  const struct facts_index *facts, enum field field, struct row_set *rows)
{
    (void)m, (void)kind, (void)facts, (void)field;
    *rows = (struct row_set){ { rows_of[rule] } };
    return rows_of[rule] != 0;
}

static struct scene_set scene;
static struct {
    size_t count, rule;
    struct correlation_result result;
    uint64_t last_ns;
    uint32_t client;
    char user[32];
} over;

static void on_over(void *arg, size_t rule, const struct correlation_result *result,
                    const struct event *last)
{
    struct fact fact;
    (void)arg;
    over.count++;
    over.rule = rule;
    over.result = *result;
    over.last_ns = last->time_ns;
    over.user[0] = '\0';
    if (facts_find(last->facts, FIELD_CLIENT_IP, &fact))
        memcpy(&over.client, fact.value.data, sizeof over.client);
    if (facts_find(last->facts, FIELD_USER_NAME, &fact))
        fact_print(&fact, over.user, sizeof over.user);
}

static int begin(void **state)
{
    (void)state;
    memset(&scene, 0, sizeof scene);
    memset(&over, 0, sizeof over);
    memset(rows_of, 0xFF, sizeof rows_of);
    for (int i = 0; i < FIRST; i++)
        scene_rule(&scene);
    return 0;
}

static struct correlator *start(uint32_t windows, size_t bytes)
{
    struct correlator *correlator = correlator_new(
        &scene.set, &(struct correlation_options){
                        .max_windows = windows, .max_bytes = bytes, .over = on_over });
    assert_non_null(correlator);
    return correlator;
}

static bool hit(const struct scene_answer *answer, size_t rule)
{
    return answer->hits >> rule & 1;
}

/* Whether this correlation holds after the event. */
static bool holds(struct correlator *correlator, size_t rule, uint64_t time_ns, uint32_t client,
                  const char *user, uint64_t rules, struct correlation_result *result)
{
    struct scene_answer answer =
        scene_play(correlator, &(struct scene_event){ time_ns, client, user, rules, 0 });
    if (result)
        *result = answer.results[rule];
    return hit(&answer, rule);
}

#define HOLDS(t, client, user, rules)                                                              \
    holds(correlator, FIRST, (t)*SECOND, client, user, rules, &result)

TEST(events_at_the_edge)
{
    struct correlation_result result;
    scene_correlation(&scene, EVENT_COUNT, 1, SPAN)->at_least = 3;
    struct correlator *correlator = start(100, 1 << 20);
    assert_false(HOLDS(1000, 1, "a", 1));
    assert_false(HOLDS(1001, 1, "a", 1));
    assert_false(HOLDS(1001, 2, "a", 1)); /* somebody else */
    assert_false(HOLDS(1002, 1, "a", 2)); /* another rule */
    assert_true(HOLDS(1300, 1, "a", 1));  /* the first is exactly `timespan` old */
    assert_int_equal(result.count, 3);
    assert_int_equal(result.first_ns, 1000 * SECOND);
    assert_int_equal(result.last_ns, 1300 * SECOND);
    /* And a nanosecond more is too old. */
    assert_false(holds(correlator, FIRST, 1301 * SECOND + 1, 1, "a", 1, &result));
    assert_true(HOLDS(1302, 1, "a", 1)); /* reached again, with others */
    assert_int_equal(result.count, 3);
    assert_true(HOLDS(1303, 1, "a", 1));
    assert_int_equal(result.count, 4);
    correlator_free(correlator);
}

TEST(without_a_group_value)
{
    struct correlation_result result;
    scene_correlation(&scene, EVENT_COUNT, 1, SPAN)->at_least = 1;
    struct correlator *correlator = start(100, 1 << 20);
    assert_false(HOLDS(1, 0, "a", 1));
    assert_true(HOLDS(1, 1, "a", 1));
    assert_int_equal(correlator_counters(correlator).windows, 1);
    correlator_free(correlator);
}

TEST(its_own_expression)
{
    scene_correlation(&scene, EVENT_COUNT, 1, SPAN)->at_least = 1;
    struct correlator *correlator = start(100, 1 << 20);
    uint64_t word = 1; /* the rule matched; the correlation's bit is not set */
    struct rule_hits hits = { &word, SCENE_RULES };
    struct correlation_result results[SCENE_RULES];
    struct facts_index index;
    struct facts facts;
    facts_init(&facts, NULL);
    facts_ip(&facts, FIELD_CLIENT_IP, bytes_over("1234", 4));
    facts_index(&index, buffer_view(&facts.records));
    struct event event = { .kind = EVENT_AUTH, .facts = buffer_view(&facts.records) };
    correlator_event(correlator, NULL, &event, &index, &hits, results);
    assert_int_equal(word, 1);
    assert_int_equal(correlator_counters(correlator).windows, 0);
    word = UINT64_C(1) << FIRST; /* it lets through what its rule did not match */
    correlator_event(correlator, NULL, &event, &index, &hits, results);
    assert_int_equal(word, 0);
    facts_free(&facts);
    correlator_free(correlator);
}

static uint64_t key_over(struct bytes user, struct bytes domain)
{
    struct correlation what = { .rule_count = 1,
                                .group = { { FIELD_USER_NAME }, { FIELD_USER_DOMAIN } },
                                .group_count = 2 };
    struct counting counting;
    struct window_key key;
    struct facts_index index;
    struct facts facts;
    counting_init(&counting, &what);
    facts_init(&facts, NULL);
    facts_text(&facts, FIELD_USER_NAME, user);
    facts_text(&facts, FIELD_USER_DOMAIN, domain);
    facts_index(&index, buffer_view(&facts.records));
    assert_true(counting_key(&counting, 0, EVENT_AUTH, &index, &key));
    facts_free(&facts);
    return key.hash[0];
}

static uint64_t key_of(const char *user, const char *domain)
{
    return key_over(bytes_of_string(user), bytes_of_string(domain));
}

TEST(no_two_groups_read_the_same)
{
    char a[64] = "", b[64] = "";
    memset(a, 'a', 40);
    memcpy(b, a, sizeof b);
    b[39] = 'b'; /* behind what a short value has room for */
    assert_true(key_of("a", "b") == key_of("a", "b"));
    assert_true(key_of("ab", "c") != key_of("a", "bc"));
    assert_true(key_of("", "a") != key_of("a", ""));
    assert_true(key_over(BYTES_LITERAL("a\0"), BYTES_LITERAL("b")) !=
                key_over(BYTES_LITERAL("a"), BYTES_LITERAL("\0b")));
    assert_true(key_of(a, "c") == key_of(a, "c"));
    assert_true(key_of(a, "c") != key_of(b, "c"));
}

TEST(count_is_kept_beyond_the_condition)
{
    struct correlation_result result;
    scene_correlation(&scene, EVENT_COUNT, 1, SPAN)->at_least = 10;
    struct correlator *correlator = start(100, 1 << 20);
    for (uint64_t i = 1; i <= 100; i++) {
        assert_int_equal(HOLDS(i, 1, "a", 1), i >= 10);
        if (i >= 10)
            assert_int_equal(result.count, i < 40 ? i : 40);
    }
    assert_int_equal(result.first_ns, 61 * SECOND);
    correlator_free(correlator);
}

TEST(largest_count)
{
    struct correlation_result result;
    scene_correlation(&scene, EVENT_COUNT, 1, SPAN)->at_least = CORRELATION_COUNT_MAX;
    struct correlator *correlator = start(100, 1 << 20);
    for (uint64_t i = 1; i <= CORRELATION_COUNT_MAX + 5; i++)
        assert_int_equal(holds(correlator, FIRST, SPAN + i, 1, "a", 1, &result),
                         i >= CORRELATION_COUNT_MAX);
    assert_int_equal(result.count, CORRELATION_COUNT_MAX);
    correlator_free(correlator);
}

TEST(one_event_of_two_rules_counts_once)
{
    struct correlation_result result;
    scene_correlation(&scene, EVENT_COUNT, 3, SPAN)->at_least = 2;
    struct correlator *correlator = start(100, 1 << 20);
    assert_false(HOLDS(1, 1, "a", 3));
    assert_true(HOLDS(2, 1, "a", 2));
    assert_int_equal(result.count, 2);
    correlator_free(correlator);
}

TEST(different_values)
{
    struct correlation_result result;
    scene_correlation(&scene, VALUE_COUNT, 1, SPAN)->at_least = 3;
    struct correlator *correlator = start(100, 1 << 20);
    assert_false(HOLDS(1000, 1, "a", 1));
    assert_false(HOLDS(1100, 1, "b", 1));
    assert_false(HOLDS(1200, 1, "a", 1));  /* renewed */
    assert_false(HOLDS(1200, 1, NULL, 1)); /* has none */
    assert_false(HOLDS(1250, 2, "c", 1));
    assert_true(HOLDS(1400, 1, "c", 1)); /* b is exactly as old as it may be */
    assert_int_equal(result.count, 3);
    assert_int_equal(result.first_ns, 1100 * SECOND);
    assert_false(holds(correlator, FIRST, 1400 * SECOND + 1, 1, "c", 1, &result));
    assert_true(HOLDS(1401, 1, "A", 1)); /* exact bytes */
    correlator_free(correlator);
}

/* Of more values than are kept, the latest are. */
TEST(the_latest_values)
{
    struct correlation_result result;
    scene_correlation(&scene, VALUE_COUNT, 1, SPAN)->at_least = 3;
    struct correlator *correlator = start(100, 1 << 20);
    char user[16] = "";
    for (uint64_t i = 1; i <= 20; i++) {
        snprintf(user, sizeof user, "u%d", (int)i);
        assert_int_equal(HOLDS(i, 1, user, 1), i >= 3);
    }
    assert_int_equal(result.count, 12);
    assert_int_equal(result.first_ns, 9 * SECOND);
    assert_true(HOLDS(315, 1, user, 1)); /* 15 to 20 still count */
    assert_int_equal(result.count, 6);
    correlator_free(correlator);
}

TEST(each_value_of_a_list)
{
    uint64_t word = 1 | UINT64_C(1) << FIRST;
    struct rule_hits hits = { &word, SCENE_RULES };
    struct correlation_result results[SCENE_RULES];
    struct correlation *what = scene_correlation(&scene, VALUE_COUNT, 1, SPAN);
    what->at_least = 2;
    what->counted = FIELD_SMTP_RCPT_TO;
    struct correlator *correlator = start(100, 1 << 20);
    struct facts_index index;
    struct facts facts;
    facts_init(&facts, NULL);
    facts_ip(&facts, FIELD_CLIENT_IP, bytes_over("1234", 4));
    facts_string(&facts, FIELD_SMTP_RCPT_TO, "a@example.org");
    facts_string(&facts, FIELD_SMTP_RCPT_TO, "b@example.org");
    facts_string(&facts, FIELD_SMTP_RCPT_TO, "a@example.org");
    facts_index(&index, buffer_view(&facts.records));
    struct event event = { .kind = EVENT_MESSAGE, .facts = buffer_view(&facts.records) };
    correlator_event(correlator, NULL, &event, &index, &hits, results);
    assert_true(word >> FIRST & 1);
    assert_int_equal(results[FIRST].count, 2);
    facts_free(&facts);
    correlator_free(correlator);
}

/* Five rows; the results say what was counted of them. */
static uint64_t count_rows(struct correlator *correlator, uint64_t rules)
{
    uint64_t word = rules | UINT64_C(1) << FIRST;
    struct rule_hits hits = { &word, SCENE_RULES };
    struct correlation_result results[SCENE_RULES] = { { 0 } };
    struct facts_index index;
    struct facts facts;
    facts_init(&facts, NULL);
    facts_ip(&facts, FIELD_CLIENT_IP, bytes_over("1234", 4));
    for (uint8_t row = 0; row < 5; row++) {
        char name = (char)('a' + row);
        facts_row_text(&facts, row, FIELD_SMTP_RECIPIENT_ADDRESS, bytes_over(&name, 1));
        facts_row_number(&facts, row, FIELD_SMTP_RECIPIENT_CODE, 550);
    }
    facts_index(&index, buffer_view(&facts.records));
    struct event event = { .kind = EVENT_MESSAGE, .facts = buffer_view(&facts.records) };
    correlator_event(correlator, NULL, &event, &index, &hits, results);
    facts_free(&facts);
    assert_int_equal(word >> FIRST & 1, results[FIRST].count >= 4);
    return results[FIRST].count;
}

TEST(rows_that_the_rule_is_about)
{
    struct correlation *what = scene_correlation(&scene, VALUE_COUNT, 7, SPAN);
    what->at_least = 4;
    what->counted = FIELD_SMTP_RECIPIENT_ADDRESS;
    struct correlator *correlator = start(100, 1 << 20);
    rows_of[2] = 0;
    assert_int_equal(count_rows(correlator, 4), 0); /* none: it is not even counted */
    assert_int_equal(correlator_counters(correlator).windows, 0);
    rows_of[0] = 0x01;
    rows_of[1] = 0x03;
    assert_int_equal(count_rows(correlator, 1), 1);
    assert_int_equal(count_rows(correlator, 3), 2); /* either rule's */
    rows_of[1] = 0x1E;
    rows_of[FIRST] = 0x06; /* the correlation's own expression has a word too */
    assert_int_equal(count_rows(correlator, 2), 3);
    rows_of[FIRST] = 0x08;
    assert_int_equal(count_rows(correlator, 2), 4);
    correlator_free(correlator);
}

TEST(counted_so_far)
{
    struct correlation_result result;
    scene_correlation(&scene, EVENT_COUNT, 1, SPAN)->at_least = 3;
    struct correlator *correlator = start(100, 1 << 20);
    assert_false(HOLDS(1, 1, "a", 1));
    assert_int_equal(result.count, 1);
    assert_false(HOLDS(2, 1, "a", 1));
    assert_int_equal(result.count, 2);
    assert_false(HOLDS(3, 0, "a", 1)); /* without a value to group by */
    assert_int_equal(result.count, 0);
    correlator_free(correlator);
}

TEST(steps_so_far)
{
    struct correlation_result result;
    scene_correlation(&scene, TEMPORAL_ORDERED, 7, SPAN);
    struct correlator *correlator = start(100, 1 << 20);
    assert_false(HOLDS(1, 1, "a", 2)); /* the first has to come first */
    assert_int_equal(result.count, 0);
    assert_false(HOLDS(2, 1, "a", 1));
    assert_int_equal(result.count, 1);
    assert_false(HOLDS(3, 1, "a", 2));
    assert_int_equal(result.count, 2);
    assert_true(HOLDS(4, 1, "a", 4));
    assert_int_equal(result.count, 3);
    correlator_free(correlator);
}

TEST(any_order)
{
    struct correlation_result result;
    scene_correlation(&scene, TEMPORAL, 7, SPAN);
    struct correlator *correlator = start(100, 1 << 20);
    assert_false(HOLDS(1000, 1, "a", 4));
    assert_false(HOLDS(1010, 1, "a", 1));
    assert_true(HOLDS(1300, 1, "a", 2));
    assert_int_equal(result.count, 3);
    assert_int_equal(result.first_ns, 1000 * SECOND);
    assert_false(HOLDS(1301, 1, "a", 2));
    assert_true(HOLDS(1302, 1, "a", 4));
    assert_true(HOLDS(3000, 1, "a", 7)); /* one event may match several */
    correlator_free(correlator);
}

TEST(in_order)
{
    struct correlation_result result;
    scene_correlation(&scene, TEMPORAL_ORDERED, 7, SPAN);
    struct correlator *correlator = start(100, 1 << 20);
    assert_false(HOLDS(1000, 1, "a", 4));
    assert_false(HOLDS(1001, 1, "a", 2));
    assert_int_equal(correlator_counters(correlator).windows, 0); /* nothing has begun */
    assert_false(HOLDS(1002, 1, "a", 1));
    assert_false(HOLDS(1003, 1, "a", 4));
    assert_false(HOLDS(1004, 1, "a", 2));
    assert_true(HOLDS(1302, 1, "a", 4));
    assert_int_equal(result.first_ns, 1002 * SECOND);
    assert_false(holds(correlator, FIRST, 1302 * SECOND + 1, 1, "a", 4, &result));
    /* A later start, in place of the one that is too old. */
    assert_false(HOLDS(1303, 1, "a", 1));
    assert_false(HOLDS(1304, 1, "a", 4)); /* its second step is older */
    assert_false(HOLDS(1305, 1, "a", 2));
    assert_true(HOLDS(1305, 1, "a", 4)); /* of the same instant, in the order of output */
    /* One event never serves two steps. */
    assert_false(HOLDS(9000, 1, "a", 7));
    assert_false(HOLDS(9001, 1, "a", 7));
    assert_true(HOLDS(9002, 1, "a", 7));
    assert_int_equal(result.first_ns, 9000 * SECOND);
    correlator_free(correlator);
}

TEST(a_step_of_the_same_rule)
{
    struct correlation_result result;
    struct correlation *what = scene_correlation(&scene, TEMPORAL_ORDERED, 3, SPAN);
    what->rules[1] = 0; /* the same rule, twice */
    struct correlator *correlator = start(100, 1 << 20);
    assert_false(HOLDS(1, 1, "a", 1));
    assert_false(HOLDS(2, 1, "a", 2));
    assert_true(HOLDS(3, 1, "a", 1));
    correlator_free(correlator);
}

TEST(many_steps)
{
    struct correlation_result result;
    scene_correlation(&scene, TEMPORAL_ORDERED, 0xff, SPAN);
    struct correlator *correlator = start(100, 1 << 20);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 8; i++)
            assert_int_equal(HOLDS(1000 * round + i, 1, "a", UINT64_C(1) << i), i == 7);
    }
    correlator_free(correlator);
}

/* The client of the one rule is the user of the other. */
TEST(aliases)
{
    struct correlation_result result;
    struct correlation *what = scene_correlation(&scene, TEMPORAL, 3, SPAN);
    what->group[0][1] = FIELD_USER_NAME;
    uint32_t client = 0x64636261; /* "abcd" */
    struct correlator *correlator = start(100, 1 << 20);
    assert_false(HOLDS(1, client, "x", 1));
    assert_false(HOLDS(2, 7, "dcba", 2));
    assert_true(HOLDS(3, 7, "abcd", 2));
    assert_int_equal(result.first_ns, SECOND);
    assert_false(HOLDS(4, 8, "efgh", 3));
    assert_int_equal(correlator_counters(correlator).windows, 4); /* abcd dcba 8 efgh */
    assert_true(HOLDS(5, client, "abcd", 3));
    assert_false(HOLDS(6, 0, "8888", 3)); /* no client: only the second rule's window */
    assert_int_equal(correlator_counters(correlator).windows, 5);
    correlator_free(correlator);
}

TEST(correlation_of_correlation)
{
    scene_correlation(&scene, EVENT_COUNT, 1, SPAN)->at_least = 3;
    scene_correlation(&scene, TEMPORAL_ORDERED, 1 << FIRST | 2, 2 * SPAN);
    struct correlation *what = &scene.what[FIRST + 1]; /* guessing first, then success */
    what->rules[0] = FIRST;
    what->rules[1] = 1;
    struct correlator *correlator = start(100, 1 << 20);
    struct scene_answer answer = { 0 };
    for (uint64_t i = 0; i < 3; i++) {
        assert_false(holds(correlator, FIRST + 1, i * SECOND, 1, "a", 2, NULL));
        answer = scene_play(correlator, &(struct scene_event){ i * SECOND, 1, "a", 1, 0 });
    }
    assert_true(hit(&answer, FIRST));
    assert_false(hit(&answer, FIRST + 1));
    assert_true(holds(correlator, FIRST + 1, 500 * SECOND, 1, "a", 2, NULL));
    assert_false(holds(correlator, FIRST + 1, 700 * SECOND, 1, "a", 2, NULL));
    correlator_free(correlator);
}

/* --- upper bounds -------------------------------------------------------------------------------
 */

static struct correlator *bounded(uint64_t at_most)
{
    scene_correlation(&scene, EVENT_COUNT, 1, SPAN)->at_most = at_most;
    return start(100, 1 << 20);
}

TEST(absence)
{
    struct correlation_result result;
    struct correlator *correlator = bounded(2);
    assert_false(HOLDS(1000, 1, "a", 1));
    assert_false(HOLDS(1300, 1, "b", 1)); /* the last moment that belongs to it */
    correlator_time(correlator, 1300 * SECOND);
    assert_int_equal(over.count, 0);
    correlator_time(correlator, 1300 * SECOND + 1);
    assert_int_equal(over.count, 1);
    assert_int_equal(over.rule, FIRST);
    assert_int_equal(over.result.count, 2);
    assert_int_equal(over.result.first_ns, 1000 * SECOND);
    assert_int_equal(over.result.last_ns, 1300 * SECOND);
    assert_int_equal(over.last_ns, 1300 * SECOND);
    assert_int_equal(over.client, 1);
    assert_string_equal(over.user, "b");
    /* It starts anew; three are too many. */
    for (int i = 0; i < 3; i++)
        assert_false(HOLDS(2000, 1, "a", 1));
    assert_false(HOLDS(2301, 1, "a", 1));
    assert_int_equal(over.count, 1);
    /* The end of the input ends no window. */
    correlator_free(correlator);
    assert_int_equal(over.count, 1);
}

TEST(ends_come_in_order)
{
    scene_correlation(&scene, EVENT_COUNT, 1, SPAN)->at_most = 5;
    scene_correlation(&scene, EVENT_COUNT, 2, 2 * SPAN)->at_most = 5;
    struct correlator *correlator = start(100, 1 << 20);
    holds(correlator, FIRST, 0, 1, "a", 2, NULL);            /* ends at 600 */
    holds(correlator, FIRST, 300 * SECOND, 2, "a", 1, NULL); /* at 600 too */
    holds(correlator, FIRST, 250 * SECOND, 3, "a", 1, NULL); /* time does not go back: 600 */
    holds(correlator, FIRST, 400 * SECOND, 2, "a", 1, NULL); /* the same window: stays at 600 */
    assert_int_equal(over.count, 0);
    correlator_time(correlator, 601 * SECOND);
    assert_int_equal(over.count, 3);
    assert_int_equal(over.rule, FIRST + 1); /* the last of them: the first rule comes first */
    correlator_free(correlator);
}

TEST(exactly_and_not)
{
    struct correlation *equal = scene_correlation(&scene, VALUE_COUNT, 1, SPAN);
    equal->at_least = equal->at_most = 2;
    struct correlation *other = scene_correlation(&scene, VALUE_COUNT, 2, SPAN);
    other->has_except = true;
    other->except = 2;
    struct correlator *correlator = start(100, 1 << 20);
    static const char *const users[] = { "a", "b", "b", "c" };
    for (uint32_t n = 1; n <= 4; n++) {
        for (uint32_t i = 0; i < n; i++)
            holds(correlator, FIRST, n * 1000 * SECOND, n, users[i], 3, NULL);
        size_t before = over.count;
        correlator_time(correlator, (n * 1000 + 301) * SECOND);
        assert_int_equal(over.count, before + 1); /* one of the two */
        assert_int_equal(over.rule, n == 2 || n == 3 ? FIRST : FIRST + 1);
        assert_int_equal(over.result.count, n < 3 ? n : n - 1);
    }
    correlator_free(correlator);
}

TEST(losses_claim_no_absence)
{
    struct correlator *correlator = bounded(2);
    holds(correlator, FIRST, 1000 * SECOND, 1, "a", 1, NULL);
    correlator_lost(correlator, 1000 * SECOND);
    holds(correlator, FIRST, 1000 * SECOND + 1, 2, "a", 1, NULL); /* after the loss */
    correlator_time(correlator, 2000 * SECOND);
    assert_int_equal(over.count, 1);
    assert_int_equal(over.client, 2);
    assert_int_equal(correlator_counters(correlator).tainted, 1);
    correlator_free(correlator);
}

TEST(losses_leave_presence)
{
    struct correlation_result result;
    scene_correlation(&scene, EVENT_COUNT, 1, SPAN)->at_least = 2;
    struct correlator *correlator = start(100, 1 << 20);
    assert_false(HOLDS(1, 1, "a", 1));
    correlator_lost(correlator, 2 * SECOND);
    assert_true(HOLDS(3, 1, "a", 1));
    correlator_free(correlator);
}

/* What was given up for room would have had more events than its successor has. */
TEST(eviction_claims_no_absence)
{
    scene_correlation(&scene, EVENT_COUNT, 1, SPAN)->at_most = 2;
    struct correlator *correlator = start(2, 1 << 20);
    for (int i = 0; i < 3; i++)
        holds(correlator, FIRST, 1000 * SECOND, 1, "a", 1, NULL);
    holds(correlator, FIRST, 1001 * SECOND, 2, "a", 1, NULL);
    holds(correlator, FIRST, 1002 * SECOND, 3, "a", 1, NULL); /* 1 goes */
    assert_int_equal(correlator_counters(correlator).evicted, 1);
    holds(correlator, FIRST, 1003 * SECOND, 1, "a", 1, NULL); /* and is back with one; 2 goes */
    correlator_time(correlator, 1400 * SECOND);
    assert_int_equal(over.count, 0);
    assert_int_equal(correlator_counters(correlator).tainted, 2);
    holds(correlator, FIRST, 2000 * SECOND, 1, "a", 1, NULL);
    correlator_time(correlator, 3000 * SECOND);
    assert_int_equal(over.count, 1);
    correlator_free(correlator);
}

TEST(what_is_kept_of_an_event)
{
    char long_name[FACTS_TEXT_MAX + 1];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    struct correlator *correlator = bounded(2);
    /* It finds no room: no name is said rather than the one it overrides. */
    uint64_t word = 1 | UINT64_C(1) << FIRST;
    struct rule_hits hits = { &word, SCENE_RULES };
    struct correlation_result results[SCENE_RULES];
    struct facts_index index;
    struct facts facts;
    facts_init(&facts, NULL);
    facts_string(&facts, FIELD_USER_NAME, "bob");
    facts_ip(&facts, FIELD_CLIENT_IP, bytes_over("1234", 4));
    facts_string(&facts, FIELD_USER_NAME, long_name);
    facts_index(&index, buffer_view(&facts.records));
    struct event event = { .kind = EVENT_AUTH, .facts = buffer_view(&facts.records) };
    correlator_event(correlator, NULL, &event, &index, &hits, results);
    facts_free(&facts);
    correlator_time(correlator, 1000 * SECOND);
    assert_int_equal(over.count, 1);
    assert_string_equal(over.user, "");
    assert_int_equal(over.client, 0x34333231);
    correlator_free(correlator);
}

/* --- exchange of rules --------------------------------------------------------------------------
 */

static void two_correlations(struct scene_set *set, bool swapped, uint64_t second_count)
{
    memset(set, 0, sizeof *set);
    for (int i = 0; i < FIRST; i++)
        scene_rule(set);
    for (int i = 0; i < 2; i++) {
        bool second = swapped != (i == 1);
        scene_correlation(set, EVENT_COUNT, 1, SPAN)->at_least = second ? second_count : 3;
        set->rules[FIRST + i].fingerprint[0] = second ? second_count : 3;
    }
}

TEST(swap_in_the_middle_of_a_window)
{
    struct scene_set other;
    two_correlations(&scene, false, 4);
    two_correlations(&other, true, 5); /* the other way round, and the second one changed */
    struct correlator *correlator = start(100, 1 << 20);
    holds(correlator, FIRST, 1 * SECOND, 1, "a", 1, NULL);
    holds(correlator, FIRST, 2 * SECOND, 1, "a", 1, NULL);
    assert_int_equal(correlator_counters(correlator).windows, 2);
    assert_true(correlator_swap(correlator, &other.set));
    memset(&scene, 0xff, sizeof scene); /* the old set is gone */
    assert_int_equal(correlator_counters(correlator).windows, 1);
    struct scene_answer answer =
        scene_play(correlator, &(struct scene_event){ 3 * SECOND, 1, "a", 1, 0 });
    assert_true(hit(&answer, FIRST + 1));
    assert_int_equal(answer.results[FIRST + 1].count, 3);
    assert_false(hit(&answer, FIRST)); /* has seen one */
    correlator_free(correlator);
}

TEST(swap_keeps_absence)
{
    struct scene_set same, off;
    struct correlator *correlator = bounded(2);
    memcpy(&same, &scene, sizeof same);
    same.set.rules = same.rules;
    same.rules[FIRST].correlation = &same.what[FIRST];
    memcpy(&off, &same, sizeof off);
    off.set.rules = off.rules;
    off.rules[0].disabled = true; /* the rule that it counts */
    holds(correlator, FIRST, 1000 * SECOND, 1, "a", 1, NULL);
    assert_true(correlator_swap(correlator, &same.set));
    correlator_time(correlator, 1301 * SECOND);
    assert_int_equal(over.count, 1);
    holds(correlator, FIRST, 2000 * SECOND, 1, "a", 1, NULL);
    assert_true(correlator_swap(correlator, &off.set));
    correlator_time(correlator, 3000 * SECOND);
    assert_int_equal(over.count, 1); /* its events were no longer seen */
    correlator_free(correlator);
}

TEST(twins_have_windows_of_their_own)
{
    for (int i = 0; i < 3; i++) {
        scene_correlation(&scene, EVENT_COUNT, 1, SPAN)->at_least = 3;
        scene.rules[FIRST + i].fingerprint[0] = 7;
    }
    struct correlator *correlator = start(100, 1 << 20);
    for (uint64_t i = 1; i <= 3; i++) {
        struct scene_answer answer =
            scene_play(correlator, &(struct scene_event){ i * SECOND, 1, "a", 1, 0 });
        for (size_t r = FIRST; r < FIRST + 3; r++)
            assert_int_equal(hit(&answer, r), i == 3);
    }
    correlator_free(correlator);
}

TEST(switched_off)
{
    scene_correlation(&scene, EVENT_COUNT, 1, SPAN)->at_least = 1;
    scene_correlation(&scene, EVENT_COUNT, 1, SPAN)->at_least = 1;
    scene.rules[FIRST].disabled = true;
    scene.rules[FIRST + 1].waits_for = "detect.own_domains";
    struct correlator *correlator = start(100, 1 << 20);
    assert_false(holds(correlator, FIRST, 1, 1, "a", 1, NULL));
    assert_false(holds(correlator, FIRST + 1, 1, 1, "a", 1, NULL));
    correlator_free(correlator);
    memset(&scene.set, 0, sizeof scene.set); /* and no rules at all */
    correlator = start(100, 1 << 20);
    struct facts_index index = { .records = BYTES_NONE };
    correlator_event(correlator, NULL, &(struct event){ .time_ns = 1 }, &index,
                     &(struct rule_hits){ NULL, 0 }, NULL);
    correlator_free(correlator);
}

/* --- bounds -------------------------------------------------------------------------------------
 */

TEST(the_one_unused_longest_goes_first)
{
    struct correlation_result result;
    scene_correlation(&scene, EVENT_COUNT, 1, SPAN)->at_least = 3;
    struct correlator *correlator = start(2, 1 << 20);
    HOLDS(1, 1, "a", 1);
    HOLDS(2, 2, "a", 1);
    HOLDS(3, 1, "a", 1);
    HOLDS(4, 3, "a", 1); /* 2 goes */
    assert_true(HOLDS(5, 1, "a", 1));
    assert_int_equal(correlator_counters(correlator).evicted, 1);
    /* What nothing counts in any more is no loss. */
    HOLDS(1000, 4, "a", 1);
    HOLDS(1000, 5, "a", 1);
    HOLDS(1000, 4, "a", 1);
    assert_int_equal(correlator_counters(correlator).evicted, 1);
    assert_int_equal(correlator_counters(correlator).windows, 2);
    correlator_free(correlator);
}

TEST(large_windows_give_way)
{
    struct correlation_result result;
    scene_correlation(&scene, EVENT_COUNT, 1, SPAN)->at_least = 256; /* keeps 1,024: 8 KiB */
    struct correlator *correlator = start(100, 100 * 512);
    for (uint32_t client = 1; client <= 20; client++) {
        for (uint64_t i = 1; i <= 300; i++)
            assert_int_equal(
                holds(correlator, FIRST, SPAN + client * SECOND + i, client, "a", 1, &result),
                i >= 256);
    }
    assert_true(correlator_counters(correlator).evicted > 10);
    correlator_free(correlator);
}

/* A million groups in four correlations, two of which keep memory, under the bound. */
TEST(a_million_keys)
{
    const uint32_t keys = 1000000, windows = 50000;
    const size_t bytes = 24 << 20;
    scene_correlation(&scene, EVENT_COUNT, 1, 1000 * SPAN)->at_least = 10;
    scene_correlation(&scene, VALUE_COUNT, 1, 1000 * SPAN)->at_least = 10;
    scene_correlation(&scene, EVENT_COUNT, 1, 1000 * SPAN)->at_most = 1;
    struct correlator *correlator = start(windows, bytes);
    assert_true(correlator_bytes(correlator) <= bytes + (64 << 10));
    char user[16];
    for (uint32_t i = 1; i <= keys; i++) {
        snprintf(user, sizeof user, "u%u", i);
        for (int again = 0; again < (i % 100 ? 1 : 8); again++)
            holds(correlator, FIRST, SECOND + i, i, user, 1, NULL);
    }
    struct correlator_counters counters = correlator_counters(correlator);
    assert_true(counters.windows <= windows);
    assert_int_equal(counters.evicted + counters.windows, 3 * (uint64_t)keys);
    correlator_time(correlator, UINT64_MAX);
    assert_int_equal(over.count, 0); /* they were lost, or began while others were */
    correlator_free(correlator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(events_at_the_edge, begin),
        cmocka_unit_test_setup(without_a_group_value, begin),
        cmocka_unit_test_setup(its_own_expression, begin),
        cmocka_unit_test_setup(no_two_groups_read_the_same, begin),
        cmocka_unit_test_setup(count_is_kept_beyond_the_condition, begin),
        cmocka_unit_test_setup(largest_count, begin),
        cmocka_unit_test_setup(one_event_of_two_rules_counts_once, begin),
        cmocka_unit_test_setup(different_values, begin),
        cmocka_unit_test_setup(the_latest_values, begin),
        cmocka_unit_test_setup(each_value_of_a_list, begin),
        cmocka_unit_test_setup(rows_that_the_rule_is_about, begin),
        cmocka_unit_test_setup(counted_so_far, begin),
        cmocka_unit_test_setup(steps_so_far, begin),
        cmocka_unit_test_setup(any_order, begin),
        cmocka_unit_test_setup(in_order, begin),
        cmocka_unit_test_setup(a_step_of_the_same_rule, begin),
        cmocka_unit_test_setup(many_steps, begin),
        cmocka_unit_test_setup(aliases, begin),
        cmocka_unit_test_setup(correlation_of_correlation, begin),
        cmocka_unit_test_setup(absence, begin),
        cmocka_unit_test_setup(ends_come_in_order, begin),
        cmocka_unit_test_setup(exactly_and_not, begin),
        cmocka_unit_test_setup(losses_claim_no_absence, begin),
        cmocka_unit_test_setup(losses_leave_presence, begin),
        cmocka_unit_test_setup(eviction_claims_no_absence, begin),
        cmocka_unit_test_setup(what_is_kept_of_an_event, begin),
        cmocka_unit_test_setup(swap_in_the_middle_of_a_window, begin),
        cmocka_unit_test_setup(swap_keeps_absence, begin),
        cmocka_unit_test_setup(twins_have_windows_of_their_own, begin),
        cmocka_unit_test_setup(switched_off, begin),
        cmocka_unit_test_setup(the_one_unused_longest_goes_first, begin),
        cmocka_unit_test_setup(large_windows_give_way, begin),
        cmocka_unit_test_setup(a_million_keys, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
