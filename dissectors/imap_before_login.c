/* What the server says in clear before anybody has logged in, and should not: whoever is on the
 * path can say it too. Clients that believe it show a stranger's text, log in elsewhere, or keep
 * mailbox data that they never asked for (RFC 9051 section 11.3 and 7.1, RFC 2221 section 3). Told
 * once each, and only where the session was seen whole so far: what came before may explain it. */
#include "imap_internal.h"
#include "text.h"

static void tell(struct session *s, bool *told, const char *what)
{
    if (*told || session_is_partial(s))
        return;
    *told = true;
    facts_string(starttls_hello(s), FIELD_SESSION_BEFORE_LOGIN, what);
}

/* A tagged alert answers something that was asked. */
void imap_status_said(struct session *s, struct imap *imap, const struct imap_reply *reply)
{
    struct bytes rest = reply->code, word = text_next_word(&rest);
    if (imap->logged_in || word.len == 0)
        return;
    if (bytes_equal_nocase(word, "REFERRAL") && bytes_starts_nocase(rest, "imap"))
        tell(s, &imap->told_referral, "referral");
    else if (bytes_equal_nocase(word, "ALERT") && !imap->login_asked &&
             bytes_equal(reply->tag, BYTES_LITERAL("*")))
        tell(s, &imap->told_alert, "alert");
}

void imap_data_said(struct session *s, struct imap *imap, struct bytes line)
{
    static const char *const numbered[] = { "EXISTS", "RECENT", "EXPUNGE", "FETCH" };
    static const char *const named[] = { "LIST", "LSUB", "SEARCH", "STATUS", "FLAGS", "ESEARCH" };
    uint64_t number;
    if (imap->login_asked)
        return;
    text_next_word(&line);
    struct bytes word = text_next_word(&line);
    bool counts = text_to_u64(word, &number);
    const char *const *names = counts ? numbered : named;
    size_t count = counts ? sizeof numbered / sizeof numbered[0] : sizeof named / sizeof named[0];
    if (counts)
        word = text_next_word(&line);
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal_nocase(word, names[i]))
            tell(s, &imap->told_mailbox, "mailbox_data");
    }
}
