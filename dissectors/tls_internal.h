/* What the files of the TLS dissector share: tls.c follows the records and says when a handshake is
 * over, tls_facts.c keeps what its messages say and makes the event. */
#ifndef MAILTAP_TLS_INTERNAL_H
#define MAILTAP_TLS_INTERNAL_H

#include "dissector.h"
#include "tls_handshake.h"
#include "tls_hello.h"

struct tls_side {
    uint64_t record_left; /* bytes of the record under way */
    uint32_t records;     /* of SSL 2.0 */
    bool begun;
    bool blind;          /* where records begin is not known any more */
    bool gave_up;        /* what comes behind its fatal alert is no TLS: nobody reads it */
    bool lost;           /* something is missing: its messages are not believed any more */
    bool in_messages;    /* the record under way holds handshake messages in clear */
    bool changed_cipher; /* what follows is protected */
    bool finished;       /* up to TLS 1.2: a handshake message came behind that */
    bool protected_data; /* of TLS 1.3: a protected record came that is no alert */
    struct tls_messages messages;
};

/* The first ClientHello, as far as later ones are judged by it. */
struct tls_offer {
    bool understood, sslv2, encrypted_hello, fallback, renegotiation, ticket, early_data;
    bool reads_mail; /* a protocol of ALPN says so */
    bool draft_only; /* of TLS 1.3: none that a server of today would know */
    uint16_t most;   /* highest version */
    uint8_t session_id_len, session_id[32];
};

/* The ServerHello, and what followed it in clear. */
struct tls_choice {
    bool understood, retry; /* retry: a HelloRetryRequest came, before it or alone */
    bool extended_master_secret, encrypt_then_mac, truncated_hmac, renegotiation;
    bool sentinel_high, sentinel_low; /* could do TLS 1.3; could do TLS 1.2 */
    bool echoed;                      /* the client's session id, which is not empty */
    bool certificate, certificate_request;
    bool full; /* a message came that resumption leaves out */
    enum claim resumed;
    bool psk, sslv2_id; /* by what it was resumed, if not by ticket or session id of TLS */
    uint16_t version, suite;
};

enum tls_outcome { TLS_UNKNOWN, TLS_FAILED, TLS_ESTABLISHED };

struct tls_alerts {
    bool fatal, warning, hidden; /* there was one; of the first of each: */
    enum direction fatal_by, warning_by, hidden_by;
    uint8_t fatal_name, warning_name;
};

struct tls {
    bool started, told, sslv2;
    uint8_t flight;        /* of TLS 1.3: the client's protected records up to its Finished */
    bool answered, passed; /* the server spoke behind the first of them; the Finished was seen */
    bool behind;           /* the client sent more behind that */
    struct tls_side side[DIRECTIONS];
    struct tls_offer offer;
    struct tls_choice choice;
    struct tls_alerts alerts;
    struct facts hellos; /* facts for the event, as the messages told them */
};

/* Messages in clear. */
void tls_client_hello(struct session *, struct tls *, struct bytes body);
void tls_server_message(struct session *, struct tls *, const struct tls_message *);
/* The same of SSL 2.0: whole records without their header. */
void tls_sslv2_client_hello(struct session *, struct tls *, struct bytes record);
void tls_sslv2_server_hello(struct session *, struct tls *, struct bytes record);
void tls_sslv2_master_key(struct session *, struct tls *, struct bytes record);
/* What the server sends from now on is protected. */
void tls_server_changes_cipher(struct tls *);
/* An alert that can be read. */
void tls_alert(struct tls *, enum direction, uint8_t level, uint8_t name);

/* Makes the event, once. */
void tls_tell(struct session *, struct tls *, enum tls_outcome);

#endif
