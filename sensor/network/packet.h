/* A captured frame, as capture hands it to decode. */
#ifndef MAILTAP_PACKET_H
#define MAILTAP_PACKET_H

#include <stdint.h>

struct packet {
    uint64_t time_ns;          /* since 1970 */
    uint64_t frame;            /* of its file and number: event.h */
    uint32_t captured, length; /* bytes at `data`; bytes on the wire */
    const uint8_t *data;
};

#endif
