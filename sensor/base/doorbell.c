/* Wakes a sleeping thread.
 *
 * The sleeper announces itself, then looks once more; the ringer publishes, then looks for a
 * sleeper. With both fences sequentially consistent, one of the two sees the other, so no wake-up
 * is lost. */
#include "doorbell.h"

#include <time.h>

void doorbell_init(struct doorbell *bell)
{
    atomic_init(&bell->sleeping, 0);
    bell->rung = false;
    pthread_mutex_init(&bell->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&bell->wake, &attributes);
    pthread_condattr_destroy(&attributes);
}

void doorbell_destroy(struct doorbell *bell)
{
    pthread_cond_destroy(&bell->wake);
    pthread_mutex_destroy(&bell->lock);
}

void doorbell_ring(struct doorbell *bell)
{
    /* A read-modify-write that changes nothing: unlike a fence, the race detector understands it.
     */
    if (!atomic_fetch_or(&bell->sleeping, 0))
        return;
    pthread_mutex_lock(&bell->lock);
    bell->rung = true;
    pthread_cond_signal(&bell->wake);
    pthread_mutex_unlock(&bell->lock);
}

void doorbell_wait(struct doorbell *bell, bool (*ready)(void *arg), void *arg, uint32_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&bell->lock);
    bell->rung = false;
    atomic_exchange(&bell->sleeping, 1);
    if (!ready(arg)) {
        while (!bell->rung && pthread_cond_timedwait(&bell->wake, &bell->lock, &until) == 0) {
        }
    }
    atomic_store(&bell->sleeping, 0);
    pthread_mutex_unlock(&bell->lock);
}
