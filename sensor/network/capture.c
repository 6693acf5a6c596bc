/* Capture files through libpcap.
 *
 * libpcap's packet is gone at the next read, so a batch is a copy. The copy stays in the cache:
 * each batch fills the same arena from its start again. */
#include "capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decode.h"

#define READ_BUFFER (1024 * 1024)
#define PACKET_MAX                                                                                 \
    (256 * 1024) /* libpcap's own largest snap length; what is longer counts as cut off */
#define ARENA       (4 * PACKET_MAX)
#define MESSAGE_LEN 512
#define SECONDS_MAX                                                                                \
    9000000000 /* the year 2255: later is damage, and nanoseconds must not overflow */

struct capture {
    pcap_t *pcap;
    FILE *file;        /* pcap_close() closes it */
    char *read_buffer; /* stdio's; must outlive the file */
    uint8_t *arena;
    struct bpf_program filter;
    bool filtered;
    int link_type;
    enum { READING, ENDED, DAMAGED } state;
    uint64_t frames, size;
    struct packet pending; /* read, but without room in the last batch; still libpcap's memory */
    char name[128];
    char message[MESSAGE_LEN];
};

/* --- opening -------------------------------------------------------------------------------------
 */

static void say(struct capture *, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct capture *capture, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = snprintf(capture->message, MESSAGE_LEN, "%s ", capture->name);
    if (n > 0 && n < MESSAGE_LEN)
        vsnprintf(capture->message + n, MESSAGE_LEN - (size_t)n, format, args);
    va_end(args);
}

static bool open_file(struct capture *capture, const char *path)
{
    struct stat status;
    bool standard_input = strcmp(path, "-") == 0;
    snprintf(capture->name, sizeof capture->name, "%s", standard_input ? "standard input" : path);
    capture->file = standard_input ? stdin : fopen(path, "rb");
    if (!capture->file) {
        say(capture, "cannot be opened: %s", strerror(errno));
        return false;
    }
    if (fstat(fileno(capture->file), &status) == 0) {
        if (S_ISDIR(status.st_mode)) {
            say(capture, "is a directory");
            return false;
        }
        if (S_ISREG(status.st_mode) && status.st_size == 0) {
            say(capture, "is empty");
            return false;
        }
        if (S_ISREG(status.st_mode))
            capture->size = (uint64_t)status.st_size;
    }
    capture->read_buffer = malloc(READ_BUFFER);
    capture->arena = malloc(ARENA);
    if (!capture->read_buffer || !capture->arena) {
        say(capture, "cannot be read: out of memory");
        return false;
    }
    setvbuf(capture->file, capture->read_buffer, _IOFBF, READ_BUFFER);
    return true;
}

/* What to say of a file that libpcap does not take. It reports every foreign format as an "unknown
 * file format". */
static void say_why_not(struct capture *capture, const char *reason)
{
    uint8_t magic[2];
    bool gzip =
        pread(fileno(capture->file), magic, 2, 0) == 2 && magic[0] == 0x1F && magic[1] == 0x8B;
    if (gzip)
        say(capture, "is compressed: decompress it with gunzip first");
    else if (strstr(reason, "unknown file format"))
        say(capture, "is not a capture file: it is neither pcap nor pcapng");
    else
        say(capture, "is not a usable capture file: %s", reason);
}

static bool open_pcap(struct capture *capture)
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    capture->pcap =
        pcap_fopen_offline_with_tstamp_precision(capture->file, PCAP_TSTAMP_PRECISION_NANO, reason);
    if (!capture->pcap) {
        say_why_not(capture, reason);
        return false;
    }
    capture->file = pcap_file(capture->pcap);
    capture->link_type = pcap_datalink(capture->pcap);
    if (!decode_knows(capture->link_type)) {
        const char *name = pcap_datalink_val_to_name(capture->link_type);
        say(capture, "has the link type %s (%d), which mailtap does not decode",
            name ? name : "unknown", capture->link_type);
        return false;
    }
    return true;
}

static bool compile_filter(struct capture *capture, const char *filter)
{
    if (!filter)
        return true;
    if (pcap_compile(capture->pcap, &capture->filter, filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        snprintf(capture->message, MESSAGE_LEN, "the filter \"%s\" cannot be used: %s", filter,
                 pcap_geterr(capture->pcap));
        return false;
    }
    capture->filtered = true;
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

struct capture *capture_open_file(const char *path, const char *filter, char *error,
                                  size_t error_size)
{
    struct capture *capture = calloc(1, sizeof *capture);
    if (!capture) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    if (open_file(capture, path) && open_pcap(capture) && compile_filter(capture, filter))
        return capture;
    snprintf(error, error_size, "%s", capture->message);
    capture_close(capture);
    return NULL;
}

void capture_close(struct capture *capture)
{
    if (!capture)
        return;
    if (capture->filtered)
        pcap_freecode(&capture->filter);
    if (capture->pcap)
        pcap_close(capture->pcap);
    else if (capture->file && capture->file != stdin)
        fclose(capture->file);
    /* Standard input stays open, and must not go on using a buffer that is about to go. */
    if (capture->file == stdin && capture->read_buffer)
        setvbuf(stdin, NULL, _IONBF, 0);
    free(capture->read_buffer);
    free(capture->arena);
    free(capture);
}

/* --- reading -------------------------------------------------------------------------------------
 */

static uint64_t time_of(const struct pcap_pkthdr *header)
{
    int64_t seconds = header->ts.tv_sec;
    if (seconds < 0)
        seconds = 0;
    if (seconds > SECONDS_MAX)
        seconds = SECONDS_MAX;
    /* libpcap puts nanoseconds here when asked for them */
    return (uint64_t)seconds * 1000000000 + (uint64_t)header->ts.tv_usec % 1000000000;
}

/* Reads one packet that passes the filter; it stays in libpcap's memory. False at the end and at
 * damage. */
static bool read_packet(struct capture *capture, struct packet *packet)
{
    struct pcap_pkthdr *header;
    const u_char *data;
    for (;;) {
        int got = pcap_next_ex(capture->pcap, &header, &data);
        if (got != 1) {
            capture->state = got == PCAP_ERROR_BREAK ? ENDED : DAMAGED;
            if (capture->state == DAMAGED)
                say(capture, "is damaged after packet %llu: %s",
                    (unsigned long long)capture->frames, pcap_geterr(capture->pcap));
            return false;
        }
        capture->frames++;
        if (capture->filtered && pcap_offline_filter(&capture->filter, header, data) == 0)
            continue;
        *packet = (struct packet){
            .time_ns = time_of(header),
            .frame = capture->frames,
            .captured = header->caplen < PACKET_MAX ? header->caplen : PACKET_MAX,
            .length = header->len > header->caplen ? header->len : header->caplen,
            .data = data,
        };
        return true;
    }
}

int capture_batch(struct capture *capture, struct packet batch[CAPTURE_BATCH])
{
    size_t used = 0;
    int n = 0;
    while (n < CAPTURE_BATCH) {
        struct packet *packet = &capture->pending;
        if (!packet->data && (capture->state != READING || !read_packet(capture, packet)))
            break;
        if (packet->captured > ARENA - used)
            break;
        memcpy(capture->arena + used, packet->data, packet->captured);
        batch[n] = *packet;
        batch[n++].data = capture->arena + used;
        used += packet->captured;
        packet->data = NULL;
    }
    if (n == 0 && capture->state == DAMAGED)
        return -1;
    return n;
}

const char *capture_error(const struct capture *capture)
{
    return capture->message;
}

int capture_link_type(const struct capture *capture)
{
    return capture->link_type;
}

uint64_t capture_offset(const struct capture *capture)
{
    off_t at = ftello(capture->file);
    return at > 0 ? (uint64_t)at : 0;
}

uint64_t capture_size(const struct capture *capture)
{
    return capture->size;
}
