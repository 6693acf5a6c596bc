/* Any bytes as a frame of any link type. The first byte chooses the link type, the second how much
 * was cut off. */
#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int links[] = { DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_RAW,
                                 DLT_NULL,   DLT_LOOP,      DLT_IPV4,       DLT_IPV6 };
    if (size < 2)
        return 0;
    struct packet packet = {
        .captured = (uint32_t)size - 2,
        .length = (uint32_t)size - 2 + data[1] * 8U,
        .data = data + 2,
    };
    const uint8_t *end = packet.data + packet.captured;
    struct segment s;
    struct fragment f;
    enum decode_result result =
        decode(links[data[0] % (sizeof links / sizeof links[0])], &packet, &s, &f);
    if (result == DECODE_FRAGMENT && (f.payload.data < packet.data || f.payload.len > f.len ||
                                      f.payload.data + f.payload.len > end || f.offset % 8 != 0))
        abort();
    if (result != DECODE_TCP)
        return 0;
    if (s.payload.len > 0 && (s.payload.data < packet.data || s.payload.data + s.payload.len > end))
        abort();
    if (s.address_len != 4 && s.address_len != 16)
        abort();
    if (s.payload.len + s.missing > s.ip_bytes)
        abort();
    return 0;
}
