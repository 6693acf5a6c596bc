/* What one window of a correlation remembers: times, different values, steps, the latest event.
 *
 * Most windows see an event or two and need no memory but their own. What grows beyond that is
 * charged to one budget for all; when it is spent, the window unused longest that holds some of it
 * is given up. */
#ifndef MAILTAP_WINDOW_H
#define MAILTAP_WINDOW_H

#include <sys/queue.h>

#include "event.h"
#include "pool.h"

#define WINDOW_WORDS_INSIDE 4
#define WINDOW_FACTS_MAX    1024 /* of the latest event */

struct window_event {
    struct event event; /* whose facts are those below */
    uint32_t size;      /* room for facts */
    uint8_t facts[];
};

struct window {
    TAILQ_ENTRY(window) link;   /* among those of its correlation */
    TAILQ_ENTRY(window) holder; /* among those that hold memory */
    uint32_t correlation;       /* whose it is */
    bool holding, tainted;      /* tainted: not all that belongs to it is known */
    uint64_t start_ns, last_ns;
    uint64_t count; /* of events, where no times are kept */
    /* Words: a ring of times; pairs of value and latest time; or a time for each step. */
    uint32_t first, used, capacity;
    union {
        uint64_t inside[WINDOW_WORDS_INSIDE];
        uint64_t *outside;
    };
    struct window_event *latest; /* NULL if none is kept */
};

TAILQ_HEAD(window_queue, window);

struct window_memory {
    struct pool pool;
    struct window_queue holders; /* unused longest first */
    /* Removes this window altogether, window_free() included. */
    void (*give_up)(void *arg, struct window *);
    void *arg;
};

void window_memory_init(struct window_memory *, size_t limit,
                        void (*give_up)(void *arg, struct window *), void *arg);

/* A zeroed window becomes an empty one. */
void window_init(struct window *);
/* Gives its memory back; it is empty and usable again afterwards. */
void window_free(struct window_memory *, struct window *);
/* It was used: others are given up before it. */
void window_used(struct window_memory *, struct window *);

/* Takes in the time of an event and forgets those before `oldest`. Knows the `limit` latest of
 * them. */
void window_add_time(struct window_memory *, struct window *, uint64_t time_ns, uint64_t oldest,
                     uint32_t limit);
/* The same for a value, which counts from its latest time. */
void window_add_value(struct window_memory *, struct window *, uint64_t value, uint64_t time_ns,
                      uint64_t oldest, uint32_t limit);
/* How many are known, and the earliest time among them; 0 if there is none. */
uint64_t window_times(const struct window *, uint64_t *first_ns);
uint64_t window_values(const struct window *, uint64_t *first_ns);

/* Steps hold a time each, 0 for none. False if there is no memory for so many. */
bool window_steps(struct window_memory *, struct window *, uint32_t count, uint64_t **steps);

/* Keeps a copy of the event with as many of its facts as find room: of a field of arity ONE the one
 * that counts, or none. False, and what was kept before stays, if there is no memory. */
bool window_keep(struct window_memory *, struct window *, const struct event *,
                 const struct facts_index *);

#endif
