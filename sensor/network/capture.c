/* Capture files through libpcap.
 *
 * libpcap's packet is gone at the next read, so a batch is a copy. The copy stays in the cache: the same arena is filled
 * from its start again by each batch. */
#include "capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "decode.h"

#define READ_BUFFER (1024 * 1024)
#define PACKET_MAX (256 * 1024) /* as libpcap's own largest snap length; the rest of a packet counts as cut off */
#define ARENA (4 * PACKET_MAX)
#define ERROR_LEN 512
#define SECONDS_MAX 9000000000 /* beyond the year 2200 a time stamp is damage; nanoseconds must not overflow */

struct capture {
    pcap_t *pcap;
    FILE *file;
    char *read_buffer; /* stdio's: it must outlive the file */
    char name[256];
    struct bpf_program program;
    bool filtered, ended, failed;
    uint64_t frames, size;
    uint8_t *arena;
    struct pcap_pkthdr *pending; /* read, but without room in the last batch; libpcap's memory */
    const uint8_t *pending_data;
    char error[ERROR_LEN];
};

static void say(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void say(char *to, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(to, size, format, args);
    va_end(args);
}

/* --- opening ------------------------------------------------------------------------------------- */

static bool starts_with_gzip(FILE *file)
{
    uint8_t magic[2];
    return pread(fileno(file), magic, 2, 0) == 2 && magic[0] == 0x1F && magic[1] == 0x8B;
}
