/* The upgrade to TLS: while it is expected, both sides are watched for it at each of their lines.
 */
#include "session_internal.h"
#include "tls_record.h"

void session_expect_tls(struct session *s)
{
    /* The client's bytes that are already here were sent before it could know the answer. */
    starttls_watched(s, s->stream[FROM_CLIENT].unread.len);
    s->expecting_tls = true;
    for (int d = 0; d < DIRECTIONS; d++)
        s->stream[d].tls = false;
}

bool session_expects_tls(const struct session *s)
{
    return s->expecting_tls;
}

static void switch_to_tls(struct session *s)
{
    session_explain(s, "TLS goes on from here: %s ends", s->dissector->name);
    session_hand_over(s);
    s->id->tls_mode = TLS_MODE_STARTTLS;
    session_choose(s, &tls_dissector);
}

/* Where behind text, in the middle of a line maybe, a handshake may begin: the length if nowhere.
 * *verdict tells whether it does. */
static size_t handshake_in(enum direction d, struct bytes unread, size_t len, enum verdict *verdict)
{
    struct bytes text = bytes_first(unread, len);
    *verdict = VERDICT_NOT_MINE;
    for (size_t at = bytes_index(text, TLS_HANDSHAKE); at < len;
         at += 1 + bytes_index(bytes_after(text, at + 1), TLS_HANDSHAKE)) {
        *verdict = tls_record_probe(d, bytes_after(unread, at));
        if (*verdict != VERDICT_NOT_MINE)
            return at;
    }
    return len;
}

bool upgrade_begins(struct session *s, enum direction d, struct bytes *text)
{
    struct stream *stream = &s->stream[d];
    *text = BYTES_NONE;
    if (!stream->tls) {
        enum verdict verdict = tls_record_probe(d, stream->unread);
        if (verdict == VERDICT_MORE)
            return false;
        if (verdict == VERDICT_NOT_MINE) {
            size_t line = bytes_index(stream->unread, '\n') + 1;
            if (line > stream->unread.len)
                line = stream->unread.len;
            *text = bytes_first(stream->unread, handshake_in(d, stream->unread, line, &verdict));
            return false;
        }
        stream->tls = true;
        starttls_saw_tls(s, d);
        session_explain(s, "TLS begins from the %s", direction_name(d));
    }
    enum direction other = other_direction(d);
    if (!s->stream[other].tls && s->stream[other].visible != CLAIM_NO)
        return false; /* the other side decides whether this becomes TLS */
    switch_to_tls(s);
    return true;
}

void upgrade_saw_text(struct session *s, enum direction d, struct bytes text)
{
    bool goes_on = starttls_saw_text(s, d, text);
    if (d == FROM_CLIENT)
        starttls_client_read(s, text.len);
    if (!goes_on || !s->expecting_tls)
        return;
    s->expecting_tls = false;
    session_explain(s, "asked and answered in clear: no TLS comes");
}

bool upgrade_skips_text(struct session *s, enum direction d, size_t shown)
{
    struct stream *stream = &s->stream[d];
    enum verdict verdict;
    size_t at = handshake_in(d, stream->unread, stream->unread.len, &verdict);
    stream->shown = shown;
    if (verdict != VERDICT_MINE)
        return false;
    upgrade_saw_text(s, d, bytes_first(stream->unread, at));
    stream->unread = bytes_after(stream->unread, at);
    stream->shown = 0;
    return true;
}

bool upgrade_ends(struct session *s)
{
    struct stream *client = &s->stream[FROM_CLIENT];
    if (!s->reading || !s->expecting_tls)
        return false;
    if (client->tls) {
        switch_to_tls(s);
        return true;
    }
    if (client->unread.len > 0)
        starttls_saw_text(s, FROM_CLIENT, client->unread);
    return false;
}
