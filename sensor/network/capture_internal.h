/* What all kinds of captures share. For capture*.c only. */
#ifndef MAILTAP_CAPTURE_INTERNAL_H
#define MAILTAP_CAPTURE_INTERNAL_H

#include <pcap/pcap.h>
#include <stdatomic.h>

#include "capture.h"

#define PACKET_MAX                                                                                 \
    (256 * 1024) /* libpcap's own largest snap length; what is longer counts as cut off */
#define MESSAGE_LEN 512

/* A kind of source. Members that a kind does not need are NULL. */
struct capture_type {
    int (*batch)(struct capture *, struct packet batch[CAPTURE_BATCH]);
    void (*close)(struct capture *);
    void (*losses)(struct capture *, struct capture_losses *);
    uint64_t (*offset)(const struct capture *);
};

struct capture {
    const struct capture_type *type;
    void *source; /* what the kind needs */
    char *filter; /* NULL: none */
    int link_type;
    uint8_t *arena; /* holds the packets of a batch; only what they fill is ever touched */
    size_t arena_size;
    uint64_t frames, size;
    atomic_bool stopped;
    char name[128], message[MESSAGE_LEN], notice[MESSAGE_LEN];
};

/* Writes capture->message: "NAME what happened". */
void capture_say(struct capture *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Compiles the filter for a handle; true with *filtered false if there is none to compile. */
bool capture_compile(struct capture *, pcap_t *, struct bpf_program *, bool *filtered);

/* The header's time in ns; `unit` is what its tv_usec counts: 1 for ns, 1000 for us. */
uint64_t capture_time(const struct pcap_pkthdr *, unsigned unit);

/* Whether packets of this handle can be decoded; sets link_type, or says why not. */
bool capture_take_link_type(struct capture *, pcap_t *);

/* A capture of this kind with its arena and a zeroed source; NULL, and `error` says so, if there is
 * no memory. */
struct capture *capture_new(const struct capture_type *, const char *filter, size_t arena_size,
                            size_t source_size, char *error, size_t error_size);
/* Hands over the capture if it was opened, else its message, and closes it. */
struct capture *capture_opened(struct capture *, bool opened, char *error, size_t error_size);

/* Packs a packet into the arena behind `used` bytes. False if there is no room. */
bool capture_pack(struct capture *, struct packet *, const struct pcap_pkthdr *, const u_char *data,
                  size_t *used, unsigned time_unit);

#endif
