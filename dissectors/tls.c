/* TLS and SSL up to the end of the handshake, then the flow is opaque.
 *
 * This file follows the records of both sides and says when the handshake is over; what its
 * messages say is read in tls_facts.c. Established means that both sides are seen to be past their
 * Finished:
 *
 *   SSL 2.0      both sent records behind those of the handshake, of which each side has three
 *   to TLS 1.2   both sent a protected handshake message behind their ChangeCipherSpec
 *   TLS 1.3      everything protected looks alike, so lengths and order must tell: the client sent
 *                something behind what can be its Finished, neither is as short as an alert, and
 *                if there was more than a Finished the server did not refuse it
 *
 * A loss: inside a record, only that record is lost, but no message of this side is believed any
 * more. Anywhere else the side is blind: where its records begin is not known, and nothing brings
 * it back. */
#include "starttls.h"
#include "tls_internal.h"
#include "tls_record.h"

/* --- the end of the handshake -------------------------------------------------------------------
 */

/* What a record of TLS 1.3 adds to its content: its true type, and the tag of the suite. */
static const struct {
    uint16_t suite;
    uint8_t hash, tag;
} sizes[] = {
    { 0x1301, 32, 16 }, { 0x1302, 48, 16 }, { 0x1303, 32, 16 }, { 0x1304, 32, 16 },
    { 0x1305, 32, 8 },  { 0x1306, 64, 16 }, { 0x1307, 32, 16 }, { 0x00C6, 32, 16 },
    { 0x00C7, 32, 16 }, { 0xC0B4, 32, 32 }, { 0xC0B5, 48, 48 }, { 0xC103, 32, 16 },
    { 0xC104, 32, 8 },  { 0xC105, 32, 16 }, { 0xC106, 32, 8 },
};

#define SIZES (sizeof sizes / sizeof sizes[0])

static bool suite_has_sizes(const struct tls *tls)
{
    size_t i = 0;
    while (i < SIZES && sizes[i].suite != tls->choice.suite)
        i++;
    return tls->choice.understood && i < SIZES;
}

/* Whether a protected record is as long as a message of so many bytes with the suite that was
 * chosen; with any, if that was not seen or is not known. `hash` adds its length to the message. */
static bool fits(const struct tls *tls, unsigned len, unsigned message, bool hash)
{
    bool known = suite_has_sizes(tls);
    for (size_t i = 0; i < SIZES; i++) {
        bool possible = !known || tls->choice.suite == sizes[i].suite;
        unsigned content = message + (hash ? sizes[i].hash : 0U);
        if (possible && len == content + 1 + sizes[i].tag)
            return true;
    }
    return false;
}

static bool is_alert_size(const struct tls *tls, unsigned len)
{
    return fits(tls, len, 2, false);
}

static bool is_finished_size(const struct tls *tls, unsigned len)
{
    return fits(tls, len, TLS_MESSAGE_HEAD, true);
}

/* What was needed for the handshake only. */
static void release(struct tls *tls)
{
    if (!tls->started)
        return;
    facts_free(&tls->hellos);
    for (int d = 0; d < DIRECTIONS; d++)
        tls_messages_free(&tls->side[d].messages);
}

static void established(struct session *s, struct tls *tls)
{
    tls_tell(s, tls, TLS_ESTABLISHED);
    starttls_handshake(s, HANDSHAKE_ESTABLISHED);
    release(tls);
    session_ignore_rest(s);
}

/* The client's protected records of TLS 1.3. Its flight is one Finished, or a Certificate and what
 * belongs to it before that, in one record or several. It is over when the first was as long as a
 * Finished. Otherwise the server may still refuse the certificate, whatever the client sends in the
 * meantime, and it has to have spoken. Among early data that tells nothing: then any record as long
 * as a Finished has to do. */
static void client_protected(struct session *s, struct tls *tls, unsigned len)
{
    bool alone = tls->passed && tls->flight == 1;
    bool over = tls->offer.early_data ? tls->passed : alone || (tls->flight > 0 && tls->answered);
    if (over) {
        established(s, tls);
        return;
    }
    starttls_handshake(s, HANDSHAKE_DOUBTFUL);
    tls->behind |= tls->passed;
    tls->passed |= is_finished_size(tls, len);
    if (tls->flight < UINT8_MAX)
        tls->flight++;
}

static void server_protected(struct session *s, struct tls *tls)
{
    tls->answered |= tls->flight > 0;
    if (tls->behind)
        established(s, tls);
}

/* An alert that shows by its size only. */
static void note_hidden_alert(struct tls *tls, enum direction d)
{
    if (!tls->alerts.hidden)
        tls->alerts.hidden_by = d;
    tls->alerts.hidden = true;
}

static void note_protected(struct session *s, struct tls *tls, enum direction d, unsigned len)
{
    if (tls->choice.understood && tls->choice.version < TLS_1_3)
        return;
    if (is_alert_size(tls, len)) {
        note_hidden_alert(tls, d);
        return;
    }
    tls->side[d].protected_data = true;
    if (d == FROM_SERVER)
        server_protected(s, tls);
    else if (tls->side[FROM_SERVER].protected_data) /* before that it is early data */
        client_protected(s, tls, len);
}

/* Up to TLS 1.2. */
static void note_finished(struct session *s, struct tls *tls, struct tls_side *side)
{
    side->finished = true;
    bool older = !tls->choice.understood || tls->choice.version < TLS_1_3;
    if (older && tls->side[FROM_CLIENT].finished && tls->side[FROM_SERVER].finished)
        established(s, tls);
}

/* Whether nothing in clear can come from this side any more. */
static bool spoke(const struct tls *tls, enum direction d)
{
    const struct tls_side *side = &tls->side[d];
    if (side->blind || side->protected_data || (tls->sslv2 && side->records > 1))
        return true;
    bool awaited = d == FROM_SERVER && tls->choice.retry && !tls->choice.understood;
    return side->changed_cipher && !awaited;
}

/* Where one side cannot be followed, the end of the handshake cannot be seen: it is over when the
 * other side has said what can be read. */
static void judge_loss(struct session *s, struct tls *tls)
{
    bool hidden[DIRECTIONS], any = false;
    for (int d = 0; d < DIRECTIONS; d++) {
        hidden[d] = session_peer_visible(s, (enum direction)d) == CLAIM_NO;
        any |= hidden[d] || tls->side[d].blind;
    }
    if (!any || (!hidden[FROM_CLIENT] && !spoke(tls, FROM_CLIENT)) ||
        (!hidden[FROM_SERVER] && !spoke(tls, FROM_SERVER)))
        return;
    tls_tell(s, tls, TLS_UNKNOWN);
    release(tls);
    session_ignore_rest(s);
}

/* --- messages and records -----------------------------------------------------------------------
 */

/* Only the first ClientHello is read, and the server's until it has chosen. */
static uint32_t wanted(const struct tls *tls, enum direction d)
{
    if (d == FROM_CLIENT)
        return tls->offer.understood ? 0 : 1U << TLS_CLIENT_HELLO;
    return 1U << (tls->choice.understood ? TLS_SERVER_KEY_EXCHANGE : TLS_SERVER_HELLO);
}

static void read_messages(struct session *s, struct tls *tls, enum direction d,
                          struct bytes content)
{
    struct tls_side *side = &tls->side[d];
    struct tls_message message;
    while (tls_messages_next(&side->messages, &content, wanted(tls, d), &message)) {
        if (d == FROM_SERVER)
            tls_server_message(s, tls, &message);
        else if (message.type == TLS_CLIENT_HELLO && message.whole)
            tls_client_hello(s, tls, message.body);
    }
}

static size_t read_content(struct session *s, struct tls *tls, enum direction d,
                           struct bytes unread)
{
    struct tls_side *side = &tls->side[d];
    struct bytes part = bytes_first(
        unread, side->record_left < unread.len ? (size_t)side->record_left : unread.len);
    side->record_left -= part.len;
    if (side->in_messages && !side->lost)
        read_messages(s, tls, d, part);
    return part.len;
}

/* Behind a ChangeCipherSpec handshake records are protected, but for the second hellos of TLS 1.3:
 * they are known by the HelloRetryRequest. Where that was lost, one such message fills its record.
 */
static bool is_clear_hello(enum direction d, struct bytes content, unsigned len)
{
    struct cursor in = cursor_over(content);
    unsigned type = cursor_u8(&in),
             expected = d == FROM_CLIENT ? TLS_CLIENT_HELLO : TLS_SERVER_HELLO;
    return type == expected && cursor_u24(&in) + TLS_MESSAGE_HEAD == len && !in.failed;
}

static void note_alert(struct tls *tls, enum direction d, struct bytes content, unsigned len)
{
    struct cursor in = cursor_over(content);
    unsigned level = cursor_u8(&in), name = cursor_u8(&in);
    if (len == 2 && (level == 1 || level == 2))
        tls_alert(tls, d, (uint8_t)level, (uint8_t)name);
    else
        note_hidden_alert(tls, d);
}

static void note_record(struct session *s, struct tls *tls, enum direction d, unsigned type,
                        unsigned len, struct bytes content)
{
    struct tls_side *side = &tls->side[d];
    side->in_messages = false;
    switch (type) {
    case TLS_CHANGE_CIPHER_SPEC:
        if (d == FROM_SERVER && !side->changed_cipher)
            tls_server_changes_cipher(tls);
        side->changed_cipher = true;
        break;
    case TLS_ALERT:
        note_alert(tls, d, content, len);
        break;
    case TLS_HANDSHAKE:
        side->in_messages =
            !side->changed_cipher || tls->choice.retry || is_clear_hello(d, content, len);
        if (!side->in_messages)
            note_finished(s, tls, side);
        break;
    case TLS_APPLICATION_DATA:
        note_protected(s, tls, d, len);
        break;
    default:
        break;
    }
}

/* Not TLS after all. Behind a fatal alert that is no matter: qmail tells in clear why it gave up.
 */
static size_t go_blind(struct session *s, struct tls *tls, enum direction d, struct bytes unread)
{
    if (tls->alerts.fatal && tls->alerts.fatal_by == d) {
        tls->side[d].gave_up = true;
        return unread.len;
    }
    tls->side[d].blind = true;
    session_partial(s, COVERAGE_DESYNC);
    session_explain(s, "no record of TLS: the %s cannot be followed", direction_name(d));
    judge_loss(s, tls);
    return unread.len;
}

static size_t read_record(struct session *s, struct tls *tls, enum direction d, struct bytes unread)
{
    struct tls_side *side = &tls->side[d];
    struct cursor in = cursor_over(unread);
    unsigned type = cursor_u8(&in), major = cursor_u8(&in);
    cursor_u8(&in);
    unsigned len = cursor_u16(&in);
    if (type < TLS_CHANGE_CIPHER_SPEC || type > TLS_HEARTBEAT || (unread.len > 1 && major != 3) ||
        len > TLS_RECORD_MAX)
        return go_blind(s, tls, d, unread);
    unsigned seen = type == TLS_ALERT && len == 2                   ? 2
                    : type == TLS_HANDSHAKE && side->changed_cipher ? TLS_MESSAGE_HEAD
                                                                    : 0;
    if (in.failed || cursor_left(&in) < (seen < len ? seen : len))
        return 0;
    side->begun = true;
    side->record_left = len;
    note_record(s, tls, d, type, len, bytes_first(cursor_rest(&in), len));
    judge_loss(s, tls);
    return TLS_HEADER_LEN;
}

/* --- SSL 2.0 ------------------------------------------------------------------------------------
 */

/* The records in clear: both hellos, and the client's key behind its own. */
static void read_sslv2(struct session *s, struct tls *tls, enum direction d, struct bytes record)
{
    if (d == FROM_SERVER)
        tls_sslv2_server_hello(s, tls, record);
    else if (tls->side[d].records == 1)
        tls_sslv2_client_hello(s, tls, record);
    else
        tls_sslv2_master_key(s, tls, record);
}

/* The server has three records up to its Finished (SERVER-HELLO, SERVER-VERIFY, SERVER-FINISHED, or
 * REQUEST-CERTIFICATE before that), so a fourth is behind it or is it; the client has three, and
 * two in a resumed session. */
static void judge_sslv2(struct session *s, struct tls *tls)
{
    uint32_t client = tls->side[FROM_CLIENT].records, server = tls->side[FROM_SERVER].records;
    if (client < (tls->choice.sslv2_id ? 2U : 3U))
        return;
    if (server >= 4)
        established(s, tls);
    else if (server >= 2)
        starttls_handshake(s, HANDSHAKE_DOUBTFUL);
}

static size_t read_sslv2_record(struct session *s, struct tls *tls, enum direction d,
                                struct bytes unread)
{
    struct tls_side *side = &tls->side[d];
    struct tls_sslv2_header header;
    if (!tls_sslv2_header_read(unread, &header))
        return 0;
    if (header.len == 0)
        return go_blind(s, tls, d, unread);
    bool in_clear = side->records < (d == FROM_SERVER ? 1 : 2);
    size_t len = header.size + (in_clear ? header.len : 0);
    if (unread.len < len)
        return 0;
    tls->sslv2 |= d == FROM_SERVER || side->begun;
    side->begun = true;
    side->records++;
    side->record_left = in_clear ? 0 : header.len;
    if (in_clear && !side->lost)
        read_sslv2(s, tls, d, bytes_after(bytes_first(unread, len), header.size));
    judge_sslv2(s, tls);
    judge_loss(s, tls);
    return len;
}

/* A client may begin in the format of SSL 2.0 and go on in that of TLS. */
static bool in_sslv2(const struct tls *tls, enum direction d, uint8_t first)
{
    const struct tls_side *side = &tls->side[d];
    const struct tls_side *client = &tls->side[FROM_CLIENT];
    if (!side->begun)
        return tls_sslv2_begins(first) &&
               (d == FROM_CLIENT || client->records > 0 || !client->begun);
    return tls->sslv2 || (side->records == 1 && d == FROM_CLIENT && first & 0x80);
}

/* --- the dissector ------------------------------------------------------------------------------
 */

static void start(struct session *s, struct tls *tls)
{
    tls->started = true;
    facts_init(&tls->hellos, session_pool(s));
    for (int d = 0; d < DIRECTIONS; d++)
        tls_messages_init(&tls->side[d].messages, session_pool(s));
    starttls_handshake(s, HANDSHAKE_BEGUN);
}

static size_t tls_data(struct session *s, void *state, enum direction d, struct bytes unread,
                       size_t shown)
{
    struct tls *tls = state;
    struct tls_side *side = &tls->side[d];
    (void)shown;
    if (!tls->started)
        start(s, tls);
    if (side->blind || side->gave_up)
        return unread.len;
    /* The client begins. */
    if (d == FROM_SERVER && !side->begun && !tls->side[FROM_CLIENT].begun &&
        !tls->side[FROM_CLIENT].blind && session_unread(s, FROM_CLIENT) > 0)
        return 0;
    if (side->record_left > 0)
        return read_content(s, tls, d, unread);
    return in_sslv2(tls, d, unread.data[0]) ? read_sslv2_record(s, tls, d, unread)
                                            : read_record(s, tls, d, unread);
}

static void tls_gap(struct session *s, void *state, enum direction d, uint64_t missing)
{
    struct tls *tls = state;
    struct tls_side *side = &tls->side[d];
    if (!tls->started)
        start(s, tls);
    side->lost = true;
    tls_messages_free(&side->messages);
    side->blind |= missing > side->record_left;
    if (side->blind) {
        judge_loss(s, tls);
        return;
    }
    side->record_left -= missing;
}

/* A handshake that came to nothing while everything was seen has failed, unless the client's last
 * record may have been its Finished. */
static void tls_end(struct session *s, void *state, enum ending ending)
{
    struct tls *tls = state;
    bool over = ending == ENDED_CLOSED || ending == ENDED_RESET;
    bool doubtful = tls->flight > 0 || (tls->sslv2 && tls->side[FROM_CLIENT].records > 2);
    bool failed = over && !doubtful && !session_is_partial(s);
    if (tls->started)
        tls_tell(s, tls, failed ? TLS_FAILED : TLS_UNKNOWN);
    release(tls);
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
