/* mailtap doctor: looks at what comes over an interface (or a file) and says whether a sensor can
 * work with it, and what to fix. */
#ifndef MAILTAP_DOCTOR_H
#define MAILTAP_DOCTOR_H

#include <stdio.h>

#include "capture.h"
#include "config.h"

/* Reads for config->doctor_seconds at most, or until the capture is over or stopped; then prints.
 * False if something is wrong that keeps mail from being seen whole. */
bool doctor(struct capture *, const struct config *, const char *name, FILE *out);

#endif
