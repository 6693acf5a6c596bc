/* Base64 (RFC 4648 section 4), as SASL uses it: one line, no white space inside. */
#ifndef MAILTAP_BASE64_H
#define MAILTAP_BASE64_H

#include "bytes.h"

/* Upper bound of the decoded length of n characters; encoded length of n bytes without a NUL. */
#define BASE64_DECODED_MAX(n) ((n) / 4 * 3 + 3)
#define BASE64_ENCODED_LEN(n) (((n) + 2) / 3 * 4)

/* Decodes the whole view into `to`. Missing padding is accepted (clients forget it), anything else
 * that is not base64 is not. False if it is not base64 or does not fit; then `to` may hold a part,
 * which the caller wipes. */
bool base64_decode(struct bytes from, uint8_t *to, size_t size, size_t *len);

/* Encodes with padding and a NUL; `to` has BASE64_ENCODED_LEN(from.len) + 1 bytes. */
void base64_encode(struct bytes from, char *to);

#endif
