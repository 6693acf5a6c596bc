/* A line of ManageSieve with the literals in it (RFC 5804 section 1.2 and 4): words, quoted strings
 * and octets that are counted. Both sides write so. */
#ifndef MAILTAP_MANAGESIEVE_TEXT_H
#define MAILTAP_MANAGESIEVE_TEXT_H

#include "buffer.h"
#include "line.h"

enum sieve_word {
    SIEVE_NO_WORD, /* a line that begins with a string */
    SIEVE_UNKNOWN,
    /* commands */
    SIEVE_AUTHENTICATE,
    SIEVE_STARTTLS,
    SIEVE_CAPABILITY,
    SIEVE_UNAUTHENTICATE,
    SIEVE_OTHER, /* known, and of no interest but that it is answered */
    /* answers */
    SIEVE_OK,
    SIEVE_NO,
    SIEVE_BYE,
    /* neither, but they wait for the server too */
    SIEVE_GREETING,
    SIEVE_LOST, /* an unknown number of commands was not seen */
};

#define SIEVE_STRINGS   2 /* so many of a line are kept */
#define SIEVE_CODE_SIZE 24

struct sieve_text {
    struct line_reader lines;
    bool begun;            /* a part of the line was read, a literal came behind it */
    uint64_t literal_left; /* of the literal that is being read */
    enum sieve_word word;  /* its first */
    struct bytes verb;     /* valid while the part that holds it is shown */
    bool keep;             /* its strings: decided by who reads, once the first word is known */
    bool too_long;         /* what came behind it is not known */
    bool cut;              /* a string that should be kept found no room */
    unsigned strings;
    struct buffer kept; /* the first of them */
    size_t kept_len[SIEVE_STRINGS];
    char code[SIEVE_CODE_SIZE]; /* a registered response code: "ENCRYPT-NEEDED" */
};

void sieve_text_init(struct sieve_text *, struct pool *);
void sieve_text_free(struct sieve_text *);

/* Reads what it can of one line. Returns the bytes it takes, 0 to wait for more; *ended: with them
 * the line is complete. `keeps` is asked once for each line, when its first word is known. */
size_t sieve_text_read(struct sieve_text *, struct bytes unread, size_t shown,
                       bool (*keeps)(void *arg, enum sieve_word), void *arg, bool *ended);
/* One of the strings that were kept, from 0; empty if there is none. */
struct bytes sieve_text_string(const struct sieve_text *, unsigned number);
/* The line is done with: what was kept is wiped. */
void sieve_text_clear(struct sieve_text *);
/* Bytes are missing. True if they all belong to a literal that nobody reads, so that no harm is
 * done; else nothing is known up to the next line. */
bool sieve_text_gap(struct sieve_text *, uint64_t missing);

/* SIEVE_UNKNOWN if it is none. */
enum sieve_word sieve_word_of(struct bytes);
bool sieve_is_command(struct bytes line);
/* Whether no other protocol has a command like this line. */
bool sieve_is_telling(struct bytes line);
/* Whether a server's line announces a capability that RFC 5804 section 1.7 registers. */
bool sieve_is_capability_line(struct bytes line);

#endif
