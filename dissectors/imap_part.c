/* The parts of IMAP's commands and responses. */
#include "imap_part.h"

#include <string.h>

static void keep_tail(struct imap_part_reader *reader, struct bytes skipped)
{
    size_t kept = reader->tail_len;
    if (skipped.len >= IMAP_TAIL) {
        skipped = bytes_after(skipped, skipped.len - IMAP_TAIL);
        kept = 0;
    } else if (kept + skipped.len > IMAP_TAIL) {
        size_t drop = kept + skipped.len - IMAP_TAIL;
        kept -= drop;
        memmove(reader->tail, reader->tail + drop, kept);
    }
    memcpy(reader->tail + kept, skipped.data, skipped.len);
    reader->tail_len = (uint8_t)(kept + skipped.len);
}

static struct bytes without_line_end(struct bytes line)
{
    if (line.len > 0 && line.data[line.len - 1] == '\n')
        line.len--;
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    return line;
}

size_t imap_part_read(struct imap_part_reader *reader, struct bytes unread, size_t shown,
                      struct imap_part *part)
{
    struct line line;
    bool skipping = reader->line.skipping;
    size_t taken = line_read(&reader->line, unread, shown, &line);
    *part = (struct imap_part){ .text = line.text,
                                .ready = line.ready,
                                .too_long = line.too_long,
                                .ended = taken > 0 && !reader->line.skipping };
    if (taken > 0 && (skipping || line.too_long))
        keep_tail(reader, bytes_first(unread, taken));
    if (!part->ended)
        return taken;
    struct bytes end =
        skipping ? without_line_end(bytes_over(reader->tail, reader->tail_len)) : line.text;
    part->announces = imap_announces(end, &part->literal);
    part->literal.text = BYTES_NONE;
    explicit_bzero(reader->tail, reader->tail_len);
    reader->tail_len = 0;
    return taken;
}

void imap_part_lost(struct imap_part_reader *reader)
{
    reader->line.skipping = true;
    reader->line.scanned = 0;
    reader->tail_len = 0;
}
