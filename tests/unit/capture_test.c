/* Capture files, good, damaged and not captures at all. The files are written by hand, to know each
 * byte of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <pcap/dlt.h>

#include "capture.h"
#include "event.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

#define MICROSECONDS 0xA1B2C3D4U
#define NANOSECONDS  0xA1B23C4DU

static char path[64];
static char message[512];

static void put_u32(FILE *file, uint32_t value)
{
    assert_int_equal(fwrite(&value, sizeof value, 1, file), 1);
}

static void put_u16(FILE *file, uint16_t value)
{
    assert_int_equal(fwrite(&value, sizeof value, 1, file), 1);
}

static FILE *create(void)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    return file;
}

static FILE *create_pcap(uint32_t magic, uint32_t link_type)
{
    FILE *file = create();
    put_u32(file, magic);
    put_u16(file, 2);
    put_u16(file, 4);
    put_u32(file, 0);
    put_u32(file, 0);
    put_u32(file, 262144);
    put_u32(file, link_type);
    return file;
}

/* An Ethernet frame of IPv4 to the given TCP port, whose payload is `fill` all over. */
static void put_frame(FILE *file, uint32_t len, uint16_t port, uint8_t fill)
{
    uint8_t frame[256 * 1024];
    assert_true(len >= 54 && len <= sizeof frame);
    memset(frame, fill, len);
    memset(frame, 0, 54);
    frame[12] = 8;
    frame[14] = 0x45;
    frame[23] = 6;
    frame[36] = (uint8_t)(port >> 8);
    frame[37] = (uint8_t)port;
    frame[46] = 0x50;
    assert_int_equal(fwrite(frame, 1, len, file), len);
}

static void put_packet(FILE *file, uint32_t seconds, uint32_t fraction, uint32_t len, uint16_t port,
                       uint8_t fill)
{
    put_u32(file, seconds);
    put_u32(file, fraction);
    put_u32(file, len);
    put_u32(file, len + 10);
    put_frame(file, len, port, fill);
}

static struct capture *open_one(const char *name, const char *filter)
{
    static char copy[64]; /* must outlive the capture */
    static char *const names[] = { copy };
    snprintf(copy, sizeof copy, "%s", name);
    return capture_open_files(names, 1, filter, message, sizeof message);
}

static struct capture *open_good(const char *filter)
{
    struct capture *capture = open_one(path, filter);
    if (!capture)
        fail_msg("%s", message);
    return capture;
}

/* The file must not open, and the reason must name it and hold this text. */
static void expect_refusal(const char *filter, const char *text)
{
    struct capture *capture = open_one(path, filter);
    assert_null(capture);
    if (!strstr(message, text) || strchr(message, '\n'))
        fail_msg("\"%s\" does not say \"%s\"", message, text);
}

TEST(not_there)
{
    assert_null(open_one("/nowhere/x.pcap", NULL));
    assert_string_equal(message, "/nowhere/x.pcap cannot be opened: No such file or directory");
}

TEST(directory)
{
    assert_null(open_one("/tmp", NULL));
    assert_string_equal(message, "/tmp is a directory");
}

TEST(empty)
{
    fclose(create());
    expect_refusal(NULL, "is empty");
}

TEST(garbage)
{
    FILE *file = create();
    fputs("From: somebody\r\nSubject: this is a mail, not a capture\r\n", file);
    fclose(file);
    expect_refusal(NULL, "is not a capture file: it is neither pcap nor pcapng");
}

TEST(damaged_compression)
{
    FILE *file = create();
    fwrite("\x1f\x8b\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 1, 24, file);
    fclose(file);
    expect_refusal(NULL, "cannot be decompressed");
}

/* Writes `packets` packets compressed; all but the last `cut` bytes of that. */
static void create_gzip(unsigned packets, long cut)
{
    FILE *file = create_pcap(MICROSECONDS, 1);
    for (unsigned i = 0; i < packets; i++)
        put_packet(file, i + 1, 0, 60, 25, (uint8_t)i);
    fclose(file);
    char command[sizeof path * 5];
    snprintf(command, sizeof command, "gzip -c %s >%s.gz && mv %s.gz %s", path, path, path, path);
    assert_int_equal(system(command), 0);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(truncate(path, status.st_size - cut), 0);
}

TEST(compressed)
{
    struct packet batch[CAPTURE_BATCH];
    create_gzip(3, 0);
    struct capture *capture = open_good("port 25");
    assert_int_equal(capture_batch(capture, batch), 3);
    assert_int_equal(batch[2].frame, 3);
    assert_int_equal(capture_batch(capture, batch), CAPTURE_OVER);
    assert_int_equal(capture_offset(capture), capture_size(capture));
    capture_close(capture);
}

TEST(compressed_and_cut)
{
    struct packet batch[CAPTURE_BATCH];
    int n, packets = 0;
    create_gzip(2000, 200);
    struct capture *capture = open_good(NULL);
    while ((n = capture_batch(capture, batch)) > 0)
        packets += n;
    assert_int_equal(n, CAPTURE_DAMAGED);
    assert_true(packets > 0 && packets < 2000);
    assert_non_null(strstr(capture_error(capture), "the compressed data ends too early"));
    capture_close(capture);
}

/* The same file twice is a capture of two files: numbers begin anew. */
TEST(several)
{
    struct packet batch[CAPTURE_BATCH];
    char *const names[] = { path, path };
    FILE *file = create_pcap(MICROSECONDS, 1);
    put_packet(file, 1, 0, 60, 25, 0);
    put_packet(file, 2, 0, 60, 25, 0);
    fclose(file);
    struct capture *capture = capture_open_files(names, 2, NULL, message, sizeof message);
    assert_non_null(capture);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(capture_batch(capture, batch), 2);
        assert_int_equal(frame_file(batch[1].frame), i);
        assert_int_equal(frame_number(batch[1].frame), 2);
    }
    assert_int_equal(capture_batch(capture, batch), CAPTURE_OVER);
    assert_int_equal(capture_offset(capture), capture_size(capture));
    capture_close(capture);
    char *const wrong[] = { path, (char *)(uintptr_t) "/nowhere/x.pcap" };
    assert_null(capture_open_files(wrong, 2, NULL, message, sizeof message));
    assert_non_null(strstr(message, "/nowhere/x.pcap"));
}

TEST(stopped)
{
    struct packet batch[CAPTURE_BATCH];
    FILE *file = create_pcap(MICROSECONDS, 1);
    put_packet(file, 1, 0, 60, 25, 0);
    fclose(file);
    struct capture *capture = open_good(NULL);
    capture_stop(capture);
    assert_int_equal(capture_batch(capture, batch), CAPTURE_OVER);
    capture_close(capture);
}

TEST(header_cut)
{
    FILE *file = create();
    put_u32(file, MICROSECONDS);
    put_u32(file, 0);
    fclose(file);
    expect_refusal(NULL, "is not a usable capture file: ");
}

TEST(foreign_link_type)
{
    fclose(create_pcap(MICROSECONDS, 105));
    expect_refusal(NULL, "has the link type IEEE802_11 (105)");
}

TEST(bad_filter)
{
    fclose(create_pcap(MICROSECONDS, 1));
    expect_refusal("tcp prot 25", "the filter \"tcp prot 25\" cannot be used: ");
}

TEST(no_packets)
{
    fclose(create_pcap(MICROSECONDS, 1));
    struct capture *capture = open_good(NULL);
    struct packet batch[CAPTURE_BATCH];
    assert_int_equal(capture_batch(capture, batch), 0);
    assert_int_equal(capture_batch(capture, batch), 0);
    capture_close(capture);
}

TEST(packets_in_batches)
{
    FILE *file = create_pcap(MICROSECONDS, 1);
    for (uint32_t i = 0; i < 100; i++)
        put_packet(file, 1000 - i, i, 60 + i, 25, (uint8_t)i); /* time runs backwards */
    fclose(file);
    struct capture *capture = open_good(NULL);
    assert_int_equal(capture_link_type(capture), DLT_EN10MB);
    assert_int_equal(capture_size(capture), 24 + 100 * (16 + 60) + 99 * 50);
    struct packet batch[CAPTURE_BATCH];
    uint64_t frame = 0;
    int n;
    while ((n = capture_batch(capture, batch)) > 0) {
        assert_int_equal(n, frame == 0 ? CAPTURE_BATCH : 100 - CAPTURE_BATCH);
        for (int i = 0; i < n; i++, frame++) { /* all of a batch are valid at once */
            assert_int_equal(batch[i].frame, frame + 1);
            assert_int_equal(batch[i].time_ns, (1000 - frame) * 1000000000 + frame * 1000);
            assert_int_equal(batch[i].captured, 60 + frame);
            assert_int_equal(batch[i].length, 70 + frame);
            assert_int_equal(batch[i].data[59], frame);
            assert_int_equal(batch[i].data[59 + frame], frame);
        }
    }
    assert_int_equal(n, 0);
    assert_int_equal(frame, 100);
    assert_int_equal(capture_offset(capture), capture_size(capture));
    capture_close(capture);
}

TEST(large_packets_make_small_batches)
{
    FILE *file = create_pcap(MICROSECONDS, 1);
    for (uint32_t i = 0; i < 10; i++)
        put_packet(file, i, 0, 250000, 25, (uint8_t)i);
    fclose(file);
    struct capture *capture = open_good(NULL);
    struct packet batch[CAPTURE_BATCH];
    uint64_t frame = 0;
    int n;
    while ((n = capture_batch(capture, batch)) > 0) {
        assert_true(n < 10);
        for (int i = 0; i < n; i++, frame++) {
            assert_int_equal(batch[i].frame, frame + 1);
            assert_int_equal(batch[i].data[54], frame);
            assert_int_equal(batch[i].data[249999], frame);
        }
    }
    assert_int_equal(frame, 10);
    capture_close(capture);
}

TEST(nanoseconds)
{
    FILE *file = create_pcap(NANOSECONDS, 1);
    put_packet(file, 7, 123456789, 60, 25, 0);
    fclose(file);
    struct capture *capture = open_good(NULL);
    struct packet batch[CAPTURE_BATCH];
    assert_int_equal(capture_batch(capture, batch), 1);
    assert_int_equal(batch[0].time_ns, 7123456789);
    capture_close(capture);
}

TEST(pcapng)
{
    FILE *file = create();
    static const uint32_t section[] = { 0x0A0D0D0A, 28,         0x1A2B3C4D, 0x00000001,
                                        0xFFFFFFFF, 0xFFFFFFFF, 28 };
    static const uint32_t interface[] = { 1, 20, 1, 262144, 20 };
    fwrite(section, 1, sizeof section, file);
    fwrite(interface, 1, sizeof interface, file);
    for (uint32_t i = 0; i < 3; i++) {
        uint64_t microseconds = 1700000000000000 + i;
        const uint32_t block[] = {
            6, 32 + 60, 0, (uint32_t)(microseconds >> 32), (uint32_t)microseconds, 60, 60
        };
        fwrite(block, 1, sizeof block, file);
        put_frame(file, 60, 25, (uint8_t)i);
        put_u32(file, 32 + 60);
    }
    fclose(file);
    struct capture *capture = open_good(NULL);
    struct packet batch[CAPTURE_BATCH];
    assert_int_equal(capture_batch(capture, batch), 3);
    assert_int_equal(batch[2].time_ns, 1700000000000002000);
    assert_int_equal(batch[2].data[59], 2);
    assert_int_equal(capture_batch(capture, batch), 0);
    capture_close(capture);
}

TEST(filter_keeps_the_numbers)
{
    FILE *file = create_pcap(MICROSECONDS, 1);
    for (uint32_t i = 0; i < 200; i++)
        put_packet(file, i, 0, 60, i % 3 ? 80 : 25, 0);
    fclose(file);
    struct capture *capture = open_good("tcp port 25");
    struct packet batch[CAPTURE_BATCH];
    uint64_t frame = 1;
    int n;
    while ((n = capture_batch(capture, batch)) > 0) {
        for (int i = 0; i < n; i++, frame += 3)
            assert_int_equal(batch[i].frame, frame);
    }
    assert_int_equal(frame, 202);
    capture_close(capture);
}

TEST(cut_file_gives_the_good_packets_first)
{
    FILE *file = create_pcap(MICROSECONDS, 1);
    for (uint32_t i = 0; i < 100; i++)
        put_packet(file, i, 0, 60, 25, 0);
    fclose(file);
    assert_int_equal(truncate(path, 24 + 76 * 99 + 40), 0);
    struct capture *capture = open_good(NULL);
    struct packet batch[CAPTURE_BATCH];
    assert_int_equal(capture_batch(capture, batch), 64);
    assert_int_equal(capture_batch(capture, batch), 35);
    assert_int_equal(batch[34].frame, 99);
    assert_int_equal(capture_batch(capture, batch), -1);
    assert_int_equal(capture_batch(capture, batch), -1);
    assert_non_null(strstr(capture_error(capture), " is damaged after packet 99: "));
    capture_close(capture);
}

TEST(broken_length_is_damage)
{
    FILE *file = create_pcap(MICROSECONDS, 1);
    put_packet(file, 0, 0, 60, 25, 0);
    for (int i = 0; i < 4; i++)
        put_u32(file, 0xFFFFFFF0);
    fclose(file);
    struct capture *capture = open_good(NULL);
    struct packet batch[CAPTURE_BATCH];
    assert_int_equal(capture_batch(capture, batch), 1);
    assert_int_equal(capture_batch(capture, batch), -1);
    capture_close(capture);
}

TEST(time_from_nowhere)
{
    FILE *file = create_pcap(MICROSECONDS, 1);
    put_packet(file, 0xFFFFFFFF, 0xFFFFFFFF, 60, 25, 0);
    fclose(file);
    struct capture *capture = open_good(NULL);
    struct packet batch[CAPTURE_BATCH];
    assert_int_equal(capture_batch(capture, batch), 1);
    assert_true(batch[0].time_ns < UINT64_C(1) << 63);
    capture_close(capture);
}

TEST(standard_input)
{
    FILE *file = create_pcap(MICROSECONDS, 1);
    put_packet(file, 1, 0, 60, 25, 0);
    fclose(file);
    assert_non_null(freopen(path, "rb", stdin));
    struct capture *capture = open_one("-", NULL);
    assert_non_null(capture);
    struct packet batch[CAPTURE_BATCH];
    assert_int_equal(capture_batch(capture, batch), 1);
    assert_int_equal(capture_batch(capture, batch), 0);
    capture_close(capture);
}

static int make_path(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/mailtap-capture-XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_there),
        cmocka_unit_test(directory),
        cmocka_unit_test(empty),
        cmocka_unit_test(garbage),
        cmocka_unit_test(compressed),
        cmocka_unit_test(compressed_and_cut),
        cmocka_unit_test(damaged_compression),
        cmocka_unit_test(several),
        cmocka_unit_test(stopped),
        cmocka_unit_test(header_cut),
        cmocka_unit_test(foreign_link_type),
        cmocka_unit_test(bad_filter),
        cmocka_unit_test(no_packets),
        cmocka_unit_test(packets_in_batches),
        cmocka_unit_test(large_packets_make_small_batches),
        cmocka_unit_test(nanoseconds),
        cmocka_unit_test(pcapng),
        cmocka_unit_test(filter_keeps_the_numbers),
        cmocka_unit_test(cut_file_gives_the_good_packets_first),
        cmocka_unit_test(broken_length_is_damage),
        cmocka_unit_test(time_from_nowhere),
        cmocka_unit_test(standard_input),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
