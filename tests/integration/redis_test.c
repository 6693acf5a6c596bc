/* The Redis sink against a real, private Redis: both transports, logins, outages, refusals. And
 * against a server that only pretends to be one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "redis.h"
#include "sink_thread.h"
#include "text.h"

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

/* --- a private Redis ----------------------------------------------------------------------------
 */

static struct server {
    char folder[32], socket[64], unix_url[80], tcp_url[48], port[6];
    pid_t pid; /* 0: not running */
} server = { .folder = "/tmp/mailtap-redis-XXXXXX" };

/* A port that nobody uses now. */
static void choose_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        fail_msg("no TCP port: %s", strerror(errno));
    close(fd);
    snprintf(server.port, sizeof server.port, "%u", (unsigned)ntohs(address.sin_port));
    snprintf(server.tcp_url, sizeof server.tcp_url, "redis://127.0.0.1:%s", server.port);
}

static void server_kill(void)
{
    if (server.pid <= 0)
        return;
    kill(server.pid, SIGKILL);
    waitpid(server.pid, NULL, 0);
    server.pid = 0;
}

static void server_exec(const char *option, const char *value)
{
    const char *words[] = {
        "redis-server", "--save",    "",          "--appendonly", "no",          "--port",
        server.port,    "--bind",    "127.0.0.1", "--unixsocket", server.socket, "--dir",
        server.folder,  "--logfile", "log",       "--daemonize",  "no",          option,
        value,          NULL
    };
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* however this test ends */
    execvp(words[0], (char *const *)(uintptr_t)words);
    _exit(127);
}

/* Starts Redis with one more option (or NULL) and waits until it answers. */
static void server_start(const char *option, const char *value)
{
    uint64_t deadline = now_ms() + 10000;
    server_kill();
    server.pid = fork();
    if (server.pid == 0)
        server_exec(option, value);
    for (;;) {
        redisContext *client = redisConnectUnix(server.socket);
        redisReply *reply = client && !client->err ? redisCommand(client, "PING") : NULL;
        bool answers = reply != NULL;
        int status = 0;
        freeReplyObject(reply);
        redisFree(client);
        if (answers)
            return;
        if (waitpid(server.pid, &status, WNOHANG) == server.pid) {
            server.pid = 0;
            if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
                fail_msg("redis-server is not installed: apt-get install redis-server");
            fail_msg("redis-server ended at once");
        }
        if (now_ms() > deadline)
            fail_msg("redis-server does not answer");
        pause_ms(5);
    }
}

static int prepare(void **state)
{
    (void)state;
    if (!mkdtemp(server.folder))
        return -1;
    snprintf(server.socket, sizeof server.socket, "%s/s", server.folder);
    snprintf(server.unix_url, sizeof server.unix_url, "unix://%s", server.socket);
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    char path[64];
    server_kill();
    unlink(server.socket);
    snprintf(path, sizeof path, "%s/log", server.folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/secret", server.folder);
    unlink(path);
    return rmdir(server.folder);
}

static int before_each(void **state)
{
    (void)state;
    choose_port();
    return 0;
}

static int after_each(void **state)
{
    (void)state;
    server_kill();
    return 0;
}

/* --- asking it ----------------------------------------------------------------------------------
 */

static redisReply *ask(const char *command, const char *db)
{
    redisContext *client = redisConnectUnix(server.socket);
    assert_true(client && !client->err);
    freeReplyObject(redisCommand(client, "SELECT %s", db));
    redisReply *reply = redisCommand(client, command);
    assert_non_null(reply);
    redisFree(client);
    return reply;
}

static long long ask_number(const char *command, const char *db)
{
    redisReply *reply = ask(command, db);
    assert_int_equal(reply->type, REDIS_REPLY_INTEGER);
    long long number = reply->integer;
    freeReplyObject(reply);
    return number;
}

/* --- the sink -----------------------------------------------------------------------------------
 */

static struct redis_options options_for(char *url, bool finite_input)
{
    static char prefix[] = "mailtap";
    return (struct redis_options){ .url = url,
                                   .prefix = prefix,
                                   .events_maxlen = 100000,
                                   .findings_maxlen = 50000,
                                   .stats_maxlen = 10000,
                                   .finite_input = finite_input };
}

static struct sink_thread *start(const struct redis_options *options, struct sink_status *status)
{
    return sink_thread_start(
        &(struct sink_thread_options){ .type = &redis_sink, .options = options, .wait = true },
        status);
}

/* An event with its number, with what would hurt a program that takes data for a format. */
static struct rendered event_of(uint64_t number, enum event_stream stream, char text[64])
{
    int len = snprintf(text, 64, "{\"n\":%" PRIu64 ",\"t\":\"%%s%%n \r\n$5\"}", number);
    struct rendered event = { .stream = stream, .json = bytes_over(text, (size_t)len) };
    event.column[COLUMN_DATASET] = BYTES_LITERAL("mailtap.auth");
    event.column[COLUMN_SEVERITY] = BYTES_LITERAL("73");
    event.column[COLUMN_SRC] = BYTES_LITERAL("192.0.2.1");
    event.column[COLUMN_DST] = BYTES_LITERAL("192.0.2.2");
    event.column[COLUMN_PROTO] = BYTES_LITERAL("smtp");
    return event;
}

static void put(struct sink_thread *thread, uint64_t number, enum event_stream stream)
{
    char text[64];
    struct rendered event = event_of(number, stream, text);
    sink_thread_put(thread, &event);
}

static const char *const fields[] = {
    "event", "dataset", "severity", "rule", "src", "dst", "proto"
};
static const char *const values[] = { NULL,        "mailtap.auth", "73",  "",
                                      "192.0.2.1", "192.0.2.2",    "smtp" };

/* One entry: all fields, in order; returns the event's number. */
static uint64_t check_entry(const redisReply *entry)
{
    const redisReply *pairs = entry->element[1];
    char text[64];
    uint64_t number = 0;
    assert_int_equal(pairs->elements, 14);
    for (size_t i = 0; i < 7; i++) {
        assert_string_equal(pairs->element[2 * i]->str, fields[i]);
        if (values[i])
            assert_string_equal(pairs->element[2 * i + 1]->str, values[i]);
    }
    const redisReply *json = pairs->element[1];
    struct bytes digits = bytes_after(bytes_over(json->str, json->len), 5);
    assert_true(text_to_u64(bytes_first(digits, bytes_index(digits, ',')), &number));
    struct rendered expected = event_of(number, STREAM_EVENTS, text);
    assert_true(bytes_equal(bytes_over(json->str, json->len), expected.json));
    return number;
}

static void check_stream(const char *key, const char *db, uint64_t first, uint64_t count)
{
    char command[64];
    snprintf(command, sizeof command, "XRANGE %s - +", key);
    redisReply *reply = ask(command, db);
    assert_int_equal(reply->elements, count);
    for (size_t i = 0; i < reply->elements; i++)
        assert_int_equal(check_entry(reply->element[i]), first + i);
    freeReplyObject(reply);
}

/* --- tests --------------------------------------------------------------------------------------
 */

static void deliver_and_check(char *url, const char *db)
{
    struct redis_options options = options_for(url, true);
    struct sink_status status;
    struct sink_thread *thread = start(&options, &status);
    if (!thread)
        fail_msg("%s", status.error);
    for (uint64_t i = 0; i < 1000; i++)
        put(thread, i, i < 990 ? STREAM_EVENTS : STREAM_FINDINGS);
    sink_thread_stop(thread, &status);
    assert_string_equal(status.error, "");
    assert_int_equal(status.written, 1000);
    assert_int_equal(status.dropped + status.rejected, 0);
    check_stream("mailtap:events", db, 0, 990);
    check_stream("mailtap:findings", db, 990, 10);
}

static void delivers_in_order_over_both_transports(void **state)
{
    (void)state;
    char db_url[96];
    server_start(NULL, NULL);
    deliver_and_check(server.unix_url, "0");
    snprintf(db_url, sizeof db_url, "%s/3", server.tcp_url);
    deliver_and_check(db_url, "3");
    snprintf(db_url, sizeof db_url, "%s?db=4", server.unix_url);
    deliver_and_check(db_url, "4");
}

static void flushes_a_single_event(void **state)
{
    (void)state;
    struct redis_options options = options_for(server.unix_url, false);
    struct sink_status status;
    uint64_t deadline = now_ms() + 5000;
    server_start(NULL, NULL);
    struct sink_thread *thread = start(&options, &status);
    put(thread, 0, STREAM_EVENTS);
    while (ask_number("XLEN mailtap:events", "0") == 0 && now_ms() < deadline)
        pause_ms(5);
    assert_int_equal(ask_number("XLEN mailtap:events", "0"), 1);
    sink_thread_stop(thread, &status);
    assert_int_equal(status.written, 1);
}

static void keeps_about_as_many_as_told(void **state)
{
    (void)state;
    struct redis_options options = options_for(server.unix_url, true);
    struct sink_status status;
    options.events_maxlen = 500;
    server_start(NULL, NULL);
    struct sink_thread *thread = start(&options, &status);
    for (uint64_t i = 0; i < 5000; i++)
        put(thread, i, STREAM_EVENTS);
    sink_thread_stop(thread, &status);
    assert_int_equal(status.written, 5000);
    assert_in_range(ask_number("XLEN mailtap:events", "0"), 500, 700);
}

/* The error of an open() that must fail; it never holds the password. */
static void check_refusal(char *url, char *password_file, const char *expected)
{
    struct redis_options options = options_for(url, true);
    struct sink_status status;
    options.password_file = password_file;
    struct sink_thread *thread = start(&options, &status);
    if (thread) {
        sink_thread_stop(thread, &status);
        fail_msg("was accepted, not refused with: %s", expected);
    }
    if (!strstr(status.error, expected) || strstr(status.error, "wr0ng"))
        fail_msg("\"%s\" is not \"%s\"", status.error, expected);
}

static void logs_in(void **state)
{
    (void)state;
    char url[128], file[64];
    struct sink_status status;
    server_start("--requirepass", "s3cret/@");
    check_refusal(server.unix_url, NULL, "refuses: NOAUTH Authentication required.");
    snprintf(url, sizeof url, "redis://:wr0ng@127.0.0.1:%s", server.port);
    check_refusal(url, NULL, "refuses: WRONGPASS ");
    snprintf(url, sizeof url, "redis://nobody:wr0ng@127.0.0.1:%s", server.port);
    check_refusal(url, NULL, "refuses: WRONGPASS ");

    struct redis_options options = options_for(url, true);
    snprintf(url, sizeof url, "redis://default:s3cret%%2F@@127.0.0.1:%s", server.port);
    struct sink_thread *thread = start(&options, &status);
    assert_string_equal(status.error, "");
    put(thread, 0, STREAM_EVENTS);
    sink_thread_stop(thread, &status);
    assert_int_equal(status.written, 1);

    snprintf(file, sizeof file, "%s/secret", server.folder);
    FILE *secret = fopen(file, "w");
    assert_non_null(secret);
    fputs("s3cret/@\n", secret);
    fclose(secret);
    options.url = server.unix_url;
    options.password_file = file;
    thread = start(&options, &status);
    assert_string_equal(status.error, "");
    put(thread, 0, STREAM_EVENTS);
    sink_thread_stop(thread, &status);
    assert_int_equal(status.written, 1);
    unlink(file);
    check_refusal(server.unix_url, file, "No such file or directory");
    /* A database that is not there. */
    snprintf(url, sizeof url, "redis://:s3cret%%2F@@127.0.0.1:%s/999", server.port);
    check_refusal(url, NULL, "refuses: ERR DB index is out of range");
}

static void says_at_once_that_nobody_is_there(void **state)
{
    (void)state;
    char expected[128];
    uint64_t before = now_ms();
    snprintf(expected, sizeof expected, "redis: cannot connect to 127.0.0.1:%s: Connection refused",
             server.port);
    check_refusal(server.tcp_url, NULL, expected);
    check_refusal(server.unix_url, NULL, "redis: cannot connect to /tmp/mailtap-redis-");
    assert_true(now_ms() - before < 1000);
}

/* kill -9 while events flow, and a new, empty Redis: of what was not answered, nothing is lost. */
static void sends_the_unanswered_again(void **state)
{
    (void)state;
    enum { EVENTS = 60000 };
    struct redis_options options = options_for(server.unix_url, true);
    struct sink_status status;
    server_start(NULL, NULL);
    struct sink_thread *thread = start(&options, &status);
    uint64_t answered = 0;
    for (uint64_t i = 0; i < EVENTS; i++) {
        put(thread, i, STREAM_EVENTS);
        if (answered == 0 && i % 256 == 0) {
            sink_thread_count(thread, &status);
            if (status.written < 2000)
                continue;
            server_kill();
            sink_thread_count(thread, &status);
            answered = status.written;
            server_start(NULL, NULL);
        }
    }
    sink_thread_stop(thread, &status);
    assert_true(answered >= 2000);
    assert_string_equal(status.error, "");
    assert_int_equal(status.dropped + status.rejected, 0);
    assert_int_equal(status.written, EVENTS);
    /* Replies that were read after the count may have moved the start by less than what was sent.
     */
    redisReply *reply = ask("XRANGE mailtap:events - + COUNT 1", "0");
    assert_int_equal(reply->elements, 1);
    uint64_t first = check_entry(reply->element[0]);
    freeReplyObject(reply);
    assert_in_range(first, answered, answered + 256);
    check_stream("mailtap:events", "0", first, EVENTS - first);
}

/* Until flush() says that nothing is waiting. */
static void flush_until_done(void *sink, uint64_t limit_ms)
{
    uint64_t deadline = now_ms() + limit_ms;
    int result;
    while ((result = redis_sink.flush(sink)) == 1 && now_ms() < deadline)
        pause_ms(10);
    assert_int_equal(result, 0);
}

static void write_events(void *sink, uint64_t first, uint64_t count)
{
    for (uint64_t i = first; i < first + count; i++) {
        char text[64];
        struct rendered event = event_of(i, STREAM_EVENTS, text);
        assert_int_equal(redis_sink.write(sink, &event), 0);
    }
}

static void is_not_held_up_by_a_stopped_redis(void **state)
{
    (void)state;
    struct redis_options options = options_for(server.unix_url, false);
    struct sink_report report = { 0 };
    void *sink = NULL;
    server_start(NULL, NULL);
    assert_int_equal(redis_sink.open(&sink, &options, &report), 0);
    kill(server.pid, SIGSTOP);
    uint64_t before = now_ms();
    write_events(sink, 0, 100);
    assert_int_equal(redis_sink.flush(sink), 1);
    assert_in_range(now_ms() - before, 4000, 8000);
    assert_int_equal(report.written, 0);
    /* It never comes back, but another one does: the whole batch arrives there. */
    server_start(NULL, NULL);
    flush_until_done(sink, 20000);
    redis_sink.close(sink);
    assert_int_equal(report.written, 100);
    assert_string_equal(report.trouble, "");
    check_stream("mailtap:events", "0", 0, 100);
}

static void drops_when_live_and_alone(void **state)
{
    (void)state;
    struct redis_options options = options_for(server.tcp_url, false);
    struct sink_report report = { 0 };
    void *sink = NULL;
    assert_int_equal(redis_sink.open(&sink, &options, &report), 0);
    write_events(sink, 0, 1000);
    assert_int_equal(redis_sink.flush(sink), 1);
    assert_int_equal(report.dropped, 1000 - 256);
    server_start(NULL, NULL);
    flush_until_done(sink, 30000);
    assert_int_equal(report.written, 256);
    redis_sink.close(sink);
    check_stream("mailtap:events", "0", 0, 256);
    assert_non_null(strstr(report.trouble, "cannot connect to 127.0.0.1:"));
}

static void gives_up_on_a_file_after_a_while(void **state)
{
    (void)state;
    struct redis_options options = options_for(server.unix_url, true);
    struct sink_status status;
    server_start(NULL, NULL);
    struct sink_thread *thread = start(&options, &status);
    uint64_t before = now_ms();
    for (uint64_t i = 0; i < 100000; i++) {
        put(thread, i, STREAM_EVENTS);
        if (i == 5000)
            server_kill();
    }
    sink_thread_stop(thread, &status);
    assert_in_range(now_ms() - before, 4000, 9000);
    assert_int_equal(status.written + status.dropped, 100000);
    assert_true(status.dropped >= 94000);
    char expected[96];
    snprintf(expected, sizeof expected, "redis: %" PRIu64 " events were not delivered: cannot ",
             status.dropped);
    if (strncmp(status.error, expected, strlen(expected)) != 0)
        fail_msg("%s", status.error);
}

static void counts_what_redis_refuses(void **state)
{
    (void)state;
    struct redis_options options = options_for(server.unix_url, true);
    struct sink_status status;
    server_start(NULL, NULL);
    freeReplyObject(ask("SET mailtap:events text", "0"));
    struct sink_thread *thread = start(&options, &status);
    for (uint64_t i = 0; i < 300; i++)
        put(thread, i, i % 2 ? STREAM_FINDINGS : STREAM_EVENTS);
    sink_thread_stop(thread, &status);
    assert_int_equal(status.written, 150);
    assert_int_equal(status.rejected, 150);
    assert_int_equal(status.dropped, 0);
    assert_non_null(strstr(status.error, "redis: 150 events were rejected: WRONGTYPE "));
    assert_int_equal(ask_number("XLEN mailtap:findings", "0"), 150);
}

static void counts_what_has_no_room(void **state)
{
    (void)state;
    struct redis_options options = options_for(server.unix_url, true);
    struct sink_status status;
    server_start("--maxmemory",
                 "100kb"); /* less than it needs to start; noeviction is its default */
    struct sink_thread *thread = start(&options, &status);
    for (uint64_t i = 0; i < 300; i++)
        put(thread, i, STREAM_EVENTS);
    sink_thread_stop(thread, &status);
    assert_int_equal(status.rejected, 300);
    assert_non_null(strstr(status.error, "redis: 300 events were rejected: OOM "));
}

static void obeys_access_rules(void **state)
{
    (void)state;
    char url[128];
    struct redis_options options = options_for(url, true);
    struct sink_status status;
    server_start(NULL, NULL);
    freeReplyObject(
        ask("ACL SETUSER writer on >pw ~mailtap:events resetchannels -@all +ping +xadd", "0"));
    snprintf(url, sizeof url, "redis://writer:pw@127.0.0.1:%s", server.port);
    struct sink_thread *thread = start(&options, &status);
    assert_string_equal(status.error, "");
    put(thread, 0, STREAM_EVENTS);
    put(thread, 1, STREAM_FINDINGS);
    sink_thread_stop(thread, &status);
    assert_int_equal(status.written, 1);
    assert_int_equal(status.rejected, 1);
    assert_non_null(strstr(status.error, "redis: 1 events were rejected: NOPERM "));
}

/* --- a server that pretends ---------------------------------------------------------------------
 */

struct impostor {
    int listener;
    const char *first, *then; /* answers to the handshake and to what follows */
    size_t repeat;
};

/* Takes one connection, answers to whatever comes, then repeats until nobody listens. */
static void *pretend(void *arg)
{
    struct impostor *impostor = arg;
    char data[4096];
    int fd = accept(impostor->listener, NULL, NULL);
    const char *answer = impostor->first;
    while (fd >= 0 && recv(fd, data, sizeof data, 0) > 0) {
        for (size_t i = 0; i < (answer == impostor->then ? impostor->repeat : 1); i++) {
            if (send(fd, answer, strlen(answer), MSG_NOSIGNAL) < 0)
                break;
        }
        answer = impostor->then;
    }
    close(fd);
    close(impostor->listener);
    return NULL;
}

static pthread_t start_impostor(struct impostor *impostor)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    pthread_t thread;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", server.socket);
    unlink(server.socket);
    impostor->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(impostor->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(impostor->listener, 1), 0);
    assert_int_equal(pthread_create(&thread, NULL, pretend, impostor), 0);
    return thread;
}

/* Servers before Redis 6 quote the arguments of commands that they do not know. */
static void never_repeats_a_quoted_password(void **state)
{
    (void)state;
    char url[128];
    struct impostor impostor = {
        .first = "-ERR unknown command `AUTH`, with args beginning with: `wr0ng`, \r\n", .then = ""
    };
    pthread_t thread = start_impostor(&impostor);
    snprintf(url, sizeof url, "unix://:wr0ng@%s", server.socket);
    check_refusal(url, NULL, "refuses: ERR");
    pthread_join(thread, NULL);
}

static void bounds_what_it_reads(void **state)
{
    (void)state;
    static const struct {
        const char *then;
        size_t repeat;
    } answers[] = {
        { "HTTP/1.1 400 Bad Request\r\n\r\n", 1 },
        { "*2147483647\r\n*2147483647\r\n", 1000 },
        { "$500000000\r\n0123456789012345678901234567890123456789", 200000 },
        { "-ERR 0123456789012345678901234567890123456789", 100000 },
        { "", 1 },
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct redis_options options = options_for(server.unix_url, false);
        struct sink_report report = { 0 };
        struct impostor impostor = { .first = "+PONG\r\n",
                                     .then = answers[i].then,
                                     .repeat = answers[i].repeat };
        void *sink = NULL;
        pthread_t thread = start_impostor(&impostor);
        assert_int_equal(redis_sink.open(&sink, &options, &report), 0);
        write_events(sink, 0, 10);
        assert_int_equal(redis_sink.flush(sink), 1);
        pthread_join(thread, NULL); /* its connection was given up */
        redis_sink.close(sink);
        assert_int_equal(report.written, 0);
        assert_int_equal(report.dropped, 10);
    }
}

#define REDIS_TEST(test) cmocka_unit_test_setup_teardown(test, before_each, after_each)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REDIS_TEST(delivers_in_order_over_both_transports),
        REDIS_TEST(flushes_a_single_event),
        REDIS_TEST(keeps_about_as_many_as_told),
        REDIS_TEST(logs_in),
        REDIS_TEST(says_at_once_that_nobody_is_there),
        REDIS_TEST(sends_the_unanswered_again),
        REDIS_TEST(is_not_held_up_by_a_stopped_redis),
        REDIS_TEST(drops_when_live_and_alone),
        REDIS_TEST(gives_up_on_a_file_after_a_while),
        REDIS_TEST(counts_what_redis_refuses),
        REDIS_TEST(counts_what_has_no_room),
        REDIS_TEST(obeys_access_rules),
        REDIS_TEST(never_repeats_a_quoted_password),
        REDIS_TEST(bounds_what_it_reads),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
