/* Fuzzes a whole capture: the input is a file, pcap or pcapng, gzip'd or not, and goes the way that
 * packets go, from the file to events, with small budgets.
 *
 * The last byte chooses the options. What does not begin like a capture file is packets alone,
 *
 *   | len and wait, 3 bytes | packet |  repeated
 *
 * and gets a pcap header of its own. So captures are seeds as they are.
 *
 * Whatever comes: no crash, every event is JSON, time does not run backwards, every byte of the
 * budgets is given back. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "json.h"
#include "network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

enum { FEW_STREAMS = 1, FEW_TABLES = 2, CHECKSUMS = 4, ALL_FLOWS = 8 };

static struct {
    struct pool streams, tables, fragments;
    struct counters counters;
    struct facts own, assembly;
    struct buffer json, file;
    uint64_t last_ns;
} fuzz;

static void receive(void *arg, const struct event *event)
{
    (void)arg;
    buffer_clear(&fuzz.json);
    CHECK(json_write(&fuzz.json, event->facts));
    CHECK(event->time_ns >= fuzz.last_ns);
    fuzz.last_ns = event->time_ns;
}

static void put(const void *bytes, size_t len)
{
    CHECK(buffer_append(&fuzz.file, bytes_over(bytes, len)));
}

/* So that what is found in packets does not depend on finding the file format too. */
static void write_packets(struct cursor *in)
{
    static const uint32_t head[6] = { 0xA1B2C3D4, 2 | 4 << 16, 0, 0, 65535, 1 };
    uint32_t ms = 0;
    put(head, sizeof head);
    while (cursor_left(in) > 3) {
        uint32_t len = cursor_u16(in) & 0x7FF, wait = cursor_u8(in);
        struct bytes packet =
            cursor_take(in, len < cursor_left(in) ? len : (uint32_t)cursor_left(in));
        ms += wait;
        const uint32_t record[4] = { ms / 1000, ms % 1000 * 1000, (uint32_t)packet.len,
                                     (uint32_t)packet.len };
        put(record, sizeof record);
        put(packet.data, packet.len);
    }
}

/* As pcap of either byte order and of micro- or nanoseconds, pcapng and gzip begin. */
static bool looks_like_a_file(struct bytes data)
{
    return data.len > 0 && memchr("\xD4\xA1\x4D\x0A\x1F", data.data[0], 5) != NULL;
}

static void read_capture(struct network *network, const char *path)
{
    char error[256], *paths[] = { (char *)(uintptr_t)path };
    struct packet batch[CAPTURE_BATCH];
    int n;
    struct capture *capture = capture_open_files(paths, 1, NULL, error, sizeof error);
    if (!capture) {
        CHECK(error[0] != '\0');
        return;
    }
    while ((n = capture_batch(capture, batch)) > 0)
        network_batch(network, capture_link_type(capture), batch, n);
    CHECK(n == CAPTURE_OVER || (n == CAPTURE_DAMAGED && capture_error(capture)[0] != '\0'));
    capture_close(capture);
    network_end(network);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = cursor_over(bytes_over(data, size));
    unsigned options = size > 0 ? data[size - 1] : 0;
    fuzz.last_ns = 0;
    buffer_init(&fuzz.json, 1 << 20, NULL);
    buffer_init(&fuzz.file, 1 << 24, NULL);
    pool_init(&fuzz.streams, options & FEW_STREAMS ? 8192 : 1 << 20);
    pool_init(&fuzz.tables, options & FEW_TABLES ? 16384 : 1 << 20);
    pool_init(&fuzz.fragments, 1 << 16);
    facts_init(&fuzz.own, NULL);
    facts_init(&fuzz.assembly, NULL);
    struct session_env env = { .out = { receive, NULL },
                               .streams = &fuzz.streams,
                               .tables = &fuzz.tables,
                               .counters = &fuzz.counters,
                               .own = &fuzz.own,
                               .assembly = &fuzz.assembly,
                               .secrets = { 1, 2 } };
    struct flow_options flows = { .max_flows = 16,
                                  .events =
                                      options & ALL_FLOWS ? FLOW_EVENTS_ALL : FLOW_EVENTS_MAIL,
                                  .enforce_checksums = options & CHECKSUMS };
    struct network *network = network_new(&flows, &env, &fuzz.fragments);
    CHECK(network);

    char path[32];
    int file = memfd_create("capture", MFD_CLOEXEC);
    CHECK(file >= 0);
    if (looks_like_a_file(bytes_over(data, size)))
        put(data, size);
    else
        write_packets(&in);
    struct bytes bytes = buffer_view(&fuzz.file);
    CHECK(bytes.len == 0 || write(file, bytes.data, bytes.len) == (ssize_t)bytes.len);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    read_capture(network, path);
    close(file);

    network_free(network);
    facts_free(&fuzz.own);
    facts_free(&fuzz.assembly);
    buffer_free(&fuzz.json);
    buffer_free(&fuzz.file);
    CHECK(fuzz.streams.used == 0 && fuzz.tables.used == 0 && fuzz.fragments.used == 0);
    return 0;
}
