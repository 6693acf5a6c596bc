/* Requests of HTTP among the commands of a mail protocol: sent by somebody who probes, or by a
 * browser that was made to talk to a mail server (RFC 9112 section 2.1 and 3). */
#ifndef MAILTAP_HTTP_LINE_H
#define MAILTAP_HTTP_LINE_H

#include "dissector.h"

struct http_lines {
    bool request; /* the line before began like a request but did not say that it is HTTP */
};

/* "GET /path HTTP/1.1" */
bool http_is_request(struct bytes line);
/* A line of the client that is no command of its protocol: if it shows that the client speaks HTTP,
 * that is told. */
void http_line(struct session *, struct http_lines *, struct bytes line);

#endif
