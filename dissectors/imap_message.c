/* Messages that pass as literals: to the server with APPEND (RFC 9051 section 6.3.12), to the
 * client in the data of FETCH (section 7.5.2). Their octets are counted, not kept. */
#include <string.h>

#include "imap_internal.h"
#include "text.h"

static void emit(struct session *s, const char *action, uint64_t size, const char *outcome,
                 const char *code)
{
    struct facts *own = session_own_facts(s);
    facts_string(own, FIELD_EVENT_ACTION, action);
    facts_string(own, FIELD_EVENT_OUTCOME, outcome);
    if (code && code[0])
        facts_string(own, FIELD_EVENT_CODE, code);
    facts_number(own, FIELD_EMAIL_SIZE, size);
    starttls_used(s, CLEAR_MAIL, false);
    session_emit(s, EVENT_MESSAGE);
}

/* --- APPEND -------------------------------------------------------------------------------------
 */

static void tell(struct session *s, struct imap *imap, unsigned i, const struct imap_answer *answer)
{
    uint64_t size = imap->appended[i].size;
    imap->appended_count--;
    memmove(&imap->appended[i], &imap->appended[i + 1],
            (imap->appended_count - i) * sizeof imap->appended[0]);
    emit(s, "imap-append", size,
         !answer                     ? "unknown"
         : answer->status == IMAP_OK ? "success"
                                     : "failure",
         answer ? answer->code : NULL);
}

void imap_append_begins(struct session *s, struct imap *imap)
{
    if (imap->appended_count == IMAP_APPENDED_MAX)
        tell(s, imap, 0, NULL);
    imap->appended[imap->appended_count++] =
        (struct imap_appended){ imap->command.serial, imap->left[FROM_CLIENT] };
}

void imap_append_answered(struct session *s, struct imap *imap, uint32_t serial,
                          const struct imap_answer *answer)
{
    for (unsigned i = 0; i < imap->appended_count;) {
        if (imap->appended[i].serial == serial)
            tell(s, imap, i, answer);
        else
            i++;
    }
}

void imap_append_unanswered(struct session *s, struct imap *imap)
{
    while (imap->appended_count > 0)
        tell(s, imap, 0, NULL);
}

/* --- FETCH --------------------------------------------------------------------------------------
 */

/* Clients that fetch in runs ask for one behind the other; after a loss some may be missing. */
static bool continues(struct session *s, const struct imap *imap)
{
    const struct imap_fetched *fetched = &imap->fetched;
    uint64_t origin = imap->fetch.item.origin;
    return fetched->open && imap->fetch.item.part && origin > 0 &&
           fetched->number == imap->fetch.number &&
           (origin == fetched->next || (session_is_partial(s) && origin > fetched->next));
}

/* So many octets of a message were seen. */
static void fetched(struct session *s, struct imap *imap, uint64_t octets)
{
    if (!continues(s, imap)) {
        imap_fetch_over(s, imap);
        imap->fetched = (struct imap_fetched){ .open = true, .number = imap->fetch.number };
    }
    imap->fetched.size += octets;
    imap->fetched.next = imap->fetch.item.origin + octets;
    if (!imap->fetch.item.part)
        imap_fetch_over(s, imap);
}

void imap_fetch_over(struct session *s, struct imap *imap)
{
    if (!imap->fetched.open)
        return;
    imap->fetched.open = false;
    emit(s, "imap-fetch", imap->fetched.size, "success", NULL);
}

/* Of a quoted string, its escapes undone. */
static size_t length_of(struct bytes text)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i += text.data[i] == '\\' ? 2 : 1)
        len++;
    return len;
}

/* Items and their values stand in the first parentheses; what lies deeper is none. */
void imap_fetch_rest(struct session *s, struct imap *imap, struct bytes part)
{
    struct imap_fetch *fetch = &imap->fetch;
    struct imap_tokens in = imap_tokens_over(part);
    struct imap_token token;
    if (!fetch->is_fetch)
        return;
    while ((token = imap_next(&in)).kind != IMAP_END && token.kind != IMAP_LITERAL) {
        if (token.kind == IMAP_OPEN)
            fetch->depth++;
        else if (token.kind == IMAP_CLOSE && fetch->depth > 0)
            fetch->depth--;
        else if (token.kind == IMAP_QUOTED && fetch->at_message)
            fetched(s, imap, length_of(token.text));
        fetch->at_message = token.kind == IMAP_ATOM && fetch->depth == 1 &&
                            imap_is_message(token.text, &fetch->item);
    }
}

void imap_fetch_line(struct session *s, struct imap *imap, struct bytes line)
{
    struct bytes rest = line;
    imap->fetch = (struct imap_fetch){ 0 };
    text_next_word(&rest);
    if (!text_to_u64(text_next_word(&rest), &imap->fetch.number) ||
        !bytes_equal_nocase(text_next_word(&rest), "FETCH"))
        return;
    imap->fetch.is_fetch = true;
    imap_fetch_rest(s, imap, rest);
}

void imap_fetch_literal(struct imap *imap, uint64_t size)
{
    imap->fetch.literal_is_message = imap->fetch.is_fetch && imap->fetch.at_message;
    imap->fetch.at_message = false;
    imap->fetch.size = size;
}

void imap_fetch_literal_over(struct session *s, struct imap *imap)
{
    if (imap->fetch.literal_is_message)
        fetched(s, imap, imap->fetch.size);
    imap->fetch.literal_is_message = false;
}

/* --- the end ------------------------------------------------------------------------------------
 */

void imap_messages_end(struct session *s, struct imap *imap)
{
    bool appending = imap->client == CLIENT_LITERAL && imap->command.is_message;
    if (appending && imap->appended_count > 0)
        imap->appended[imap->appended_count - 1].size -= imap->left[FROM_CLIENT];
    imap_append_unanswered(s, imap);
    uint64_t octets = imap->fetch.size - imap->left[FROM_SERVER];
    if (imap->server == SERVER_LITERAL && imap->fetch.literal_is_message && octets > 0) {
        if (!continues(s, imap))
            imap_fetch_over(s, imap);
        octets += imap->fetched.open ? imap->fetched.size : 0;
        imap->fetched.open = false;
        emit(s, "imap-fetch", octets, "unknown", NULL);
    }
    imap_fetch_over(s, imap);
}
