/* Lines of a text protocol: ended by CRLF, or by a bare LF as real peers accept; over-long ones are
 * cut, not lost. */
#ifndef MAILTAP_LINE_H
#define MAILTAP_LINE_H

#include "bytes.h"

/* The longest line that is kept: RFC 4954 section 4 lets AUTH lines reach 12288 octets. */
#define LINE_MAX_KEPT (16 * 1024)

struct line_reader {
    bool skipping;  /* up to the next LF: the rest of an over-long line, or of one that began in a
                       gap */
    size_t scanned; /* bytes at the front of the unread ones that hold no LF */
};

struct line {
    struct bytes text; /* without its ending */
    bool ready;        /* false: these bytes were only skipped */
    bool too_long;     /* text is the first LINE_MAX_KEPT bytes, the rest will be skipped */
};

/* Looks for one line at the front. Returns the bytes it takes, 0 to wait for more. `shown` is what
 * data() was told: so many bytes are the same as at the last call, so what was scanned then needs
 * no second look. */
size_t line_read(struct line_reader *, struct bytes unread, size_t shown, struct line *);

/* Takes the next complete line, without its ending, off the front of bytes that are all there is;
 * false if there is none. For who judges beginnings. */
bool line_take(struct bytes *rest, struct bytes *line);

#endif
