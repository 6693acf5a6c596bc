/* Any bytes as a PROXY header: the verdict never changes its mind with more bytes, and a whole
 * header lies within what was shown. */
#include <stdlib.h>
#include <string.h>

#include "proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum proxy_verdict before = PROXY_MORE;
    size_t whole = 0;
    for (size_t len = 0; len <= size && len < 4096; len++) {
        uint8_t *copy =
            malloc(len > 0 ? len : 1); /* exact, so that a read past the end is caught */
        struct proxy_header header;
        if (!copy)
            abort();
        if (len > 0)
            memcpy(copy, data, len);
        enum proxy_verdict verdict = proxy_header_read(bytes_over(copy, len), &header);
        free(copy);
        if (before != PROXY_MORE && verdict != before)
            abort();
        if (verdict == PROXY_WHOLE && (header.len > len || (whole > 0 && header.len != whole)))
            abort();
        if (verdict == PROXY_WHOLE && header.address_len != 0 && header.address_len != 4 &&
            header.address_len != 16)
            abort();
        whole = verdict == PROXY_WHOLE ? header.len : 0;
        before = verdict;
    }
    return 0;
}
