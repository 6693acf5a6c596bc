/* An event's facts as one JSON object in ECS form: nested objects, arrays where ECS wants arrays,
 * objects by row. */
#ifndef MAILTAP_JSON_H
#define MAILTAP_JSON_H

#include "facts.h"

/* Appends the object, without a newline. False (and nothing appended) if the buffer has no room.
 * Text that is not UTF-8 becomes U+FFFD, control characters are escaped, INTERNAL fields are left
 * out. */
bool json_write(struct buffer *, struct bytes facts);

#endif
