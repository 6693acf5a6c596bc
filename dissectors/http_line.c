/* Requests of HTTP among the commands of a mail protocol. */
#include "http_line.h"

#include "text.h"

static bool is_method(struct bytes word)
{
    static const char *const methods[] = { "GET",     "POST",   "HEAD",  "PUT",  "CONNECT",
                                           "OPTIONS", "DELETE", "PATCH", "TRACE" };
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (bytes_equal(word, bytes_of_string(methods[i])))
            return true;
    }
    return false;
}

/* Method and target; what is left of the line is the version. */
static bool begins_request(struct bytes *line)
{
    return is_method(text_next_word(line)) && text_next_word(line).len > 0;
}

bool http_is_request(struct bytes line)
{
    return begins_request(&line) && bytes_starts_nocase(line, "HTTP/");
}

/* Without the version, as HTTP/0.9 had it, only a header behind it tells. */
void http_line(struct session *s, struct http_lines *lines, struct bytes line)
{
    bool header = lines->request && bytes_starts_nocase(line, "Host:");
    lines->request = begins_request(&line);
    if (header || (lines->request && bytes_starts_nocase(line, "HTTP/")))
        session_weird(s, WEIRD_CROSSPROTO, FROM_CLIENT);
}
