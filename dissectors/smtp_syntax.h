/* The syntax of SMTP lines (RFC 5321 section 4): verbs, paths, replies. No state. */
#ifndef MAILTAP_SMTP_SYNTAX_H
#define MAILTAP_SMTP_SYNTAX_H

#include "bytes.h"

enum smtp_command {
    SMTP_UNKNOWN,
    SMTP_EHLO,
    SMTP_LHLO, /* EHLO of LMTP */
    SMTP_HELO,
    SMTP_MAIL,
    SMTP_RCPT,
    SMTP_DATA,
    SMTP_BDAT,
    SMTP_RSET,
    SMTP_QUIT,
    SMTP_AUTH,
    SMTP_STARTTLS,
    SMTP_VRFY,
    SMTP_EXPN,
    SMTP_XCLIENT,
    SMTP_XEXCH50,
    SMTP_TURN,
    SMTP_OTHER, /* known, answered, of no consequence: NOOP, HELP, ... */
    /* Not verbs: what else the server answers. */
    SMTP_GREETING,
    SMTP_SASL_RESPONSE,
    SMTP_END_OF_DATA,
    SMTP_LOST, /* from here on replies cannot be paired */
};

/* The command of a line and what stands behind its verb, trimmed (for MAIL and RCPT: behind FROM:
 * and TO:). */
enum smtp_command smtp_command_of(struct bytes line, struct bytes *argument);
bool smtp_is_command(struct bytes line);
/* Whether a line can only be SMTP: EHLO name, MAIL FROM:, RCPT TO:, STARTTLS, BDAT n, ... */
bool smtp_is_distinctive(struct bytes line);

/* Its verb, or in words what else is answered. For traces. */
const char *smtp_command_name(enum smtp_command);

/* The address of a path (RFC 5321 section 4.1.2), without brackets, source route and parameters;
 * empty for <>. Accepts what real clients send: no brackets, white space around, quoted local parts
 * with '>' in them. */
struct bytes smtp_path(struct bytes argument);

/* Whether REQUIRETLS (RFC 8689 section 4.1) stands behind the path in MAIL's argument. */
bool smtp_requires_tls(struct bytes argument, struct bytes path);

struct smtp_reply_line {
    unsigned code;     /* 200 to 599 */
    bool more;         /* "250-": another line follows */
    struct bytes text; /* behind the code and its separator */
};

/* False if the line does not begin with a reply code. */
bool smtp_reply_line(struct bytes line, struct smtp_reply_line *);

/* The enhanced status code (RFC 2034, RFC 3463) at the front of a reply's text, if it fits the
 * code's class. */
struct bytes smtp_enhanced(unsigned code, struct bytes text);

/* The name of a message in the queue, from the positive reply to its end, as Postfix, Exim,
 * Sendmail and OpenSMTPD write it; empty if there is none. */
struct bytes smtp_queue_id(struct bytes text);

/* BDAT's argument (RFC 3030 section 2): the chunk's length, UINT64_MAX if it is more, and whether
 * it is the last. False if malformed. */
bool smtp_chunk(struct bytes argument, uint64_t *len, bool *last);

#endif
