/* What all kinds of captures share.
 *
 * libpcap's packet is gone at the next read, so a batch is a copy. The copy stays in the cache:
 * each batch fills the same arena from its start again. */
#include "capture.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "capture_internal.h"
#include "decode.h"

/* The year 2255: later is damage, and nanoseconds must not overflow. */
#define SECONDS_MAX 9000000000

void capture_say(struct capture *capture, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = snprintf(capture->message, MESSAGE_LEN, "%s ", capture->name);
    if (n > 0 && n < MESSAGE_LEN)
        vsnprintf(capture->message + n, MESSAGE_LEN - (size_t)n, format, args);
    va_end(args);
}

struct capture *capture_new(const struct capture_type *type, const char *filter, size_t arena_size,
                            size_t source_size, char *error, size_t error_size)
{
    struct capture *capture = calloc(1, sizeof *capture);
    if (capture) {
        capture->type = type;
        capture->arena = malloc(arena_size);
        capture->arena_size = arena_size;
        capture->filter = filter ? strdup(filter) : NULL;
        capture->source = calloc(1, source_size);
    }
    if (!capture || !capture->arena || !capture->source || (filter && !capture->filter)) {
        snprintf(error, error_size, "out of memory");
        capture_close(capture);
        return NULL;
    }
    return capture;
}

struct capture *capture_opened(struct capture *capture, bool opened, char *error, size_t error_size)
{
    if (opened)
        return capture;
    snprintf(error, error_size, "%s", capture->message);
    capture_close(capture);
    return NULL;
}

void capture_close(struct capture *capture)
{
    if (!capture)
        return;
    if (capture->source)
        capture->type->close(capture);
    free(capture->filter);
    free(capture->arena);
    free(capture);
}

bool capture_compile(struct capture *capture, pcap_t *pcap, struct bpf_program *program,
                     bool *filtered)
{
    *filtered = false;
    if (!capture->filter)
        return true;
    if (pcap_compile(pcap, program, capture->filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        snprintf(capture->message, MESSAGE_LEN, "the filter \"%s\" cannot be used: %s",
                 capture->filter, pcap_geterr(pcap));
        return false;
    }
    *filtered = true;
    return true;
}

bool capture_filter_compiles(const char *filter, char *error, size_t error_size)
{
    struct bpf_program program;
    pcap_t *nowhere = pcap_open_dead(DLT_EN10MB, PACKET_MAX);
    if (!nowhere) {
        snprintf(error, error_size, "out of memory");
        return false;
    }
    bool compiles = pcap_compile(nowhere, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (compiles)
        pcap_freecode(&program);
    else
        snprintf(error, error_size, "the filter \"%s\" cannot be used: %s", filter,
                 pcap_geterr(nowhere));
    pcap_close(nowhere);
    return compiles;
}

bool capture_take_link_type(struct capture *capture, pcap_t *pcap)
{
    capture->link_type = pcap_datalink(pcap);
    if (decode_knows(capture->link_type))
        return true;
    const char *name = pcap_datalink_val_to_name(capture->link_type);
    capture_say(capture, "has the link type %s (%d), which mailtap does not decode",
                name ? name : "unknown", capture->link_type);
    return false;
}

uint64_t capture_time(const struct pcap_pkthdr *header, unsigned unit)
{
    int64_t seconds = header->ts.tv_sec;
    if (seconds < 0)
        seconds = 0;
    if (seconds > SECONDS_MAX)
        seconds = SECONDS_MAX;
    return (uint64_t)seconds * 1000000000 + (uint64_t)header->ts.tv_usec * unit % 1000000000;
}

bool capture_pack(struct capture *capture, struct packet *packet, const struct pcap_pkthdr *header,
                  const u_char *data, size_t *used, unsigned time_unit)
{
    uint32_t captured = header->caplen < PACKET_MAX ? header->caplen : PACKET_MAX;
    if (captured > capture->arena_size - *used)
        return false;
    uint8_t *copy = capture->arena + *used;
    memcpy(copy, data, captured);
    *used += captured;
    *packet = (struct packet){
        .time_ns = capture_time(header, time_unit),
        .captured = captured,
        .length = header->len > header->caplen ? header->len : header->caplen,
        .data = copy,
    };
    return true;
}

int capture_batch(struct capture *capture, struct packet batch[CAPTURE_BATCH])
{
    if (atomic_load_explicit(&capture->stopped, memory_order_relaxed))
        return CAPTURE_OVER;
    return capture->type->batch(capture, batch);
}

void capture_stop(struct capture *capture)
{
    atomic_store(&capture->stopped, true);
}

const char *capture_error(const struct capture *capture)
{
    return capture->message;
}

const char *capture_notice(struct capture *capture)
{
    if (!capture->notice[0])
        return NULL;
    memcpy(capture->message, capture->notice, MESSAGE_LEN);
    capture->notice[0] = '\0';
    return capture->message;
}

int capture_link_type(const struct capture *capture)
{
    return capture->link_type;
}

void capture_losses(struct capture *capture, struct capture_losses *losses)
{
    *losses = (struct capture_losses){ 0 };
    if (capture->type->losses)
        capture->type->losses(capture, losses);
}

uint64_t capture_offset(const struct capture *capture)
{
    return capture->type->offset ? capture->type->offset(capture) : 0;
}

uint64_t capture_size(const struct capture *capture)
{
    return capture->size;
}
