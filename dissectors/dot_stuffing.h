/* The body of a message in transit: ends with CRLF "." CRLF, leading dots are doubled (RFC 5321
 * section 4.5.2). */
#ifndef MAILTAP_DOT_STUFFING_H
#define MAILTAP_DOT_STUFFING_H

#include "bytes.h"

struct dot_stuffing {
    unsigned matched; /* of the five bytes CR LF . CR LF, how many the last bytes were */
    uint64_t size;    /* of the message so far: dots undone, without the ending */
};

/* A body begins: as if a CRLF had just been read. */
void dot_stuffing_begin(struct dot_stuffing *);
/* The same in the middle of a line that was not seen whole: no ending is found before the next
 * CRLF. */
void dot_stuffing_gap(struct dot_stuffing *);
/* Takes body bytes; returns how many. *ended: the ending is the last of them. */
size_t dot_stuffing_read(struct dot_stuffing *, struct bytes, bool *ended);

#endif
