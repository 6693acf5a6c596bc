/* Recognises TLS by its bytes. */
#include "tls_record.h"

#include "tls_handshake.h"

#define SSLV2_HELLO_HIGHEST 8 /* high byte of the length, three-byte header: no hello has 2 kB */

/* Content type, then 03 and 00 to 04, then a length: text of a mail protocol begins otherwise. */
static enum verdict probe_record(struct bytes in)
{
    if (in.data[0] != TLS_HANDSHAKE && in.data[0] != TLS_ALERT)
        return VERDICT_NOT_MINE;
    if (in.len >= 2 && in.data[1] != 3)
        return VERDICT_NOT_MINE;
    if (in.len >= 3 && in.data[2] > 4)
        return VERDICT_NOT_MINE;
    if (in.len < TLS_HEADER_LEN)
        return VERDICT_MORE;
    unsigned len = (unsigned)in.data[3] << 8 | in.data[4];
    return len > 0 && len <= TLS_RECORD_MAX ? VERDICT_MINE : VERDICT_NOT_MINE;
}

bool tls_sslv2_begins(uint8_t first)
{
    return first & 0x80 || first < SSLV2_HELLO_HIGHEST;
}

bool tls_sslv2_header_read(struct bytes in, struct tls_sslv2_header *header)
{
    if (in.len < 3)
        return false;
    bool padded = !(in.data[0] & 0x80);
    header->size = padded ? 3 : 2;
    header->len = (in.data[0] & (padded ? 0x3FU : 0x7FU)) << 8 | in.data[1];
    return true;
}

static bool known_version(unsigned version)
{
    return version == 0x0002 || (version >= 0x0300 && version <= 0x0304);
}

/* A client's hello: message type 1, then the version that it offers. A server's: type 4, whether a
 * session is resumed, the type of its certificate, and 0x0002. Neither is encrypted, so a padding
 * is none of theirs. */
static enum verdict probe_sslv2(enum direction d, struct bytes in)
{
    struct tls_sslv2_header header;
    if (!tls_sslv2_header_read(in, &header))
        return VERDICT_MORE;
    struct cursor rest = cursor_over(bytes_after(in, header.size));
    if (header.size == 3 && in.data[2] != 0)
        return VERDICT_NOT_MINE;
    unsigned type = cursor_u8(&rest);
    if (!rest.failed && type != (d == FROM_CLIENT ? 1 : 4))
        return VERDICT_NOT_MINE;
    if (d == FROM_SERVER && cursor_u8(&rest) > 1 && !rest.failed)
        return VERDICT_NOT_MINE;
    if (d == FROM_SERVER)
        cursor_u8(&rest);
    unsigned version = cursor_u16(&rest);
    if (rest.failed)
        return VERDICT_MORE;
    return (d == FROM_CLIENT ? known_version(version) : version == 0x0002) ? VERDICT_MINE
                                                                           : VERDICT_NOT_MINE;
}

enum verdict tls_record_probe(enum direction d, struct bytes in)
{
    if (in.len == 0)
        return VERDICT_MORE;
    return tls_sslv2_begins(in.data[0]) ? probe_sslv2(d, in) : probe_record(in);
}

/* Whether a whole ClientHello is followed by another record: a client goes on only if its server
 * speaks TLS. */
static bool client_goes_on(struct bytes client)
{
    struct cursor in = cursor_over(client);
    cursor_take(&in, 3);
    unsigned len = cursor_u16(&in);
    struct cursor record = cursor_sub(&in, len);
    unsigned message = cursor_u8(&record), body = cursor_u24(&record);
    unsigned type = cursor_u8(&in), major = cursor_u8(&in);
    return !in.failed && !record.failed && message == TLS_CLIENT_HELLO &&
           body + TLS_MESSAGE_HEAD <= len && major == 3 &&
           (type == TLS_CHANGE_CIPHER_SPEC || type == TLS_HANDSHAKE ||
            type == TLS_APPLICATION_DATA);
}

/* Whether a server's first record holds a ServerHello, which only a ClientHello brings about. */
static bool server_hello_begins(struct bytes server)
{
    return server.len > TLS_HEADER_LEN && server.data[0] == TLS_HANDSHAKE &&
           server.data[TLS_HEADER_LEN] == TLS_SERVER_HELLO;
}

enum verdict tls_probe(struct bytes client, struct bytes server, bool midstream)
{
    enum verdict asks = tls_record_probe(FROM_CLIENT, client);
    enum verdict answers = tls_record_probe(FROM_SERVER, server);
    if (midstream || asks == VERDICT_NOT_MINE || answers == VERDICT_NOT_MINE)
        return VERDICT_NOT_MINE;
    if (asks == VERDICT_MINE && server.len == 0)
        return client_goes_on(client) ? VERDICT_IF_UNSEEN : VERDICT_IF_SILENT;
    if (answers == VERDICT_MINE && client.len == 0)
        return server_hello_begins(server) ? VERDICT_IF_UNSEEN : VERDICT_MORE;
    return asks == VERDICT_MINE ? answers : VERDICT_MORE;
}
