/* A SASL exchange: its messages counted and decoded, the facts that came of it. */
#include "sasl.h"

#include <string.h>

#include "base64.h"
#include "sasl_mechanisms.h"
#include "starttls.h"
#include "text.h"

#define DECODED_MAX (12 * 1024) /* RFC 4954 section 4: a line may reach 12288 octets */

void sasl_init(struct sasl *sasl, struct pool *pool)
{
    *sasl = (struct sasl){ 0 };
    facts_init(&sasl->who, pool);
}

void sasl_free(struct sasl *sasl)
{
    facts_free(&sasl->who);
}

const char *sasl_known_name(struct bytes name)
{
    const struct sasl_mechanism *mechanism = sasl_find(name);
    return mechanism ? mechanism->name : NULL;
}

/* RFC 4422 section 3.1: capitals, digits, hyphen and underscore; clients write small letters too.
 */
static void take_name(struct sasl *sasl, struct bytes name)
{
    if (name.len == 0 || name.len > SASL_NAME_MAX)
        return;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        bool small = c >= 'a' && c <= 'z';
        if (!small && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-' && c != '_') {
            sasl->name[0] = '\0';
            return;
        }
        sasl->name[i] = (char)(small ? c - 'a' + 'A' : c);
    }
    sasl->name[name.len] = '\0';
}

void sasl_start(struct sasl *sasl, struct bytes name)
{
    struct facts who = sasl->who;
    facts_clear(&who);
    *sasl = (struct sasl){ .mechanism = sasl_find(name), .wants_user = true, .who = who };
    sasl->layer = sasl->mechanism ? sasl->mechanism->layer : LAYER_POSSIBLE;
    take_name(sasl, name);
}

void sasl_start_command(struct sasl *sasl, const char *name)
{
    struct facts who = sasl->who;
    facts_clear(&who);
    *sasl = (struct sasl){ .is_command = true, .who = who };
    text_copy(sasl->name, sizeof sasl->name, bytes_of_string(name));
}

void sasl_names(struct sasl *sasl, enum field field, struct bytes name)
{
    facts_unset(&sasl->who, field);
    if (name.len > 0)
        facts_text(&sasl->who, field, text_cut(name, SASL_WHO_MAX));
}

void sasl_exposes(struct session *s, struct sasl *sasl, enum sasl_exposed what, struct bytes secret)
{
    sasl->exposed = what;
    sasl->decided |= starttls_is_answered(s);
    sasl->secret_hash = session_secret(s, secret);
}

void sasl_vouch(struct sasl *sasl)
{
    sasl->vouched = true;
}

const char *sasl_mechanism_name(const struct sasl *sasl)
{
    bool known = sasl->mechanism || sasl->vouched || sasl->is_command;
    return known && sasl->name[0] ? sasl->name : NULL;
}

bool sasl_client_is_done(const struct sasl *sasl)
{
    return sasl->mechanism && sasl->mechanism->client_messages > 0 &&
           sasl->responses >= sasl->mechanism->client_messages;
}

bool sasl_user(const struct sasl *sasl, struct bytes *name)
{
    struct fact fact;
    if (!facts_find(buffer_view(&sasl->who.records), FIELD_USER_NAME, &fact))
        return false;
    *name = fact.value;
    return true;
}

/* LOGIN prompts vary, in base64 or not, and after an empty initial response only the prompt tells
 * what is asked. What it then does not call a user name is taken for the secret. */
void sasl_challenge(struct sasl *sasl, struct bytes base64)
{
    uint8_t prompt[64];
    size_t len;
    struct bytes user;
    sasl->vouched = true;
    if (!sasl->mechanism || !sasl->mechanism->asks_user || sasl_user(sasl, &user))
        return;
    struct bytes text =
        base64_decode(base64, prompt, sizeof prompt, &len) ? bytes_over(prompt, len) : base64;
    sasl->wants_user = sasl->responses > 0 || sasl->empty_initial
                           ? bytes_contains_nocase(text, "user")
                           : !bytes_contains_nocase(text, "pass");
}

void sasl_response(struct session *s, struct sasl *sasl, struct bytes base64)
{
    uint8_t message[DECODED_MAX];
    size_t len = 0;
    if (sasl->responses == 0 && bytes_equal(base64, BYTES_LITERAL("="))) {
        /* An empty message, which only some mechanisms may have; of the others nothing was sent. */
        sasl->responses += sasl->mechanism && sasl->mechanism->may_be_empty;
        sasl->empty_initial = true;
        return;
    }
    sasl->responses++;
    if (base64.len == 0) {
        sasl->wants_user = false; /* an empty line answers LOGIN's first prompt all the same */
        return;
    }
    sasl->messages++;
    sasl->decided |= starttls_is_answered(s);
    if (sasl->mechanism && sasl->mechanism->decode &&
        base64_decode(base64, message, sizeof message, &len)) {
        sasl->mechanism->decode(s, sasl, bytes_over(message, len));
    } else {
        sasl->unreadable = true;
        sasl->wants_user = false;
    }
    size_t used = BASE64_DECODED_MAX(base64.len);
    explicit_bzero(message, used < sizeof message ? used : sizeof message);
}

static void who_facts(struct session *s, const struct sasl *sasl)
{
    struct fact fact;
    for (size_t at = 0; facts_next(buffer_view(&sasl->who.records), &at, &fact);)
        session_user(s, session_own_facts(s), fact.field, fact.value);
}

const char *sasl_exposed_name(enum sasl_exposed exposed)
{
    static const char *const names[] = {
        [EXPOSED_NONE] = "none",
        [EXPOSED_RESPONSE] = "response",
        [EXPOSED_TOKEN] = "token",
        [EXPOSED_PASSWORD] = "password",
    };
    return names[exposed];
}

void sasl_facts(struct session *s, const struct sasl *sasl, bool whole)
{
    struct facts *own = session_own_facts(s);
    bool secret = sasl->exposed == EXPOSED_PASSWORD || sasl->exposed == EXPOSED_TOKEN;
    bool settled = whole && !sasl->unreadable;
    const char *name = sasl_mechanism_name(sasl);
    if (name && (sasl->mechanism || sasl->is_command))
        facts_string(own, FIELD_AUTH_MECHANISM, name);
    else if (name)
        session_user(s, own, FIELD_AUTH_MECHANISM, bytes_of_string(name));
    if (sasl->exposed != EXPOSED_NONE || settled)
        facts_string(own, FIELD_AUTH_EXPOSED, sasl_exposed_name(sasl->exposed));
    facts_claim(own, FIELD_AUTH_SECRET_OBSERVED,
                secret    ? CLAIM_YES
                : settled ? CLAIM_NO
                          : CLAIM_UNKNOWN);
    if (secret)
        facts_number(own, FIELD_AUTH_SECRET_HASH, sasl->secret_hash);
    if (sasl->ntlm_version > 0)
        facts_number(own, FIELD_AUTH_NTLM_VERSION, sasl->ntlm_version);
    who_facts(s, sasl);
}
