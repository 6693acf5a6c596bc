/* What each message of each mechanism shows to somebody who listens. */
#include "sasl_mechanisms.h"

#include "ntlm.h"
#include "text.h"

static bool is_hex(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i] | 0x20;
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
    }
    return text.len > 0;
}

/* Takes what stands before the separator, and the separator, off the front. */
static struct bytes take_until(struct bytes *rest, uint8_t separator)
{
    struct bytes part = bytes_first(*rest, bytes_index(*rest, separator));
    *rest = bytes_after(*rest, part.len + 1);
    return part;
}

/* --- passwords and tokens -----------------------------------------------------------------------
 */

/* RFC 4616: [authzid] NUL authcid NUL passwd. */
static void decode_plain(struct session *s, struct sasl *sasl, struct bytes message)
{
    struct bytes rest = message;
    struct bytes authzid = take_until(&rest, 0);
    size_t user_end = bytes_index(rest, 0);
    if (authzid.len == message.len || user_end == rest.len) {
        sasl->unreadable = true;
        return;
    }
    sasl_names(sasl, FIELD_USER_NAME, bytes_first(rest, user_end));
    sasl_names(sasl, FIELD_AUTH_AUTHZID, authzid);
    if (user_end + 1 < rest.len)
        sasl_exposes(s, sasl, EXPOSED_PASSWORD, bytes_after(rest, user_end + 1));
}

/* LOGIN (draft-murchison-sasl-login): the user name, then the password. */
static void decode_login(struct session *s, struct sasl *sasl, struct bytes message)
{
    if (sasl->wants_user)
        sasl_names(sasl, FIELD_USER_NAME, message);
    else
        sasl_exposes(s, sasl, EXPOSED_PASSWORD, message);
    sasl->wants_user = false;
}

/* RFC 5801 section 4, saslname: "=2C" is a comma and "=3D" an equals sign. */
static void who_saslname(struct sasl *sasl, enum field field, struct bytes name)
{
    uint8_t text[SASL_WHO_MAX];
    size_t len = 0;
    for (size_t i = 0; i < name.len && len < sizeof text; i++) {
        struct bytes at = bytes_after(name, i);
        bool comma = bytes_starts_nocase(at, "=2C"), equals = bytes_starts_nocase(at, "=3D");
        text[len++] = comma ? ',' : equals ? '=' : name.data[i];
        i += comma || equals ? 2 : 0;
    }
    sasl_names(sasl, field, bytes_over(text, len));
}

/* XOAUTH2 is "user=" name ^A "auth=Bearer " token ^A ^A. RFC 7628 has a GS2 header with "a=" name
 * in place of the first, and the same key. */
static void decode_bearer(struct session *s, struct sasl *sasl, struct bytes message)
{
    static const char key[] = "auth=Bearer ";
    for (struct bytes rest = message; rest.len > 0;) {
        struct bytes part = take_until(&rest, 1), name = part;
        if (bytes_starts_nocase(part, "user=")) {
            sasl_names(sasl, FIELD_USER_NAME, bytes_after(part, 5));
        } else if (bytes_starts_nocase(part, key) && part.len > sizeof key - 1) {
            sasl_exposes(s, sasl, EXPOSED_TOKEN, bytes_after(part, sizeof key - 1));
        } else if (bytes_starts_nocase(part, "n,a=") || bytes_starts_nocase(part, "y,a=")) {
            name = bytes_after(part, 4);
            who_saslname(sasl, FIELD_USER_NAME, take_until(&name, ','));
        }
    }
    /* Behind a refusal a message of one byte follows, which says nothing. */
    sasl->unreadable |= sasl->messages == 1 && sasl->exposed == EXPOSED_NONE;
}

/* RFC 2444 section 3: authzid NUL authcid, then an answer that can be attacked off line. */
static void decode_otp(struct session *s, struct sasl *sasl, struct bytes message)
{
    struct bytes rest = message;
    struct bytes authzid = take_until(&rest, 0);
    (void)s;
    if (sasl->messages > 1) {
        sasl->exposed = EXPOSED_RESPONSE;
    } else if (rest.len == 0) {
        sasl->unreadable = true;
    } else {
        sasl_names(sasl, FIELD_AUTH_AUTHZID, authzid);
        sasl_names(sasl, FIELD_USER_NAME, rest);
    }
}

/* --- challenge and response ---------------------------------------------------------------------
 */

/* RFC 2195: user, a space, 32 hexadecimal digits. The user name may hold spaces. */
static void decode_cram(struct session *s, struct sasl *sasl, struct bytes message)
{
    static const size_t digest = 32;
    (void)s;
    if (message.len <= digest || message.data[message.len - digest - 1] != ' ' ||
        !is_hex(bytes_after(message, message.len - digest))) {
        sasl->unreadable = true;
        return;
    }
    sasl_names(sasl, FIELD_USER_NAME, bytes_first(message, message.len - digest - 1));
    sasl->exposed = EXPOSED_RESPONSE;
}

/* Takes one directive, key "=" value, off the front (RFC 2831 section 7.1). A quoted value is
 * undone into `text`. False at the end, or if that is none. */
static bool directive(struct bytes *rest, struct bytes *key, struct bytes *value,
                      uint8_t text[SASL_WHO_MAX])
{
    size_t len = 0, at = 1;
    while (rest->len > 0 && (rest->data[0] == ',' || rest->data[0] == ' '))
        *rest = bytes_after(*rest, 1);
    if (bytes_index(*rest, '=') == rest->len)
        return false;
    *key = text_trim(take_until(rest, '='));
    if (rest->len == 0 || rest->data[0] != '"') {
        *value = text_trim(take_until(rest, ','));
        return true;
    }
    for (; at < rest->len && rest->data[at] != '"'; at++) {
        if (rest->data[at] == '\\' && at + 1 < rest->len)
            at++;
        if (len < SASL_WHO_MAX)
            text[len++] = rest->data[at];
    }
    *value = bytes_over(text, len);
    *rest = bytes_after(*rest, at + 1);
    return true;
}

/* RFC 2831: the digest-response; the second message of the client is empty. A quality of protection
 * other than "auth" wraps what follows the success. */
static void decode_digest(struct session *s, struct sasl *sasl, struct bytes message)
{
    uint8_t text[SASL_WHO_MAX];
    struct bytes key, value, rest = message;
    (void)s;
    while (directive(&rest, &key, &value, text)) {
        if (bytes_equal_nocase(key, "username"))
            sasl_names(sasl, FIELD_USER_NAME, value);
        else if (bytes_equal_nocase(key, "realm"))
            sasl_names(sasl, FIELD_USER_DOMAIN, value);
        else if (bytes_equal_nocase(key, "authzid"))
            sasl_names(sasl, FIELD_AUTH_AUTHZID, value);
        else if (bytes_equal_nocase(key, "response") && value.len == 32 && is_hex(value))
            sasl->exposed = EXPOSED_RESPONSE;
        else if (bytes_equal_nocase(key, "qop") && !bytes_equal_nocase(value, "auth"))
            sasl->layer = LAYER_AGREED;
    }
    sasl->unreadable |= sasl->exposed != EXPOSED_RESPONSE;
}

/* RFC 5802 section 7: gs2-header "n=" user ",r=" nonce, then "c=" ",r=" ",p=" proof. The proof can
 * be attacked off line by who saw the salt. */
static void decode_scram(struct session *s, struct sasl *sasl, struct bytes message)
{
    bool known = false;
    (void)s;
    for (struct bytes rest = message; rest.len > 0;) {
        struct bytes part = take_until(&rest, ',');
        struct bytes value = bytes_after(part, 2);
        bool first = sasl->messages == 1;
        if (first && bytes_starts_nocase(part, "n=")) {
            who_saslname(sasl, FIELD_USER_NAME, value);
            known = true;
        } else if (first && bytes_starts_nocase(part, "a=")) {
            who_saslname(sasl, FIELD_AUTH_AUTHZID, value);
        } else if (!first && bytes_starts_nocase(part, "p=") && value.len > 0) {
            sasl->exposed = EXPOSED_RESPONSE;
            known = true;
        }
    }
    sasl->unreadable |= !known;
}

/* RFC 4752 section 3.1: the last message of the client, in a wrap token of Kerberos (RFC 4121
 * section 4.2.6.2), is the security layer that it chose and the identity to act as. Without
 * confidentiality it can be read. False if this is no such token. */
static bool decode_gss_choice(struct sasl *sasl, struct bytes message)
{
    enum { SEALED = 2, NO_LAYER = 1 };
    struct cursor in = cursor_over(message);
    unsigned type = cursor_u16(&in), flags = cursor_u8(&in);
    cursor_u8(&in);
    size_t checksum = cursor_u16(&in), rotated = cursor_u16(&in);
    cursor_take(&in, 8); /* sequence number */
    struct bytes text = cursor_rest(&in);
    if (in.failed || type != 0x0504)
        return false;
    /* Rotated by the length of the checksum, that stands in front. */
    if (flags & SEALED || text.len < checksum + 4 || (rotated != 0 && rotated != checksum))
        return true;
    text = bytes_first(rotated == 0 ? text : bytes_after(text, checksum), text.len - checksum);
    sasl->layer = text.data[0] == NO_LAYER ? LAYER_NONE : LAYER_AGREED;
    sasl_names(sasl, FIELD_AUTH_AUTHZID, bytes_after(text, 4));
    return true;
}

/* RFC 2743 section 3.1, RFC 4178 section 4.2: a tag; RFC 5801 section 4 puts a header of text
 * before it. */
static bool begins_like_gss(struct bytes message)
{
    static const char *const headers[] = { "n,", "y,", "p=", "F,n,", "F,y,", "F,p=" };
    bool header = false;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        header |= bytes_starts_nocase(message, headers[i]);
    uint8_t tag = message.data[0];
    return header || tag == 0x60 || tag == 0xA0 || tag == 0xA1;
}

/* NTLM, bare or inside the tokens of GSSAPI and SPNEGO. Other such tokens (Kerberos) are not ours
 * to read: they hold no password and no answer to one. */
static void decode_gss(struct session *s, struct sasl *sasl, struct bytes message)
{
    struct ntlm ntlm;
    (void)s;
    if (decode_gss_choice(sasl, message))
        return;
    if (!ntlm_read(message, &ntlm)) {
        sasl->unreadable |= !begins_like_gss(message);
        return;
    }
    sasl_names(sasl, FIELD_USER_NAME, bytes_over(ntlm.user.text, ntlm.user.len));
    sasl_names(sasl, FIELD_USER_DOMAIN, bytes_over(ntlm.domain.text, ntlm.domain.len));
    sasl->ntlm_version = ntlm.version;
    if (ntlm.version > 0)
        sasl->exposed = EXPOSED_RESPONSE;
}

/* MS-SMTPNTLM section 2.2.1: nothing else belongs here. */
static void decode_ntlm(struct session *s, struct sasl *sasl, struct bytes message)
{
    struct ntlm ntlm;
    sasl->unreadable |= !ntlm_read(message, &ntlm);
    decode_gss(s, sasl, message);
}

/* --- nothing to expose --------------------------------------------------------------------------
 */

/* RFC 4422 appendix A: the identity to act as; who it is was told by other means. */
static void decode_external(struct session *s, struct sasl *sasl, struct bytes message)
{
    (void)s;
    if (bytes_index(message, 0) < message.len)
        sasl->unreadable = true;
    else
        sasl_names(sasl, FIELD_AUTH_AUTHZID, message);
}

/* RFC 4505: whatever the client calls itself, it is nobody. */
static void decode_anonymous(struct session *s, struct sasl *sasl, struct bytes message)
{
    (void)s;
    sasl->unreadable |= bytes_index(message, 0) < message.len;
}

/* --- the table ----------------------------------------------------------------------------------
 */

/* The registered names (IANA SASL mechanisms) that mail servers offer, and the old ones they still
 * do. */
static const struct sasl_mechanism mechanisms[] = {
    { "PLAIN", decode_plain, 1, LAYER_NONE, false, false },
    { "LOGIN", decode_login, 2, LAYER_NONE, false, true },
    { "XOAUTH2", decode_bearer, 1, LAYER_NONE, false, false },
    { "OAUTHBEARER", decode_bearer, 1, LAYER_NONE, false, false },
    { "CRAM-MD5", decode_cram, 1, LAYER_NONE, false, false },
    { "DIGEST-MD5", decode_digest, 2, LAYER_NONE, false, false },
    { "SCRAM-SHA-1", decode_scram, 2, LAYER_NONE, false, false },
    { "SCRAM-SHA-1-PLUS", decode_scram, 2, LAYER_NONE, false, false },
    { "SCRAM-SHA-256", decode_scram, 2, LAYER_NONE, false, false },
    { "SCRAM-SHA-256-PLUS", decode_scram, 2, LAYER_NONE, false, false },
    { "SCRAM-SHA-512", decode_scram, 2, LAYER_NONE, false, false },
    { "SCRAM-SHA-512-PLUS", decode_scram, 2, LAYER_NONE, false, false },
    { "NTLM", decode_ntlm, 2, LAYER_NONE, false, false },
    { "GSSAPI", decode_gss, 0, LAYER_POSSIBLE, false, false },
    { "GSS-SPNEGO", decode_gss, 0, LAYER_POSSIBLE, false, false },
    { "GS2-KRB5", decode_gss, 0, LAYER_NONE, false, false },
    { "GS2-KRB5-PLUS", decode_gss, 0, LAYER_NONE, false, false },
    { "EXTERNAL", decode_external, 1, LAYER_NONE, true, false },
    { "ANONYMOUS", decode_anonymous, 1, LAYER_NONE, true, false },
    { "OTP", decode_otp, 2, LAYER_NONE, false, false },
    { "SKEY", NULL, 2, LAYER_NONE, false, false },
    { "SECURID", NULL, 0, LAYER_NONE, false, false },
    { "SRP", NULL, 2, LAYER_POSSIBLE, false, false },
    { "KERBEROS_V4", NULL, 2, LAYER_POSSIBLE, false, false },
    { "9798-U-RSA-SHA1-ENC", NULL, 0, LAYER_NONE, false, false },
    { "9798-M-RSA-SHA1-ENC", NULL, 0, LAYER_NONE, false, false },
    { "SAML20", NULL, 0, LAYER_NONE, false, false },
    { "OPENID20", NULL, 0, LAYER_NONE, false, false },
};

const struct sasl_mechanism *sasl_find(struct bytes name)
{
    for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++) {
        if (bytes_equal_nocase(name, mechanisms[i].name))
            return &mechanisms[i];
    }
    return NULL;
}
