/* Laws 7 and 8: what would leave the sensor is JSON, one object a line, and no secret shows in it.
 */
#ifndef MAILTAP_OUTPUT_H
#define MAILTAP_OUTPUT_H

#include "recording.h"

/* What stands between events and lines. Made once: it reserves what a sensor needs for all its
 * findings. */
struct output;

struct output *output_new(void);
void output_free(struct output *);

/* Appends all events of a recording, and the findings that they lead to, as the sensor publishes
 * them: a line each. Returns what is wrong with a line (law 7: it is JSON and says the facts), or
 * NULL. */
const char *output_lines(struct output *, const struct recording *, struct buffer *lines);

/* The findings among those lines, each with the highest severity it had. */
#define OUTPUT_FINDINGS 32
struct output_findings {
    struct {
        char id[48];
        uint64_t severity;
    } list[OUTPUT_FINDINGS];
    size_t count;
};
const struct output_findings *output_findings(const struct output *);
/* Law 3: the id of a finding that only those after a loss have, or that is worse there; NULL: there
 * is none. What the sensor says of its own view is left out. */
const char *output_invented(const struct output_findings *whole,
                            const struct output_findings *lossy);

/* Whether a secret shows: raw, UTF-16 (also as JSON and the trace write its zeros), hex, per-cent
 * encoded, or either of the first two in base64 at any alignment (less the characters that its
 * neighbours change). Forms shorter than 8 bytes are not looked for, but for
 * the raw one. */
bool output_shows(struct bytes text, struct bytes secret);

#endif
