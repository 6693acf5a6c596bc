/* Events as entries of Redis streams: <prefix>:events, <prefix>:findings and <prefix>:stats. */
#ifndef MAILTAP_REDIS_H
#define MAILTAP_REDIS_H

#include "sink.h"

struct redis_options {
    char *url;           /* see redis_url.h */
    char *password_file; /* NULL or empty: none. Its first line is the password */
    char *prefix;        /* of the keys */
    uint64_t events_maxlen, findings_maxlen, stats_maxlen;
    /* Reading a file. open() fails if Redis cannot be reached, and an outage is waited out for
     * some 5 seconds, then the sink is at its end. Live: reconnects for ever, with growing
     * pauses, keeps what is unanswered and drops what comes when that is a full batch. */
    bool finite_input;
};

/* At least once: what was sent and not answered is sent again on the next connection. */
extern const struct sink_type redis_sink;

#endif
