/* The floor as a whole: packets in, sessions fed, flow events out. One per worker; shares nothing.
 */
#ifndef MAILTAP_NETWORK_H
#define MAILTAP_NETWORK_H

#include "capture.h"
#include "flow.h"

struct network;

/* NULL if there is no memory. The environment and the pool for fragments must outlive it. */
struct network *network_new(const struct flow_options *, const struct session_env *,
                            struct pool *fragments);
/* Frees without ending flows; NULL is fine. */
void network_free(struct network *);

/* Takes the packets of a batch, in order. Their memory is not needed afterwards. */
void network_batch(struct network *, int link_type, const struct packet *, int count);
/* Lets time pass where no packets come. */
void network_advance(struct network *, uint64_t time_ns);
/* No more packets will come: incomplete datagrams are given up, all flows end. */
void network_end(struct network *);
/* The same in steps: ends some flows and names the one that the next step begins with; false once
 * all have ended. */
bool network_end_some(struct network *, uint64_t *next_uid);

/* No event that comes later is older than this. */
uint64_t network_clock(const struct network *);
/* The most memory that its tables use, besides the pools. */
size_t network_table_bytes(const struct network *);

#endif
