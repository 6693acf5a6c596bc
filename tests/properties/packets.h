/* A dialogue as the packets of a TCP connection, in a form that is easy to cut, double and reorder.
 */
#ifndef MAILTAP_PACKETS_H
#define MAILTAP_PACKETS_H

#include "decode.h"
#include "dialogue.h"

#define FRAGMENTS_A_PACKET 8

struct tcp_packet {
    enum direction direction;
    uint8_t flags; /* enum tcp_flag */
    uint32_t seq, ack;
    struct bytes data; /* a view into the conversation's stream */
    uint64_t time_ns;
    uint16_t piece; /* bytes of each of its IP fragments; 0: it is whole */
    uint64_t mixed; /* seed of the fragments' order and of those that come twice; 0: in order */
};

struct conversation {
    struct tcp_packet *packet;
    size_t count, capacity;
    uint16_t server_port;
    uint64_t silence_ns;         /* behind the last packet */
    uint8_t *stream[DIRECTIONS]; /* what each side sends; NULL in copies */
};

/* Whether all of a dialogue can be packets: nothing of it is missing. */
bool dialogue_is_whole(const struct dialogue *);

/* The handshake, each turn in segments of at most an Ethernet frame, acknowledgements, and the end
 * that the dialogue says. Each packet acknowledges all that the other side sent before it. */
void conversation_of(struct conversation *, const struct dialogue *);
/* An empty one of the same connection; its packets may view the bytes of the first. */
struct conversation conversation_like(const struct conversation *);
void conversation_add(struct conversation *, struct tcp_packet);
void conversation_free(struct conversation *);

/* Plays it as Ethernet frames. The caller frees the recording. */
void conversation_play(const struct conversation *, struct recording *);

/* From this byte to the end of another packet's data in the same stream. */
struct bytes bytes_through(struct bytes from, struct bytes to);

#endif
