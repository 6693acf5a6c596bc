/* The only list of dissectors. */
#include "dissector.h"

#include "imap.h"
#include "managesieve.h"
#include "pop3.h"
#include "smtp.h"
#include "tls_record.h"

const struct dissector *const dissectors[] = { &smtp_dissector, &imap_dissector,
                                               &pop3_dissector, &managesieve_dissector,
                                               &tls_dissector,  NULL };
