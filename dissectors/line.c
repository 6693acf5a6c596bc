/* Lines of a text protocol. */
#include "line.h"

size_t line_read(struct line_reader *reader, struct bytes unread, size_t shown, struct line *line)
{
    *line = (struct line){ 0 };
    if (shown > unread.len)
        shown = 0;
    size_t end = shown + bytes_index(bytes_after(unread, shown), '\n');
    bool ended = end < unread.len;
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
    if (!ended)
        return 0;
    line->ready = true;
    line->text = bytes_first(unread, end > 0 && unread.data[end - 1] == '\r' ? end - 1 : end);
    return end + 1;
}
