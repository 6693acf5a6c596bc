/* What the server announces (RFC 9051 section 7.2.2): in the code of its greeting, untagged, in the
 * code of a tagged OK. Only what is said before anybody has logged in counts: later lists leave out
 * STARTTLS and the mechanisms, and would make every login look as if no TLS had been on offer. */
#include "imap_internal.h"
#include "text.h"

#define ANNOUNCED_MAX 128 /* words that are kept, by all lists of a session */

/* Capabilities and mechanism names have no case: they are shown in capitals. */
static void announce(struct session *s, struct imap *imap, enum field field, struct bytes word)
{
    char name[FACTS_TEXT_MAX + 1];
    struct facts *hello = starttls_hello(s);
    text_copy(name, sizeof name, word);
    for (char *c = name; *c; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    if (imap->announced == ANNOUNCED_MAX || !name[0] ||
        facts_has(buffer_view(&hello->records), field, bytes_of_string(name)))
        return;
    facts_string(hello, field, name);
    imap->announced++;
}

/* Once offered stays offered; "no" needs a session that was seen whole. */
static void login_listed(struct session *s, struct imap *imap, bool disabled)
{
    struct facts *hello = starttls_hello(s);
    struct fact before;
    bool offered = facts_find(buffer_view(&hello->records), FIELD_SESSION_LOGIN_OFFERED, &before) &&
                   fact_number(&before) == CLAIM_YES;
    imap->login_disabled = disabled ? CLAIM_YES : CLAIM_NO;
    if (offered || (disabled && session_is_partial(s)))
        return;
    facts_unset(hello, FIELD_SESSION_LOGIN_OFFERED);
    facts_claim(hello, FIELD_SESSION_LOGIN_OFFERED, disabled ? CLAIM_NO : CLAIM_YES);
}

/* RFC 7888: LITERAL+ and LITERAL-; part of IMAP4rev2. */
static bool knows_literals(struct bytes word)
{
    return bytes_equal_nocase(word, "LITERAL+") || bytes_equal_nocase(word, "LITERAL-") ||
           bytes_equal_nocase(word, "IMAP4rev2");
}

void imap_listed(struct session *s, struct imap *imap, struct bytes words)
{
    struct bytes word;
    bool tls = false, masked = false, disabled = false, literals = false;
    if (!imap->lists_count)
        return;
    while ((word = text_next_word(&words)).len > 0) {
        tls |= bytes_equal_nocase(word, "STARTTLS");
        masked |= starttls_masks(word, "STARTTLS");
        disabled |= bytes_equal_nocase(word, "LOGINDISABLED");
        literals |= knows_literals(word);
        if (bytes_starts_nocase(word, "AUTH=") && word.len > 5)
            announce(s, imap, FIELD_SESSION_AUTH_OFFERED, bytes_after(word, 5));
        else
            announce(s, imap, FIELD_SESSION_CAPABILITIES, word);
    }
    imap->listed_literals = literals;
    login_listed(s, imap, disabled);
    starttls_listed(s, tls, masked);
}
