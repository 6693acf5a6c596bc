/* IPv4 and IPv6 defragmentation.
 *
 *   fragment > datagram (lru, by addresses, number, tag) > pages of 64 blocks of 8 bytes
 *                                                           |--all blocks are here--> whole
 *
 * A bit for each block tells what is here, so that neither order nor size of the fragments makes
 * any of them cost more than its bytes; pages, so that a far offset costs no more memory than a
 * near one. */
#include "defrag.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "lru.h"

#define BLOCK       8 /* offsets count these: RFC 791 section 3.1 */
#define PAGE_BLOCKS 64
#define PAGE_BYTES  (BLOCK * PAGE_BLOCKS)
#define PAGES       ((DEFRAG_DATAGRAM_MAX + PAGE_BYTES) / PAGE_BYTES)

struct page {
    uint64_t here; /* a bit for each block */
    uint8_t data[PAGE_BYTES];
};

enum datagram_state {
    DATAGRAM_OPEN,
    DATAGRAM_DONE,      /* handed out; kept to know its fragments when they come again */
    DATAGRAM_CONDEMNED, /* swallows the rest of its fragments (RFC 5722 section 4) */
};

struct datagram {
    TAILQ_ENTRY(datagram) done; /* while it is DONE */
    uint64_t first_ns;
    uint64_t ip_bytes;
    uint32_t len;         /* known once the last fragment has come, else 0 */
    uint32_t end;         /* of the farthest fragment */
    uint32_t blocks_here; /* in all pages */
    uint32_t cut;         /* the first byte that was sent and not captured; UINT32_MAX: none */
    uint8_t state;        /* enum datagram_state */
    uint8_t protocol;     /* of the first fragment */
    bool has_first, ambiguous;
    struct page *page[PAGES];
};

struct datagram_key {
    uint8_t source[16], destination[16];
    uint32_t id;
    uint16_t vlan;
    uint8_t address_len;
    uint8_t protocol; /* IPv4 only: in IPv6 each fragment may say another (RFC 8200 section 4.5) */
};

_Static_assert(sizeof(struct datagram_key) == 40, "the key is hashed as bytes: no padding");

/* The payload of a datagram in one piece, with its bytes behind it. */
struct handed_out {
    struct handed_out *next;
    size_t size; /* of both, as charged to the pool */
};

struct defrag {
    struct lru *datagrams;
    struct pool *fragments;
    struct counters *counters;
    struct handed_out *handed_out;
    TAILQ_HEAD(, datagram) done; /* the first one was handed out first */
    uint64_t clock_ns;
};

/* --- birth and death ----------------------------------------------------------------------------
 */

/* Wiped before freed: what waits may be a password. */
static void free_pages(struct defrag *defrag, struct datagram *d)
{
    for (uint32_t i = 0; i * PAGE_BYTES < d->end; i++) {
        if (!d->page[i])
            continue;
        explicit_bzero(d->page[i], sizeof *d->page[i]);
        free(d->page[i]);
        pool_give(defrag->fragments, sizeof *d->page[i]);
        d->page[i] = NULL;
    }
}

/* Takes from a datagram all that it has. */
static void empty(struct defrag *defrag, struct datagram *d)
{
    if (d->state == DATAGRAM_DONE)
        TAILQ_REMOVE(&defrag->done, d, done);
    free_pages(defrag, d);
}

/* Called by the table for what is too old or finds no room. */
static void evicted(void *arg, const void *key, void *value)
{
    struct defrag *defrag = arg;
    struct datagram *d = value;
    (void)key;
    if (d->state == DATAGRAM_OPEN)
        count(defrag->counters, COUNT_DATAGRAMS_GIVEN_UP);
    empty(defrag, d);
}

static void give_up(struct defrag *defrag, struct datagram *d)
{
    evicted(defrag, NULL, d);
    lru_remove(defrag->datagrams, d);
}

static void condemn(struct defrag *defrag, struct datagram *d)
{
    count(defrag->counters, COUNT_DATAGRAMS_GIVEN_UP);
    empty(defrag, d);
    d->state = DATAGRAM_CONDEMNED;
}

static void begin(struct defrag *defrag, struct datagram *d)
{
    *d = (struct datagram){ .first_ns = defrag->clock_ns, .cut = UINT32_MAX };
}

struct defrag *defrag_new(struct pool *fragments, uint32_t datagrams, struct counters *counters)
{
    struct defrag *defrag = calloc(1, sizeof *defrag);
    if (!defrag)
        return NULL;
    defrag->fragments = fragments;
    defrag->counters = counters;
    TAILQ_INIT(&defrag->done);
    defrag->datagrams = lru_new(&(struct lru_options){
        .key_size = sizeof(struct datagram_key),
        .value_size = sizeof(struct datagram),
        .max_entries = datagrams,
        .idle_ns = DEFRAG_TIMEOUT_NS,
        .evicted = evicted,
        .arg = defrag,
    });
    if (!defrag->datagrams) {
        free(defrag);
        return NULL;
    }
    return defrag;
}

void defrag_free(struct defrag *defrag)
{
    if (!defrag)
        return;
    defrag_release(defrag);
    lru_free(defrag->datagrams);
    free(defrag);
}

void defrag_release(struct defrag *defrag)
{
    struct handed_out *piece;
    while ((piece = defrag->handed_out) != NULL) {
        size_t size = piece->size;
        defrag->handed_out = piece->next;
        explicit_bzero(piece, size);
        free(piece);
        pool_give(defrag->fragments, size);
    }
}

/* --- memory -------------------------------------------------------------------------------------
 */

/* What goes first where memory is short: of those handed out the oldest, else the one used longest
 * ago. NULL if that is `d` itself. */
static struct datagram *dispensable(const struct defrag *defrag, const struct datagram *d)
{
    struct datagram *first = TAILQ_FIRST(&defrag->done);
    if (!first)
        first = lru_oldest(defrag->datagrams);
    return first == d ? NULL : first;
}

/* Memory of the pool, if need be that of other datagrams than `d`. NULL if that is not enough. */
static void *take(struct defrag *defrag, const struct datagram *d, size_t size)
{
    while (!pool_take(defrag->fragments, size)) {
        struct datagram *other = dispensable(defrag, d);
        if (!other || other->state == DATAGRAM_OPEN)
            count(defrag->counters, COUNT_MEMORY_REFUSED);
        if (!other)
            return NULL;
        give_up(defrag, other);
    }
    void *memory = malloc(size);
    if (!memory) {
        pool_give(defrag->fragments, size);
        count(defrag->counters, COUNT_MEMORY_REFUSED);
    }
    return memory;
}

static struct page *page_of(struct defrag *defrag, struct datagram *d, uint32_t offset)
{
    struct page **page = &d->page[offset / PAGE_BYTES];
    if (!*page && (*page = take(defrag, d, sizeof **page)) != NULL)
        (*page)->here = 0;
    return *page;
}

/* --- bytes --------------------------------------------------------------------------------------
 */

/* A fragment's part in one page: `len` bytes at `at` were sent, of which `bytes` were captured. */
struct part {
    uint32_t at, len;
    struct bytes bytes;
    uint32_t sure; /* that many can be compared with what is here */
};

static uint64_t blocks_of(const struct part *part)
{
    uint32_t n = (part->len + BLOCK - 1) / BLOCK;
    return (n == PAGE_BLOCKS ? UINT64_MAX : (UINT64_C(1) << n) - 1) << part->at / BLOCK;
}

/* The next part of a fragment, when so many bytes of it are done. */
static struct part part_of(const struct datagram *d, const struct fragment *f, uint32_t done)
{
    uint32_t at = (f->offset + done) % PAGE_BYTES, len = f->len - done;
    uint32_t here = f->offset + done;
    if (len > PAGE_BYTES - at)
        len = PAGE_BYTES - at;
    return (struct part){
        .at = at,
        .len = len,
        .bytes = bytes_first(bytes_after(f->payload, done), len),
        .sure = d->cut > here ? d->cut - here : 0,
    };
}

/* Whether the blocks that are here in both say the same. */
static bool agrees(const struct page *page, const struct part *part)
{
    if (!(page->here & blocks_of(part)))
        return true;
    size_t comparable = part->bytes.len < part->sure ? part->bytes.len : part->sure;
    for (uint32_t i = 0; i < comparable; i += BLOCK) {
        uint64_t block = UINT64_C(1) << (part->at + i) / BLOCK;
        size_t n = comparable - i < BLOCK ? comparable - i : BLOCK;
        if ((page->here & block) && memcmp(page->data + part->at + i, part->bytes.data + i, n) != 0)
            return false;
    }
    return true;
}

/* Copies the blocks that are not here yet. Returns how many that were. */
static uint32_t fill(struct page *page, const struct part *part)
{
    uint64_t blocks = blocks_of(part), fresh = blocks & ~page->here;
    if (fresh == blocks) {
        if (part->bytes.len > 0)
            memcpy(page->data + part->at, part->bytes.data, part->bytes.len);
    } else {
        for (uint32_t i = 0; i < part->bytes.len; i += BLOCK) {
            struct bytes block = bytes_first(bytes_after(part->bytes, i), BLOCK);
            if (fresh >> (part->at + i) / BLOCK & 1)
                memcpy(page->data + part->at + i, block.data, block.len);
        }
    }
    page->here |= blocks;
    return (uint32_t)__builtin_popcountll(fresh);
}

/* --- fragments ----------------------------------------------------------------------------------
 */

/* Whether this cannot be part of the datagram, or of any. */
static bool contradicts(const struct datagram *d, const struct fragment *f)
{
    uint32_t end = f->offset + f->len;
    if (f->len == 0 || end > DEFRAG_DATAGRAM_MAX || (f->more && f->len % BLOCK != 0))
        return true;
    if (f->offset == 0 && d->has_first && f->protocol != d->protocol)
        return true;
    if (d->len > 0)
        return f->more ? end > d->len : end != d->len;
    return !f->more && end < d->end;
}

/* Whether all overlaps say the same as what is here. */
static bool overlaps_agree(const struct datagram *d, const struct fragment *f)
{
    for (uint32_t done = 0; done < f->len;) {
        struct part part = part_of(d, f, done);
        const struct page *page = d->page[(f->offset + done) / PAGE_BYTES];
        if (page && !agrees(page, &part))
            return false;
        done += part.len;
    }
    return true;
}

/* False if there is no memory for it. */
static bool store(struct defrag *defrag, struct datagram *d, const struct fragment *f)
{
    uint32_t end = f->offset + f->len, captured = f->offset + (uint32_t)f->payload.len;
    if (end > d->end)
        d->end = end;
    if (!f->more)
        d->len = end;
    if (f->offset == 0) {
        d->has_first = true;
        d->protocol = f->protocol;
    }
    for (uint32_t done = 0; done < f->len;) {
        struct part part = part_of(d, f, done);
        struct page *page = page_of(defrag, d, f->offset + done);
        if (!page)
            return false;
        d->blocks_here += fill(page, &part);
        done += part.len;
    }
    if (captured < end && captured < d->cut)
        d->cut = captured;
    return true;
}

/* Whether a fragment says nothing but what a datagram said that was handed out. */
static bool is_repeated(const struct datagram *d, const struct fragment *f)
{
    return !contradicts(d, f) && overlaps_agree(d, f);
}

/* Takes a fragment into an open datagram. False: the datagram is condemned. */
static bool add(struct defrag *defrag, struct datagram *d, const struct segment *s,
                const struct fragment *f)
{
    d->ip_bytes += s->ip_bytes;
    if (contradicts(d, f))
        return false;
    if (!overlaps_agree(d, f)) {
        count(defrag->counters, COUNT_FRAGMENTS_CONTRADICT);
        if (s->address_len == 16)
            return false; /* RFC 5722 section 4 */
        d->ambiguous = true;
    }
    return store(defrag, d, f);
}

/* --- whole datagrams ----------------------------------------------------------------------------
 */

static bool is_complete(const struct datagram *d)
{
    return d->len > 0 && d->blocks_here == (d->len + BLOCK - 1) / BLOCK;
}

/* Copies the datagram into one piece. False if there is no memory. */
static bool hand_out(struct defrag *defrag, struct datagram *d, struct whole *whole)
{
    uint32_t len = d->cut < d->len ? d->cut : d->len;
    struct handed_out *piece = take(defrag, d, sizeof *piece + len);
    if (!piece)
        return false;
    uint8_t *to = (uint8_t *)(piece + 1);
    for (uint32_t at = 0; at < len; at += PAGE_BYTES)
        memcpy(to + at, d->page[at / PAGE_BYTES]->data,
               len - at < PAGE_BYTES ? len - at : PAGE_BYTES);
    *piece = (struct handed_out){ defrag->handed_out, sizeof *piece + len };
    defrag->handed_out = piece;
    *whole = (struct whole){
        .payload = bytes_over(to, len),
        .len = d->len,
        .ip_bytes = d->ip_bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)d->ip_bytes,
        .protocol = d->protocol,
        .ambiguous = d->ambiguous,
    };
    return true;
}

/* Datagrams that were handed out stay until somebody needs their memory: a port mirror may repeat
 * their fragments, which must not look like the beginning of others. */
static void settle(struct defrag *defrag, struct datagram *d)
{
    count(defrag->counters, COUNT_DATAGRAMS_WHOLE);
    d->state = DATAGRAM_DONE;
    TAILQ_INSERT_TAIL(&defrag->done, d, done);
}

static void key_of(const struct segment *s, const struct fragment *f, struct datagram_key *key)
{
    *key = (struct datagram_key){
        .id = f->id,
        .vlan = s->vlan,
        .address_len = s->address_len,
        .protocol = s->address_len == 4 ? f->protocol : 0,
    };
    memcpy(key->source, s->source.address, sizeof key->source);
    memcpy(key->destination, s->destination.address, sizeof key->destination);
}

/* The datagram that a fragment belongs to, perhaps a new one. NULL if it is to be ignored. */
static struct datagram *datagram_of(struct defrag *defrag, const struct segment *s,
                                    const struct fragment *f)
{
    struct datagram_key key;
    key_of(s, f, &key);
    uint64_t hash = lru_hash(defrag->datagrams, &key);
    struct datagram *d = lru_find(defrag->datagrams, hash, &key, defrag->clock_ns);
    if (d && defrag->clock_ns - d->first_ns >= DEFRAG_TIMEOUT_NS) {
        give_up(defrag, d);
        d = NULL;
    }
    if (!d) {
        d = lru_add(defrag->datagrams, hash, &key, defrag->clock_ns);
        begin(defrag, d);
    } else if (d->state == DATAGRAM_DONE && !is_repeated(d, f)) {
        empty(defrag, d); /* another one under the same number */
        begin(defrag, d);
    }
    return d->state == DATAGRAM_OPEN ? d : NULL;
}

bool defrag_add(struct defrag *defrag, const struct segment *s, const struct fragment *f,
                uint64_t time_ns, struct whole *whole)
{
    defrag_advance(defrag, time_ns);
    struct datagram *d = datagram_of(defrag, s, f);
    if (!d)
        return false;
    if (!add(defrag, d, s, f)) {
        condemn(defrag, d);
        return false;
    }
    if (!is_complete(d))
        return false;
    if (!hand_out(defrag, d, whole)) {
        condemn(defrag, d);
        return false;
    }
    settle(defrag, d);
    return true;
}

/* --- time ---------------------------------------------------------------------------------------
 */

void defrag_advance(struct defrag *defrag, uint64_t time_ns)
{
    if (time_ns <= defrag->clock_ns)
        return;
    defrag->clock_ns = time_ns;
    lru_expire(defrag->datagrams, time_ns);
}

void defrag_end(struct defrag *defrag)
{
    struct datagram *d;
    while ((d = lru_oldest(defrag->datagrams)) != NULL)
        give_up(defrag, d);
}

size_t defrag_table_bytes(const struct defrag *defrag)
{
    return sizeof *defrag + lru_bytes(defrag->datagrams);
}
