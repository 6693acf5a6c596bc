/* Events as JSON lines on a file descriptor: standard output, or a file to append to. */
#ifndef MAILTAP_JSON_LINES_H
#define MAILTAP_JSON_LINES_H

#include <stdbool.h>

#include "sink.h"

struct json_lines_options {
    const char *path;   /* opened for appending, mode 0600 when created; NULL: use fd */
    int fd;             /* stays open */
    bool findings_only; /* findings as lines for people, and nothing else */
};

/* Buffers and writes in large pieces. The first failing write (a reader that went away, a full
 * disk) ends the sink; the program must ignore SIGPIPE. */
extern const struct sink_type json_lines_sink;

#endif
