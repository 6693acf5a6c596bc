/* What the hellos of a TLS handshake say (RFC 9846, RFC 5246, and SSL 2.0 as RFC 6101 appendix E
 * has it). Views into the message; numbers as they stand on the wire. Nothing is judged here. */
#ifndef MAILTAP_TLS_HELLO_H
#define MAILTAP_TLS_HELLO_H

#include "bytes.h"

enum tls_version {
    SSL_2_0 = 0x0002,
    SSL_3_0 = 0x0300,
    TLS_1_0 = 0x0301,
    TLS_1_1 = 0x0302,
    TLS_1_2 = 0x0303,
    TLS_1_3 = 0x0304
};

/* Values that RFC 8701 reserves so that nobody chokes on what is new: 0x0A0A, 0x1A1A, .. 0xFAFA. */
bool tls_is_grease(uint16_t);

/* An extension's data, and whether it was there at all: many are empty. */
struct tls_extension {
    struct bytes data;
    bool present;
};

/* Body of a ClientHello, without the four bytes of the handshake header. */
struct tls_client_hello {
    bool sslv2;       /* in the format of SSL 2.0: no extensions, suites of three bytes */
    uint16_t version; /* legacy_version, or the version of an SSL 2.0 hello */
    struct bytes session_id;
    struct bytes suites;        /* 16-bit each; of an SSL 2.0 hello 24-bit */
    struct bytes compressions;  /* 8-bit each */
    struct bytes extensions;    /* all of them, as on the wire: type, length, data */
    struct bytes server_name;   /* host_name of SNI; empty if there is none */
    struct bytes versions;      /* supported_versions, 16-bit each; empty if absent */
    struct bytes groups;        /* supported_groups, 16-bit each */
    struct bytes point_formats; /* 8-bit each */
    struct bytes signatures;    /* signature_algorithms, 16-bit each */
    struct bytes alpn;          /* a length and a name each */
    struct tls_extension ticket, extended_master_secret, encrypt_then_mac, truncated_hmac,
        renegotiation_info, encrypted_client_hello, pre_shared_key, early_data;
};

/* False if it is malformed; what was read before that stays. An extension whose own content is cut
 * says nothing, and is no reason to doubt the others. */
bool tls_client_hello_read(struct bytes body, struct tls_client_hello *);
/* A record of SSL 2.0 without its header, so that the message's type comes first. */
bool tls_sslv2_client_hello_read(struct bytes record, struct tls_client_hello *);

/* Highest version offered, GREASE left out (drafts of TLS 1.3 count as it, and without
 * supported_versions no more than TLS 1.2 is on offer); whether supported_versions has this very
 * one; whether this suite is among those offered. */
uint16_t tls_client_hello_max(const struct tls_client_hello *);
bool tls_client_hello_offers_version(const struct tls_client_hello *, uint16_t version);
bool tls_client_hello_offers(const struct tls_client_hello *, uint16_t suite);

struct tls_server_hello {
    uint16_t legacy_version, version; /* version: supported_versions if it is there */
    bool retry;                       /* a HelloRetryRequest */
    struct bytes random, session_id;
    uint16_t suite;
    uint8_t compression;
    struct bytes extensions; /* all of them, as on the wire */
    struct bytes alpn;       /* the chosen name; empty if there is none */
    uint16_t group;          /* of key_share; 0: none */
    struct tls_extension ticket, extended_master_secret, encrypt_then_mac, truncated_hmac,
        renegotiation_info, pre_shared_key;
};

bool tls_server_hello_read(struct bytes body, struct tls_server_hello *);

/* SERVER-HELLO of SSL 2.0; the suite that a CLIENT-MASTER-KEY names, 0 if it is none. */
struct tls_sslv2_server_hello {
    bool resumed;
    struct bytes certificate;
};

bool tls_sslv2_server_hello_read(struct bytes record, struct tls_sslv2_server_hello *);
uint32_t tls_sslv2_master_key_suite(struct bytes record);

/* The next number of a list on the wire; false at its end. For extensions: type and data. */
bool tls_next_u16(struct bytes *list, uint16_t *value);
bool tls_next_extension(struct bytes *extensions, uint16_t *type, struct bytes *data);

#endif
