/* The numbers of TLS and their names in the IANA registries. NULL for what is not registered, but
 * for some suites that were in use all the same: tls_suites.def. */
#ifndef MAILTAP_TLS_NAMES_H
#define MAILTAP_TLS_NAMES_H

#include <stdint.h>

const char *tls_suite_name(uint16_t);       /* TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 */
const char *tls_sslv2_suite_name(uint32_t); /* SSL_CK_RC4_128_WITH_MD5 */
const char *tls_group_name(uint16_t);       /* x25519, secp256r1, X25519MLKEM768 */
const char *tls_signature_name(uint16_t);   /* rsa_pkcs1_sha256; of TLS 1.2 also dsa_sha1 */
const char *tls_signature_hash(uint16_t);   /* md5, sha1, .. sha512, sm3, intrinsic */
const char *tls_alert_name(uint8_t);        /* handshake_failure */
const char *tls_compression_name(uint8_t);  /* null, deflate, lzs */

#endif
