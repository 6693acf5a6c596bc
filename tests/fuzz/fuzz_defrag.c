/* A script of fragments and time steps into the defragmenter, beside a model that keeps one flag
 * for each byte. With memory enough, a datagram must be handed out exactly when the model says so,
 * with the bytes of the first copies. With too little, datagrams may be lost, but each byte of one
 * that is handed out was sent there, and not too long ago. All memory is given back.
 *
 * The first byte chooses the memory; then each step has five: which datagram, place, length, how
 * much was captured, time. */
#include <stdlib.h>
#include <string.h>

#include "defrag.h"

#define KEYS      8 /* four numbers of each IP version */
#define STEPS_MAX 400
#define SPACE     (DEFRAG_DATAGRAM_MAX + 2048)
#define NEVER     UINT32_MAX
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct step {
    unsigned key, salt;
    struct fragment f;
    uint32_t captured;
    uint64_t time_ns;
};

enum model_state { MODEL_NONE, MODEL_OPEN, MODEL_DONE, MODEL_CONDEMNED };

static struct model {
    enum model_state state;
    uint64_t first_ns;
    uint32_t len, end, cut, sent, ip_bytes;
    bool has_first, ambiguous;
    uint8_t protocol;
    bool here[SPACE];
    uint8_t value[SPACE];
} models[KEYS];

static struct {
    struct defrag *defrag;
    struct pool pool;
    struct counters counters;
    struct step steps[STEPS_MAX];
    size_t count;
    bool exact;
    struct bytes kept; /* handed out and not released yet, and what it must still say */
    uint8_t copy[DEFRAG_DATAGRAM_MAX];
} fuzz;

/* Copies of the same byte agree but at every 16th place. */
static uint8_t byte_at(uint32_t place, unsigned salt)
{
    return (uint8_t)(place * 7 + (place >> 8) * 13 + (place % 16 == 3 ? salt : 0));
}

/* --- the model ----------------------------------------------------------------------------------
 */

static void forget(struct model *m)
{
    memset(m->here, 0, m->end);
    m->state = MODEL_NONE;
    m->end = m->len = m->sent = m->ip_bytes = 0;
    m->cut = NEVER;
    m->has_first = m->ambiguous = false;
}

static bool model_contradicts(const struct model *m, const struct fragment *f)
{
    uint32_t end = f->offset + f->len;
    return f->len == 0 || end > DEFRAG_DATAGRAM_MAX || (f->more && f->len % 8) ||
           (f->offset == 0 && m->has_first && m->protocol != f->protocol) ||
           (m->len && end > m->len) || (m->len && !f->more && end != m->len) ||
           (!f->more && end < m->end);
}

static bool model_agrees(const struct model *m, const struct step *step)
{
    for (uint32_t i = 0; i < step->captured; i++) {
        uint32_t at = step->f.offset + i;
        if (m->here[at] && at < m->cut && m->value[at] != byte_at(at, step->salt))
            return false;
    }
    return true;
}

static void model_store(struct model *m, const struct step *step)
{
    const struct fragment *f = &step->f;
    for (uint32_t i = 0; i < f->len; i++) {
        uint32_t at = f->offset + i;
        if (m->here[at])
            continue;
        m->here[at] = true;
        m->sent++;
        m->value[at] = byte_at(at, step->salt);
    }
    if (step->captured < f->len && f->offset + step->captured < m->cut)
        m->cut = f->offset + step->captured;
    m->end = f->offset + f->len > m->end ? f->offset + f->len : m->end;
    m->len = f->more ? m->len : m->end;
    if (f->offset == 0) {
        m->has_first = true;
        m->protocol = f->protocol;
    }
}

/* True if the datagram is complete with this. */
static bool model_add(struct model *m, const struct step *step)
{
    uint64_t now = step->time_ns;
    if (m->state != MODEL_NONE && (now - m->first_ns >= DEFRAG_TIMEOUT_NS))
        forget(m);
    if (m->state == MODEL_DONE && (model_contradicts(m, &step->f) || !model_agrees(m, step)))
        forget(m);
    if (m->state == MODEL_NONE) {
        m->state = MODEL_OPEN;
        m->first_ns = now;
    }
    if (m->state != MODEL_OPEN)
        return false;
    m->ip_bytes += 20 + step->f.len;
    bool agrees = !model_contradicts(m, &step->f) && model_agrees(m, step);
    if (model_contradicts(m, &step->f) || (!agrees && step->key >= KEYS / 2)) {
        m->state = MODEL_CONDEMNED;
        return false;
    }
    m->ambiguous |= !agrees;
    model_store(m, step);
    if (m->len == 0 || m->sent != m->len)
        return false;
    m->state = MODEL_DONE;
    return true;
}

/* --- checks -------------------------------------------------------------------------------------
 */

static void check_exact(const struct model *m, const struct whole *w)
{
    uint32_t captured = m->cut < m->len ? m->cut : m->len;
    CHECK(w->len == m->len && w->payload.len == captured && w->ambiguous == m->ambiguous);
    CHECK(w->protocol == m->protocol && w->ip_bytes == m->ip_bytes);
    CHECK(captured == 0 || memcmp(w->payload.data, m->value, captured) == 0);
}

static bool was_sent(const struct step *last, uint32_t at, uint8_t value)
{
    for (const struct step *s = last; s >= fuzz.steps; s--) {
        if (last->time_ns - s->time_ns >= DEFRAG_TIMEOUT_NS)
            return false;
        if (s->key == last->key && at >= s->f.offset && at - s->f.offset < s->captured &&
            byte_at(at, s->salt) == value)
            return true;
    }
    return false;
}

static void check_whole(const struct step *last, const struct whole *w)
{
    CHECK(w->payload.len <= w->len && w->len <= DEFRAG_DATAGRAM_MAX);
    CHECK(!w->ambiguous || last->key < KEYS / 2);
    for (uint32_t i = 0; i < w->payload.len; i++)
        CHECK(was_sent(last, i, w->payload.data[i]));
    fuzz.kept = w->payload;
    if (w->payload.len > 0)
        memcpy(fuzz.copy, w->payload.data, w->payload.len);
}

static void release(void)
{
    if (fuzz.kept.len > 0)
        CHECK(memcmp(fuzz.copy, fuzz.kept.data, fuzz.kept.len) == 0);
    fuzz.kept = BYTES_NONE;
    defrag_release(fuzz.defrag);
}

/* --- the script ---------------------------------------------------------------------------------
 */

/* Mostly one datagram of each version, and short ones: that is where fragments meet. */
static unsigned key_of(uint8_t choice)
{
    unsigned version = choice & 1, number = choice & 0x80 ? 1 + (choice >> 6 & 1) : 0;
    return version * (KEYS / 2) + number;
}

static uint32_t offset_of(uint8_t choice)
{
    if (choice >= 0xF0)
        return 65528 - (choice - 0xF0U) * 8;
    return choice & 0x80 ? (choice & 0x7FU) * 8 : (choice & 15U) * 8;
}

static void read_step(const uint8_t *data, struct step *step)
{
    uint32_t units = data[2] & 0x20 ? data[2] >> 6 : data[2] >> 1;
    uint64_t ms = data[4] < 240 ? data[4] / 2 : (data[4] - 239U) * 2500;
    step->key = key_of(data[0]);
    step->salt = data[0] >> 1 & 1;
    step->f = (struct fragment){
        .id = step->key % (KEYS / 2),
        .offset = offset_of(data[1]),
        .len = data[2] & 1 ? units : units * 8,
        .more = !(data[0] & 0x04),
        .protocol = step->key >= KEYS / 2 && (data[0] & 0x38) == 0x38 ? 17 : 6,
    };
    step->captured = step->f.len;
    if ((data[3] & 5) == 5 && data[3] < step->f.len)
        step->captured = data[3];
    step->time_ns = (step == fuzz.steps ? 1 : step[-1].time_ns) + ms * 1000000;
}

/* Hands it over in a copy of just its size. */
static bool send_step(const struct step *step, struct whole *whole)
{
    struct segment s = { .address_len = step->key < KEYS / 2 ? 4 : 16,
                         .ip_bytes = 20 + step->f.len };
    struct fragment f = step->f;
    uint8_t *copy = malloc(step->captured + 1U);
    CHECK(copy);
    for (uint32_t i = 0; i < step->captured; i++)
        copy[i] = byte_at(f.offset + i, step->salt);
    f.payload = bytes_over(copy, step->captured);
    bool is_whole = defrag_add(fuzz.defrag, &s, &f, step->time_ns, whole);
    free(copy);
    return is_whole;
}

static void play(const uint8_t *data, size_t size)
{
    for (fuzz.count = 0; size >= 5 && fuzz.count < STEPS_MAX; data += 5, size -= 5) {
        struct step *step = &fuzz.steps[fuzz.count++];
        struct model *m = &models[key_of(data[0])];
        struct whole whole;
        read_step(data, step);
        bool is_whole = send_step(step, &whole);
        bool expected = model_add(m, step);
        CHECK(!fuzz.exact || is_whole == expected);
        if (is_whole && fuzz.exact)
            check_exact(m, &whole);
        if (is_whole)
            check_whole(step, &whole);
        CHECK(fuzz.pool.used <= fuzz.pool.limit);
        if (data[3] & 2)
            release();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    fuzz.exact = data[0] & 1;
    fuzz.kept = BYTES_NONE;
    pool_init(&fuzz.pool, fuzz.exact ? 64 << 20 : 1000 + data[0] * 50U);
    fuzz.defrag = defrag_new(&fuzz.pool, fuzz.exact ? KEYS : 3, &fuzz.counters);
    CHECK(fuzz.defrag);
    for (size_t i = 0; i < KEYS; i++)
        forget(&models[i]);
    play(data + 1, size - 1);
    if (data[0] & 2)
        release();
    defrag_end(fuzz.defrag);
    defrag_free(fuzz.defrag);
    CHECK(fuzz.pool.used == 0);
    return 0;
}
