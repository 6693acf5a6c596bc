/* event.severity of ECS, the levels of rules, and how people call them. */
#ifndef MAILTAP_SEVERITY_H
#define MAILTAP_SEVERITY_H

#include <stdint.h>

enum severity {
    SEVERITY_NONE,
    SEVERITY_INFO = 1,
    SEVERITY_LOW = 21,
    SEVERITY_MEDIUM = 47,
    SEVERITY_HIGH = 73,
    SEVERITY_CRITICAL = 99
};

/* Of any number: "informational", ... "critical", as rules write it; "INFO", ... "CRITICAL", as
 * people see it. */
const char *severity_level(uint64_t severity);
const char *severity_label(uint64_t severity);

#endif
