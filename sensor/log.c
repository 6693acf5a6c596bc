/* Messages for the operator. */
#include "log.h"

#include <string.h>

#include "text.h"

#define LINE_MAX_BYTES 2048

static unsigned verbosity;

static size_t escape(struct bytes text, char to[4 * LINE_MAX_BYTES])
{
    size_t len = 0;
    while (text.len > 0) {
        size_t n = text_utf8_length(text);
        if (text_is_harmless(bytes_first(text, n))) {
            memcpy(to + len, text.data, n);
            len += n;
        } else {
            n = 1;
            len += (size_t)snprintf(to + len, 5, "\\x%02x", text.data[0]);
        }
        text = bytes_after(text, n);
    }
    return len;
}

void log_line(FILE *to, const char *format, va_list arguments)
{
    char text[LINE_MAX_BYTES], escaped[4 * LINE_MAX_BYTES];
    vsnprintf(text, sizeof text, format, arguments);
    size_t len = escape(bytes_of_string(text), escaped);
    /* One call, so that lines of several threads do not mix. */
    fprintf(to, "mailtap: %.*s\n", (int)len, escaped);
}

void log_verbosity(unsigned level)
{
    verbosity = level;
}

void log_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    log_line(stderr, format, arguments);
    va_end(arguments);
}

void log_warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    log_line(stderr, format, arguments);
    va_end(arguments);
}

void log_info(const char *format, ...)
{
    if (verbosity == 0)
        return;
    va_list arguments;
    va_start(arguments, format);
    log_line(stderr, format, arguments);
    va_end(arguments);
}
