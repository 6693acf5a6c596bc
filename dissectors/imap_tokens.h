/* The words of IMAP and of its relatives (RFC 9051 section 4, RFC 5804 section 1.2): atoms, quoted
 * strings, parentheses, and literals, of which a line shows only the announcement.
 *
 * Reads one line, or the part of a line that stands between two literals, without its CRLF. Knows
 * no session: the octets of a literal are counted by whoever has the stream. */
#ifndef MAILTAP_IMAP_TOKENS_H
#define MAILTAP_IMAP_TOKENS_H

#include "bytes.h"

enum imap_token_kind {
    IMAP_END,  /* nothing more on this line, or nothing that could be read: `failed` tells */
    IMAP_ATOM, /* up to a space or a parenthesis; a section belongs to it: BODY[HEADER]<0> */
    IMAP_QUOTED,
    IMAP_LITERAL, /* its announcement: {n} {n+} {n-} ~{n}, the last thing on the line */
    IMAP_OPEN,
    IMAP_CLOSE,
};

struct imap_token {
    enum imap_token_kind kind;
    struct bytes text; /* as sent; of a quoted string what stands between the quotes */
    uint64_t size;     /* of a literal, in octets; UINT64_MAX if it is more */
    bool waits;        /* a literal that wants the other side's leave first: neither + nor - */
};

/* Sticky: after an unterminated quoted string there are no more tokens, and `failed` stays set. */
struct imap_tokens {
    struct bytes rest;
    bool failed;
};

struct imap_tokens imap_tokens_over(struct bytes line);

struct imap_token imap_next(struct imap_tokens *);
/* The next argument as a server reads one that is no list: an atom goes up to the next space, with
 * whatever a sloppy client puts into it. */
struct imap_token imap_next_argument(struct imap_tokens *);

/* What an atom or a quoted string says: \" and \\ are undone, in `room`, and cut to what fits in
 * there; without any, it is the text itself. */
struct bytes imap_value(const struct imap_token *, uint8_t *room, size_t size);

/* The announcement of a literal at the end of a line of which no more is known. */
bool imap_announces(struct bytes line, struct imap_token *);

#endif
