/* A session environment that keeps every event, for tests: sessions, or the whole network floor,
 * are played on this stage, and the recording is what came of it. */
#ifndef MAILTAP_RECORDING_H
#define MAILTAP_RECORDING_H

#include "session.h"

#define EVENTS_MAX 256

struct recorded_event {
    struct event event; /* its facts are those below */
    struct facts facts;
};

struct recording {
    struct recorded_event event[EVENTS_MAX];
    size_t events;
    char *trace; /* with `traced` */
    size_t trace_len;
};

struct stage {
    struct session_env env;
    struct pool streams, tables;
    struct facts own, assembly;
    struct counters counters;
    struct recording *recording;
};

/* The stage must stay where it is until it is closed. The key of secrets is always the same, so
 * that runs can be compared. */
void stage_open(struct stage *, bool traced, struct recording *);
/* After all sessions were freed. Aborts if they did not give back their byte budgets. */
void stage_close(struct stage *);

void recording_free(struct recording *);

/* The events as the dialogue files write them. The caller frees. */
char *recording_text(const struct recording *);

#endif
