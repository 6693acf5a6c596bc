/* Facts: an append-only typed record of what was seen, the same bytes in memory, in the ring and in
 * tests.
 *
 *   | u16 field | u8 row | u8 0 | u16 len | value ... |      (host byte order)
 *
 * Values: text as seen (JSON cleans it), numbers and times as u64, an address as 4 or 16 bytes,
 * claims and booleans as one byte. Of a field of arity ONE the last fact counts, so that a narrower
 * scope may override a wider one. */
#ifndef MAILTAP_FACTS_H
#define MAILTAP_FACTS_H

#include "buffer.h"
#include "schema.h"

#define FACTS_MAX_BYTES (32 * 1024)
#define FACTS_TEXT_MAX  1024 /* longer text is cut at a character boundary */
#define FACT_HEAD       6    /* bytes of a record before its value */

enum claim { CLAIM_UNKNOWN, CLAIM_NO, CLAIM_YES };

struct facts {
    struct buffer records;
    bool full; /* something found no room */
};

struct fact {
    enum field field;
    uint8_t row;
    struct bytes value;
};

void facts_init(struct facts *, struct pool *);
void facts_free(struct facts *);
void facts_clear(struct facts *);
/* Takes the memory for so many bytes now, so that adding does not fail later. False if there is
 * none. */
bool facts_reserve(struct facts *, size_t bytes);

void facts_text(struct facts *, enum field, struct bytes);
void facts_string(struct facts *, enum field, const char *);
void facts_number(struct facts *, enum field, uint64_t);
void facts_claim(struct facts *, enum field, enum claim);
void facts_bool(struct facts *, enum field, bool);
void facts_ip(struct facts *, enum field, struct bytes address);
/* Members of the row-th object (from 0) of an array of objects. */
void facts_row_text(struct facts *, uint8_t row, enum field, struct bytes);
void facts_row_number(struct facts *, uint8_t row, enum field, uint64_t);

void facts_unset(struct facts *, enum field);
/* Appends one fact as it is; all facts of another record. */
void facts_copy(struct facts *, const struct fact *);
void facts_join(struct facts *, struct bytes records);

/* Reading works on the flat record. *at starts at 0; false at the end or where the record is
 * damaged. */
bool facts_next(struct bytes records, size_t *at, struct fact *);
/* The last fact of this field; false if there is none. */
bool facts_find(struct bytes records, enum field, struct fact *);
/* Whether the field has this value among its values. */
bool facts_has(struct bytes records, enum field, struct bytes value);
uint64_t fact_number(const struct fact *);

/* Where the last fact of each field lies, for those who ask for many: one pass to build, no search
 * to ask. */
struct facts_index {
    struct bytes records;
    uint32_t place[FIELDS]; /* offset of the record and 1; 0: none */
};

void facts_index(struct facts_index *, struct bytes records);
bool facts_lookup(const struct facts_index *, enum field, struct fact *);

/* The value as people read it, NUL-terminated and cut to size: used by messages, reports and tests.
 */
void fact_print(const struct fact *, char *to, size_t size);

/* RFC 3339, UTC, nanoseconds: 2026-11-24T09:00:00.123456789Z and a NUL. */
#define TIME_TEXT_LEN 30
void time_print(uint64_t ns, char to[TIME_TEXT_LEN + 1]);

#endif
