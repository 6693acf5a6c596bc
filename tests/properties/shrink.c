/* Shrinking: leave out what is not needed for the law to break, first much at a time, then turn by
 * turn; then give back what need not be lost. */
#include "shrink.h"

#include <stdio.h>
#include <string.h>

#define ITEMS_MAX (9 * TURNS_MAX)

struct items {
    struct turn turn[ITEMS_MAX]; /* gap > 0: its data are lost */
    size_t count;
};

static struct turn whole[ITEMS_MAX];

static bool broken(const struct items *items, const struct shrink_law *law)
{
    for (size_t i = 0; i < items->count; i++) {
        whole[i] = items->turn[i];
        if (whole[i].data.len > 0) /* else the dialogue itself has a gap there */
            whole[i].gap = 0;
    }
    return items->count > 0 &&
           law->broken(law->arg, whole, items->count, items->turn, items->count);
}

/* Leaves out [at, at + n) if the law is broken without it too. */
static bool leave_out(struct items *items, size_t at, size_t n, const struct shrink_law *law)
{
    static struct items less;
    memcpy(less.turn, items->turn, at * sizeof less.turn[0]);
    memcpy(less.turn + at, items->turn + at + n, (items->count - at - n) * sizeof less.turn[0]);
    less.count = items->count - n;
    if (!broken(&less, law))
        return false;
    memcpy(items->turn, less.turn, less.count * sizeof less.turn[0]);
    items->count = less.count;
    return true;
}

static void leave_out_all(struct items *items, const struct shrink_law *law)
{
    for (size_t n = items->count / 2; n > 0; n /= 2) {
        for (size_t at = 0; at + n <= items->count;) {
            if (!leave_out(items, at, n, law))
                at += n;
        }
    }
}

static void give_back(struct items *items, const struct shrink_law *law)
{
    for (size_t i = 0; i < items->count; i++) {
        uint64_t gap = items->turn[i].gap;
        if (items->turn[i].data.len == 0)
            continue;
        items->turn[i].gap = 0;
        if (gap > 0 && !broken(items, law))
            items->turn[i].gap = gap;
    }
}

/* "C| " and the bytes as dialogue files have them. */
static void print_bytes(enum direction d, struct bytes bytes)
{
    printf("%c| ", d == FROM_CLIENT ? 'C' : 'S');
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.data[i];
        if (c == '\\')
            fputs("\\\\", stdout);
        else if (c == '\r' || c == '\n')
            fputs(c == '\r' ? "\\r" : "\\n", stdout);
        else if (c < ' ' || c > '~')
            printf("\\x%02x", c);
        else
            putchar(c);
    }
    putchar('\n');
}

void shrink_print(const struct dialogue *d, const struct turn *lossy, size_t turns,
                  const struct shrink_law *law)
{
    static struct items items;
    items.count = turns < ITEMS_MAX ? turns : ITEMS_MAX;
    memcpy(items.turn, lossy, items.count * sizeof items.turn[0]);
    if (!broken(&items, law))
        return; /* it takes more than the losses */
    leave_out_all(&items, law);
    give_back(&items, law);
    printf("--- as small as it could be made\n# [] A law is broken.\nport: %u\n", d->port);
    for (size_t i = 0; i < d->secrets; i++)
        printf("secret: %.*s\n", (int)d->secret[i].len, (const char *)d->secret[i].data);
    for (size_t i = 0; i < items.count; i++) {
        const struct turn *turn = &items.turn[i];
        if (turn->gap > 0) {
            fputs("# lost ", stdout);
            print_bytes(turn->direction, turn->data);
            printf("gap %c %llu\n", turn->direction == FROM_CLIENT ? 'C' : 'S',
                   (unsigned long long)turn->gap);
        } else {
            print_bytes(turn->direction, turn->data);
        }
    }
}
