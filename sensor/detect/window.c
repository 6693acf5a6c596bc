/* What one window of a correlation remembers. */
#include "window.h"

#include <stdlib.h>
#include <string.h>

#define MALLOC_HEAD   16 /* what an allocator adds, and rounds up to */
#define LATEST_ROUNDS 128

void window_memory_init(struct window_memory *memory, size_t limit,
                        void (*give_up)(void *arg, struct window *), void *arg)
{
    pool_init(&memory->pool, limit);
    TAILQ_INIT(&memory->holders);
    memory->give_up = give_up;
    memory->arg = arg;
}

/* --- memory -------------------------------------------------------------------------------------
 */

static size_t charge(size_t bytes)
{
    return (bytes + MALLOC_HEAD - 1) / MALLOC_HEAD * MALLOC_HEAD + MALLOC_HEAD;
}

static bool words_outside(const struct window *window)
{
    return window->capacity > WINDOW_WORDS_INSIDE;
}

static uint64_t *words_of(struct window *window)
{
    return words_outside(window) ? window->outside : window->inside;
}

static const uint64_t *words_in(const struct window *window)
{
    return words_outside(window) ? window->outside : window->inside;
}

static size_t latest_bytes(const struct window *window)
{
    return window->latest ? charge(sizeof *window->latest + window->latest->size) : 0;
}

static size_t words_bytes(const struct window *window)
{
    return words_outside(window) ? charge(window->capacity * sizeof(uint64_t)) : 0;
}

/* Memory for this window, for which others may have to go. */
static void *take(struct window_memory *memory, struct window *window, size_t bytes)
{
    size_t n = charge(bytes);
    if (n > memory->pool.limit - latest_bytes(window) - words_bytes(window))
        return NULL;
    while (!pool_take(&memory->pool, n)) {
        struct window *oldest = TAILQ_FIRST(&memory->holders);
        if (oldest == window)
            oldest = TAILQ_NEXT(oldest, holder);
        if (!oldest)
            return NULL;
        memory->give_up(memory->arg, oldest);
    }
    void *taken = malloc(bytes);
    if (!taken) {
        pool_give(&memory->pool, n);
        return NULL;
    }
    if (!window->holding)
        TAILQ_INSERT_TAIL(&memory->holders, window, holder);
    window->holding = true;
    return taken;
}

void window_init(struct window *window)
{
    window->capacity = WINDOW_WORDS_INSIDE;
}

void window_free(struct window_memory *memory, struct window *window)
{
    if (window->holding)
        TAILQ_REMOVE(&memory->holders, window, holder);
    window->holding = false;
    pool_give(&memory->pool, latest_bytes(window) + words_bytes(window));
    if (words_outside(window))
        free(window->outside);
    free(window->latest);
    window->latest = NULL;
    window->first = window->used = 0;
    window->capacity = WINDOW_WORDS_INSIDE;
}

void window_used(struct window_memory *memory, struct window *window)
{
    if (!window->holding)
        return;
    TAILQ_REMOVE(&memory->holders, window, holder);
    TAILQ_INSERT_TAIL(&memory->holders, window, holder);
}

/* Room for so many words. The ring is laid out from its beginning anew. */
static bool grow(struct window_memory *memory, struct window *window, uint32_t capacity)
{
    if (capacity <= window->capacity)
        return true;
    uint64_t *words = take(memory, window, capacity * sizeof *words);
    if (!words)
        return false;
    for (uint32_t i = 0; i < window->used; i++)
        words[i] = words_in(window)[(window->first + i) % window->capacity];
    memset(words + window->used, 0, (capacity - window->used) * sizeof *words);
    pool_give(&memory->pool, words_bytes(window));
    if (words_outside(window))
        free(window->outside);
    window->outside = words;
    window->capacity = capacity;
    window->first = 0;
    return true;
}

/* Room for n more words, up to `limit` of them; false: something has to make way. */
static bool room(struct window_memory *memory, struct window *window, uint32_t n, uint32_t limit)
{
    if (window->used + n <= window->capacity)
        return window->used + n <= limit;
    if (window->used + n > limit)
        return false;
    uint32_t doubled = window->capacity * 2;
    if (grow(memory, window, doubled < limit ? doubled : limit))
        return true;
    window->tainted = true;
    return false;
}

/* --- times --------------------------------------------------------------------------------------
 */

static void forget_first(struct window *window)
{
    window->first = (window->first + 1) % window->capacity;
    window->used--;
}

void window_add_time(struct window_memory *memory, struct window *window, uint64_t time_ns,
                     uint64_t oldest, uint32_t limit)
{
    while (window->used > 0 && words_of(window)[window->first] < oldest)
        forget_first(window);
    if (!room(memory, window, 1, limit))
        forget_first(window);
    words_of(window)[(window->first + window->used) % window->capacity] = time_ns;
    window->used++;
}

uint64_t window_times(const struct window *window, uint64_t *first_ns)
{
    *first_ns = window->used > 0 ? words_in(window)[window->first] : 0;
    return window->used;
}

/* --- values -------------------------------------------------------------------------------------
 */

/* Forgets what is too old and renews this value. Whether it was there; else which one is the
 * stalest. */
static bool renew(struct window *window, uint64_t value, uint64_t time_ns, uint64_t oldest,
                  uint32_t *stalest)
{
    uint64_t *words = words_of(window);
    uint32_t kept = 0;
    bool found = false;
    *stalest = 0;
    for (uint32_t i = 0; i < window->used; i += 2) {
        if (words[i + 1] < oldest)
            continue;
        bool same = words[i] == value;
        found |= same;
        words[kept + 1] = same ? time_ns : words[i + 1];
        words[kept] = words[i];
        if (words[kept + 1] < words[*stalest + 1])
            *stalest = kept;
        kept += 2;
    }
    window->used = kept;
    return found;
}

void window_add_value(struct window_memory *memory, struct window *window, uint64_t value,
                      uint64_t time_ns, uint64_t oldest, uint32_t limit)
{
    uint32_t at;
    if (renew(window, value, time_ns, oldest, &at))
        return;
    if (room(memory, window, 2, 2 * limit)) {
        at = window->used;
        window->used += 2;
    }
    words_of(window)[at] = value;
    words_of(window)[at + 1] = time_ns;
}

uint64_t window_values(const struct window *window, uint64_t *first_ns)
{
    const uint64_t *words = words_in(window);
    *first_ns = window->used > 0 ? words[1] : 0;
    for (uint32_t i = 0; i < window->used; i += 2) {
        if (words[i + 1] < *first_ns)
            *first_ns = words[i + 1];
    }
    return window->used / 2;
}

/* --- steps --------------------------------------------------------------------------------------
 */

bool window_steps(struct window_memory *memory, struct window *window, uint32_t count,
                  uint64_t **steps)
{
    if (!grow(memory, window, count)) {
        window->tainted = true;
        return false;
    }
    window->used = count;
    *steps = words_of(window);
    return true;
}

/* --- the latest event ---------------------------------------------------------------------------
 */

/* Copies the facts of arity ONE, or the others, as far as they find room. */
static size_t copy_facts(const struct facts_index *facts, bool ones, uint8_t *to, size_t len)
{
    struct fact fact;
    for (size_t at = 0, start = 0; facts_next(facts->records, &at, &fact); start = at) {
        bool one = schema_field(fact.field)->arity == ARITY_ONE;
        bool overridden = one && facts->place[fact.field] != start + 1;
        if (one != ones || overridden || len + (at - start) > WINDOW_FACTS_MAX)
            continue;
        memcpy(to + len, facts->records.data + start, at - start);
        len += at - start;
    }
    return len;
}

bool window_keep(struct window_memory *memory, struct window *window, const struct event *event,
                 const struct facts_index *facts)
{
    uint8_t copy[WINDOW_FACTS_MAX];
    size_t len = copy_facts(facts, false, copy, copy_facts(facts, true, copy, 0));
    struct window_event *latest = window->latest;
    if (!latest || len > latest->size) {
        size_t size = (len + LATEST_ROUNDS - 1) / LATEST_ROUNDS * LATEST_ROUNDS;
        latest = take(memory, window, sizeof *latest + size);
        if (!latest)
            return false;
        pool_give(&memory->pool, latest_bytes(window));
        free(window->latest);
        window->latest = latest;
        latest->size = (uint32_t)size;
    }
    memcpy(latest->facts, copy, len);
    latest->event = *event;
    latest->event.facts = bytes_over(latest->facts, len);
    return true;
}
