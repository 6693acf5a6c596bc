/* The syntax of IMAP lines (RFC 9051 sections 6 and 7): commands, status replies, untagged data. No
 * state. */
#ifndef MAILTAP_IMAP_SYNTAX_H
#define MAILTAP_IMAP_SYNTAX_H

#include "imap_tokens.h"

enum imap_verb {
    IMAP_UNKNOWN, /* not one we know; the server answers it all the same */
    IMAP_CAPABILITY,
    IMAP_LOGIN,
    IMAP_AUTHENTICATE,
    IMAP_STARTTLS,
    IMAP_UNAUTHENTICATE,
    IMAP_COMPRESS,
    IMAP_IDLE,
    IMAP_APPEND,
    IMAP_FETCH,   /* also UID, which may be one */
    IMAP_QUIET,   /* known, of no consequence, and answered without strings: NOOP, SELECT, ... */
    IMAP_TALKING, /* known, and the answer may quote what others wrote: LIST, STATUS, ... */
};

/* Takes tag and verb off the front of a command line; what is left is its arguments. False if the
 * line has no tag, or nothing behind it. */
bool imap_command_of(struct bytes line, struct bytes *tag, struct bytes *verb,
                     struct bytes *arguments);
enum imap_verb imap_verb_of(struct bytes);
/* Whether the line is a command that IMAP has, with its tag in front. */
bool imap_is_command(struct bytes line);
/* Whether the answers to this command may hold literals, in which anything may stand. */
bool imap_quotes(enum imap_verb);

enum imap_status {
    IMAP_NO_STATUS,
    IMAP_OK,
    IMAP_NO,
    IMAP_BAD,
    IMAP_PREAUTH,
    IMAP_BYE,
};

/* A status reply, tagged or not: "a1 NO [ALERT] text". */
struct imap_reply {
    struct bytes tag; /* "*" if untagged */
    enum imap_status status;
    struct bytes code; /* what stands in the brackets */
    struct bytes text; /* behind them */
};

/* False if the line is no status reply. */
bool imap_reply_of(struct bytes line, struct imap_reply *);
const char *imap_status_name(enum imap_status);
/* The first word of a response code in its canonical spelling; NULL if it is not a registered one:
 * servers may put anything between the brackets. */
const char *imap_code_name(struct bytes code);

/* The words of a capability list behind CAPABILITY: of a response code, or of an untagged line.
 * False if it is none. */
bool imap_capabilities_of_code(struct bytes code, struct bytes *words);
bool imap_capabilities_of_line(struct bytes line, struct bytes *words);

/* A data item of FETCH that is a whole message, BODY[] RFC822 BINARY[], or a run of its octets:
 * BODY[]<n>. */
struct imap_message_item {
    bool part;
    uint64_t origin; /* the octet at which the run begins */
};

bool imap_is_message(struct bytes item, struct imap_message_item *);

#endif
