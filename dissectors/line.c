/* Lines of a text protocol. */
#include "line.h"

size_t line_read(struct line_reader *reader, struct bytes unread, size_t shown, struct line *line)
{
    *line = (struct line){ 0 };
    size_t scanned = reader->scanned < shown ? reader->scanned : shown;
    size_t end = scanned + bytes_index(bytes_after(unread, scanned), '\n');
    bool ended = end < unread.len;
    reader->scanned = 0;
    if (reader->skipping) {
        reader->skipping = !ended;
        return ended ? end + 1 : unread.len;
    }
    if (end > LINE_MAX_KEPT) {
        line->text = bytes_first(unread, LINE_MAX_KEPT);
        line->ready = line->too_long = true;
        reader->skipping = true;
        return LINE_MAX_KEPT;
    }
    if (!ended) {
        reader->scanned = unread.len;
        return 0;
    }
    line->ready = true;
    line->text = bytes_first(unread, end > 0 && unread.data[end - 1] == '\r' ? end - 1 : end);
    return end + 1;
}

bool line_take(struct bytes *rest, struct bytes *line)
{
    size_t end = bytes_index(*rest, '\n');
    if (end == rest->len)
        return false;
    *line = bytes_first(*rest, end > 0 && rest->data[end - 1] == '\r' ? end - 1 : end);
    *rest = bytes_after(*rest, end + 1);
    return true;
}
