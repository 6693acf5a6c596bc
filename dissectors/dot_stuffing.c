/* The body of a message in transit. One pass: memchr for LF, a byte machine only where a line
 * begins. */
#include "dot_stuffing.h"

/* Bytes of the ending that are matched; AT_LINE_START is also the state at the beginning. */
enum { IN_LINE, AFTER_CR, AT_LINE_START, AFTER_DOT, AFTER_DOT_CR };

void dot_stuffing_begin(struct dot_stuffing *body)
{
    *body = (struct dot_stuffing){ .matched = AT_LINE_START };
}

void dot_stuffing_gap(struct dot_stuffing *body)
{
    body->matched = IN_LINE;
}

/* One byte through the machine; true if it completes the ending. */
static bool step(struct dot_stuffing *body, uint8_t c)
{
    switch (body->matched) {
    case AT_LINE_START:
        if (c == '.') {
            body->matched =
                AFTER_DOT; /* counted when it proves to be text, and never if it was stuffed */
            return false;
        }
        break;
    case AFTER_DOT:
        if (c == '\r') {
            body->matched = AFTER_DOT_CR;
            return false;
        }
        break;
    case AFTER_DOT_CR:
        if (c == '\n')
            return true;
        body->size++; /* the CR behind the dot was text */
        break;
    case AFTER_CR:
        if (c == '\n') {
            body->matched = AT_LINE_START;
            body->size++;
            return false;
        }
        break;
    default:
        break;
    }
    body->matched = c == '\r' ? AFTER_CR : IN_LINE;
    body->size++;
    return false;
}

size_t dot_stuffing_read(struct dot_stuffing *body, struct bytes in, bool *ended)
{
    size_t at = 0;
    *ended = false;
    while (at < in.len) {
        if (body->matched != IN_LINE) {
            if (step(body, in.data[at++])) {
                *ended = true;
                return at;
            }
            continue;
        }
        /* In a line only its LF matters, and whether a CR stands before it. */
        size_t lf = at + bytes_index(bytes_after(in, at), '\n');
        if (lf == in.len) {
            body->size += in.len - at;
            body->matched = in.data[in.len - 1] == '\r' ? AFTER_CR : IN_LINE;
            return in.len;
        }
        body->size += lf + 1 - at;
        body->matched = lf > at && in.data[lf - 1] == '\r' ? AT_LINE_START : IN_LINE;
        at = lf + 1;
    }
    return at;
}
