/* Redaction, just before an event leaves the sensor. */
#include "privacy.h"

#include "digest.h"
#include "text.h"

#define HASH_TEXT_LEN 32 /* half of HMAC-SHA-256: enough to correlate, short enough to read */

static void hash_text(const struct privacy *privacy, struct bytes value, char *text)
{
    uint8_t digest[DIGEST_SHA256_LEN];
    digest_hmac_sha256(privacy->key, value, digest);
    for (size_t i = 0; i < HASH_TEXT_LEN / 2; i++)
        text = text_hex(text, digest[i], 2);
    *text = '\0';
}

void privacy_copy(const struct privacy *privacy, const struct fact *fact, struct facts *to)
{
    enum field_visibility visibility = schema_field(fact->field)->visibility;
    enum privacy_mode mode = visibility == VISIBILITY_PUBLIC || visibility == VISIBILITY_INTERNAL
                                 ? PRIVACY_CLEAR
                                 : privacy->mode[visibility];
    char text[HASH_TEXT_LEN + 1];
    switch (mode) {
    case PRIVACY_CLEAR:
        facts_copy(to, fact);
        break;
    case PRIVACY_MASK:
        facts_copy(to, &(struct fact){ fact->field, fact->row, BYTES_LITERAL("********") });
        break;
    case PRIVACY_HASH:
        hash_text(privacy, fact->value, text);
        if (fact->field == FIELD_USER_NAME)
            facts_string(to, FIELD_USER_HASH, text);
        else
            facts_copy(to, &(struct fact){ fact->field, fact->row, bytes_of_string(text) });
        break;
    case PRIVACY_DROP:
        break;
    }
}

bool privacy_is_clear(const struct privacy *privacy)
{
    for (size_t i = 0; i < VISIBILITY_INTERNAL; i++) {
        if (privacy->mode[i] != PRIVACY_CLEAR)
            return false;
    }
    return true;
}
