/* JA3, JA3S and JA4 of hellos that were recorded here: JA3 and JA3S as tshark 4.0 has them, JA4 as
 * a second implementation of its specification. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tls_fingerprint.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* Headers of the record and of the handshake message. */
#define HEADERS 9

static const struct {
    const char *client, *record, *ja3, *ja4;
} clients[] = {
    { "openssl s_client 3.0",
      "160301013d0100013903034545d14c8300cf62d3c22b5b98eb4f4f8d3a46b7bbec62e0072a355cc53fd68620"
      "686e73bf8176e8cb7b41bc3620ab11e6b7a0318d4e67a521569548e84b90e50d003e130213031301c02cc030"
      "009fcca9cca8ccaac02bc02f009ec024c028006bc023c0270067c00ac0140039c009c0130033009d009c003d"
      "003c0035002f00ff010000b20000001500130000106d61696c2e6578616d706c652e6f7267000b0004030001"
      "02000a00160014001d0017001e0019001801000101010201030104002300000016000000170000000d002a00"
      "28040305030603080708080809080a080b080408050806040105010601030303010302040205020602002b00"
      "09080304030303020301002d00020101003300260024001d00208692dfb9a688b18d7b4692923d5e9d55ca10"
      "1e98d4a5f1fb9ae2b90b4224f34f",
      "a3afc2c46ba4a7d7fbe1cfb7a3031c2f", "t13d311000_e8f1e7e78f70_1f22a2ca17c4" },
    { "openssl s_client -tls1_2 -alpn imap,smtp",
      "16030100e0010000dc030389daf98365f07f571eae64739ff7deed01232123c90b111bdba1218ae102114f00"
      "0038c02cc030009fcca9cca8ccaac02bc02f009ec024c028006bc023c0270067c00ac0140039c009c0130033"
      "009d009c003d003c0035002f00ff0100007b0000001500130000106d61696c2e6578616d706c652e6f726700"
      "0b000403000102000a000c000a001d0017001e00190018002300000010000c000a04696d617004736d747000"
      "16000000170000000d002a0028040305030603080708080809080a080b080408050806040105010601030303"
      "010302040205020602",
      "22558766122974704364c9c75c5cce0a", "t12d2808ip_d943125447b4_e7e480e5a997" },
    { "openssl s_client -noservername -tls1 -cipher ALL@SECLEVEL=0",
      "160301007f0100007b03013e70330c22f3620b5dc84667a7e6fa7a44b3ea77918e49179cb29658bb830eb600"
      "002ec00ac0140039003800880087c019003a0089c009c0130033003200450044c0180034004600350084002f"
      "004100ff01000024000b000403000102000a000c000a001d0017001e00190018002300000016000000170000",
      "4921a5a1f7b5423a19d0db34c56c09f0", "t10i230500_44099cda8a52_195413a0cc0f" },
    { "gnutls-cli 3.7",
      "16030101890100018503039bc43eeccad0694fd14bd9c8f974865f5380cb0bfd24e9270929a1c5caba8a0b20"
      "c75e346804dcc5d6e860f8e887946975299632d2acb6bee764fc399557a32178003a1302130313011304c02c"
      "cca9c0adc00ac02bc0acc009c030cca8c014c02fc013009dc09d0035009cc09c002f009fccaac09f0039009e"
      "c09e003301000102000500050100000000000a00160014001700180019001d001e0100010101020103010400"
      "0b00020100000d00220020040108090804040308070501080a0805050308080601080b080606030201020300"
      "16000000170000002300000033006b00690017004104f5f8ce12d3d4ea35d820e61bb7e0bb95c9a80598850f"
      "7dd83c796b965eb04cb3f57b798f675b6914bf5b68d3612d4dcef2b9354997d5d32867231a34e3e564af001d"
      "00201d36fce900f9fa303f4f1d378727e88263d2bae80a7e26e21e3ae3ddda1bf964002b0009080304030303"
      "020301ff010001000000001500130000106d61696c2e6578616d706c652e6f7267002d0003020100001c0002"
      "4001",
      "f35ce21b44ac0b87d3266294bb1b0e20", "t13d291300_723694b0fccc_2cc26d266019" },
    { "Python 3.11, imaplib",
      "1603010200010001fc030323a25271c765ad855ce207cd8357253895a38db9763a95ddaa9730e52304f54d20"
      "0361e350f4a7b4c461428d99538f04e5aa41aacfd3d7f4175b6d6e9981f2a21f003e130213031301c02cc030"
      "009fcca9cca8ccaac02bc02f009ec024c028006bc023c0270067c00ac0140039c009c0130033009d009c003d"
      "003c0035002f00ff010001750000000e000c0000096c6f63616c686f7374000b000403000102000a00160014"
      "001d0017001e0019001801000101010201030104002300000016000000170000000d002a0028040305030603"
      "080708080809080a080b080408050806040105010601030303010302040205020602002b0009080304030303"
      "020301002d00020101003300260024001d0020717dc7af65bb3ca8f37d84842fd12e735993ff63ced648ca96"
      "355cec373a0b6f001500c6000000000000000000000000000000000000000000000000000000000000000000"
      "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "000000000000000000000000000000000000000000000000000000000000000000",
      "d39e1be3241d516b1f714bd47c2bc968", "t13d311100_e8f1e7e78f70_d41ae481755e" },
    { "curl 7.88, https",
      "1603010200010001fc03031984257415616494eeedd93d7cb3d042918b19aff471611f9be48953373b99ce20"
      "92cab41ca79e230ad1ce7014a5a113941f74dcb7e3aec676291658c111e9e052003e130213031301c02cc030"
      "009fcca9cca8ccaac02bc02f009ec024c028006bc023c0270067c00ac0140039c009c0130033009d009c003d"
      "003c0035002f00ff010001750000000e000c0000096c6f63616c686f7374000b000403000102000a00160014"
      "001d0017001e00190018010001010102010301040010000e000c02683208687474702f312e31001600000017"
      "000000310000000d002a0028040305030603080708080809080a080b08040805080604010501060103030301"
      "0302040205020602002b0009080304030303020301002d00020101003300260024001d002066e42c9a6b6ae0"
      "da5a12e541f749e4d6929f61614f271565fbfc88a5780b2533001500b4000000000000000000000000000000"
      "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "000000000000000000000000000000000000000000000000000000000000000000",
      "0149f47eabf9a20d0893e2a44e5a6323", "t13d3112h2_e8f1e7e78f70_b26ce05bbdd6" },
};

static const struct {
    const char *version, *record, *ja3s;
} servers[] = {
    { "TLS 1.3",
      "160303007a020000760303380d261d1fff706fc087f5b228626ddabc3c330880083dd26f74d6f66942e72220"
      "686e73bf8176e8cb7b41bc3620ab11e6b7a0318d4e67a521569548e84b90e50d130200002e002b0002030400"
      "330024001d0020f25908f743313369187e65bb0871a2c57c6aff2b4893ad18eabb8bd1869b454f",
      "15af977ce25de452b96affa2addb1036" },
    { "TLS 1.2",
      "160303004c02000048030343fff56143c01e62051925ab0e7b66d2a8651f55822abebd444f574e4752440100"
      "c030000020ff01000100000b0004030001020023000000100007000504696d617000170000",
      "895252f3ce80cebf7a8837be83ec8e16" },
    { "TLS 1.0",
      "16030100450200004103013383764ba7f6c140a4fac5b24212a3a632fe21d60362d229444f574e4752440000"
      "c014000019ff01000100000b000403000102002300000016000000170000",
      "bd665c27797205a73c67f1be8b8ed90f" },
};

/* The message in a record that is given in hexadecimal. */
static struct bytes message(const char *hex, uint8_t *to, size_t size)
{
    size_t len = strlen(hex) / 2;
    assert_true(len > HEADERS && len <= size);
    for (size_t i = 0; i < len; i++) {
        const char digits[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
        to[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return bytes_after(bytes_over(to, len), HEADERS);
}

static void check(const char *hex, const char *ja3, const char *ja4)
{
    uint8_t block[2048];
    struct tls_client_hello hello;
    char got[JA4_LEN + 1];
    assert_true(tls_client_hello_read(message(hex, block, sizeof block), &hello));
    assert_true(tls_ja3(&hello, got));
    assert_string_equal(got, ja3);
    assert_true(tls_ja4(&hello, got));
    assert_string_equal(got, ja4);
}

TEST(recorded_clients)
{
    for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++)
        check(clients[i].record, clients[i].ja3, clients[i].ja4);
}

TEST(recorded_servers)
{
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        uint8_t block[2048];
        struct tls_server_hello hello;
        char got[JA3_LEN + 1];
        assert_true(tls_server_hello_read(message(servers[i].record, block, sizeof block), &hello));
        assert_true(tls_ja3s(&hello, got));
        assert_string_equal(got, servers[i].ja3s);
    }
}

/* Hellos that others published, where they are at hand: record, text of JA3, JA3, JA4. */
TEST(published_clients)
{
    const char *folder = getenv("MAILTAP_VECTORS");
    char path[512], line[8192];
    snprintf(path, sizeof path, "%s/client_hello.tsv",
             folder ? folder : MAILTAP_SOURCE "/../shared/vectors");
    FILE *file = fopen(path, "r");
    if (!file)
        skip();
    unsigned count = 0;
    while (fgets(line, sizeof line, file)) {
        char *column[4] = { line };
        if (line[0] == '#')
            continue;
        line[strcspn(line, "\n")] = '\0';
        for (int i = 1; i < 4; i++) {
            column[i] = strchr(column[i - 1], '\t');
            assert_non_null(column[i]);
            *column[i]++ = '\0';
        }
        check(column[0], column[2], column[3]);
        count++;
    }
    fclose(file);
    print_message("%u published hellos\n", count);
    assert_true(count > 0);
}

/* Values of GREASE among what a client lists change nothing. */
TEST(grease)
{
    uint8_t block[2048];
    struct tls_client_hello hello;
    char got[JA4_LEN + 1];
    assert_true(tls_client_hello_read(message(clients[0].record, block, sizeof block), &hello));
    uint8_t suites[256] = "\x0A\x0A", groups[64] = "\xFA\xFA", extensions[1024], signatures[128],
            versions[32] = "\xBA\xBA";
    static const uint8_t extension[] = { 0x8A, 0x8A, 0, 1, 0 };
    memcpy(suites + 2, hello.suites.data, hello.suites.len);
    memcpy(groups + 2, hello.groups.data, hello.groups.len);
    memcpy(versions + 2, hello.versions.data, hello.versions.len);
    memcpy(extensions, hello.extensions.data, hello.extensions.len);
    memcpy(extensions + hello.extensions.len, extension, sizeof extension);
    memcpy(signatures, hello.signatures.data, hello.signatures.len);
    memcpy(signatures + hello.signatures.len, "\x1A\x1A", 2);
    hello.suites = bytes_over(suites, hello.suites.len + 2);
    hello.groups = bytes_over(groups, hello.groups.len + 2);
    hello.versions = bytes_over(versions, hello.versions.len + 2);
    hello.extensions = bytes_over(extensions, hello.extensions.len + sizeof extension);
    hello.signatures = bytes_over(signatures, hello.signatures.len + 2);
    assert_true(tls_ja3(&hello, got));
    assert_string_equal(got, clients[0].ja3);
    assert_true(tls_ja4(&hello, got));
    assert_string_equal(got, clients[0].ja4);
}

/* Of the first part: versions, counts, ALPN. */
TEST(first_part_of_ja4)
{
    static const struct {
        const char *alpn;
        size_t len;
        const char *expected;
    } rows[] = {
        { "", 0, "00" },
        { "\0", 1, "00" },
        { "\2h2", 3, "h2" },
        { "\4smtp\4imap", 10, "sp" },
        { "\1h", 2, "hh" },
        { "\1\xAB", 2, "ab" },
        { "\2\xAB\xCD", 3, "ad" },
        { "\2\x30\xAB", 3, "3b" },
        { "\4\x30\x31\xAB\xCD", 5, "3d" },
        { "\4\x30\xAB\xCD\x31", 5, "01" },
        { "\5http", 5, "00" }, /* longer than it is */
    };
    char got[JA4_LEN + 1], expected[JA4_LEN + 1];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct tls_client_hello hello = { .version = SSL_3_0,
                                                .alpn = bytes_over(rows[i].alpn, rows[i].len) };
        snprintf(expected, sizeof expected, "ts3i0000%s_000000000000_000000000000",
                 rows[i].expected);
        assert_true(tls_ja4(&hello, got));
        assert_string_equal(got, expected);
    }
    const struct tls_client_hello draft = { .version = TLS_1_2,
                                            .versions = BYTES_LITERAL("\x7F\x1C\x03\x03") };
    assert_true(tls_ja4(&draft, got));
    assert_memory_equal(got, "t00i", 4);
}

/* The longest list that has a JA4, the other way round than sorted; and too long ones. */
TEST(bounds)
{
    uint8_t suites[2 * 513];
    for (size_t i = 0; i < 513; i++) {
        suites[2 * i] = (uint8_t)(0xBF - i / 256);
        suites[2 * i + 1] = (uint8_t)(0xFF - i % 256);
    }
    struct tls_client_hello hello = { .version = TLS_1_2,
                                      .suites = bytes_over(suites, sizeof suites) };
    char got[JA4_LEN + 1];
    assert_false(tls_ja4(&hello, got));
    assert_string_equal(got, "");
    hello.suites.len -= 2;
    assert_true(tls_ja4(&hello, got));
    assert_string_equal(got, "t12i990000_57b072929b75_000000000000");
    static uint8_t more[20000];
    hello.suites = bytes_over(more, sizeof more);
    assert_false(tls_ja3(&hello, got));
    assert_string_equal(got, "");
}

TEST(ssl_2)
{
    const struct tls_client_hello client = { .sslv2 = true, .version = TLS_1_0 };
    const struct tls_server_hello server = { .legacy_version = SSL_2_0 };
    char got[JA4_LEN + 1];
    assert_false(tls_ja3(&client, got));
    assert_false(tls_ja4(&client, got));
    assert_false(tls_ja3s(&server, got));
    assert_string_equal(got, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_clients),
        cmocka_unit_test(recorded_servers),
        cmocka_unit_test(published_clients),
        cmocka_unit_test(grease),
        cmocka_unit_test(first_part_of_ja4),
        cmocka_unit_test(bounds),
        cmocka_unit_test(ssl_2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
