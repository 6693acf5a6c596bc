/* Recognises TLS by its bytes. */
#include "tls_record.h"

#define ALERT      21
#define HANDSHAKE  22
#define RECORD_MAX (16384 + 2048) /* RFC 5246 section 6.2.3: with the expansion of encryption */

/* Content type, then 03 and 00 to 04, then a length: text of a mail protocol begins otherwise. */
static enum verdict probe_record(struct bytes in)
{
    if (in.data[0] != HANDSHAKE && in.data[0] != ALERT)
        return VERDICT_NOT_MINE;
    if (in.len >= 2 && in.data[1] != 3)
        return VERDICT_NOT_MINE;
    if (in.len >= 3 && in.data[2] > 4)
        return VERDICT_NOT_MINE;
    if (in.len < 5)
        return VERDICT_MORE;
    unsigned len = (unsigned)in.data[3] << 8 | in.data[4];
    return len > 0 && len <= RECORD_MAX ? VERDICT_MINE : VERDICT_NOT_MINE;
}

/* Two-byte length with the top bit set, message type 1, then the version: 0x0002 or 0x03xx. */
static enum verdict probe_sslv2(struct bytes in)
{
    if (in.len >= 3 && in.data[2] != 1)
        return VERDICT_NOT_MINE;
    if (in.len < 5)
        return VERDICT_MORE;
    unsigned version = (unsigned)in.data[3] << 8 | in.data[4];
    return version == 0x0002 || (version >= 0x0300 && version <= 0x0304) ? VERDICT_MINE
                                                                         : VERDICT_NOT_MINE;
}

enum verdict tls_record_probe(struct bytes in)
{
    if (in.len == 0)
        return VERDICT_MORE;
    return in.data[0] & 0x80 ? probe_sslv2(in) : probe_record(in);
}
