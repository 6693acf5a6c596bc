/* Deadlines in packet time: which of many things is due next, exactly and in order.
 *
 * A thing embeds a struct deadline. Putting a deadline off is one store; the heap catches up when
 * the old time comes. Bringing one forward costs O(log n). The heap belongs to one thread. */
#ifndef MAILTAP_DEADLINES_H
#define MAILTAP_DEADLINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct deadline {
    uint64_t due_ns;       /* the truth */
    uint64_t scheduled_ns; /* where the heap has it: never later than due_ns */
    uint32_t place;        /* 1-based place in the heap; 0: not in it */
};

struct deadlines {
    struct deadline **heap;
    uint32_t count, capacity;
};

/* False if there is no memory. `max` things at most can be in it. */
bool deadlines_init(struct deadlines *, uint32_t max);
void deadlines_free(struct deadlines *);

/* Sets or moves the time at which this is due. */
void deadline_set(struct deadlines *, struct deadline *, uint64_t due_ns);
void deadline_cancel(struct deadlines *, struct deadline *);

/* Takes out the earliest one due at or before now; NULL if none is. Equal times come in the order
 * of the heap. */
struct deadline *deadlines_next(struct deadlines *, uint64_t now_ns);

#endif
