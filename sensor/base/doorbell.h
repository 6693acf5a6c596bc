/* Wakes a sleeping thread. Ringing costs one load while the sleeper is awake, so it may stand in a
 * packet path. */
#ifndef MAILTAP_DOORBELL_H
#define MAILTAP_DOORBELL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct doorbell {
    atomic_int sleeping; /* 0 or 1 */
    bool rung;
    pthread_mutex_t lock;
    pthread_cond_t wake;
};

void doorbell_init(struct doorbell *);
void doorbell_destroy(struct doorbell *);

/* Call after the change that the sleeper waits for has been published. Any thread. */
void doorbell_ring(struct doorbell *);

/* Sleeps at most timeout_ms unless `ready` says that there is something to do. The owner only: one
 * thread. */
void doorbell_wait(struct doorbell *, bool (*ready)(void *arg), void *arg, uint32_t timeout_ms);

#endif
