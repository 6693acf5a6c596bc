/* Fuzzes the words of IMAP. What must hold: every token lies within the line and in order, reading
 * ends, a value is no longer than its text, and an announcement that reading meets is found at the
 * end of the line too. */
#include <stdlib.h>
#include <string.h>

#include "imap_tokens.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(struct bytes line, struct imap_token (*next)(struct imap_tokens *))
{
    struct imap_tokens in = imap_tokens_over(line);
    struct imap_token token, announced;
    const uint8_t *at = line.data;
    uint8_t room[16];
    while ((token = next(&in)).kind != IMAP_END) {
        if (token.text.data < at || token.text.data + token.text.len > line.data + line.len)
            abort();
        at = token.text.data;
        struct bytes value = imap_value(&token, room, sizeof room);
        if (value.len > token.text.len)
            abort();
        if (token.kind == IMAP_LITERAL && token.text.len <= 24 &&
            (!imap_announces(line, &announced) || announced.size != token.size ||
             announced.waits != token.waits))
            abort();
    }
    if (next(&in).kind != IMAP_END)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (!copy)
        abort();
    if (size > 0)
        memcpy(copy, data, size);
    read_all(bytes_over(copy, size), imap_next);
    read_all(bytes_over(copy, size), imap_next_argument);
    free(copy);
    return 0;
}
