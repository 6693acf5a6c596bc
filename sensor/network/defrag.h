/* Puts together the IP packets ("datagrams") that were sent in fragments.
 *
 * Fragments may come in any order and more than once. A datagram is handed out when its last byte
 * has come; until then it costs memory of a pool, and for at most DEFRAG_TIMEOUT_NS of packet time.
 * README.md has the rules. */
#ifndef MAILTAP_DEFRAG_H
#define MAILTAP_DEFRAG_H

#include "counters.h"
#include "decode.h"
#include "pool.h"

/* From its first fragment: what Linux waits for IPv4 (RFC 791 section 3.2 proposes 15 s, RFC 8200
 * section 4.5 asks for 60 s, both from a time of slower networks). */
#define DEFRAG_TIMEOUT_NS UINT64_C(30000000000)
#define DEFRAG_DATAGRAM_MAX                                                                        \
    65535 /* bytes of payload: lengths have 16 bits (RFC 791 section 3.1)                          \
           */

struct defrag;

/* At most `datagrams` at one time, with at most the pool's bytes. NULL if there is no memory. The
 * pool and the counters must outlive it. */
struct defrag *defrag_new(struct pool *fragments, uint32_t datagrams, struct counters *);
void defrag_free(struct defrag *); /* NULL is fine; what was handed out goes too */

/* A datagram that is complete. */
struct whole {
    struct bytes payload; /* its start, up to the first byte that the snap length cut off */
    uint32_t len;         /* on the wire */
    uint32_t ip_bytes;    /* of all fragments that came for it */
    uint8_t protocol;
    bool ambiguous; /* IPv4: fragments contradict each other; these are the first copies */
};

/* Takes a fragment, with addresses, tag and length from its segment. True if that completes a
 * datagram; its payload then stays valid until defrag_release(). Time that runs backwards stands
 * still. Work and memory are in proportion to the fragment's bytes. */
bool defrag_add(struct defrag *, const struct segment *, const struct fragment *, uint64_t time_ns,
                struct whole *);
/* What was handed out so far is no longer used. */
void defrag_release(struct defrag *);

/* Lets time pass: gives up what has waited too long. */
void defrag_advance(struct defrag *, uint64_t time_ns);
/* No more fragments will come: gives up what is not complete. */
void defrag_end(struct defrag *);

size_t defrag_table_bytes(const struct defrag *); /* the most memory it uses, besides the pool */

#endif
