/* Where packets come from: a capture file now, an interface later. */
#ifndef MAILTAP_CAPTURE_H
#define MAILTAP_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "packet.h"

#define CAPTURE_BATCH 64

struct capture;

/* Opens a pcap or pcapng file; "-" is standard input. `filter` is a BPF expression or NULL. On
 * failure NULL, and one line in `error` that says what is wrong with what. */
struct capture *capture_open_file(const char *path, const char *filter, char *error,
                                  size_t error_size);
void capture_close(struct capture *); /* NULL is fine */

/* Whether a filter is one at all (for Ethernet); false with libpcap's reason in `error`. */
bool capture_filter_compiles(const char *filter, char *error, size_t error_size);

/* The next packets, at most CAPTURE_BATCH, valid together until the next call. 0: there are no
 * more. -1: the source is damaged (see capture_error()); every packet before the damage was
 * delivered by earlier calls. Packets are numbered from 1 as they stand in the source, also where a
 * filter skips some. Time may run backwards. */
int capture_batch(struct capture *, struct packet batch[CAPTURE_BATCH]);
const char *capture_error(const struct capture *);

int capture_link_type(const struct capture *); /* a DLT_* value for which decode_knows() */

/* How far reading has come, in bytes. The size is 0 if it is not known. */
uint64_t capture_offset(const struct capture *);
uint64_t capture_size(const struct capture *);

#endif
