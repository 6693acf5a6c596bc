/* Fingerprints of hellos: JA3 and JA3S (MD5 over numbers of the hello, by Salesforce), and JA4 for
 * clients (by FoxIO; SHA-256 over sorted numbers). GREASE is left out of all of them. */
#ifndef MAILTAP_TLS_FINGERPRINT_H
#define MAILTAP_TLS_FINGERPRINT_H

#include "tls_hello.h"

#define JA3_LEN 32
#define JA4_LEN 36

/* Of a hello that was read to its end without a fault. NUL-terminated. False, and empty, if
 * libcrypto refuses the digest (MD5 under a FIPS policy), if the hello has no such fingerprint (the
 * format of SSL 2.0), or if it lists more than 512 suites or extensions, or more than 8 KiB of text
 * in all: no client does, and nobody shall make us sort 64 KiB. */
bool tls_ja3(const struct tls_client_hello *, char to[JA3_LEN + 1]);
bool tls_ja3s(const struct tls_server_hello *, char to[JA3_LEN + 1]);
bool tls_ja4(const struct tls_client_hello *, char to[JA4_LEN + 1]);

#endif
