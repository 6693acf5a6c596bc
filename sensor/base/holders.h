/* Who holds how much of a budget, so that when it gets short the largest holder gives up what it
 * has, and not whoever asks next.
 *
 * Holders stand in queues by the power of two of what they hold: every change costs O(1), and "the
 * largest" is exact to a factor of two; among equals it is the one that has been so large longest.
 */
#ifndef MAILTAP_HOLDERS_H
#define MAILTAP_HOLDERS_H

#include <stddef.h>
#include <sys/queue.h>

#define HOLDER_CLASSES 32

struct holder {
    TAILQ_ENTRY(holder) link;
    void *owner;    /* the caller's */
    size_t held;    /* bytes */
    unsigned class; /* 0: in no queue; else the queue that it stands in */
};

struct holders {
    TAILQ_HEAD(, holder) queue[HOLDER_CLASSES];
    unsigned occupied; /* bit per queue that is not empty */
};

void holders_init(struct holders *);
/* It holds so much more, or less. One that holds less than 1 KiB is not listed. */
void holder_changed(struct holders *, struct holder *, ptrdiff_t by);
/* It will not be offered again before it changes: it goes, or has nothing that it could give up. */
void holder_drop(struct holders *, struct holder *);
/* NULL if there is none. */
struct holder *holders_largest(const struct holders *);

#endif
