/* Fuzzes TLS: a whole session on port 993 (fuzz_session.h tells the script that the input is), or,
 * with the highest bit of the options, what reads single messages: | options | what | bytes ... |
 */
#include "fuzz_session.h"
#include "tls_fingerprint.h"
#include "tls_hello.h"
#include "tls_key_exchange.h"
#include "tls_record.h"

#define SINGLE_MESSAGE 0x80

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read lies within the message. */
static void check_view(struct bytes view, struct bytes message)
{
    if (view.len > 0 &&
        (view.data < message.data || view.data + view.len > message.data + message.len))
        abort();
}

static void read_client_hello(struct bytes message, bool sslv2)
{
    struct tls_client_hello hello;
    char ja3[JA3_LEN + 1], ja4[JA4_LEN + 1];
    bool read = sslv2 ? tls_sslv2_client_hello_read(message, &hello)
                      : tls_client_hello_read(message, &hello);
    const struct bytes views[] = { hello.session_id, hello.suites,        hello.compressions,
                                   hello.extensions, hello.server_name,   hello.versions,
                                   hello.groups,     hello.point_formats, hello.signatures,
                                   hello.alpn,       hello.ticket.data };
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
        check_view(views[i], message);
    if (!read)
        return;
    tls_client_hello_max(&hello);
    tls_client_hello_offers(&hello, 0x5600);
    tls_ja3(&hello, ja3);
    tls_ja4(&hello, ja4);
}

static void read_server_hello(struct bytes message)
{
    struct tls_server_hello hello;
    char ja3s[JA3_LEN + 1];
    bool read = tls_server_hello_read(message, &hello);
    check_view(hello.random, message);
    check_view(hello.alpn, message);
    if (read)
        tls_ja3s(&hello, ja3s);
}

static void read_message(unsigned what, struct bytes message)
{
    static const uint16_t suites[] = { 0xC02F, 0xC019, 0xC037, 0x009E, 0x0034, 0x00AA, 0xC01D };
    struct tls_key_exchange exchange;
    struct tls_sslv2_server_hello hello;
    switch (what % 4) {
    case 0:
        read_client_hello(message, what & 4);
        break;
    case 1:
        read_server_hello(message);
        break;
    case 2:
        tls_key_exchange_read(message, suites[what / 4 % (sizeof suites / sizeof suites[0])],
                              what & 0x80 ? TLS_1_2 : TLS_1_1, &exchange);
        break;
    default:
        if (tls_sslv2_server_hello_read(message, &hello))
            check_view(hello.certificate, message);
        tls_sslv2_master_key_suite(message);
        tls_record_probe(what & 4 ? FROM_SERVER : FROM_CLIENT, message);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || !(data[0] & SINGLE_MESSAGE)) {
        fuzz_play_session(data, size, 993);
        return 0;
    }
    /* An exact heap copy, so that a read past the end is caught. */
    uint8_t *copy = malloc(size - 2 > 0 ? size - 2 : 1);
    if (!copy)
        abort();
    memcpy(copy, data + 2, size - 2);
    read_message(data[1], bytes_over(copy, size - 2));
    free(copy);
    return 0;
}
