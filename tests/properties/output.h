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

/* Whether a secret shows: raw, UTF-16 (also as JSON and the trace write its zeros), hex, per-cent
 * encoded, or either of the first two in base64 at any alignment (less the characters that its
 * neighbours change). Forms shorter than 8 bytes are not looked for, but for
 * the raw one. */
bool output_shows(struct bytes text, struct bytes secret);

#endif
