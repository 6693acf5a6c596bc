/* What an event says of a TLS handshake. */
#include <stdio.h>
#include <string.h>

#include "role.h"
#include "tls_fingerprint.h"
#include "tls_internal.h"
#include "tls_key_exchange.h"
#include "tls_names.h"

#define ALPN_NAMES   16 /* so many of those that are offered are told */
#define SENTINEL_LEN 8
#define FATAL        2
#define FALLBACK     0x5600 /* suite that is none: RFC 7507 */
#define RENEGOTIATE  0x00FF /* RFC 5746 section 3.3 */

/* --- names --------------------------------------------------------------------------------------
 */

static const struct version {
    uint16_t version;
    const char *protocol, *number, *name;
} versions[] = {
    { SSL_2_0, "ssl", "2.0", "SSL 2.0" }, { SSL_3_0, "ssl", "3.0", "SSL 3.0" },
    { TLS_1_0, "tls", "1.0", "TLS 1.0" }, { TLS_1_1, "tls", "1.1", "TLS 1.1" },
    { TLS_1_2, "tls", "1.2", "TLS 1.2" }, { TLS_1_3, "tls", "1.3", "TLS 1.3" },
};

/* A number by its name, or as it is. */
static void name_fact(struct facts *facts, enum field field, const char *name, unsigned number,
                      int digits)
{
    char text[16];
    snprintf(text, sizeof text, "0x%0*X", digits, number);
    facts_string(facts, field, name ? name : text);
}

/* NULL if it is none of them. */
static const struct version *version_of(uint16_t number)
{
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        if (versions[i].version == number)
            return &versions[i];
    }
    return NULL;
}

static void version_facts(struct facts *facts, uint16_t number)
{
    const struct version *version = version_of(number);
    if (!version)
        return;
    facts_string(facts, FIELD_TLS_VERSION, version->number);
    facts_string(facts, FIELD_TLS_VERSION_PROTOCOL, version->protocol);
}

static void client_max_fact(struct facts *facts, uint16_t number)
{
    const struct version *version = version_of(number);
    if (version)
        facts_string(facts, FIELD_TLS_CLIENT_MAX, version->name);
}

/* --- the client's hello -------------------------------------------------------------------------
 */

static void alpn_facts(struct tls *tls, struct bytes alpn)
{
    static const char *const readers[] = { "imap", "pop3", "managesieve" };
    struct cursor in = cursor_over(alpn);
    for (int n = 0; n < ALPN_NAMES && cursor_left(&in) > 0; n++) {
        struct bytes name = cursor_take(&in, cursor_u8(&in));
        if (name.len == 0)
            return;
        facts_text(&tls->hellos, FIELD_TLS_ALPN_OFFERED, name);
        for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
            tls->offer.reads_mail |= bytes_equal(name, bytes_of_string(readers[i]));
    }
}

static void note_offer(struct session *s, struct tls *tls, const struct tls_client_hello *hello)
{
    struct tls_offer *offer = &tls->offer;
    *offer = (struct tls_offer){
        .understood = true,
        .sslv2 = hello->sslv2,
        .most = tls_client_hello_max(hello),
        .encrypted_hello = hello->encrypted_client_hello.present,
        .fallback = tls_client_hello_offers(hello, FALLBACK),
        .renegotiation =
            hello->renegotiation_info.present || tls_client_hello_offers(hello, RENEGOTIATE),
        .ticket = hello->ticket.data.len > 0,
        .early_data = hello->early_data.present,
        .draft_only = tls_client_hello_max(hello) == TLS_1_3 &&
                      !tls_client_hello_offers_version(hello, TLS_1_3),
        .session_id_len = (uint8_t)hello->session_id.len,
    };
    if (hello->session_id.len > 0)
        memcpy(offer->session_id, hello->session_id.data, hello->session_id.len);
    client_max_fact(&tls->hellos, offer->most);
    alpn_facts(tls, hello->alpn);
    if (hello->server_name.len > 0)
        facts_text(session_facts(s), FIELD_TLS_CLIENT_SERVER_NAME, hello->server_name);
}

void tls_client_hello(struct session *s, struct tls *tls, struct bytes body)
{
    struct tls_client_hello hello;
    char ja3[JA3_LEN + 1], ja4[JA4_LEN + 1];
    if (tls->offer.understood || !tls_client_hello_read(body, &hello))
        return;
    session_explain(s, "ClientHello of %zu bytes", body.len);
    note_offer(s, tls, &hello);
    if (tls_ja3(&hello, ja3))
        facts_string(&tls->hellos, FIELD_TLS_CLIENT_JA3, ja3);
    if (tls_ja4(&hello, ja4))
        facts_string(&tls->hellos, FIELD_TLS_JA4, ja4);
}

void tls_sslv2_client_hello(struct session *s, struct tls *tls, struct bytes record)
{
    struct tls_client_hello hello;
    char ja3[JA3_LEN + 1];
    if (!tls_sslv2_client_hello_read(record, &hello))
        return;
    session_explain(s, "ClientHello in the format of SSL 2.0");
    note_offer(s, tls, &hello);
    if (tls_ja3(&hello, ja3))
        facts_string(&tls->hellos, FIELD_TLS_CLIENT_JA3, ja3);
}

/* --- the server's messages ----------------------------------------------------------------------
 */

static void note_sentinel(struct tls_choice *choice, struct bytes random)
{
    struct bytes tail = bytes_after(random, random.len - SENTINEL_LEN);
    choice->sentinel_high = bytes_equal(tail, BYTES_LITERAL("DOWNGRD\001"));
    choice->sentinel_low = bytes_equal(tail, BYTES_LITERAL("DOWNGRD\000"));
}

static void choice_facts(struct session *s, struct tls *tls, const struct tls_server_hello *hello)
{
    char ja3s[JA3_LEN + 1];
    const char *compression = tls_compression_name(hello->compression);
    version_facts(session_facts(s), hello->version);
    name_fact(session_facts(s), FIELD_TLS_CIPHER, tls_suite_name(hello->suite), hello->suite, 4);
    name_fact(&tls->hellos, FIELD_TLS_COMPRESSION, compression, hello->compression, 2);
    if (hello->group > 0)
        name_fact(&tls->hellos, FIELD_TLS_CURVE, tls_group_name(hello->group), hello->group, 4);
    if (hello->alpn.len > 0)
        facts_text(&tls->hellos, FIELD_TLS_NEXT_PROTOCOL, hello->alpn);
    if (tls_ja3s(hello, ja3s))
        facts_string(&tls->hellos, FIELD_TLS_SERVER_JA3S, ja3s);
}

/* In TLS 1.3 a session id that comes back is only for the sake of what stands in the path. */
static void server_hello(struct session *s, struct tls *tls, struct bytes body)
{
    struct tls_choice *choice = &tls->choice;
    const struct tls_offer *offer = &tls->offer;
    struct tls_server_hello hello;
    if (!tls_server_hello_read(body, &hello))
        return;
    session_explain(s, hello.retry ? "HelloRetryRequest" : "ServerHello");
    if (hello.retry) {
        choice->retry = true;
        return;
    }
    choice->understood = true;
    choice->version = hello.version;
    choice->suite = hello.suite;
    choice->extended_master_secret = hello.extended_master_secret.present;
    choice->encrypt_then_mac = hello.encrypt_then_mac.present;
    choice->truncated_hmac = hello.truncated_hmac.present;
    choice->renegotiation = hello.renegotiation_info.present;
    choice->psk = hello.version >= TLS_1_3 && hello.pre_shared_key.present;
    if (hello.version >= TLS_1_3)
        choice->resumed = choice->psk ? CLAIM_YES : CLAIM_NO;
    choice->echoed =
        hello.session_id.len > 0 && offer->understood &&
        bytes_equal(hello.session_id, bytes_over(offer->session_id, offer->session_id_len));
    note_sentinel(choice, hello.random);
    choice_facts(s, tls, &hello);
}

static void key_exchange(struct tls *tls, struct bytes body)
{
    struct tls_key_exchange exchange;
    struct facts *to = &tls->hellos;
    if (!tls->choice.understood ||
        !tls_key_exchange_read(body, tls->choice.suite, tls->choice.version, &exchange))
        return;
    if (exchange.group > 0)
        name_fact(to, FIELD_TLS_CURVE, tls_group_name(exchange.group), exchange.group, 4);
    if (exchange.dh_bits > 0)
        facts_number(to, FIELD_TLS_DH_BITS, exchange.dh_bits);
    if (exchange.signature > 0) {
        const char *hash = tls_signature_hash(exchange.signature);
        name_fact(to, FIELD_TLS_SIGNATURE, tls_signature_name(exchange.signature),
                  exchange.signature, 4);
        if (hash)
            facts_string(to, FIELD_TLS_SIGNATURE_HASH, hash);
    }
}

void tls_server_message(struct session *s, struct tls *tls, const struct tls_message *message)
{
    struct tls_choice *choice = &tls->choice;
    switch (message->type) {
    case TLS_SERVER_HELLO:
        if (message->whole)
            server_hello(s, tls, message->body);
        return;
    case TLS_SERVER_KEY_EXCHANGE:
        if (message->whole)
            key_exchange(tls, message->body);
        break;
    case TLS_CERTIFICATE:
        choice->certificate = true;
        break;
    case TLS_CERTIFICATE_REQUEST:
        choice->certificate_request = true;
        break;
    case TLS_SERVER_HELLO_DONE:
        break;
    default:
        return;
    }
    choice->full = true;
    if (choice->understood && choice->version < TLS_1_3)
        choice->resumed = CLAIM_NO;
}

/* RFC 5246 section 7.3: a resumed handshake goes from the ServerHello straight to the keys, at most
 * with a new ticket between them. */
void tls_server_changes_cipher(struct tls *tls)
{
    struct tls_choice *choice = &tls->choice;
    if (choice->understood && choice->version < TLS_1_3 && !choice->full &&
        !tls->side[FROM_SERVER].lost)
        choice->resumed = CLAIM_YES;
}

void tls_sslv2_server_hello(struct session *s, struct tls *tls, struct bytes record)
{
    struct tls_sslv2_server_hello hello;
    if (!tls_sslv2_server_hello_read(record, &hello))
        return;
    session_explain(s, "ServerHello of SSL 2.0");
    tls->choice.understood = true;
    tls->choice.version = SSL_2_0;
    tls->choice.certificate = hello.certificate.len > 0;
    tls->choice.resumed = hello.resumed ? CLAIM_YES : CLAIM_NO;
    tls->choice.sslv2_id = hello.resumed;
    version_facts(session_facts(s), SSL_2_0);
}

/* In SSL 2.0 it is the client that chooses. */
void tls_sslv2_master_key(struct session *s, struct tls *tls, struct bytes record)
{
    uint32_t suite = tls_sslv2_master_key_suite(record);
    if (suite > 0 && tls->choice.understood)
        name_fact(session_facts(s), FIELD_TLS_CIPHER, tls_sslv2_suite_name(suite), suite, 6);
}

/* --- alerts -------------------------------------------------------------------------------------
 */

/* If the other side cannot be followed, what is first here may not have been the first. */
void tls_alert(struct tls *tls, enum direction d, uint8_t level, uint8_t name)
{
    struct tls_alerts *alerts = &tls->alerts;
    if (tls->side[other_direction(d)].blind)
        return;
    if (level == FATAL && !alerts->fatal) {
        alerts->fatal = true;
        alerts->fatal_by = d;
        alerts->fatal_name = name;
    } else if (level != FATAL && !alerts->warning) {
        alerts->warning = true;
        alerts->warning_by = d;
        alerts->warning_name = name;
    }
}

/* A fatal one counts before warnings, and a warning only if none that is fatal can have been
 * missed. */
static void alert_facts(struct facts *facts, const struct tls_alerts *alerts, bool partial,
                        bool failed)
{
    enum direction by = alerts->hidden_by;
    if (alerts->fatal || (alerts->warning && !partial)) {
        uint8_t name = alerts->fatal ? alerts->fatal_name : alerts->warning_name;
        by = alerts->fatal ? alerts->fatal_by : alerts->warning_by;
        name_fact(facts, FIELD_TLS_ALERT, tls_alert_name(name), name, 2);
        facts_string(facts, FIELD_TLS_ALERT_LEVEL, alerts->fatal ? "fatal" : "warning");
    } else if (alerts->hidden && failed) {
        facts_string(facts, FIELD_TLS_ALERT, "encrypted");
    } else {
        return;
    }
    facts_string(facts, FIELD_TLS_ALERT_BY, direction_name(by));
}

/* --- the event ----------------------------------------------------------------------------------
 */

/* `known`: what would show it was seen. A "no" needs the whole session. */
static void claim_fact(struct facts *facts, enum field field, bool yes, bool known, bool partial)
{
    facts_claim(facts, field, yes ? CLAIM_YES : known && !partial ? CLAIM_NO : CLAIM_UNKNOWN);
}

/* RFC 9846 section 4.2.3. A server marks its random when it chooses TLS 1.2, or less, and could do
 * better: the client must have offered better for that to mean anything. With drafts of TLS 1.3 it
 * offered TLS 1.2 to a server that does not know them, and something better to one that does. */
static bool downgraded(const struct tls_offer *offer, const struct tls_choice *choice)
{
    if (!offer->understood || !choice->understood || choice->version >= TLS_1_3)
        return false;
    if (offer->most >= TLS_1_3 && !offer->draft_only)
        return choice->sentinel_high || choice->sentinel_low;
    return offer->most >= TLS_1_2 && choice->version < TLS_1_2 && choice->sentinel_low;
}

/* Whether no certificate can come any more: TLS 1.3 hides it, and what follows its place was seen.
 */
static bool hides_certificate(const struct tls *tls)
{
    return tls->choice.understood && (tls->choice.version >= TLS_1_3 || tls->choice.full ||
                                      tls->side[FROM_SERVER].changed_cipher);
}

static void claims(struct facts *own, const struct tls *tls, bool partial)
{
    const struct tls_offer *offer = &tls->offer;
    const struct tls_choice *choice = &tls->choice;
    bool older = choice->understood && choice->version < TLS_1_3;
    const struct {
        enum field field;
        bool yes, known;
    } rows[] = {
        { FIELD_TLS_CERT_REQUESTED, older && choice->certificate_request, older },
        { FIELD_TLS_CERT_VISIBLE, choice->certificate, hides_certificate(tls) },
        { FIELD_TLS_DOWNGRADE_SENTINEL, downgraded(offer, choice),
          offer->understood && choice->understood &&
              (!offer->draft_only || choice->version >= TLS_1_3) },
        { FIELD_TLS_ECH_OFFERED, offer->encrypted_hello, offer->understood },
        { FIELD_TLS_ENCRYPT_THEN_MAC, older && choice->encrypt_then_mac, older },
        { FIELD_TLS_EXTENDED_MASTER_SECRET, older && choice->extended_master_secret, older },
        { FIELD_TLS_FALLBACK_SCSV, offer->fallback, offer->understood },
        { FIELD_TLS_HELLO_RETRY, choice->retry, choice->understood },
        { FIELD_TLS_RENEGOTIATION_INFO, older && choice->renegotiation,
          older && offer->renegotiation },
        { FIELD_TLS_SSLV2_HELLO, offer->sslv2, offer->understood },
        { FIELD_TLS_TRUNCATED_HMAC, older && choice->truncated_hmac, older },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        claim_fact(own, rows[i].field, rows[i].yes, rows[i].known, partial);
}

static void resumption_facts(struct facts *own, const struct tls *tls)
{
    const struct tls_choice *choice = &tls->choice;
    if (choice->resumed == CLAIM_UNKNOWN)
        return;
    facts_bool(own, FIELD_TLS_RESUMED, choice->resumed == CLAIM_YES);
    if (choice->resumed == CLAIM_NO)
        return;
    const char *by = choice->psk              ? "psk"
                     : choice->sslv2_id       ? "session_id"
                     : !tls->offer.understood ? NULL
                     : tls->offer.ticket      ? "ticket"
                     : choice->echoed         ? "session_id"
                                              : NULL;
    if (by)
        facts_string(own, FIELD_TLS_RESUMED_BY, by);
}

static void outcome_facts(const struct session *s, struct facts *own, enum tls_outcome outcome)
{
    static const char *const names[] = {
        [TLS_UNKNOWN] = "unknown",
        [TLS_FAILED] = "failed",
        [TLS_ESTABLISHED] = "established",
    };
    facts_string(own, FIELD_TLS_STATE, names[outcome]);
    if (outcome != TLS_UNKNOWN)
        facts_bool(own, FIELD_TLS_ESTABLISHED, outcome == TLS_ESTABLISHED);
    if (outcome == TLS_FAILED)
        session_closing_facts(s, own);
}

/* Where the port does not tell what the server is for, what the client wants to speak may. */
static const char *role(const struct session *s, const struct tls *tls)
{
    const char *by_port = role_of_server(session_identity(s));
    return by_port ? by_port : tls->offer.reads_mail ? "access" : NULL;
}

/* Whether any message was understood that an event could tell of. */
static bool understood(const struct tls *tls)
{
    return tls->offer.understood || tls->choice.understood || tls->choice.retry ||
           tls->alerts.fatal || tls->alerts.warning;
}

void tls_tell(struct session *s, struct tls *tls, enum tls_outcome outcome)
{
    if (tls->told || !understood(tls))
        return;
    tls->told = true;
    bool partial = session_is_partial(s);
    bool upgraded = session_identity(s)->tls_mode == TLS_MODE_STARTTLS;
    const char *serves = role(s, tls);
    alert_facts(session_facts(s), &tls->alerts, partial, outcome == TLS_FAILED);
    struct facts *own = session_own_facts(s);
    facts_join(own, buffer_view(&tls->hellos.records));
    outcome_facts(s, own, outcome);
    resumption_facts(own, tls);
    claims(own, tls, partial);
    facts_string(own, FIELD_TLS_MODE, upgraded ? "starttls" : "implicit");
    if (serves)
        facts_string(own, FIELD_SESSION_ROLE, serves);
    session_emit(s, EVENT_TLS);
}
