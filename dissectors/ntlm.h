/* NTLM messages (MS-NLMP section 2.2.1): who logs in and from where, and which kind of response
 * there is to attack. Used by SASL here, where they come bare or inside SPNEGO. */
#ifndef MAILTAP_NTLM_H
#define MAILTAP_NTLM_H

#include "bytes.h"

#define NTLM_NAME_MAX 255 /* bytes of UTF-8; longer names are cut */

enum ntlm_type { NTLM_NEGOTIATE = 1, NTLM_CHALLENGE = 2, NTLM_AUTHENTICATE = 3 };

struct ntlm_name {
    uint8_t len, text[NTLM_NAME_MAX];
};

/* What an AUTHENTICATE message holds; other messages have only a type. */
struct ntlm {
    enum ntlm_type type;
    struct ntlm_name user, domain;
    unsigned version; /* of the response: 1, 2, or 0 for none (anonymous) */
};

/* Finds the first NTLM message in these bytes and reads it. False if there is none, or if it is
 * damaged. The names are in the message as UTF-16LE or, if it says so, as OEM text. */
bool ntlm_read(struct bytes, struct ntlm *);

#endif
