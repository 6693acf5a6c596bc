/* Views over bytes, and the cursor through which every packet and record is read.
 *
 * A view never owns what it shows and is never NUL-terminated. A cursor cannot leave its view: a
 * read past the end returns zero and sets `failed`, which stays set, so that one check after many
 * reads is enough. */
#ifndef MAILTAP_BYTES_H
#define MAILTAP_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    const uint8_t *data;
    size_t len;
};

struct cursor {
    const uint8_t *at, *end;
    bool failed;
};

#define BYTES_NONE             ((struct bytes){ NULL, 0 })
/* A view of a string literal, without its NUL. */
#define BYTES_LITERAL(literal) ((struct bytes){ (const uint8_t *)(literal), sizeof(literal) - 1 })

struct bytes bytes_over(const void *data, size_t len);
struct bytes bytes_of_string(const char *string);

/* The first n bytes, or all of them if there are fewer; what is left behind them. */
struct bytes bytes_first(struct bytes, size_t n);
struct bytes bytes_after(struct bytes, size_t n);

bool bytes_equal(struct bytes, struct bytes);
/* Comparisons with ASCII letters of either case alike, as mail protocols compare keywords. */
bool bytes_equal_nocase(struct bytes, const char *literal);
bool bytes_starts_nocase(struct bytes, const char *literal);
bool bytes_contains_nocase(struct bytes, const char *literal);

/* Index of the first such byte, or the length if there is none. */
size_t bytes_index(struct bytes, uint8_t byte);

struct cursor cursor_over(struct bytes);
size_t cursor_left(const struct cursor *);
/* Big-endian, as on the wire. */
uint8_t cursor_u8(struct cursor *);
uint16_t cursor_u16(struct cursor *);
uint32_t cursor_u24(struct cursor *);
uint32_t cursor_u32(struct cursor *);
uint64_t cursor_u64(struct cursor *);
uint16_t cursor_u16_le(struct cursor *);
uint32_t cursor_u32_le(struct cursor *);
/* The next n bytes; empty, and failed, if there are fewer. */
struct bytes cursor_take(struct cursor *, size_t n);
/* A cursor over the next n bytes: reads inside it cannot leave the block. It starts failed if they
 * are not there. */
struct cursor cursor_sub(struct cursor *, size_t n);
struct bytes cursor_rest(const struct cursor *);

#endif
