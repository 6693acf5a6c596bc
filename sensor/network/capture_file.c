/* Capture files through libpcap, compressed with gzip or not. */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "capture_internal.h"
#include "event.h"

#define READ_BUFFER (1024 * 1024)

/* The file that is being read, and those that follow. */
struct source {
    char *const *paths;
    unsigned count, index;
    uint64_t read_before; /* bytes of the files before this one */
    uint64_t file_size;
    pcap_t *pcap;
    FILE *file;        /* pcap_close() closes it */
    char *read_buffer; /* stdio's; must outlive the file */
    gzFile gzip;       /* NULL: not compressed. The file's reads come from it */
    struct bpf_program filter;
    bool filtered;
    enum { READING, ENDED, DAMAGED } state;
    /* Read, but without room in the last batch; still libpcap's memory. */
    struct pcap_pkthdr *pending;
    const u_char *pending_data;
};

/* --- opening ------------------------------------------------------------------------------------
 */

static ssize_t read_gzip(void *cookie, char *to, size_t size)
{
    return gzread(cookie, to, (unsigned)size);
}

static bool is_gzip(FILE *file)
{
    uint8_t magic[2];
    return pread(fileno(file), magic, 2, 0) == 2 && magic[0] == 0x1F && magic[1] == 0x8B;
}

/* Reads go through zlib, which hands on what is not compressed. Standard input cannot be looked at
 * beforehand, so it always goes this way. */
static bool open_gzip(struct source *source, int fd)
{
    source->gzip = fd < 0 ? NULL : gzdopen(fd, "rb");
    if (!source->gzip) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    gzbuffer(source->gzip, READ_BUFFER);
    source->file = fopencookie(source->gzip, "rb", (cookie_io_functions_t){ .read = read_gzip });
    return source->file != NULL;
}

static bool open_regular(struct capture *capture, const char *path)
{
    struct source *source = capture->source;
    struct stat status;
    source->file = fopen(path, "rb");
    if (!source->file) {
        capture_say(capture, "cannot be opened: %s", strerror(errno));
        return false;
    }
    if (fstat(fileno(source->file), &status) == 0) {
        if (S_ISDIR(status.st_mode)) {
            capture_say(capture, "is a directory");
            return false;
        }
        if (S_ISREG(status.st_mode) && status.st_size == 0) {
            capture_say(capture, "is empty");
            return false;
        }
        if (S_ISREG(status.st_mode))
            source->file_size = (uint64_t)status.st_size;
    }
    if (!is_gzip(source->file))
        return true;
    FILE *plain = source->file;
    bool opened = open_gzip(source, dup(fileno(plain)));
    fclose(plain);
    if (!opened) {
        source->file = NULL;
        capture_say(capture, "cannot be read: out of memory");
    }
    return opened;
}

static bool open_stream(struct capture *capture, const char *path)
{
    struct source *source = capture->source;
    bool standard_input = strcmp(path, "-") == 0;
    snprintf(capture->name, sizeof capture->name, "%s", standard_input ? "standard input" : path);
    if (standard_input && !open_gzip(source, dup(STDIN_FILENO))) {
        capture_say(capture, "cannot be opened: %s", strerror(errno));
        return false;
    }
    if (!standard_input && !open_regular(capture, path))
        return false;
    source->read_buffer = malloc(READ_BUFFER);
    if (!source->read_buffer) {
        capture_say(capture, "cannot be read: out of memory");
        return false;
    }
    setvbuf(source->file, source->read_buffer, _IOFBF, READ_BUFFER);
    return true;
}

/* What zlib has to say, NULL if nothing. */
static const char *gzip_fault(const struct source *source)
{
    int number = Z_OK;
    const char *text = source->gzip ? gzerror(source->gzip, &number) : NULL;
    if (number == Z_OK || number == Z_STREAM_END)
        return NULL;
    return number == Z_BUF_ERROR ? "the compressed data ends too early" : text;
}

/* libpcap reports every foreign format as an "unknown file format". */
static void say_why_not(struct capture *capture, const char *reason)
{
    const char *gzip = gzip_fault(capture->source);
    if (gzip)
        capture_say(capture, "cannot be decompressed: %s", gzip);
    else if (strstr(reason, "unknown file format"))
        capture_say(capture, "is not a capture file: it is neither pcap nor pcapng");
    else
        capture_say(capture, "is not a usable capture file: %s", reason);
}

static bool open_pcap(struct capture *capture)
{
    struct source *source = capture->source;
    char reason[PCAP_ERRBUF_SIZE] = "";
    source->pcap =
        pcap_fopen_offline_with_tstamp_precision(source->file, PCAP_TSTAMP_PRECISION_NANO, reason);
    if (!source->pcap) {
        say_why_not(capture, reason);
        return false;
    }
    source->file = pcap_file(source->pcap);
    return capture_take_link_type(capture, source->pcap);
}

static void close_file(struct source *source)
{
    if (source->filtered)
        pcap_freecode(&source->filter);
    if (source->pcap)
        pcap_close(source->pcap);
    else if (source->file)
        fclose(source->file);
    if (source->gzip)
        gzclose_r(source->gzip);
    free(source->read_buffer);
    source->filtered = false;
    source->pcap = NULL;
    source->file = NULL;
    source->gzip = NULL;
    source->read_buffer = NULL;
    source->file_size = 0;
}

static void close_source(struct capture *capture)
{
    close_file(capture->source);
    free(capture->source);
}

static bool open_file(struct capture *capture)
{
    struct source *source = capture->source;
    return open_stream(capture, source->paths[source->index]) && open_pcap(capture) &&
           capture_compile(capture, source->pcap, &source->filter, &source->filtered);
}

/* Looks at every file, so that nobody learns of a wrong name after an hour, and opens the first. */
static bool open_first(struct capture *capture)
{
    struct source *source = capture->source;
    for (source->index = source->count; source->index-- > 0;) {
        bool standard_input = strcmp(source->paths[source->index], "-") == 0;
        if (standard_input && source->index > 0)
            continue;
        if (!open_file(capture))
            return false;
        capture->size += source->file_size;
        if (source->index == 0)
            return true;
        close_file(source);
    }
    return false;
}

/* False if there is none, or if it cannot be opened any more. */
static bool open_next(struct capture *capture)
{
    struct source *source = capture->source;
    if (source->index + 1 == source->count)
        return false;
    source->read_before += source->file_size;
    close_file(source);
    source->index++;
    capture->frames = 0;
    if (open_file(capture)) {
        source->state = READING;
        return true;
    }
    source->state = DAMAGED;
    return false;
}

/* --- reading ------------------------------------------------------------------------------------
 */

/* Reads one packet that passes the filter. False at the end and at damage. */
static bool read_packet(struct capture *capture)
{
    struct source *source = capture->source;
    for (;;) {
        int got = pcap_next_ex(source->pcap, &source->pending, &source->pending_data);
        if (got != 1) {
            const char *gzip = gzip_fault(source);
            source->pending_data = NULL;
            source->state = got == PCAP_ERROR_BREAK && !gzip ? ENDED : DAMAGED;
            if (source->state == DAMAGED)
                capture_say(capture, "is damaged after packet %llu: %s",
                            (unsigned long long)capture->frames,
                            gzip ? gzip : pcap_geterr(source->pcap));
            return false;
        }
        capture->frames++;
        if (!source->filtered ||
            pcap_offline_filter(&source->filter, source->pending, source->pending_data) != 0)
            return true;
    }
}

/* The packets that are left in this file. */
static int read_rest(struct capture *capture, struct packet batch[CAPTURE_BATCH])
{
    struct source *source = capture->source;
    size_t used = 0;
    int n = 0;
    while (n < CAPTURE_BATCH) {
        if (!source->pending_data && (source->state != READING || !read_packet(capture)))
            break;
        /* libpcap puts nanoseconds here when asked for them */
        if (!capture_pack(capture, &batch[n], source->pending, source->pending_data, &used, 1))
            break;
        batch[n++].frame = frame_of(source->index, capture->frames);
        source->pending_data = NULL;
    }
    return n;
}

static int read_batch(struct capture *capture, struct packet batch[CAPTURE_BATCH])
{
    struct source *source = capture->source;
    int n;
    do {
        n = read_rest(capture, batch);
    } while (n == 0 && source->state == ENDED && open_next(capture));
    return n == 0 && source->state == DAMAGED ? CAPTURE_DAMAGED : n;
}

static uint64_t offset(const struct capture *capture)
{
    const struct source *source = capture->source;
    off_t at = !source->file ? 0 : source->gzip ? gzoffset(source->gzip) : ftello(source->file);
    return source->read_before + (at > 0 ? (uint64_t)at : 0);
}

static const struct capture_type type = {
    .batch = read_batch,
    .close = close_source,
    .offset = offset,
};

struct capture *capture_open_files(char *const *paths, unsigned count, const char *filter,
                                   char *error, size_t error_size)
{
    struct capture *capture = capture_new(&type, filter, (size_t)4 * PACKET_MAX,
                                          sizeof(struct source), error, error_size);
    if (!capture)
        return NULL;
    struct source *source = capture->source;
    source->paths = paths;
    source->count = count;
    return capture_opened(capture, open_first(capture), error, error_size);
}
