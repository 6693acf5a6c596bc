/* ClientHello and ServerHello, as they pass in clear. */
#include "tls_hello.h"

#include <string.h>

enum extension_type {
    SERVER_NAME = 0,
    TRUNCATED_HMAC = 4,
    SUPPORTED_GROUPS = 10,
    EC_POINT_FORMATS = 11,
    SIGNATURE_ALGORITHMS = 13,
    ALPN = 16,
    ENCRYPT_THEN_MAC = 22,
    EXTENDED_MASTER_SECRET = 23,
    SESSION_TICKET = 35,
    PRE_SHARED_KEY = 41,
    EARLY_DATA = 42,
    SUPPORTED_VERSIONS = 43,
    KEY_SHARE = 51,
    RENEGOTIATION_INFO = 0xFF01
};

#define RANDOM_LEN     32
#define SESSION_ID_MAX 32

bool tls_is_grease(uint16_t value)
{
    return (value & 0x0F0F) == 0x0A0A && value >> 8 == (value & 0xFF);
}

bool tls_next_u16(struct bytes *list, uint16_t *value)
{
    struct cursor in = cursor_over(*list);
    *value = cursor_u16(&in);
    *list = cursor_rest(&in);
    return !in.failed;
}

bool tls_next_extension(struct bytes *extensions, uint16_t *type, struct bytes *data)
{
    struct cursor in = cursor_over(*extensions);
    *type = cursor_u16(&in);
    *data = cursor_take(&in, cursor_u16(&in));
    *extensions = cursor_rest(&in);
    return !in.failed;
}

/* A block behind its length of one or two bytes. */
static struct bytes block_u8(struct cursor *in)
{
    return cursor_take(in, cursor_u8(in));
}

static struct bytes block_u16(struct cursor *in)
{
    return cursor_take(in, cursor_u16(in));
}

/* The block that an extension's data begin with; empty if it is cut. */
static struct bytes data_u8(struct bytes data)
{
    struct cursor in = cursor_over(data);
    return block_u8(&in);
}

static struct bytes data_u16(struct bytes data)
{
    struct cursor in = cursor_over(data);
    return block_u16(&in);
}

/* Drafts of TLS 1.3 numbered themselves, 0x7F and then theirs: what is read here has been the same
 * in most of them. */
static bool is_draft(uint16_t version)
{
    return version >> 8 == 0x7F;
}

static uint16_t final_version(uint16_t version)
{
    return is_draft(version) ? (uint16_t)TLS_1_3 : version;
}

/* Encrypted ClientHello has 0xFE0D; its drafts 8 to 12 had the numbers before it, draft 7 0xFF02.
 */
static bool is_encrypted_client_hello(uint16_t type)
{
    return (type >= 0xFE08 && type <= 0xFE0D) || type == 0xFF02;
}

/* RFC 6066 section 3: the first name of type host_name. */
static struct bytes host_name(struct bytes data)
{
    struct cursor in = cursor_over(data_u16(data));
    while (cursor_left(&in) > 0) {
        unsigned type = cursor_u8(&in);
        struct bytes name = block_u16(&in);
        if (type == 0)
            return name;
    }
    return BYTES_NONE;
}

/* Of an extension that stands twice, the first counts. */
static void take_extension(struct tls_extension *extension, struct bytes data)
{
    if (!extension->present)
        *extension = (struct tls_extension){ data, true };
}

static void take_list(struct bytes *list, struct bytes block)
{
    if (list->len == 0)
        *list = block;
}

/* Those that are read alike in both hellos. */
static const struct {
    uint16_t type;
    size_t client, server; /* where they go */
} plain[] = {
#define PLAIN(type, member)                                                                        \
    {                                                                                              \
        type, offsetof(struct tls_client_hello, member), offsetof(struct tls_server_hello, member) \
    }
    PLAIN(SESSION_TICKET, ticket),
    PLAIN(EXTENDED_MASTER_SECRET, extended_master_secret),
    PLAIN(ENCRYPT_THEN_MAC, encrypt_then_mac),
    PLAIN(TRUNCATED_HMAC, truncated_hmac),
    PLAIN(RENEGOTIATION_INFO, renegotiation_info),
    PLAIN(PRE_SHARED_KEY, pre_shared_key),
#undef PLAIN
};

static void read_plain(void *hello, bool client, uint16_t type, struct bytes data)
{
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        size_t to = client ? plain[i].client : plain[i].server;
        if (plain[i].type == type)
            take_extension((struct tls_extension *)((char *)hello + to), data);
    }
}

static void read_client_extension(struct tls_client_hello *hello, uint16_t type, struct bytes data)
{
    switch (type) {
    case SERVER_NAME:
        take_list(&hello->server_name, host_name(data));
        break;
    case SUPPORTED_GROUPS:
        take_list(&hello->groups, data_u16(data));
        break;
    case EC_POINT_FORMATS:
        take_list(&hello->point_formats, data_u8(data));
        break;
    case SIGNATURE_ALGORITHMS:
        take_list(&hello->signatures, data_u16(data));
        break;
    case ALPN:
        take_list(&hello->alpn, data_u16(data));
        break;
    case SUPPORTED_VERSIONS:
        take_list(&hello->versions, data_u8(data));
        break;
    case EARLY_DATA:
        take_extension(&hello->early_data, data);
        break;
    default:
        if (is_encrypted_client_hello(type))
            take_extension(&hello->encrypted_client_hello, data);
        else
            read_plain(hello, true, type, data);
    }
}

bool tls_client_hello_read(struct bytes body, struct tls_client_hello *hello)
{
    struct cursor in = cursor_over(body);
    *hello = (struct tls_client_hello){ .version = cursor_u16(&in) };
    cursor_take(&in, RANDOM_LEN);
    hello->session_id = block_u8(&in);
    hello->suites = block_u16(&in);
    hello->compressions = block_u8(&in);
    if (cursor_left(&in) > 0)
        hello->extensions = block_u16(&in);
    if (in.failed || hello->version >> 8 != 3 || hello->session_id.len > SESSION_ID_MAX ||
        hello->suites.len < 2 || hello->suites.len % 2 != 0 || hello->compressions.len == 0)
        return false;
    uint16_t type;
    for (struct bytes left = hello->extensions, data; left.len > 0;) {
        if (!tls_next_extension(&left, &type, &data))
            return false;
        read_client_extension(hello, type, data);
    }
    return true;
}

bool tls_sslv2_client_hello_read(struct bytes record, struct tls_client_hello *hello)
{
    struct cursor in = cursor_over(record);
    unsigned type = cursor_u8(&in);
    *hello = (struct tls_client_hello){ .sslv2 = true, .version = cursor_u16(&in) };
    unsigned suites = cursor_u16(&in), session_id = cursor_u16(&in), challenge = cursor_u16(&in);
    hello->suites = cursor_take(&in, suites);
    hello->session_id = cursor_take(&in, session_id);
    cursor_take(&in, challenge);
    return !in.failed && type == 1 && suites > 0 && suites % 3 == 0 && session_id <= SESSION_ID_MAX;
}

uint16_t tls_client_hello_max(const struct tls_client_hello *hello)
{
    uint16_t most = 0, version;
    for (struct bytes left = hello->versions; tls_next_u16(&left, &version);) {
        if (!tls_is_grease(version) && final_version(version) > most)
            most = final_version(version);
    }
    if (most > 0)
        return most;
    return hello->version > TLS_1_2 ? (uint16_t)TLS_1_2 : hello->version;
}

bool tls_client_hello_offers_version(const struct tls_client_hello *hello, uint16_t version)
{
    uint16_t offered;
    for (struct bytes left = hello->versions; tls_next_u16(&left, &offered);) {
        if (offered == version)
            return true;
    }
    return false;
}

bool tls_client_hello_offers(const struct tls_client_hello *hello, uint16_t suite)
{
    struct cursor in = cursor_over(hello->suites);
    while (cursor_left(&in) > 0) {
        uint32_t offered = hello->sslv2 ? cursor_u24(&in) : cursor_u16(&in);
        if (offered == suite && !in.failed)
            return true;
    }
    return false;
}

/* --- the server's -------------------------------------------------------------------------------
 */

static void read_server_extension(struct tls_server_hello *hello, uint16_t type, struct bytes data)
{
    struct cursor in = cursor_over(data);
    switch (type) {
    case SUPPORTED_VERSIONS:
        if (data.len == 2)
            hello->version = final_version(cursor_u16(&in));
        break;
    case KEY_SHARE:
        hello->group = cursor_u16(&in);
        break;
    case ALPN:
        take_list(&hello->alpn, data_u8(data_u16(data)));
        break;
    default:
        read_plain(hello, false, type, data);
    }
}

/* RFC 9846 section 4.2.3: the random of a ServerHello that asks for another ClientHello is SHA-256
 * of "HelloRetryRequest". */
static const uint8_t retry_random[RANDOM_LEN] = {
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
    0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
};

bool tls_server_hello_read(struct bytes body, struct tls_server_hello *hello)
{
    struct cursor in = cursor_over(body);
    *hello = (struct tls_server_hello){ .legacy_version = cursor_u16(&in) };
    hello->version = final_version(hello->legacy_version);
    hello->random = cursor_take(&in, RANDOM_LEN);
    /* up to draft 21 */
    bool short_form = is_draft(hello->legacy_version);
    if (!short_form)
        hello->session_id = block_u8(&in);
    hello->suite = cursor_u16(&in);
    if (!short_form)
        hello->compression = cursor_u8(&in);
    if (cursor_left(&in) > 0)
        hello->extensions = block_u16(&in);
    if (in.failed || (hello->legacy_version >> 8 != 3 && !short_form) ||
        hello->session_id.len > SESSION_ID_MAX)
        return false;
    hello->retry = memcmp(hello->random.data, retry_random, RANDOM_LEN) == 0;
    uint16_t type;
    for (struct bytes left = hello->extensions, data; left.len > 0;) {
        if (!tls_next_extension(&left, &type, &data))
            return false;
        read_server_extension(hello, type, data);
    }
    return true;
}

bool tls_sslv2_server_hello_read(struct bytes record, struct tls_sslv2_server_hello *hello)
{
    struct cursor in = cursor_over(record);
    unsigned type = cursor_u8(&in);
    *hello = (struct tls_sslv2_server_hello){ .resumed = cursor_u8(&in) != 0 };
    cursor_u8(&in); /* type of the certificate */
    unsigned version = cursor_u16(&in), certificate = cursor_u16(&in);
    unsigned suites = cursor_u16(&in), connection_id = cursor_u16(&in);
    hello->certificate = cursor_take(&in, certificate);
    cursor_take(&in, suites);
    cursor_take(&in, connection_id);
    return !in.failed && type == 4 && version == SSL_2_0 && suites % 3 == 0;
}

uint32_t tls_sslv2_master_key_suite(struct bytes record)
{
    struct cursor in = cursor_over(record);
    unsigned type = cursor_u8(&in);
    uint32_t suite = cursor_u24(&in);
    return !in.failed && type == 2 ? suite : 0;
}
