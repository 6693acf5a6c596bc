/* The words of POP3: commands, and the first line of each answer. */
#ifndef MAILTAP_POP3_SYNTAX_H
#define MAILTAP_POP3_SYNTAX_H

#include "bytes.h"

/* What a line asks for, as far as its answer goes: LIST is `LIST` alone, with a number it is one of
 * the others. */
enum pop3_command {
    POP3_UNKNOWN,
    POP3_USER,
    POP3_PASS,
    POP3_APOP,
    POP3_AUTH,      /* with a mechanism */
    POP3_AUTH_LIST, /* without: which ones are there? */
    POP3_CAPA,
    POP3_STLS,
    POP3_RETR,
    POP3_TOP,
    POP3_LIST,
    POP3_UIDL,
    POP3_LANG,
    POP3_OTHER, /* known, answered by one line */
    POP3_XTND,  /* what follows is the business of an extension that nobody knows */
    /* No commands, but they wait for the server too: */
    POP3_GREETING,
    POP3_SASL_RESPONSE,
    POP3_LOST, /* an unknown number of commands was not seen */
    POP3_COMMANDS
};

enum pop3_command pop3_command_of(struct bytes line, struct bytes *argument);
bool pop3_is_command(struct bytes line);
const char *pop3_command_name(enum pop3_command);
/* Whether no other protocol with USER and PASS has this command; with `status`, none whose server
 * says +OK and -ERR. */
bool pop3_is_telling(struct bytes line, bool status);
/* How many words and blanks at the front of a line may be shown in a trace: never an argument that
 * may be a name or a secret. */
size_t pop3_public_length(struct bytes line);

enum pop3_status { STATUS_NONE, STATUS_OK, STATUS_ERR, STATUS_CHALLENGE };

/* What the first line of an answer says (RFC 1939 section 3, RFC 5034 section 4), and the text
 * behind it. STATUS_NONE: it is none. */
enum pop3_status pop3_status_of(struct bytes line, struct bytes *text);

/* "-ERR [AUTH]": the status with its response code. Only registered codes are taken over (RFC 2449
 * section 8, RFC 3206, RFC 6856): between brackets may stand what the client sent. */
#define POP3_CODE_SIZE 24
void pop3_code(char to[POP3_CODE_SIZE], enum pop3_status, struct bytes text);

/* Where the time stamp of a greeting begins that says that APOP is there: <..@..> (RFC 1939
 * section 7); the length if there is none. */
size_t pop3_time_stamp(struct bytes greeting);

/* Is this keyword one of those that RFC 2449 and its successors registered for CAPA? */
bool pop3_is_capability(struct bytes keyword);

#endif
