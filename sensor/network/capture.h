/* Where packets come from: capture files, or interfaces. */
#ifndef MAILTAP_CAPTURE_H
#define MAILTAP_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "packet.h"

#define CAPTURE_BATCH 64
#define CAPTURE_FILES 1024

struct capture;

/* Opens pcap or pcapng files, compressed with gzip or not, to be read one after the other as one
 * capture; "-" is standard input. All of them are looked at before the first is read. `filter` is a
 * BPF expression or NULL. On failure NULL, and one line in `error` that says what is wrong with
 * what. The paths stay the caller's, and must outlive the capture. */
struct capture *capture_open_files(char *const *paths, unsigned count, const char *filter,
                                   char *error, size_t error_size);

struct capture_interface_options {
    const char *names; /* "eth1", or "eth1+eth2": one tap with an interface for each direction */
    const char *filter;
    uint32_t snap_len;   /* bytes of a packet that are looked at */
    uint32_t buffer_mib; /* the kernel's, for each interface */
    bool promiscuous;
};

/* Begins to capture. Needs CAP_NET_RAW. An interface that goes down later is waited for. */
struct capture *capture_open_interface(const struct capture_interface_options *, char *error,
                                       size_t error_size);
void capture_close(struct capture *); /* NULL is fine */

/* Whether a filter is one at all (for Ethernet); false with libpcap's reason in `error`. */
bool capture_filter_compiles(const char *filter, char *error, size_t error_size);

/* Special results of capture_batch(). */
enum { CAPTURE_OVER = 0, CAPTURE_DAMAGED = -1, CAPTURE_IDLE = -2 };

/* The next packets, at most CAPTURE_BATCH, valid together until the next call. CAPTURE_OVER: there
 * are no more, or capture_stop() was called. CAPTURE_DAMAGED: the source is (see capture_error());
 * every packet before the damage was delivered by earlier calls. CAPTURE_IDLE: nothing came within
 * a tenth of a second (interfaces only). Packets are numbered from 1 as they stand in their file,
 * also where a filter skips some. Time may run backwards. A batch is of one file. */
int capture_batch(struct capture *, struct packet batch[CAPTURE_BATCH]);
const char *capture_error(const struct capture *);

/* From now on capture_batch() says that there are no more. From any thread, and from a signal's
 * handler. */
void capture_stop(struct capture *);

/* What happened to an interface since the last call, one line ("eth1 went down: waiting for it");
 * NULL: nothing. For the thread that reads. */
const char *capture_notice(struct capture *);

int capture_link_type(const struct capture *); /* a DLT_* value for which decode_knows() */

/* What was lost before it could be read, since the beginning. */
struct capture_losses {
    uint64_t kernel;    /* the kernel's buffer was full */
    uint64_t interface; /* the interface or its driver dropped them */
};
void capture_losses(struct capture *, struct capture_losses *);

/* How far reading has come, in bytes. The size is 0 if it is not known. */
uint64_t capture_offset(const struct capture *);
uint64_t capture_size(const struct capture *);

#endif
