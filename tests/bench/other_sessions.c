/* Flows in which no login can be read. */
#include <string.h>

#include "sessions.h"

enum { RANDOM_BYTES = 1 << 18, RECORD = 16384, CLIENTS = 60000 };

static const uint32_t client_net = 0xAC100001,
                      server_net = 0xCB007101; /* 172.16.0.1, 203.0.113.1 */

/* Cipher text: always the same, somewhere else in it each time. */
static const uint8_t *random_bytes(struct chance *chance, size_t len)
{
    static uint8_t bytes[RANDOM_BYTES];
    static bool made;
    if (!made) {
        struct chance own = { 2 };
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)chance_bits(&own);
        made = true;
    }
    return bytes + chance_below(chance, (uint32_t)(sizeof bytes - len));
}

static void set_ends(struct script *script, uint32_t index, uint16_t port)
{
    script->ends = (struct ends){ .from_ip = client_net + index % CLIENTS,
                                  .to_ip = server_net + chance_below(script->chance, 64),
                                  .from_port = (uint16_t)(30000 + index / CLIENTS),
                                  .to_port = port };
}

/* --- TLS ----------------------------------------------------------------------------------------
 */

static void say_record(struct script *script, enum side side, uint8_t type, const void *data,
                       size_t len)
{
    uint8_t head[] = { type, 3, 3, (uint8_t)(len >> 8), (uint8_t)len };
    say_bytes(script, side, head, sizeof head);
    say_bytes(script, side, data, len);
}

static void say_application_data(struct script *script, enum side side, size_t len)
{
    while (len > 0) {
        size_t part = len < RECORD ? len : RECORD;
        say_record(script, side, 23, random_bytes(script->chance, part), part);
        len -= part;
    }
}

static size_t put(uint8_t *to, size_t at, const void *data, size_t len)
{
    memcpy(to + at, data, len);
    return at + len;
}

/* RFC 8446: what both hellos begin with, up to the session id. */
static size_t hello_head(struct script *script, uint8_t *hello, uint8_t type)
{
    static const uint8_t version_3_3[] = { 3, 3 };
    hello[0] = type;
    size_t at = put(hello, 4, version_3_3, 2);
    at = put(hello, at, random_bytes(script->chance, 32), 32);
    hello[at++] = 32;
    return put(hello, at, random_bytes(script->chance, 32), 32);
}

static void say_hello(struct script *script, enum side side, uint8_t *hello, size_t len)
{
    hello[1] = 0;
    hello[2] = (uint8_t)((len - 4) >> 8);
    hello[3] = (uint8_t)(len - 4);
    say_record(script, side, 22, hello, len);
}

static void say_hellos(struct script *script)
{
    /* Ciphers, no compression, extensions: server name, versions, groups, signatures, a key. */
    static const uint8_t offer[] = {
        0,   8,   0x13, 1,   0x13, 2,  0x13, 3,  0xC0, 0x2F, 1,   0,   0,   98, /* */
        0,   0,   0,    19,  0,    17, 0,    0,  14,   'm',  'x', '.', 'e', 'x',
        'a', 'm', 'p',  'l', 'e',                                         /* */
        '.', 'o', 'r',  'g', 0,    43, 0,    5,  4,    3,    4,   3,   3, /* */
        0,   10,  0,    6,   0,    4,  0,    29, 0,    23,   0,   13,  0,   10,
        0,   8,   4,    3,   8,    4,  8,    5,  4,    1, /* */
        0,   51,  0,    38,  0,    36, 0,    29, 0,    32
    };
    static const uint8_t choice[] = { 0x13, 1, 0,  0, 46, 0, 43, 0, 2, 3,
                                      4,    0, 51, 0, 36, 0, 29, 0, 32 };
    static const uint8_t change_cipher[] = { 1 };
    uint8_t hello[512];
    size_t len = put(hello, hello_head(script, hello, 1), offer, sizeof offer);
    len = put(hello, len, random_bytes(script->chance, 32), 32);
    say_hello(script, CLIENT, hello, len);
    len = put(hello, hello_head(script, hello, 2), choice, sizeof choice);
    len = put(hello, len, random_bytes(script->chance, 32), 32);
    say_hello(script, SERVER, hello, len);
    say_record(script, SERVER, 20, change_cipher, 1);
    say_application_data(script, SERVER, 3200); /* certificate and the rest */
    say_record(script, CLIENT, 20, change_cipher, 1);
    say_application_data(script, CLIENT, 53);
}

void write_tls_bytes(struct script *script)
{
    uint32_t bursts = chance_between(script->chance, 4, 16);
    bool downloads = chance_one_in(script->chance, 2);
    script->cut = CUT_1400;
    say_hellos(script);
    for (uint32_t i = 0; i < bursts; i++) {
        size_t much = chance_between(script->chance, 16000, 120000);
        say_application_data(script, CLIENT, downloads ? 90 : much);
        say_application_data(script, SERVER, downloads ? much : 90);
    }
    script_close(script);
    script_end(script);
}

void write_tls(struct script *script, uint32_t index, FILE *truth)
{
    static const uint16_t ports[] = { 465, 993, 443 };
    (void)truth;
    set_ends(script, index, ports[index % 3]);
    script_open(script);
    write_tls_bytes(script);
}

/* --- not mail -----------------------------------------------------------------------------------
 */

static void write_http(struct script *script, uint32_t index)
{
    size_t len = chance_between(script->chance, 500, 40000);
    set_ends(script, index, 80);
    script_open(script);
    say(script, CLIENT,
        "GET /page/%u HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux "
        "x86_64) Gecko/20100101 Firefox/128.0\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        index);
    say(script, SERVER,
        "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: image/png\r\nContent-Length: "
        "%zu\r\n\r\n",
        len);
    say_bytes(script, SERVER, random_bytes(script->chance, len), len);
    script_close(script);
}

static void write_other_tcp(struct script *script, uint32_t index)
{
    uint32_t turns = chance_between(script->chance, 2, 20);
    set_ends(script, index, (uint16_t)chance_between(script->chance, 1024, 19999));
    script_open(script);
    for (uint32_t i = 0; i < turns; i++) {
        size_t len = chance_between(script->chance, 20, 3000);
        say_bytes(script, i % 2 ? SERVER : CLIENT, random_bytes(script->chance, len), len);
    }
    script_close(script);
}

static void write_dns(struct script *script, uint32_t index)
{
    static const uint8_t question[] = { 3,   'w', 'w', 'w', 7,   'e', 'x', 'a', 'm', 'p', 'l',
                                        'e', 3,   'c', 'o', 'm', 0,   0,   1,   0,   1 };
    static const uint8_t answer[] = { 0xC0, 12, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 203, 0, 113, 1 };
    uint8_t id[2] = { (uint8_t)(index >> 8), (uint8_t)index };
    static const uint8_t asks[] = { 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
    static const uint8_t says[] = { 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0 };
    script->transport = OVER_UDP;
    set_ends(script, index, 53);
    say_bytes(script, CLIENT, id, 2);
    say_bytes(script, CLIENT, asks, sizeof asks);
    say_bytes(script, CLIENT, question, sizeof question);
    say_bytes(script, SERVER, id, 2);
    say_bytes(script, SERVER, says, sizeof says);
    say_bytes(script, SERVER, question, sizeof question);
    say_bytes(script, SERVER, answer, sizeof answer);
}

static void write_arp(struct script *script, uint32_t index)
{
    script->transport = OVER_ARP;
    set_ends(script, index, 0);
    say(script, CLIENT, "?");
}

void write_noise(struct script *script, uint32_t index, FILE *truth)
{
    static void (*const kinds[])(struct script *, uint32_t) = { write_http,      write_http,
                                                                write_other_tcp, write_dns,
                                                                write_dns,       write_arp };
    (void)truth;
    kinds[chance_below(script->chance, sizeof kinds / sizeof kinds[0])](script, index);
    script_end(script);
}
