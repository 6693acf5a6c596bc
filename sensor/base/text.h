/* Small questions about text that came from the network: words, numbers, UTF-8. */
#ifndef MAILTAP_TEXT_H
#define MAILTAP_TEXT_H

#include "bytes.h"

/* White space here is space and tab, as in mail protocols (RFC 5321 section 2.3.8 keeps CR and LF
 * out of lines). */
struct bytes text_trim(struct bytes);
/* Takes the next word off the front of *rest, together with the white space around it; empty at the
 * end. */
struct bytes text_next_word(struct bytes *rest);

/* An IPv4 or IPv6 address in its usual notation, as 4 or 16 bytes; returns how many, 0 if it is
 * none. */
size_t text_to_address(struct bytes, uint8_t address[16]);

/* A decimal number that is the whole view. False if empty, not a number, or too large for 64 bits.
 */
bool text_to_u64(struct bytes, uint64_t *value);

/* Writes the lowest `digits` hexadecimal digits of a number, without a NUL; returns where they end.
 */
char *text_hex(char *to, uint64_t number, int digits);

/* Length of the well-formed UTF-8 sequence (RFC 3629) at the front, 0 if there is none. */
size_t text_utf8_length(struct bytes);

/* Whether a sequence of that length may be shown as it is: false of an empty one, of what moves a
 * terminal's cursor or worse (C0, DEL, C1) and of what turns the direction of the text about it. */
bool text_is_harmless(struct bytes sequence);

/* The longest beginning of at most `max` bytes that does not cut a UTF-8 sequence in two. */
struct bytes text_cut(struct bytes, size_t max);

/* Converts UTF-16LE into UTF-8, at most `size` bytes and whole characters; half a surrogate pair
 * becomes U+FFFD, an odd last byte is dropped. Returns the bytes written. */
size_t text_from_utf16le(struct bytes, uint8_t *to, size_t size);

/* Copies into `to` (at least one byte), cut to what fits, always NUL-terminated. For names and
 * messages. */
void text_copy(char *to, size_t size, struct bytes from);

/* How many edits lie between two words of up to 63 bytes: for "did you mean". */
unsigned text_distance(const char *a, const char *b);

#endif
