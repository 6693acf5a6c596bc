/* SASL exchanges: a table of mechanisms, and what each message of them shows. */
#include "sasl.h"

#include <string.h>

#include "base64.h"
#include "text.h"

#define DECODED_MAX (12 * 1024) /* RFC 4954 section 4: a line may reach 12288 octets */

struct sasl_mechanism {
    const char *name;
    enum sasl_exposed exposes; /* by a response of the client that is not empty */
    enum {
        ONLY,
        FIRST,
        SECOND
    } when; /* which message of the client does; ONLY: there is no other */
    void (*decode)(struct session *, struct sasl *, struct bytes message);
};

static void keep(uint8_t *to, uint8_t *len, struct bytes text)
{
    struct bytes kept = text_cut(text, SASL_USER_MAX);
    if (kept.len > 0)
        memcpy(to, kept.data, kept.len);
    *len = (uint8_t)kept.len;
}

static void exposes(struct session *s, struct sasl *sasl, struct bytes secret)
{
    sasl->exposed = sasl->mechanism->exposes;
    sasl->secret_hash = session_secret(s, secret);
}

/* RFC 4616: [authzid] NUL authcid NUL passwd. */
static void decode_plain(struct session *s, struct sasl *sasl, struct bytes message)
{
    struct bytes authzid = bytes_first(message, bytes_index(message, 0));
    struct bytes rest = bytes_after(message, authzid.len + 1);
    struct bytes user = bytes_first(rest, bytes_index(rest, 0));
    struct bytes password = bytes_after(rest, user.len + 1);
    if (password.len == 0) {
        sasl->unreadable = true;
        return;
    }
    keep(sasl->authzid, &sasl->authzid_len, authzid);
    keep(sasl->user, &sasl->user_len, user);
    exposes(s, sasl, password);
}

/* LOGIN (draft-murchison-sasl-login): the user name, then the password. */
static void decode_login(struct session *s, struct sasl *sasl, struct bytes message)
{
    if (sasl->wants_user)
        keep(sasl->user, &sasl->user_len, message);
    else
        exposes(s, sasl, message);
    sasl->wants_user = false;
}

/* XOAUTH2 is "user=" name ^A "auth=Bearer " token ^A ^A. RFC 7628 has "n,a=" name "," ^A and the
 * same key. */
static void decode_bearer(struct session *s, struct sasl *sasl, struct bytes message)
{
    static const char key[] = "auth=Bearer ";
    for (struct bytes rest = message; rest.len > 0;) {
        struct bytes part = bytes_first(rest, bytes_index(rest, 1));
        rest = bytes_after(rest, part.len + 1);
        if (bytes_starts_nocase(part, "user="))
            keep(sasl->user, &sasl->user_len, bytes_after(part, 5));
        else if (bytes_starts_nocase(part, "n,a="))
            keep(sasl->user, &sasl->user_len,
                 bytes_first(bytes_after(part, 4), bytes_index(bytes_after(part, 4), ',')));
        else if (bytes_starts_nocase(part, key) && part.len > sizeof key - 1)
            exposes(s, sasl, bytes_after(part, sizeof key - 1));
    }
}

/* The registered names (IANA SASL mechanisms) that mail servers offer, and the old ones they still
 * do. */
static const struct sasl_mechanism mechanisms[] = {
    { "PLAIN", EXPOSED_PASSWORD, ONLY, decode_plain },
    { "LOGIN", EXPOSED_PASSWORD, SECOND, decode_login },
    { "XOAUTH2", EXPOSED_TOKEN, ONLY, decode_bearer },
    { "OAUTHBEARER", EXPOSED_TOKEN, ONLY, decode_bearer },
    { "CRAM-MD5", EXPOSED_RESPONSE, FIRST, NULL },
    { "DIGEST-MD5", EXPOSED_RESPONSE, FIRST, NULL },
    { "SCRAM-SHA-1", EXPOSED_RESPONSE, SECOND, NULL },
    { "SCRAM-SHA-1-PLUS", EXPOSED_RESPONSE, SECOND, NULL },
    { "SCRAM-SHA-256", EXPOSED_RESPONSE, SECOND, NULL },
    { "SCRAM-SHA-256-PLUS", EXPOSED_RESPONSE, SECOND, NULL },
    { "SCRAM-SHA-512", EXPOSED_RESPONSE, SECOND, NULL },
    { "SCRAM-SHA-512-PLUS", EXPOSED_RESPONSE, SECOND, NULL },
    { "NTLM", EXPOSED_RESPONSE, SECOND, NULL },
    { "GSSAPI", EXPOSED_NONE, FIRST, NULL },
    { "GSS-SPNEGO", EXPOSED_NONE, FIRST, NULL },
    { "GS2-KRB5", EXPOSED_NONE, FIRST, NULL },
    { "GS2-KRB5-PLUS", EXPOSED_NONE, FIRST, NULL },
    { "EXTERNAL", EXPOSED_NONE, ONLY, NULL },
    { "ANONYMOUS", EXPOSED_NONE, ONLY, NULL },
    { "KERBEROS_V4", EXPOSED_NONE, FIRST, NULL },
    { "SKEY", EXPOSED_RESPONSE, SECOND, NULL },
    { "OTP", EXPOSED_RESPONSE, SECOND, NULL },
    { "SRP", EXPOSED_NONE, FIRST, NULL },
    { "SECURID", EXPOSED_RESPONSE, FIRST, NULL },
    { "9798-U-RSA-SHA1-ENC", EXPOSED_NONE, FIRST, NULL },
    { "9798-M-RSA-SHA1-ENC", EXPOSED_NONE, FIRST, NULL },
    { "SAML20", EXPOSED_NONE, FIRST, NULL },
    { "OPENID20", EXPOSED_NONE, FIRST, NULL },
};

static const struct sasl_mechanism *find(struct bytes name)
{
    for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++) {
        if (bytes_equal_nocase(name, mechanisms[i].name))
            return &mechanisms[i];
    }
    return NULL;
}

const char *sasl_known_name(struct bytes name)
{
    const struct sasl_mechanism *mechanism = find(name);
    return mechanism ? mechanism->name : NULL;
}

void sasl_start(struct sasl *sasl, struct bytes name)
{
    *sasl = (struct sasl){ .mechanism = find(name), .wants_user = true };
}

const char *sasl_mechanism_name(const struct sasl *sasl)
{
    return sasl->mechanism ? sasl->mechanism->name : NULL;
}

bool sasl_is_single(const struct sasl *sasl)
{
    return sasl->mechanism && sasl->mechanism->when == ONLY;
}

bool sasl_may_wrap(const struct sasl *sasl)
{
    return !sasl->mechanism || !sasl->mechanism->decode;
}

/* LOGIN prompts vary, in base64 or not, and after an empty initial response only the prompt tells
 * what is asked. What it then does not call a user name is taken for the secret. */
void sasl_challenge(struct sasl *sasl, struct bytes base64)
{
    uint8_t prompt[64];
    size_t len;
    if (!sasl->mechanism || sasl->mechanism->decode != decode_login || sasl->user_len > 0)
        return;
    struct bytes text =
        base64_decode(base64, prompt, sizeof prompt, &len) ? bytes_over(prompt, len) : base64;
    sasl->wants_user = sasl->responses > 0 ? bytes_contains_nocase(text, "user")
                                           : !bytes_contains_nocase(text, "pass");
}

void sasl_response(struct session *s, struct sasl *sasl, struct bytes base64)
{
    uint8_t message[DECODED_MAX];
    size_t len = 0;
    bool initial = sasl->responses == 0 && bytes_equal(base64, BYTES_LITERAL("="));
    sasl->responses++;
    if (base64.len == 0 || initial) {
        sasl->wants_user &= initial; /* an empty line answers LOGIN's first prompt all the same */
        return;
    }
    sasl->messages++;
    if (!sasl->mechanism) {
        sasl->unreadable = true;
        return;
    }
    if (sasl->mechanism->decode == NULL) {
        if (sasl->mechanism->when != SECOND || sasl->messages > 1)
            sasl->exposed = sasl->mechanism->exposes;
        return;
    }
    if (base64_decode(base64, message, sizeof message, &len)) {
        sasl->mechanism->decode(s, sasl, bytes_over(message, len));
    } else {
        sasl->unreadable = true;
        sasl->wants_user = false;
    }
    explicit_bzero(message, sizeof message);
}

void sasl_facts(struct session *s, const struct sasl *sasl, bool whole)
{
    static const char *const exposed[] = { "none", "response", "token", "password" };
    struct facts *own = session_own_facts(s);
    bool secret = sasl->exposed == EXPOSED_PASSWORD || sasl->exposed == EXPOSED_TOKEN;
    const char *name = sasl_mechanism_name(sasl);
    facts_string(own, FIELD_AUTH_MECHANISM, name ? name : "other");
    if (sasl->exposed != EXPOSED_NONE || (whole && !sasl->unreadable))
        facts_string(own, FIELD_AUTH_EXPOSED, exposed[sasl->exposed]);
    facts_claim(own, FIELD_AUTH_SECRET_OBSERVED,
                secret                       ? CLAIM_YES
                : whole && !sasl->unreadable ? CLAIM_NO
                                             : CLAIM_UNKNOWN);
    if (secret)
        facts_number(own, FIELD_AUTH_SECRET_HASH, sasl->secret_hash);
    if (sasl->user_len > 0)
        session_user(s, own, FIELD_USER_NAME, bytes_over(sasl->user, sasl->user_len));
    if (sasl->authzid_len > 0)
        session_user(s, own, FIELD_AUTH_AUTHZID, bytes_over(sasl->authzid, sasl->authzid_len));
}
