/* What Sigma cannot say (ratios, "up to three tries each"), counted here and written into the event
 * as facts named mailtap.track.*. Thresholds stay in the rules.
 *
 * Trackers: recipients and addresses asked for by one client within 10 minutes, with the share that
 * was refused; accounts on which one client failed within 30 minutes, with few tries each. */
#ifndef MAILTAP_TRACKER_H
#define MAILTAP_TRACKER_H

#include "event.h"

struct tracker;

struct tracker *tracker_new(uint32_t max_clients); /* NULL if there is no memory */
void tracker_free(struct tracker *);
size_t tracker_bytes(const struct tracker *); /* at most */

/* Takes in the event and adds what it means to `to`; adds nothing to events that nothing is tracked
 * about. */
void tracker_event(struct tracker *, const struct event *, const struct facts_index *,
                   struct facts *to);

#endif
