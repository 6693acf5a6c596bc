/* What servers offered lately: of each address and port, in how many sessions it announced
 * STARTTLS, and in how many it surely did not.
 *
 * Counted by the hour, so that a busy server costs no more than a quiet one: a session counts for
 * 24 hours, and for up to one hour longer. Bounded: the server unused longest gives way. */
#ifndef MAILTAP_TRACKER_SERVERS_H
#define MAILTAP_TRACKER_SERVERS_H

#include "event.h"

struct tracker_servers;

struct tracker_servers *tracker_servers_new(uint32_t max); /* NULL if there is no memory */
void tracker_servers_free(struct tracker_servers *);       /* NULL is fine */
size_t tracker_servers_bytes(const struct tracker_servers *);
void tracker_servers_forget(struct tracker_servers *);

/* Takes in a starttls event. Adds the counts to those that say that no offer was made: for them it
 * matters whether that is the custom of this server. Nothing is added where too many sessions were
 * not seen well enough to tell. Time must not go back. */
void tracker_servers_session(struct tracker_servers *, const struct facts_index *, uint64_t now_ns,
                             struct facts *to);

uint64_t
tracker_servers_evicted(const struct tracker_servers *); /* that something still counted of */

#endif
