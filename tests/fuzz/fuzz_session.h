/* A session with all that it needs, for the targets that drive one: small budgets, so that refusals
 * happen, and a receiver that reads every event as JSON. */
#ifndef MAILTAP_FUZZ_SESSION_H
#define MAILTAP_FUZZ_SESSION_H

#include <stdlib.h>

#include "json.h"
#include "session.h"

enum fuzz_options { FUZZ_FEW_STREAMS = 1, FUZZ_FEW_TABLES = 2, FUZZ_TRACE = 4, FUZZ_MIDSTREAM = 8 };

struct fuzz_session {
    struct session_env env;
    struct pool streams, tables;
    struct counters counters;
    struct facts own, assembly;
    struct flow_identity id;
    struct buffer json;
    bool over; /* no event may come any more */
    char *trace;
    size_t trace_len;
    struct session *session; /* NULL if the budget was too small for it */
};

static void fuzz_receive(void *arg, const struct event *event)
{
    struct fuzz_session *fuzz = arg;
    if (fuzz->over)
        abort();
    buffer_clear(&fuzz->json);
    if (!json_write(&fuzz->json, event->facts))
        abort();
}

static void fuzz_session_open(struct fuzz_session *fuzz, unsigned options)
{
    *fuzz = (struct fuzz_session){
        .id = { .address_len = 4, .ip_protocol = 6, .end = { { { 1 }, 40000 }, { { 2 }, 25 } } },
    };
    pool_init(&fuzz->streams, options & FUZZ_FEW_STREAMS ? 4096 : 1 << 20);
    pool_init(&fuzz->tables, options & FUZZ_FEW_TABLES ? 8192 : 1 << 20);
    facts_init(&fuzz->own, NULL);
    facts_init(&fuzz->assembly, NULL);
    buffer_init(&fuzz->json, 1 << 20, NULL);
    fuzz->env = (struct session_env){ .out = { fuzz_receive, fuzz },
                                      .streams = &fuzz->streams,
                                      .tables = &fuzz->tables,
                                      .counters = &fuzz->counters,
                                      .own = &fuzz->own,
                                      .assembly = &fuzz->assembly,
                                      .secrets = { 1, 2 } };
    if (options & FUZZ_TRACE)
        fuzz->env.trace = open_memstream(&fuzz->trace, &fuzz->trace_len);
    flow_identity_name(&fuzz->id);
    fuzz->session = session_new(&fuzz->env, &fuzz->id, options & FUZZ_MIDSTREAM);
}

/* Every byte of the budgets must have been given back. */
static void fuzz_session_close(struct fuzz_session *fuzz)
{
    fuzz->over = true;
    session_free(fuzz->session);
    if (fuzz->env.trace)
        fclose(fuzz->env.trace);
    free(fuzz->trace);
    facts_free(&fuzz->own);
    facts_free(&fuzz->assembly);
    buffer_free(&fuzz->json);
    if (fuzz->streams.used != 0 || fuzz->tables.used != 0)
        abort();
}

#endif
