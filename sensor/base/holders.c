/* Queues of holders by size. */
#include "holders.h"

#define SMALLEST_BITS 10

void holders_init(struct holders *all)
{
    for (int i = 0; i < HOLDER_CLASSES; i++)
        TAILQ_INIT(&all->queue[i]);
    all->occupied = 0;
}

/* 1 for 1 KiB and more, 2 for 2 KiB and more ... */
static unsigned class_of(size_t held)
{
    size_t units = held >> SMALLEST_BITS;
    unsigned class = units > 0 ? (unsigned)(8 * sizeof units) - (unsigned)__builtin_clzl(units) : 0;
    return class < HOLDER_CLASSES ? class : HOLDER_CLASSES - 1;
}

void holder_drop(struct holders *all, struct holder *holder)
{
    unsigned class = holder->class;
    if (class == 0)
        return;
    TAILQ_REMOVE(&all->queue[class], holder, link);
    if (TAILQ_EMPTY(&all->queue[class]))
        all->occupied &= ~(1U << class);
    holder->class = 0;
}

void holder_changed(struct holders *all, struct holder *holder, ptrdiff_t by)
{
    holder->held += (size_t)by;
    unsigned class = class_of(holder->held);
    if (class == holder->class)
        return;
    holder_drop(all, holder);
    if (class == 0)
        return;
    TAILQ_INSERT_TAIL(&all->queue[class], holder, link);
    all->occupied |= 1U << class;
    holder->class = class;
}

struct holder *holders_largest(const struct holders *all)
{
    if (all->occupied == 0)
        return NULL;
    return TAILQ_FIRST(&all->queue[31 - __builtin_clz(all->occupied)]);
}
