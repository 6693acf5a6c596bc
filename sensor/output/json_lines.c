/* JSON lines: one buffer, one write() when it is full or flushed. */
#include "json_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "severity.h"
#include "text.h"

#define BUFFER_BYTES   ((size_t)256 * 1024)
#define LINE_MAX_BYTES 640

struct json_lines {
    int fd;
    bool owned, findings_only;
    char name[128];
    struct sink_report *report;
    size_t len;
    uint64_t waiting; /* lines in the buffer */
    uint8_t buffer[BUFFER_BYTES];
};

static int fail(struct sink_report *report, const char *what, const char *name, int error)
{
    if (!report->trouble[0])
        snprintf(report->trouble, sizeof report->trouble, "cannot %s %s: %s", what, name,
                 strerror(error));
    return -error;
}

static int json_lines_open(void **sink, const void *arg, struct sink_report *report)
{
    const struct json_lines_options *options = arg;
    const char *name = options->path ? options->path : "standard output";
    struct json_lines *json = malloc(sizeof *json);
    if (!json)
        return fail(report, "write to", name, ENOMEM);
    *json = (struct json_lines){ .fd = options->fd,
                                 .findings_only = options->findings_only,
                                 .report = report };
    snprintf(json->name, sizeof json->name, "%s", name);
    if (options->path) {
        json->fd = open(options->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        json->owned = true;
    }
    if (json->fd < 0) {
        int error = options->path ? errno : EBADF;
        free(json);
        return fail(report, "open", name, error);
    }
    *sink = json;
    return 0;
}

/* Writes all of it; what a full non-blocking pipe refuses waits for its reader. */
static int write_all(struct json_lines *json, struct bytes data, size_t *written)
{
    *written = 0;
    while (*written < data.len) {
        ssize_t n = write(json->fd, data.data + *written, data.len - *written);
        if (n >= 0) {
            *written += (size_t)n;
        } else if (errno == EAGAIN) {
            struct pollfd ready = { .fd = json->fd, .events = POLLOUT };
            poll(&ready, 1, 1000);
        } else if (errno != EINTR) {
            return fail(json->report, "write to", json->name, errno);
        }
    }
    return 0;
}

static uint64_t count_lines(struct bytes data)
{
    uint64_t lines = 0;
    for (size_t n; (n = bytes_index(data, '\n')) < data.len; data = bytes_after(data, n + 1))
        lines++;
    return lines;
}

/* Empties the buffer. After a failure the lines that went out whole count as written. */
static int json_lines_flush(void *sink)
{
    struct json_lines *json = sink;
    size_t written;
    int result = write_all(json, bytes_over(json->buffer, json->len), &written);
    uint64_t lines = json->waiting;
    if (result < 0)
        lines = count_lines(bytes_over(json->buffer, written));
    atomic_fetch_add(&json->report->written, lines);
    atomic_fetch_add(&json->report->dropped, json->waiting - lines);
    json->len = 0;
    json->waiting = 0;
    return result;
}

static void add(struct json_lines *json, struct bytes data)
{
    memcpy(json->buffer + json->len, data.data, data.len);
    json->len += data.len;
}

static struct bytes label_of(struct bytes number)
{
    uint64_t severity = 0;
    text_to_u64(number, &severity);
    return bytes_of_string(severity_label(severity));
}

/* The severity and the message; control characters of whoever wrote it are shown, not obeyed. */
static size_t finding_line(const struct rendered *rendered, char text[LINE_MAX_BYTES])
{
    size_t len = 0;
    struct bytes parts[] = { label_of(rendered->column[COLUMN_SEVERITY]), BYTES_LITERAL("  "),
                             rendered->message };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        for (struct bytes rest = parts[i]; rest.len > 0;) {
            size_t n = text_utf8_length(rest);
            bool harmless = text_is_harmless(bytes_first(rest, n));
            size_t shown = harmless ? n : 1;
            if (len + shown > LINE_MAX_BYTES)
                return len;
            memcpy(text + len, harmless ? (const char *)rest.data : "?", shown);
            len += shown;
            rest = bytes_after(rest, n > 0 ? n : 1);
        }
    }
    return len;
}

static int json_lines_write(void *sink, const struct rendered *rendered)
{
    struct json_lines *json = sink;
    struct bytes line = rendered->json;
    char text[LINE_MAX_BYTES];
    if (json->findings_only) {
        if (rendered->stream != STREAM_FINDINGS)
            return 0;
        line = bytes_over(text, finding_line(rendered, text));
    }
    if (line.len + 1 > BUFFER_BYTES - json->len) {
        int result = json_lines_flush(json);
        if (result < 0)
            return result;
    }
    /* A line that is larger than the buffer goes out directly, all but its end. */
    if (line.len + 1 > BUFFER_BYTES) {
        size_t written;
        int result = write_all(json, line, &written);
        if (result < 0)
            return result;
        line = BYTES_NONE;
    }
    if (line.len > 0)
        add(json, line);
    add(json, BYTES_LITERAL("\n"));
    json->waiting++;
    return 0;
}

static void json_lines_close(void *sink)
{
    struct json_lines *json = sink;
    if (json->len > 0)
        json_lines_flush(json);
    if (json->owned && close(json->fd) < 0)
        fail(json->report, "write to", json->name, errno);
    free(json);
}

const struct sink_type json_lines_sink = {
    .name = "json",
    .batch = 4096,
    .open = json_lines_open,
    .write = json_lines_write,
    .flush = json_lines_flush,
    .close = json_lines_close,
};
