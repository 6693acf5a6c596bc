/* The sink thread: order, waiting and dropping, a sink that fails, and what a stop still delivers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "facts.h"
#include "sink_thread.h"
#include "text.h"

/* A sink that checks the order of what it gets, and can be held up or made to fail. */
struct fake {
    pthread_mutex_t gate; /* held by the test: write() waits */
    int open_result;
    uint64_t fail_write_at, fail_flush_at; /* 1-based number of the call; 0: never */
    struct sink_report *report;
    _Atomic uint64_t writes, flushes, out_of_order;
    uint64_t unflushed;
    bool closed;
};

static int fake_open(void **sink, const void *options, struct sink_report *report)
{
    /* The options are the test's own structure, which it wants to see change. */
    struct fake *fake = *(struct fake *const *)options;
    fake->report = report;
    *sink = fake;
    if (fake->open_result < 0)
        snprintf(report->trouble, sizeof report->trouble, "cannot open");
    return fake->open_result;
}

static int fake_write(void *sink, const struct rendered *event)
{
    struct fake *fake = sink;
    uint64_t number = 0;
    pthread_mutex_lock(&fake->gate);
    pthread_mutex_unlock(&fake->gate);
    if (!text_to_u64(event->json, &number) || number != fake->writes)
        fake->out_of_order++;
    if (++fake->writes == fake->fail_write_at)
        return -ENOSPC;
    fake->unflushed++;
    return 0;
}

static int fake_flush(void *sink)
{
    struct fake *fake = sink;
    if (++fake->flushes == fake->fail_flush_at)
        return -EPIPE;
    fake->report->written += fake->unflushed;
    fake->unflushed = 0;
    return 0;
}

static void fake_close(void *sink)
{
    struct fake *fake = sink;
    fake->report->dropped += fake->unflushed;
    fake->closed = true;
}

static const struct sink_type fake_sink = {
    .name = "fake",
    .batch = 10,
    .open = fake_open,
    .write = fake_write,
    .flush = fake_flush,
    .close = fake_close,
};

static struct sink_thread *start(struct fake *fake, bool wait, struct sink_status *status)
{
    struct sink_thread_options options = {
        .type = &fake_sink, .options = &fake, .wait = wait, .ring_bytes = 4096
    };
    pthread_mutex_init(&fake->gate, NULL);
    return sink_thread_start(&options, status);
}

static void put(struct sink_thread *thread, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    struct rendered event = { .stream = STREAM_EVENTS, .json = bytes_of_string(text) };
    sink_thread_put(thread, &event);
}

static void put_many(struct sink_thread *thread, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        put(thread, i);
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void packs_and_unpacks(void **state)
{
    (void)state;
    char too_long[COLUMN_MAX + 50];
    memset(too_long, 'x', sizeof too_long);
    struct rendered event = { .stream = STREAM_FINDINGS, .json = BYTES_LITERAL("{\"a\":1}") }, back;
    event.column[COLUMN_DATASET] = BYTES_LITERAL("mailtap.auth");
    event.column[COLUMN_RULE] = bytes_over(too_long, sizeof too_long);
    uint8_t packed[512];
    size_t len = rendered_packed_len(&event);
    assert_true(len <= sizeof packed);
    rendered_pack(&event, packed);
    assert_true(rendered_unpack(bytes_over(packed, len), &back));
    assert_int_equal(back.stream, STREAM_FINDINGS);
    assert_true(bytes_equal(back.json, event.json));
    assert_true(bytes_equal(back.column[COLUMN_DATASET], event.column[COLUMN_DATASET]));
    assert_int_equal(back.column[COLUMN_RULE].len, COLUMN_MAX);
    assert_int_equal(back.column[COLUMN_SRC].len, 0);
    for (size_t cut = 0; cut < len - event.json.len; cut++)
        assert_false(rendered_unpack(bytes_over(packed, cut), &back));
}

static void columns_come_from_the_facts(void **state)
{
    (void)state;
    struct facts facts;
    struct facts_index index;
    struct rendered event;
    struct column_text text;
    static const uint8_t client[] = { 192, 0, 2, 1 }, source[] = { 192, 0, 2, 2 };
    facts_init(&facts, NULL);
    facts_ip(&facts, FIELD_CLIENT_IP, bytes_over(client, 4));
    facts_index(&index, buffer_view(&facts.records));
    rendered_columns(&event, &index, &text);
    assert_string_equal(text.value[COLUMN_SRC], "192.0.2.1");
    assert_string_equal(text.value[COLUMN_SEVERITY], "0");
    assert_string_equal(text.value[COLUMN_RULE], "");
    facts_ip(&facts, FIELD_SOURCE_IP, bytes_over(source, 4));
    facts_number(&facts, FIELD_EVENT_SEVERITY, 73);
    facts_string(&facts, FIELD_RULE_ID, "smtp.auth.cleartext");
    facts_index(&index, buffer_view(&facts.records));
    rendered_columns(&event, &index, &text);
    assert_string_equal(text.value[COLUMN_SRC], "192.0.2.2");
    assert_string_equal(text.value[COLUMN_SEVERITY], "73");
    assert_true(bytes_equal(event.column[COLUMN_RULE], BYTES_LITERAL("smtp.auth.cleartext")));
    facts_free(&facts);
}

static void keeps_order_and_drains(void **state)
{
    (void)state;
    struct fake fake = { 0 };
    struct sink_status status;
    struct sink_thread *thread = start(&fake, true, &status);
    assert_non_null(thread);
    put_many(thread, 20000);
    sink_thread_stop(thread, &status);
    assert_int_equal(status.written, 20000);
    assert_int_equal(status.dropped + status.rejected + fake.out_of_order, 0);
    assert_true(fake.flushes >= 2000); /* one for each batch */
    assert_true(fake.closed);
    assert_string_equal(status.error, "");
}

/* Holds the sink up for a while. */
static void *hold_gate(void *arg)
{
    struct fake *fake = arg;
    struct timespec pause = { .tv_nsec = 50 * 1000000 };
    pthread_mutex_lock(&fake->gate);
    nanosleep(&pause, NULL);
    pthread_mutex_unlock(&fake->gate);
    return NULL;
}

/* With `wait` nothing is lost, however full the ring was. */
static void waits_when_asked_to(void **state)
{
    (void)state;
    struct fake fake = { 0 };
    struct sink_status status;
    pthread_t helper;
    struct sink_thread *thread = start(&fake, true, &status);
    assert_int_equal(pthread_create(&helper, NULL, hold_gate, &fake), 0);
    put_many(thread, 5000);
    pthread_join(helper, NULL);
    sink_thread_stop(thread, &status);
    assert_int_equal(status.written, 5000);
    assert_int_equal(status.dropped, 0);
}

static void drops_when_live(void **state)
{
    (void)state;
    struct fake fake = { 0 };
    struct sink_status status;
    struct sink_thread *thread = start(&fake, false, &status);
    pthread_mutex_lock(&fake.gate);
    uint64_t before = now_ms();
    put_many(thread, 5000);
    assert_true(now_ms() - before < 1000); /* it did not wait */
    sink_thread_count(thread, &status);
    assert_true(status.dropped > 4000);
    pthread_mutex_unlock(&fake.gate);
    sink_thread_stop(thread, &status);
    assert_int_equal(status.written + status.dropped, 5000);
    assert_true(status.written > 20);
    assert_non_null(strstr(status.error, " events were not delivered: they came faster than"));
}

static void flushes_a_trickle(void **state)
{
    (void)state;
    struct fake fake = { 0 };
    struct sink_status status;
    struct sink_thread *thread = start(&fake, true, &status);
    uint64_t deadline = now_ms() + 5000;
    put(thread, 0);
    do {
        struct timespec pause = { .tv_nsec = 1000000 };
        nanosleep(&pause, NULL);
        sink_thread_count(thread, &status);
    } while (status.written == 0 && now_ms() < deadline);
    assert_int_equal(status.written, 1);
    sink_thread_stop(thread, &status);
}

static void failing_write_stalls_nobody(void **state)
{
    (void)state;
    struct fake fake = { .fail_write_at = 25 };
    struct sink_status status;
    struct sink_thread *thread = start(&fake, true, &status);
    put_many(thread, 20000); /* far more than the ring holds */
    sink_thread_stop(thread, &status);
    assert_int_equal(fake.writes, 25);
    assert_int_equal(status.written, 20);
    assert_int_equal(status.written + status.dropped, 20000);
    assert_string_equal(status.error,
                        "fake: 19980 events were not delivered: No space left on device");
    assert_true(fake.closed);
}

static void failing_flush_stalls_nobody(void **state)
{
    (void)state;
    struct fake fake = { .fail_flush_at = 3 };
    struct sink_status status;
    struct sink_thread *thread = start(&fake, true, &status);
    put_many(thread, 20000);
    sink_thread_stop(thread, &status);
    assert_int_equal(status.written + status.dropped, 20000);
    assert_string_equal(status.error, "fake: 19980 events were not delivered: Broken pipe");
}

static void says_why_it_cannot_open(void **state)
{
    (void)state;
    struct fake fake = { .open_result = -ECONNREFUSED };
    struct sink_status status;
    assert_null(start(&fake, true, &status));
    assert_string_equal(status.error, "fake: cannot open");
    assert_false(fake.closed);
    sink_thread_stop(NULL, &status);
}

static void refuses_what_never_fits(void **state)
{
    (void)state;
    static const uint8_t large[8192];
    struct fake fake = { 0 };
    struct sink_status status;
    struct sink_thread *thread = start(&fake, true, &status);
    struct rendered event = { .json = { large, sizeof large } };
    sink_thread_put(thread, &event);
    put(thread, 0);
    sink_thread_stop(thread, &status);
    assert_int_equal(status.dropped, 1);
    assert_int_equal(status.written, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packs_and_unpacks),
        cmocka_unit_test(columns_come_from_the_facts),
        cmocka_unit_test(keeps_order_and_drains),
        cmocka_unit_test(waits_when_asked_to),
        cmocka_unit_test(drops_when_live),
        cmocka_unit_test(flushes_a_trickle),
        cmocka_unit_test(failing_write_stalls_nobody),
        cmocka_unit_test(failing_flush_stalls_nobody),
        cmocka_unit_test(says_why_it_cannot_open),
        cmocka_unit_test(refuses_what_never_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
