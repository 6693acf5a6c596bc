/* A session drives one dissector over the two byte streams of a flow: the only thing of this floor
 * that the network floor sees. Bytes come in order and gaps are announced; causes come before
 * effects (a reply is delivered after the bytes that it acknowledges). */
#ifndef MAILTAP_SESSION_H
#define MAILTAP_SESSION_H

#include <stdio.h>

#include "counters.h"
#include "flow_identity.h"
#include "siphash.h"

struct session;

/* What all sessions of one worker share. */
struct session_env {
    struct event_receiver out;
    struct pool *streams; /* unread bytes */
    struct pool *tables;  /* sessions and their facts */
    struct counters *counters;
    struct facts *own;      /* facts of the event that is being made, one at a time */
    struct facts *assembly; /* where it is put together */
    struct siphash_key
        secrets; /* random: to tell that two secrets are equal without keeping either */
    FILE *trace; /* NULL: no trace */
    struct bytes trace_protocol; /* name of the dissector to trace; empty: all */
};

/* Why a session ended. ENDED_UPGRADED reaches dissectors only: the bytes that follow are TLS. */
enum ending {
    ENDED_CLOSED,
    ENDED_RESET,
    ENDED_TIMEOUT,
    ENDED_EVICTED,
    ENDED_INPUT,
    ENDED_UPGRADED
};

/* Why a session was not seen whole: bits, the values of mailtap.coverage_reason. */
enum coverage {
    COVERAGE_GAP = 1,
    COVERAGE_ONE_SIDED = 2,
    COVERAGE_MIDSTREAM = 4,
    COVERAGE_TRUNCATED = 8,
    COVERAGE_MEMORY = 128,     /* the budget had no room for what had to be kept */
    COVERAGE_UNFINISHED = 64,  /* more may have come behind what was seen */
    COVERAGE_LAYER = 32,       /* what follows a login was wrapped by SASL */
    COVERAGE_COMPRESSED = 256, /* what follows is deflate */
    COVERAGE_FOREIGN = 512,    /* the client speaks TLS to a server that speaks none */
    COVERAGE_DESYNC = 16, /* seen, but not understood: somebody broke the rules of the protocol */
};

/* A session for a flow whose identity the caller owns and keeps until session_free(). `midstream`:
 * the connection's start was not seen. NULL if there is no memory for it. */
struct session *session_new(const struct session_env *, struct flow_identity *, bool midstream);
/* Frees and wipes; NULL is fine. Emits nothing: call session_end() first. */
void session_free(struct session *);

/* Begins to load what session_data() will need from memory: step 0 the session, then step 1 what it
 * points to. */
void session_prefetch(const struct session *, int step);
void session_data(struct session *, struct moment, enum direction, struct bytes);
/* Bytes of this direction that were sent and will not be seen. */
void session_gap(struct session *, struct moment, enum direction, uint64_t missing);
/* Whether packets of this direction can be seen at all. Unknown until told. */
void session_visible(struct session *, struct moment, enum direction, enum claim);
void session_partial(struct session *, enum coverage);
/* Memory is short: what was not read yet goes, and becomes a gap. */
void session_relieve(struct session *, struct moment);
/* This side closed the connection first (FIN); it reset the connection (RST). Told before the end.
 */
void session_closing(struct session *, enum direction);
void session_resetting(struct session *, enum direction);
/* No more bytes will come: events that waited for an answer are made now. Once. */
void session_end(struct session *, struct moment, enum ending);

/* False once nothing more of this flow can be read: the caller may stop reassembling and only
 * count. */
bool session_reading(const struct session *);

/* An oddity of this session, reported once for each direction, with what was put into the event's
 * own facts before. */
void session_weird(struct session *, enum weird, enum direction);

/* Whether there is a dissector of this name. */
bool session_knows(const char *protocol);

/* What of it was missed: bits of enum coverage. */
unsigned session_coverage(const struct session *);
/* Facts that belong into the flow event: coverage. */
void session_flow_facts(const struct session *, struct facts *);

#endif
