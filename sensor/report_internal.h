/* What the report knows: taken in by report.c, printed by report_print.c. For these two only. */
#ifndef MAILTAP_REPORT_INTERNAL_H
#define MAILTAP_REPORT_INTERNAL_H

#include "lru.h"
#include "report.h"

struct text_field {
    char value[80];
};

struct line {
    uint64_t severity, count, first_ns, last_ns;
    struct text_field rule, title, user, client, server, port, mechanism, outcome, code, network,
        offered, login;
    bool of_server; /* one finding for each server, not for all that the client went to */
    bool of_client; /* for each client, not for all that came to the server */
    char evidence[256], remediation[FACTS_TEXT_MAX + 1];
    uint64_t order; /* of appearance */
};

enum report_protocol { REPORT_SMTP, REPORT_IMAP, REPORT_POP3, REPORT_SIEVE, REPORT_PROTOCOLS };
#define REPORT_STATES   7
#define REPORT_REASONS  10
#define REPORT_VERSIONS 6

/* Names as the events have them, and how a person says them. */
extern const char *const report_protocols[REPORT_PROTOCOLS], *const report_states[REPORT_STATES];
struct report_reason {
    const char *reason, *text;
};
extern const struct report_reason report_reasons[REPORT_REASONS];
struct report_version {
    const char *protocol, *version, *text;
};
extern const struct report_version report_versions[REPORT_VERSIONS];

struct report {
    struct lru *findings;
    uint64_t lines;
    /* Sessions that began in clear, by the state of their STARTTLS, and by what of them was missed.
     */
    uint64_t by_state[REPORT_STATES], by_reason[REPORT_REASONS];
    struct {
        uint64_t clear, upgraded, implicit;
    } sessions[REPORT_PROTOCOLS];
    /* Handshakes of mail sessions, by the version that was chosen. */
    uint64_t by_version[REPORT_VERSIONS], handshakes, failed_handshakes, resumed_handshakes;
    uint64_t logins, refused_logins, exposing_logins, messages, weirds;
};

#endif
