/* IMAP: which file sees which bytes, what a gap does, what the end does.
 *
 * Loss hides, it never invents. Mails quote dialogues, and both sides send mails, so a line is a
 * line of the protocol only where no literal can be under way:
 *
 *   - A gap within a literal is counted: its length is known on both sides.
 *   - Any other gap of the client blinds what is read of the client: a literal may have been
 *     announced in it. Replies to commands before it still find them by their tags. The way back is
 *     the server's word: a tagged reply to what was the client's only line since the tagged reply
 *     before (the first tagged reply behind a gap belongs to what was lost), or "+" where that line
 *     asked for it. That one line is read like a command, and what comes of it is withdrawn if the
 *     client goes on before the server has spoken. Only the server's word makes it known.
 *   - Any other gap of the server blinds what is read of the server only if a command was waiting
 *     that may be answered with literals (FETCH, LIST, ...), or if not all of the client was read.
 *     Else its lines are read on behind the next line end. Commands that waited may have been
 *     answered in the gap: a reply counts for one of them only if no other command has, or can
 *     have, its tag. A blind server is read again where both sides go in step: a reply to the
 *     client's latest command was its last word, and then the client goes on.
 *
 * After a loss that may have taken a login with it nothing that the server announces counts, as it
 * may be what holds behind a login; and nobody is taken for logged in. */
#include "imap.h"

#include "imap_internal.h"

bool imap_server_hidden(const struct session *s)
{
    return session_peer_visible(s, FROM_SERVER) == CLAIM_NO;
}

void imap_forget_identity(struct session *s, struct imap *imap)
{
    (void)imap;
    facts_unset(session_facts(s), FIELD_USER_NAME);
}

void imap_lose_client(struct session *s, struct imap *imap)
{
    session_explain(s, "from here on nothing of the client is claimed until the server's own word");
    imap_withdraw(s, imap);
    starttls_client_lost(s);
    imap->client_blind = true;
    imap->blind_lines = BLIND_UNTRUSTED;
    imap->client = CLIENT_COMMANDS;
    imap->lists_count = imap->may_wrap = imap->wait_doubtful = false;
    imap_forget_identity(s, imap);
    for (unsigned i = 0; i < imap->queue.count; i++)
        imap->queue.entry[i].ambiguous |= imap->queue.entry[i].doubtful || imap->server_gap;
    if (!session_is_partial(s))
        session_partial(s, COVERAGE_DESYNC);
}

void imap_resume(struct session *s, struct imap *imap)
{
    session_explain(s, "the server's word brings the client back: that was a command");
    imap->client_blind = imap->candidate = false;
    if (imap->command.verb == IMAP_STARTTLS)
        starttls_requested(s);
}

static void begin(struct session *s, struct imap *imap)
{
    if (imap->begun)
        return;
    imap->begun = true;
    login_init(&imap->login, session_pool(s));
    starttls_track(s);
    imap->listed_literals = true;
    imap->lists_count = session_from_start(s);
    if (session_from_start(s))
        return;
    imap->greeted = true;
    imap->server_blind = true;
    imap_lose_client(s, imap);
    imap->blind_lines = 0;
}

static size_t imap_data(struct session *s, void *state, enum direction d, struct bytes unread,
                        size_t shown)
{
    struct imap *imap = state;
    begin(s, imap);
    return d == FROM_CLIENT ? imap_client_data(s, imap, unread, shown)
                            : imap_server_data(s, imap, unread, shown);
}

static void client_gap(struct session *s, struct imap *imap, uint64_t missing)
{
    uint64_t *left = &imap->left[FROM_CLIENT];
    if (imap->client == CLIENT_LITERAL && !imap->client_blind && !imap->command.assumed &&
        missing <= *left) {
        *left -= missing;
        if (imap->command.kept)
            imap->login.sasl.unreadable = true;
        imap->command.kept = false;
        if (*left == 0)
            imap_literal_over(s, imap);
        return;
    }
    imap_part_lost(&imap->part[FROM_CLIENT]);
    imap_lose_client(s, imap);
}

static void server_gap(struct session *s, struct imap *imap, uint64_t missing)
{
    uint64_t *left = &imap->left[FROM_SERVER];
    imap->answered = false;
    if (imap->server == SERVER_LITERAL && !imap->server_blind && missing <= *left) {
        *left -= missing;
        if (*left == 0) {
            imap_fetch_literal_over(s, imap);
            imap->server = SERVER_REST;
        }
        return;
    }
    if (imap->server == SERVER_LITERAL && !imap->server_blind)
        imap_fetch_literal_over(s, imap); /* its octets were known to come */
    imap_part_lost(&imap->part[FROM_SERVER]);
    if (!imap->greeted)
        imap->lists_count = false; /* it may have been PREAUTH */
    imap->greeted = true;
    imap->server = SERVER_LINES;
    imap->server_gap = true;
    if (imap_queue_holds(&imap->queue, IMAP_STARTTLS))
        session_expect_tls(s);
}

static void imap_gap(struct session *s, void *state, enum direction d, uint64_t missing)
{
    struct imap *imap = state;
    begin(s, imap);
    if (d == FROM_CLIENT)
        client_gap(s, imap, missing);
    else
        server_gap(s, imap, missing);
}

static void imap_end(struct session *s, void *state, enum ending ending)
{
    struct imap *imap = state;
    begin(s, imap);
    imap_withdraw(s, imap);
    bool final = ending == ENDED_CLOSED || ending == ENDED_RESET || ending == ENDED_UPGRADED;
    if (final && !imap->client_blind)
        imap_login_over(s, imap);
    else
        imap_login_unanswered(s, imap);
    imap_messages_end(s, imap);
    login_free(&imap->login);
}

static const uint16_t imap_ports[] = { 143, 993, 0 };

const struct dissector imap_dissector = {
    .name = "imap",
    .ports = imap_ports,
    .state_size = sizeof(struct imap),
    .probe = imap_probe,
    .data = imap_data,
    .gap = imap_gap,
    .end = imap_end,
    .is_command = imap_is_command,
};
