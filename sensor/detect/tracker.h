/* What Sigma cannot say (ratios, "up to three tries each"), counted here and written into the event
 * as facts named mailtap.track.*. Thresholds stay in the rules.
 *
 * Trackers: recipients and addresses asked for by one client within 10 minutes, with the share that
 * was refused; accounts on which one client failed within 30 minutes, with few tries each. What was
 * seen is counted: after a loss the counts are too small, and shares and "few" are of what was
 * seen.
 *
 * A thing counts while now - the time it was last seen <= 10 or 30 minutes. Of one client the 1,024
 * latest recipients, questions and accounts count; clients give way when there are too many, or
 * when they hold more than 1 KiB each on average, the one unused longest first. */
#ifndef MAILTAP_TRACKER_H
#define MAILTAP_TRACKER_H

#include "event.h"

struct tracker;

struct tracker *tracker_new(uint32_t max_clients); /* NULL if there is no memory */
void tracker_free(struct tracker *);
size_t tracker_bytes(const struct tracker *); /* at most */

/* Everything ends: what comes next has no past. */
void tracker_forget(struct tracker *);

/* Takes in the event and adds what it means to `to`; adds nothing to events that nothing is tracked
 * about:
 *   messages that name recipients   recipients.*: one that was named again, or refused again,
 * counts once, with its latest answer VRFY and EXPN                   addresses.*: each question
 * counts, since its address is not known logins                          accounts.*, if a failure
 * of that client still counts. A failure is an answer to the secret: not a temporary error, a
 * mechanism that the server does not take, or one that it wants encrypted */
void tracker_event(struct tracker *, const struct event *, const struct facts_index *,
                   struct facts *to);

uint64_t tracker_evicted(const struct tracker *); /* clients that something still counted of */

#endif
