/* JSON lines: whole lines in order, and readers or disks that go away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json_lines.h"
#include "sink_thread.h"

static void put_text(struct sink_thread *thread, const char *text)
{
    struct rendered event = { .json = bytes_of_string(text) };
    sink_thread_put(thread, &event);
}

static struct sink_thread *start(const struct json_lines_options *options,
                                 struct sink_status *status)
{
    return sink_thread_start(
        &(struct sink_thread_options){ .type = &json_lines_sink, .options = options, .wait = true },
        status);
}

static void writes_lines_to_a_file(void **state)
{
    (void)state;
    char path[] = "/tmp/mailtap-json-XXXXXX";
    struct sink_status status;
    int made = mkstemp(path);
    assert_true(made >= 0);
    close(made);
    struct sink_thread *thread = start(&(struct json_lines_options){ .path = path }, &status);
    assert_non_null(thread);
    /* One event is longer than the sink's buffer. */
    size_t large = 400 * 1024;
    char *text = malloc(large + 1);
    assert_non_null(text);
    memset(text, 'y', large);
    text[large] = '\0';
    put_text(thread, "{\"n\":1}");
    put_text(thread, text);
    put_text(thread, "{\"n\":3}");
    sink_thread_stop(thread, &status);
    assert_int_equal(status.written, 3);
    assert_string_equal(status.error, "");

    char *back = calloc(1, large + 100);
    assert_non_null(back);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(back, 1, large + 100, file), 8 + large + 1 + 8);
    assert_memory_equal(back, "{\"n\":1}\nyyy", 11);
    assert_string_equal(back + 8 + large, "\n{\"n\":3}\n");
    fclose(file);
    unlink(path);
    free(back);
    free(text);
}

static void survives_a_reader_that_goes_away(void **state)
{
    (void)state;
    int ends[2];
    struct sink_status status;
    assert_int_equal(pipe(ends), 0);
    struct sink_thread *thread = start(&(struct json_lines_options){ .fd = ends[1] }, &status);
    assert_non_null(thread);
    put_text(thread, "{\"first\":true}");
    char first[15];
    assert_int_equal(read(ends[0], first, sizeof first), sizeof first);
    assert_memory_equal(first, "{\"first\":true}\n", sizeof first);
    close(ends[0]);
    for (int i = 0; i < 100000; i++)
        put_text(thread, "{\"filler\":\"a line that nobody will read\"}");
    sink_thread_stop(thread, &status);
    assert_int_equal(status.written, 1);
    assert_int_equal(status.dropped, 100000);
    assert_string_equal(status.error, "json: 100000 events were not delivered: cannot write to "
                                      "standard output: Broken pipe");
    assert_int_equal(fcntl(ends[1], F_GETFD), 0); /* not ours to close */
    close(ends[1]);
}

static void says_that_the_disk_is_full(void **state)
{
    (void)state;
    struct sink_status status;
    struct sink_thread *thread =
        start(&(struct json_lines_options){ .path = "/dev/full" }, &status);
    assert_non_null(thread);
    for (int i = 0; i < 1000; i++)
        put_text(thread, "{}");
    sink_thread_stop(thread, &status);
    assert_int_equal(status.written, 0);
    assert_int_equal(status.dropped, 1000);
    assert_string_equal(status.error, "json: 1000 events were not delivered: cannot write to "
                                      "/dev/full: No space left on device");
}

static void says_that_it_cannot_open(void **state)
{
    (void)state;
    struct sink_status status;
    assert_null(start(&(struct json_lines_options){ .path = "/nonexistent/x.json" }, &status));
    assert_string_equal(status.error,
                        "json: cannot open /nonexistent/x.json: No such file or directory");
}

static void waits_for_a_full_non_blocking_pipe(void **state)
{
    (void)state;
    int ends[2];
    char data[65536];
    size_t got = 0, lines = 40000;
    struct sink_status status;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    struct sink_thread *thread = start(&(struct json_lines_options){ .fd = ends[1] }, &status);
    for (size_t i = 0; i < lines; i++)
        put_text(thread, "{\"line\":\"0123456789\"}");
    while (got < lines * 22) {
        ssize_t n = read(ends[0], data, sizeof data);
        assert_true(n > 0 || (n < 0 && errno == EAGAIN));
        got += n > 0 ? (size_t)n : 0;
    }
    sink_thread_stop(thread, &status);
    assert_int_equal(status.written, lines);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN); /* as main does */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_lines_to_a_file),
        cmocka_unit_test(survives_a_reader_that_goes_away),
        cmocka_unit_test(says_that_the_disk_is_full),
        cmocka_unit_test(says_that_it_cannot_open),
        cmocka_unit_test(waits_for_a_full_non_blocking_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
