/* JA3, JA3S and JA4: lists of numbers as text, and a digest of the text. */
#include "tls_fingerprint.h"

#include <string.h>

#include "digest.h"
#include "text.h"

#define NUMBERS_MAX 512
#define TEXT_MAX    8192

enum { EXTENSION_SERVER_NAME = 0, EXTENSION_ALPN = 16 };

/* The text that is hashed. What does not fit makes it `full`. */
struct text {
    char at[TEXT_MAX];
    size_t len;
    bool full;
};

/* A list of numbers, as JA4 sorts it. */
struct numbers {
    uint16_t at[NUMBERS_MAX];
    size_t count;
    bool full;
};

/* How a number is written, and what stands between two. */
struct style {
    void (*put)(struct text *, uint16_t);
    char between;
};

/* Its bytes are left as they are: 8 KiB of zeros would cost more than the digest. */
static void begin(struct text *text, bool full)
{
    text->len = 0;
    text->full = full;
}

static void put_char(struct text *text, char c)
{
    if (text->len < TEXT_MAX)
        text->at[text->len++] = c;
    else
        text->full = true;
}

static void put_decimal(struct text *text, uint16_t number)
{
    uint16_t unit = 1;
    while (number / unit >= 10)
        unit = (uint16_t)(unit * 10);
    for (; unit > 0; unit /= 10)
        put_char(text, (char)('0' + number / unit % 10));
}

static void put_hex(struct text *text, uint16_t number)
{
    char digits[4];
    text_hex(digits, number, 4);
    for (size_t i = 0; i < sizeof digits; i++)
        put_char(text, digits[i]);
}

static const struct style ja3 = { put_decimal, '-' }, ja4 = { put_hex, ',' };

/* The next of a list: `start` is where the list begins in the text. */
static void put_next(struct text *text, const struct style *style, size_t start, uint16_t number)
{
    if (text->len > start)
        put_char(text, style->between);
    style->put(text, number);
}

static void put_list(struct text *text, const struct style *style, struct bytes list)
{
    const size_t start = text->len;
    for (uint16_t number; tls_next_u16(&list, &number);)
        if (!tls_is_grease(number))
            put_next(text, style, start, number);
}

static void put_extensions(struct text *text, struct bytes extensions)
{
    const size_t start = text->len;
    struct bytes data;
    for (uint16_t type; tls_next_extension(&extensions, &type, &data);)
        if (!tls_is_grease(type))
            put_next(text, &ja3, start, type);
}

static void put_point_formats(struct text *text, struct bytes formats)
{
    const size_t start = text->len;
    for (size_t i = 0; i < formats.len; i++)
        put_next(text, &ja3, start, formats.data[i]);
}

static bool ja3_of(const struct text *text, char to[JA3_LEN + 1])
{
    uint8_t digest[DIGEST_MD5_LEN];
    if (text->full || !digest_md5(bytes_over(text->at, text->len), digest))
        return false;
    for (size_t i = 0; i < sizeof digest; i++)
        text_hex(to + 2 * i, digest[i], 2);
    to[JA3_LEN] = '\0';
    return true;
}

bool tls_ja3(const struct tls_client_hello *hello, char to[JA3_LEN + 1])
{
    struct text text;
    begin(&text, false);
    to[0] = '\0';
    if (hello->sslv2)
        return false;
    put_decimal(&text, hello->version);
    put_char(&text, ',');
    put_list(&text, &ja3, hello->suites);
    put_char(&text, ',');
    put_extensions(&text, hello->extensions);
    put_char(&text, ',');
    put_list(&text, &ja3, hello->groups);
    put_char(&text, ',');
    put_point_formats(&text, hello->point_formats);
    return ja3_of(&text, to);
}

bool tls_ja3s(const struct tls_server_hello *hello, char to[JA3_LEN + 1])
{
    struct text text;
    begin(&text, false);
    to[0] = '\0';
    if (hello->legacy_version < SSL_3_0)
        return false;
    put_decimal(&text, hello->legacy_version);
    put_char(&text, ',');
    put_decimal(&text, hello->suite);
    put_char(&text, ',');
    put_extensions(&text, hello->extensions);
    return ja3_of(&text, to);
}

/* --- JA4: technical_details/JA4.md of github.com/FoxIO-LLC/ja4 ---------------------------------
 */

static void add_number(struct numbers *numbers, uint16_t number)
{
    if (tls_is_grease(number))
        return;
    if (numbers->count < NUMBERS_MAX)
        numbers->at[numbers->count++] = number;
    else
        numbers->full = true;
}

/* Shell's sort: needs no memory, and nobody can make it slow. */
static void sort(struct numbers *numbers)
{
    for (size_t step = NUMBERS_MAX / 2; step > 0; step /= 2)
        for (size_t i = step; i < numbers->count; i++) {
            uint16_t number = numbers->at[i];
            size_t place = i;
            for (; place >= step && numbers->at[place - step] > number; place -= step)
                numbers->at[place] = numbers->at[place - step];
            numbers->at[place] = number;
        }
}

/* The highest version that is offered, known or not. */
static const char *version_of(const struct tls_client_hello *hello)
{
    static const struct {
        uint16_t version;
        const char *name;
    } names[] = {
        { TLS_1_3, "13" }, { TLS_1_2, "12" }, { TLS_1_1, "11" },
        { TLS_1_0, "10" }, { SSL_3_0, "s3" }, { SSL_2_0, "s2" },
    };
    uint16_t highest = hello->versions.len > 0 ? 0 : hello->version;
    struct bytes versions = hello->versions;
    for (uint16_t version; tls_next_u16(&versions, &version);)
        if (!tls_is_grease(version) && version > highest)
            highest = version;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].version == highest)
            return names[i].name;
    return "00";
}

static bool is_alphanumeric(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* First and last character of the first name of ALPN; those of its hexadecimal form if either is
 * neither letter nor digit. */
static char *alpn_to(char *to, struct bytes alpn)
{
    struct cursor in = cursor_over(alpn);
    struct bytes name = cursor_take(&in, cursor_u8(&in));
    if (name.len == 0) {
        *to++ = '0';
        *to++ = '0';
        return to;
    }
    uint8_t first = name.data[0], last = name.data[name.len - 1];
    if (is_alphanumeric(first) && is_alphanumeric(last)) {
        *to++ = (char)first;
        *to++ = (char)last;
        return to;
    }
    to = text_hex(to, first >> 4, 1);
    return text_hex(to, last, 1);
}

static char *count_to(char *to, size_t count)
{
    count = count < 99 ? count : 99;
    *to++ = (char)('0' + count / 10);
    *to++ = (char)('0' + count % 10);
    return to;
}

/* Twelve digits of the digest; zeros if the list is empty. NULL if there is no digest. */
static char *hash_to(char *to, const struct text *text)
{
    uint8_t digest[DIGEST_SHA256_LEN] = { 0 };
    if (text->full || (text->len > 0 && !digest_sha256(bytes_over(text->at, text->len), digest)))
        return NULL;
    for (size_t i = 0; i < 6; i++)
        to = text_hex(to, digest[i], 2);
    return to;
}

static char *suites_to(char *to, struct numbers *suites)
{
    struct text text;
    begin(&text, suites->full);
    sort(suites);
    for (size_t i = 0; i < suites->count; i++)
        put_next(&text, &ja4, 0, suites->at[i]);
    return hash_to(to, &text);
}

/* The two that tell where a client goes, not which client it is, stand in the first part only. */
static char *extensions_to(char *to, struct numbers *extensions, struct bytes signatures)
{
    struct text text;
    begin(&text, extensions->full);
    sort(extensions);
    for (size_t i = 0; i < extensions->count; i++)
        if (extensions->at[i] != EXTENSION_SERVER_NAME && extensions->at[i] != EXTENSION_ALPN)
            put_next(&text, &ja4, 0, extensions->at[i]);
    size_t end = text.len;
    put_char(&text, '_');
    put_list(&text, &ja4, signatures);
    if (text.len == end + 1)
        text.len = end;
    return hash_to(to, &text);
}

bool tls_ja4(const struct tls_client_hello *hello, char to[JA4_LEN + 1])
{
    char *at = to;
    *at = '\0';
    if (hello->sslv2)
        return false;
    struct numbers suites, extensions;
    suites.count = extensions.count = 0;
    suites.full = extensions.full = false;
    struct bytes list = hello->suites, data;
    bool named = false;
    for (uint16_t suite; tls_next_u16(&list, &suite);)
        add_number(&suites, suite);
    list = hello->extensions;
    for (uint16_t type; tls_next_extension(&list, &type, &data);) {
        add_number(&extensions, type);
        named |= type == EXTENSION_SERVER_NAME;
    }
    *at++ = 't';
    memcpy(at, version_of(hello), 2);
    at[2] = named ? 'd' : 'i';
    at = count_to(at + 3, suites.count);
    at = count_to(at, extensions.count);
    at = alpn_to(at, hello->alpn);
    *at++ = '_';
    at = suites_to(at, &suites);
    if (at)
        *at++ = '_';
    at = at ? extensions_to(at, &extensions, hello->signatures) : NULL;
    *(at ? at : to) = '\0';
    return at != NULL;
}
