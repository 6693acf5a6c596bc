/* TLS, as far as a session needs it: is it TLS, and did the handshake complete? Then the flow is
 * opaque.
 *
 * Complete means that protected application data was sent beyond the handshake (PROTOCOLS: only
 * then is an upgrade a success). Up to TLS 1.2 a client sends ChangeCipherSpec, an encrypted
 * handshake record (Finished), then type 23. In TLS 1.3 its Finished is itself a type 23 record, so
 * a second one is needed, and one as short as an encrypted alert does not count. */
#include "starttls.h"
#include "tls_record.h"

enum { CHANGE_CIPHER_SPEC = 20, ALERT_RECORD = 21, HANDSHAKE_RECORD = 22, APPLICATION_DATA = 23 };
#define HEADER_LEN 5
#define PROTECTED_ALERT_LEN                                                                        \
    (2 + 1 + 16) /* alert, inner content type, tag: RFC 8446 section 5.2                           \
                  */

struct side {
    uint64_t record_left; /* bytes of the record under way */
    unsigned application, finished;
    bool begun, changed_cipher, blind;
};

struct tls {
    struct side side[DIRECTIONS];
};

static enum verdict tls_probe(struct bytes client, struct bytes server, bool midstream)
{
    if (midstream)
        return VERDICT_NOT_MINE; /* records in the middle of a connection say nothing that we could
                                    use */
    enum verdict asks = tls_record_probe(client), answers = tls_record_probe(server);
    /* A server's text is no TLS, also where its client is not seen. */
    if (asks == VERDICT_NOT_MINE || answers == VERDICT_NOT_MINE)
        return VERDICT_NOT_MINE;
    return asks == VERDICT_MINE ? answers : VERDICT_MORE;
}

static void note_record(struct side *side, enum direction d, unsigned type, unsigned len)
{
    if (type == CHANGE_CIPHER_SPEC)
        side->changed_cipher = true;
    else if (type == HANDSHAKE_RECORD && side->changed_cipher)
        side->finished++;
    else if (type == APPLICATION_DATA && (d == FROM_SERVER || len != PROTECTED_ALERT_LEN))
        side->application++;
}

static bool complete(const struct tls *tls)
{
    const struct side *client = &tls->side[FROM_CLIENT], *server = &tls->side[FROM_SERVER];
    return server->application > 0 && client->application > (client->finished > 0 ? 0U : 1U);
}

static size_t tls_data(struct session *s, void *state, enum direction d, struct bytes unread,
                       size_t shown)
{
    struct tls *tls = state;
    struct side *side = &tls->side[d];
    (void)shown;
    if (side->blind)
        return unread.len;
    if (side->record_left > 0) {
        size_t n = side->record_left < unread.len ? (size_t)side->record_left : unread.len;
        side->record_left -= n;
        return n;
    }
    if (unread.len < HEADER_LEN)
        return 0;
    if (!side->begun && unread.data[0] & 0x80) {
        side->begun = true;
        side->record_left = (((unread.data[0] & 0x7FU) << 8) | unread.data[1]) + 2;
        return tls_data(s, state, d, unread, shown);
    }
    side->begun = true;
    if (unread.data[0] < CHANGE_CIPHER_SPEC || unread.data[0] > APPLICATION_DATA) {
        side->blind = true; /* not TLS after all: no more claims from this side */
        return unread.len;
    }
    unsigned len = (unsigned)unread.data[3] << 8 | unread.data[4];
    note_record(side, d, unread.data[0], len);
    side->record_left = len;
    if (complete(tls)) {
        starttls_handshake(s, HANDSHAKE_ESTABLISHED);
        session_ignore_rest(s);
    }
    return HEADER_LEN;
}

static void tls_gap(struct session *s, void *state, enum direction d, uint64_t missing)
{
    struct side *side = &((struct tls *)state)->side[d];
    (void)s;
    if (missing <= side->record_left)
        side->record_left -= missing;
    else
        side->blind = true;
}

static void tls_end(struct session *s, void *state, enum ending ending)
{
    (void)s;
    (void)state;
    (void)ending;
}

static const uint16_t tls_ports[] = { 465, 993, 995, 0 };

const struct dissector tls_dissector = {
    .name = "tls",
    .ports = tls_ports,
    .state_size = sizeof(struct tls),
    .probe = tls_probe,
    .data = tls_data,
    .gap = tls_gap,
    .end = tls_end,
};
