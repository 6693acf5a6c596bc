/* What a mail server is for, as its protocol and port tell. */
#include "role.h"

#include <string.h>

#include "bytes.h"

static const char access[] = "access", submission[] = "submission", relay[] = "relay";

/* RFC 8314 section 7.3 for 465, RFC 6409 section 3.1 for 587; 2525 is what hosters offer where
 * others block 587. */
static const struct {
    uint16_t port;
    const char *role;
} ports[] = {
    { 465, submission }, { 587, submission }, { 2525, submission },
    { 143, access },     { 993, access },     { 110, access },
    { 995, access },     { 4190, access },    { 25, relay },
};

static const char *by_port(uint16_t port)
{
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        if (ports[i].port == port)
            return ports[i].role;
    }
    return NULL;
}

const char *role_of_server(const struct flow_identity *id)
{
    const char *told = by_port(id->end[id->turned ? FROM_CLIENT : FROM_SERVER].port);
    if (!id->protocol || strcmp(id->protocol, "tls") == 0)
        return told;
    if (strcmp(id->protocol, "smtp") == 0)
        return told == submission ? submission : relay;
    return access;
}
