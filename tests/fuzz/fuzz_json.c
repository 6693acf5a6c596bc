/* Any bytes as a facts record: the JSON is JSON (the test's own strict reader says so), the message
 * is terminated, and nothing crashes. */
#include <stdlib.h>
#include <string.h>

#include "../unit/json_reader.h"
#include "event.h"
#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses how much room there is: mostly plenty, sometimes too little. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t max = data[0] < 0xC0 ? 8 * 1024 * 1024 : (size_t)(data[0] & 63) * 16;
    size_t message_max = 1 + data[1];
    size -= 2;
    /* A heap block of the exact size, so that reading one byte too far is seen. */
    uint8_t *record = malloc(size > 0 ? size : 1);
    char *message = malloc(message_max);
    if (!record || !message)
        abort();
    memcpy(record, data + 2, size);
    struct bytes facts = bytes_over(record, size);

    struct buffer out;
    buffer_init(&out, max, NULL);
    if (json_write(&out, facts)) {
        if (!json_read(buffer_view(&out), NULL, NULL))
            abort();
    } else if (out.len != 0 || data[0] < 0xC0) {
        abort();
    }
    buffer_free(&out);

    struct facts_index index;
    facts_index(&index, facts);
    for (unsigned kind = 0; kind < EVENT_KINDS; kind++) {
        event_message((enum event_kind)kind, &index, message, message_max);
        if (!memchr(message, '\0', message_max))
            abort();
    }
    free(record);
    free(message);
    return 0;
}
