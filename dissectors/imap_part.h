/* The parts of IMAP's commands and responses: what stands between two literals, up to a line end.
 * Over-long parts are cut, but how they end is never missed: a literal may follow. */
#ifndef MAILTAP_IMAP_PART_H
#define MAILTAP_IMAP_PART_H

#include "imap_tokens.h"
#include "line.h"

#define IMAP_TAIL 32

struct imap_part_reader {
    struct line_reader line;
    uint8_t tail[IMAP_TAIL]; /* the last bytes that were skipped */
    uint8_t tail_len;
};

struct imap_part {
    struct bytes text; /* the part, or its beginning if it is too long */
    bool ready;        /* text is there */
    bool too_long;
    bool ended;     /* the line end was read */
    bool announces; /* and in front of it stands what looks like a literal */
    struct imap_token literal;
};

/* As line_read(): returns the bytes it takes, 0 to wait for more. */
size_t imap_part_read(struct imap_part_reader *, struct bytes unread, size_t shown,
                      struct imap_part *);
/* From the middle of a line, after a loss. */
void imap_part_lost(struct imap_part_reader *);

#endif
