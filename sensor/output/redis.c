/* The Redis sink: a batch of XADD commands that stays in memory until all its replies came. */
#include "redis.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "redis_connection.h"
#include "siphash.h"
#include "text.h"

#define BATCH        256
#define BATCH_BYTES  ((size_t)1024 * 1024)     /* a batch of long events is full earlier */
#define EVENT_BYTES  ((size_t)2 * 1024 * 1024) /* the longest event with its command */
#define RETRY_MIN_MS 500
#define RETRY_MAX_MS 30000
#define OUTAGE_MS    5000 /* how long a finite input waits for Redis to come back */

struct redis {
    struct redis_url url;
    struct redis_connection *connection;
    struct sink_report *report;
    bool finite_input;
    char key[STREAMS][128], maxlen[STREAMS][24];

    struct buffer commands; /* the batch, one command behind the other */
    size_t end[BATCH];      /* where each ends */
    size_t count, answered;

    unsigned failures;        /* attempts in a row that brought no answer */
    uint64_t retry_at_ms;     /* no attempt before */
    uint64_t outage_began_ms; /* 0: there is none */
    struct siphash_key jitter;
    char trouble[SINK_REASON_MAX]; /* why the last attempt failed */
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void sleep_ms(uint64_t ms)
{
    struct timespec pause = { .tv_sec = (time_t)(ms / 1000),
                              .tv_nsec = (long)(ms % 1000) * 1000000 };
    nanosleep(&pause, NULL);
}

/* Answers that speak of the server and not of the event: it is starting, or another one is the
 * master now. The event is tried again. Anything else concerns this event and is counted. */
static bool is_temporary(const char *error)
{
    static const char *const temporary[] = { "LOADING", "MASTERDOWN",  "READONLY", "BUSY ",
                                             "NOAUTH",  "CLUSTERDOWN", "TRYAGAIN" };
    for (size_t i = 0; i < sizeof temporary / sizeof temporary[0]; i++) {
        if (bytes_starts_nocase(bytes_of_string(error), temporary[i]))
            return true;
    }
    return false;
}

/* The first reasons are kept: they tell how the trouble began. */
static void reject(struct redis *redis, const char *why)
{
    struct sink_report *report = redis->report;
    atomic_fetch_add(&report->rejected, 1);
    if (!report->rejection[0])
        text_copy(report->rejection, sizeof report->rejection, bytes_of_string(why));
}

static void drop(struct redis *redis, uint64_t count)
{
    struct sink_report *report = redis->report;
    atomic_fetch_add(&report->dropped, count);
    if (!report->trouble[0])
        text_copy(report->trouble, sizeof report->trouble, bytes_of_string(redis->trouble));
}

static bool event_answered(void *arg, const struct redis_reply *reply)
{
    struct redis *redis = arg;
    if (reply->is_error && is_temporary(reply->text)) {
        text_copy(redis->trouble, sizeof redis->trouble, bytes_of_string(reply->text));
        return false;
    }
    if (reply->is_error)
        reject(redis, reply->text);
    else
        atomic_fetch_add(&redis->report->written, 1);
    redis->answered++;
    return true;
}

/* Connects if need be and sends what is unanswered, once. */
static int attempt(struct redis *redis)
{
    if (!redis->connection) {
        redis->connection = redis_connect(&redis->url, redis->trouble, sizeof redis->trouble);
        if (!redis->connection)
            return -ECONNREFUSED;
    }
    size_t from = redis->answered > 0 ? redis->end[redis->answered - 1] : 0;
    size_t before = redis->answered;
    int result = redis_exchange(redis->connection, bytes_after(buffer_view(&redis->commands), from),
                                redis->count - redis->answered,
                                &(struct redis_answers){ event_answered, redis });
    if (redis->answered > before) {
        redis->failures = 0;
        redis->outage_began_ms = 0;
    }
    if (result == 0)
        return 0;
    if (result != -ECANCELED)
        snprintf(redis->trouble, sizeof redis->trouble, "the connection broke: %s",
                 strerror(-result));
    redis_disconnect(redis->connection);
    redis->connection = NULL;
    return result;
}

/* The first attempt after a break comes at once, then pauses double up to the longest. Jitter keeps
 * many sensors from coming back in the same moment. */
static void schedule_retry(struct redis *redis)
{
    uint64_t now = now_ms();
    uint64_t pause = RETRY_MAX_MS;
    if (redis->outage_began_ms == 0)
        redis->outage_began_ms = now;
    if (redis->failures < 6)
        pause = (uint64_t)RETRY_MIN_MS << redis->failures;
    redis->failures++;
    uint64_t random = siphash13(&redis->jitter, bytes_over(&now, sizeof now));
    pause = pause / 2 + random % pause; /* half to one and a half */
    if (pause < RETRY_MIN_MS)
        pause = RETRY_MIN_MS;
    if (pause > RETRY_MAX_MS)
        pause = RETRY_MAX_MS;
    redis->retry_at_ms = now + pause;
    if (redis->finite_input && redis->retry_at_ms > redis->outage_began_ms + OUTAGE_MS)
        redis->retry_at_ms = redis->outage_began_ms + OUTAGE_MS;
}

/* The connection was there a moment ago: a restarted or idle-closing Redis is back at once. */
static int attempt_twice(struct redis *redis)
{
    bool was_connected = redis->connection != NULL;
    int result = attempt(redis);
    if (result < 0 && result != -ETIMEDOUT && was_connected)
        result = attempt(redis);
    return result;
}

static int redis_flush(void *sink)
{
    struct redis *redis = sink;
    while (redis->count > 0) {
        uint64_t now = now_ms();
        if (now >= redis->retry_at_ms) {
            int result = attempt_twice(redis);
            if (result == 0) {
                redis->count = redis->answered = 0;
                redis->retry_at_ms = 0;
                buffer_clear(&redis->commands);
                break;
            }
            now = now_ms();
            if (redis->finite_input && redis->outage_began_ms > 0 &&
                now >= redis->outage_began_ms + OUTAGE_MS) {
                drop(redis, redis->count - redis->answered);
                redis->count = redis->answered = 0;
                return result;
            }
            schedule_retry(redis);
        }
        if (!redis->finite_input)
            return 1;
        if (redis->retry_at_ms > now)
            sleep_ms(redis->retry_at_ms - now);
    }
    return 0;
}

static void append_event(struct redis *redis, const struct rendered *event)
{
    struct bytes arguments[8 + 2 * COLUMNS] = {
        BYTES_LITERAL("XADD"),
        bytes_of_string(redis->key[event->stream]),
        BYTES_LITERAL("MAXLEN"),
        BYTES_LITERAL("~"),
        bytes_of_string(redis->maxlen[event->stream]),
        BYTES_LITERAL("*"),
        BYTES_LITERAL("event"),
        event->json,
    };
    size_t n = 8;
    for (enum column i = 0; i < COLUMNS; i++) {
        arguments[n++] = bytes_of_string(column_name(i));
        arguments[n++] = event->column[i];
    }
    if (redis_command(&redis->commands, n, arguments))
        redis->end[redis->count++] = redis->commands.len;
    else
        reject(redis, "the event is too long, or there is no memory");
}

static int redis_write(void *sink, const struct rendered *event)
{
    struct redis *redis = sink;
    if (redis->count == BATCH || redis->commands.len > BATCH_BYTES) {
        int result = redis_flush(redis);
        if (result < 0)
            return result;
        if (result > 0) {
            drop(redis, 1);
            return 0;
        }
    }
    append_event(redis, event);
    return 0;
}

static void redis_close(void *sink)
{
    struct redis *redis = sink;
    if (redis->count > 0 && attempt(redis) == 0)
        redis->count = redis->answered = 0;
    if (redis->count > 0)
        drop(redis, redis->count - redis->answered);
    redis_disconnect(redis->connection);
    buffer_free(&redis->commands);
    explicit_bzero(redis, sizeof *redis);
    free(redis);
}

/* The first line of the file. 0 or -errno. */
static int read_password(const char *path, char *password, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t n = read(fd, password, size - 1);
    int result = n < 0 ? -errno : 0;
    close(fd);
    if (n < 0)
        return result;
    password[n] = '\0';
    password[strcspn(password, "\r\n")] = '\0';
    return password[0] ? 0 : -ENODATA;
}

/* 0, or -errno with the reason in report->trouble. */
static int configure(struct redis *redis, const struct redis_options *options,
                     struct sink_report *report)
{
    static const char *const stream[STREAMS] = { "events", "findings", "stats" };
    uint64_t maxlen[STREAMS] = { options->events_maxlen, options->findings_maxlen,
                                 options->stats_maxlen };
    const char *problem = NULL;
    if (!redis_url_parse(options->url, &redis->url, &problem)) {
        snprintf(report->trouble, sizeof report->trouble, "bad URL: %s", problem);
        return -EINVAL;
    }
    if (options->password_file && options->password_file[0]) {
        int result =
            read_password(options->password_file, redis->url.password, sizeof redis->url.password);
        if (result < 0) {
            snprintf(report->trouble, sizeof report->trouble, "cannot read a password from %s: %s",
                     options->password_file, strerror(-result));
            return result;
        }
    }
    if (redis->url.user[0] && !redis->url.password[0]) {
        snprintf(report->trouble, sizeof report->trouble, "user %s has no password",
                 redis->url.user);
        return -EINVAL;
    }
    for (size_t i = 0; i < STREAMS; i++) {
        snprintf(redis->key[i], sizeof redis->key[i], "%s:%s", options->prefix, stream[i]);
        snprintf(redis->maxlen[i], sizeof redis->maxlen[i], "%" PRIu64, maxlen[i]);
    }
    return 0;
}

static int redis_open(void **sink, const void *arg, struct sink_report *report)
{
    const struct redis_options *options = arg;
    struct redis *redis = calloc(1, sizeof *redis);
    if (!redis)
        return -ENOMEM;
    redis->report = report;
    redis->finite_input = options->finite_input;
    redis->jitter = siphash_random_key();
    buffer_init(&redis->commands, BATCH_BYTES + EVENT_BYTES, NULL);
    int result = configure(redis, options, report);
    if (result == 0 && attempt(redis) < 0) {
        if (redis->finite_input) {
            snprintf(report->trouble, sizeof report->trouble, "%s", redis->trouble);
            result = -ECONNREFUSED;
        } else {
            schedule_retry(redis);
        }
    }
    if (result == 0) {
        *sink = redis;
        return 0;
    }
    explicit_bzero(redis, sizeof *redis);
    free(redis);
    return result;
}

const struct sink_type redis_sink = {
    .name = "redis",
    .batch = BATCH,
    .open = redis_open,
    .write = redis_write,
    .flush = redis_flush,
    .close = redis_close,
};
