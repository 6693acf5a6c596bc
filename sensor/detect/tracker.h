/* What Sigma cannot say (ratios, "up to three tries each"), counted here and written into the event
 * as facts named mailtap.track.*. Thresholds stay in the rules.
 *
 * Trackers: recipients and addresses asked for by one client within 10 minutes, with the share that
 * was refused; accounts on which one client failed within 30 minutes, with few tries each; sessions
 * in which one server offered STARTTLS, or surely did not, within a day. What was seen is counted:
 * after a loss the counts are too small, and shares, "few" and "never" are of what was seen.
 *
 * A thing counts while now - the time it was last seen <= 10 or 30 minutes. Of one client the 1,024
 * latest recipients, questions and accounts count; clients give way when there are too many, or
 * when they hold more than 1 KiB each on average, the one unused longest first. Of as many servers
 * (address and port) sessions are counted by the hour: each counts for 24 hours, and for up to one
 * hour longer. */
#ifndef MAILTAP_TRACKER_H
#define MAILTAP_TRACKER_H

#include "event.h"

struct tracker;

struct tracker *tracker_new(uint32_t max); /* clients, servers; NULL if there is no memory */
void tracker_free(struct tracker *);
size_t tracker_bytes(const struct tracker *); /* at most */

/* Everything ends: what comes next has no past. */
void tracker_forget(struct tracker *);

/* Takes in the event and adds what it means to `to`; adds nothing to events that nothing is tracked
 * about:
 * - messages that name recipients: recipients.*; one that was named again, or refused again, counts
 *   once, with its latest answer
 * - VRFY and EXPN: addresses.*; each question counts, since its address is not known
 * - logins: accounts.*, if a failure of that client still counts. A failure is an answer to the
 *   secret: not a temporary error, a mechanism that the server does not take, or one that it wants
 *   encrypted
 * - sessions in clear whose server surely did not offer STARTTLS: starttls.* */
void tracker_event(struct tracker *, const struct event *, const struct facts_index *,
                   struct facts *to);

/* Clients and servers that gave way while something still counted of them. */
uint64_t tracker_evicted(const struct tracker *);

#endif
