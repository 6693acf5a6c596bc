/* A capture file in memory, whose packets tests can leave out or cut. */
#ifndef MAILTAP_FRAMES_H
#define MAILTAP_FRAMES_H

#include "decode.h"

struct frames {
    int link_type;
    struct packet *packet; /* each with a heap block of its own: a read past the end is caught */
    int *connection;       /* of each packet, from 0; -1: not TCP */
    size_t count;
    int connections;
};

/* Exits with a message if the file cannot be read: a broken test must not pass. */
void frames_read(struct frames *, const char *path);
void frames_free(struct frames *);

/* How many bytes of payload a packet has that can be cut: 0 also where a flag (SYN, RST, URG) says
 * something about a place in them. */
uint32_t frame_payload(int link_type, const struct packet *);
/* The packet as if it had carried only the payload [from, to). The caller frees its data. The
 * checksums are left wrong: nothing in the sensor depends on them. */
struct packet frame_part(int link_type, const struct packet *, uint32_t from, uint32_t to);

#endif
