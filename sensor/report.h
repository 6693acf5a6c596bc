/* What a person sees on the terminal when a capture was read: findings first, then the sessions,
 * then what could not be seen. Fed with published events, so that it shows no more than any sink.
 */
#ifndef MAILTAP_REPORT_H
#define MAILTAP_REPORT_H

#include <stdio.h>

#include "counters.h"
#include "facts.h"

struct report;

/* NULL if there is no memory. */
struct report *report_new(void);
void report_free(struct report *);
size_t report_bytes(const struct report *); /* the most memory it can use; NULL: 0 */

void report_event(struct report *, enum event_kind, const struct facts_index *);

struct report_input {
    const char *file;
    uint64_t first_ns, last_ns; /* packet time; 0: no packet */
    const struct counters *counters;
    const char *fault; /* why the input was not read to its end; NULL: it was */
    bool colour;
};

void report_print(const struct report *, const struct report_input *, FILE *);

#endif
