/* Recognises TLS by its bytes, and follows its records without looking inside. */
#ifndef MAILTAP_TLS_RECORD_H
#define MAILTAP_TLS_RECORD_H

#include "dissector.h"

/* Whether these bytes begin with a TLS record (RFC 8446 section 5.1) or an SSLv2 CLIENT-HELLO (RFC
 * 5246 appendix E.2). VERDICT_MORE while too few are there to tell. */
enum verdict tls_record_probe(struct bytes);

extern const struct dissector tls_dissector;

#endif
