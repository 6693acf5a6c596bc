/* Reads NTLM messages: a fixed head whose fields point into the payload behind it. */
#include "ntlm.h"

#include <string.h>

#include "text.h"

/* The NUL belongs to it. */
static const struct bytes signature = { (const uint8_t *)"NTLMSSP", 8 };

#define FLAG_UNICODE UINT32_C(1)
#define V1_RESPONSE  24 /* section 2.2.2.6 */
#define V2_RESPONSE  44 /* section 2.2.2.7: 16 of proof and 28 of a client challenge, at least */
#define FLAGS_AT     60 /* the oldest clients leave the flags out: there the payload begins before */

/* Length, room, offset: the bytes of a field. *begin is where the payload is known to begin. */
static struct bytes field(struct cursor *head, struct bytes message, uint32_t *begin)
{
    uint16_t len = cursor_u16_le(head);
    cursor_u16_le(head);
    uint32_t offset = cursor_u32_le(head);
    struct cursor payload = cursor_over(bytes_after(message, offset));
    struct bytes value = cursor_take(&payload, len);
    head->failed |= payload.failed;
    if (len > 0 && offset < *begin)
        *begin = offset;
    return value;
}

static void name(struct ntlm_name *to, struct bytes from, bool unicode)
{
    if (unicode) {
        to->len = (uint8_t)text_from_utf16le(from, to->text, sizeof to->text);
        return;
    }
    struct bytes kept = bytes_first(from, sizeof to->text);
    if (kept.len > 0)
        memcpy(to->text, kept.data, kept.len);
    to->len = (uint8_t)kept.len;
}

/* Names are UTF-16LE if the flags say so, OEM text without flags. */
static bool is_unicode(struct bytes message, uint32_t payload)
{
    if (payload < FLAGS_AT + sizeof(uint32_t))
        return false;
    struct cursor at = cursor_over(bytes_after(message, FLAGS_AT));
    return cursor_u32_le(&at) & FLAG_UNICODE;
}

/* LM response, NT response, domain, user, workstation. An LM response alone is version 1; a single
 * byte in its place stands for nobody. */
static bool authenticate(struct cursor *head, struct bytes message, struct ntlm *ntlm)
{
    uint32_t payload = UINT32_MAX;
    struct bytes lm = field(head, message, &payload);
    struct bytes nt = field(head, message, &payload);
    struct bytes domain = field(head, message, &payload);
    struct bytes user = field(head, message, &payload);
    field(head, message, &payload); /* workstation */
    if (head->failed)
        return false;
    bool unicode = is_unicode(message, payload);
    name(&ntlm->domain, domain, unicode);
    name(&ntlm->user, user, unicode);
    if (nt.len >= V2_RESPONSE)
        ntlm->version = 2;
    else if (nt.len == V1_RESPONSE || lm.len == V1_RESPONSE)
        ntlm->version = 1;
    return true;
}

/* Where the signature begins; the length if it is not there. */
static size_t find_signature(struct bytes text)
{
    size_t at = 0;
    while (text.len - at >= signature.len) {
        at += bytes_index(bytes_after(text, at), signature.data[0]);
        if (bytes_equal(bytes_first(bytes_after(text, at), signature.len), signature))
            return at;
        at += at < text.len;
    }
    return text.len;
}

bool ntlm_read(struct bytes text, struct ntlm *ntlm)
{
    struct bytes message = bytes_after(text, find_signature(text));
    struct cursor head = cursor_over(message);
    memset(ntlm, 0, sizeof *ntlm);
    cursor_take(&head, signature.len);
    uint32_t type = cursor_u32_le(&head);
    if (head.failed || type < NTLM_NEGOTIATE || type > NTLM_AUTHENTICATE)
        return false;
    ntlm->type = (enum ntlm_type)type;
    return type != NTLM_AUTHENTICATE || authenticate(&head, message, ntlm);
}
