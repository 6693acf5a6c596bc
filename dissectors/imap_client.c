/* What the client sends: commands with their literals, which wait in the queue for their replies,
 * SASL responses, DONE. */
#include <string.h>

#include "imap_internal.h"
#include "text.h"

#define LITERAL_KEPT    4096 /* an argument of LOGIN is awaited whole; a longer one is skipped */
#define FIRST_LINE_KEPT 1024 /* of octets of which nobody saw that they were let come */

/* --- literals -----------------------------------------------------------------------------------
 */

void imap_literal_over(struct session *s, struct imap *imap)
{
    (void)s;
    imap->command.arguments++;
    imap->client = CLIENT_ARGUMENTS;
}

void imap_literal_begins(struct session *s, struct imap *imap)
{
    session_explain(s, "a literal of %llu octets follows",
                    (unsigned long long)imap->left[FROM_CLIENT]);
    imap->client = CLIENT_LITERAL;
    if (imap->command.is_message)
        imap_append_begins(s, imap);
    if (imap->left[FROM_CLIENT] == 0)
        imap_literal_over(s, imap);
}

/* RFC 9051 section 4.3: "+" behind the number says that the octets follow at once. `certain`: it
 * stands where a literal may stand; elsewhere servers differ, and the next answer tells. */
static void literal_announced(struct session *s, struct imap *imap,
                              const struct imap_token *literal, bool certain)
{
    struct imap_command *command = &imap->command;
    if (!certain && !literal->waits) {
        imap_lose_client(s, imap);
        return;
    }
    imap->left[FROM_CLIENT] = literal->size;
    command->assumed = false;
    command->waits_not |= !literal->waits;
    command->is_message =
        command->verb == IMAP_APPEND && command->arguments > 0 && !command->catenate;
    command->kept =
        command->verb == IMAP_LOGIN && command->arguments < 2 && literal->size <= LITERAL_KEPT;
    if (command->verb == IMAP_LOGIN && !command->kept)
        imap->login.sasl.unreadable = true;
    if (literal->waits) {
        imap->client = CLIENT_WAITS;
        imap->granted = CLIENT_LITERAL;
    } else {
        imap_literal_begins(s, imap);
    }
}

/* Without the server nobody says that the octets were let come. What they would be tells: where a
 * command stands in their place, or the line does not go on behind them, nothing is claimed. False
 * while that is not known. */
static bool judge_assumed(struct session *s, struct imap *imap, struct bytes unread)
{
    uint64_t left = imap->left[FROM_CLIENT];
    struct bytes tag, verb, arguments, line = bytes_first(unread, bytes_index(unread, '\n'));
    bool plausible;
    if (left <= LITERAL_KEPT && !imap->command.is_message) {
        if (unread.len <= left)
            return false;
        uint8_t next = unread.data[left];
        plausible = line.len >= left && (next == ' ' || next == '\r' || next == '\n');
    } else {
        if (line.len == unread.len && line.len < FIRST_LINE_KEPT && line.len < left)
            return false;
        plausible =
            !imap_command_of(line, &tag, &verb, &arguments) ||
            imap_verb_of(text_trim(bytes_first(verb, bytes_index(verb, '\r')))) == IMAP_UNKNOWN;
    }
    imap->command.assumed = false;
    if (!plausible)
        imap_lose_client(s, imap);
    else if (imap->command.is_message)
        imap_append_begins(s, imap);
    return true;
}

static size_t read_literal(struct session *s, struct imap *imap, struct bytes unread)
{
    uint64_t *left = &imap->left[FROM_CLIENT];
    if (imap->command.assumed && !judge_assumed(s, imap, unread))
        return 0;
    if (imap->client_blind)
        return imap_client_data(s, imap, unread, 0);
    if (imap->command.kept && unread.len < *left)
        return 0;
    if (imap->command.kept)
        imap_login_argument(s, imap, imap->command.arguments, bytes_first(unread, (size_t)*left));
    size_t taken = *left < unread.len ? (size_t)*left : unread.len;
    *left -= taken;
    if (*left == 0)
        imap_literal_over(s, imap);
    return taken;
}

/* --- commands -----------------------------------------------------------------------------------
 */

/* Reads arguments up to the end of this part. True if a literal stands there, where one may. */
static bool read_arguments(struct session *s, struct imap *imap, struct bytes part)
{
    struct imap_command *command = &imap->command;
    struct imap_tokens in = imap_tokens_over(part);
    struct imap_token token;
    bool login = command->verb == IMAP_LOGIN;
    unsigned depth = 0;
    uint8_t room[LITERAL_KEPT];
    while ((token = login ? imap_next_argument(&in) : imap_next(&in)).kind != IMAP_END &&
           token.kind != IMAP_LITERAL) {
        if (login) {
            imap_login_argument(s, imap, command->arguments, imap_value(&token, room, sizeof room));
            explicit_bzero(room, token.text.len < sizeof room ? token.text.len : sizeof room);
        }
        command->catenate |= bytes_equal_nocase(token.text, "CATENATE");
        depth += token.kind == IMAP_OPEN;
        depth -= token.kind == IMAP_CLOSE && depth > 0;
        command->arguments += depth == 0 && token.kind != IMAP_CLOSE;
    }
    return token.kind == IMAP_LITERAL;
}

static void command_over(struct session *s, struct imap *imap)
{
    static const struct {
        enum imap_client_mode then, granted;
    } after[] = {
        [IMAP_AUTHENTICATE] = { CLIENT_WAITS, CLIENT_SASL },
        [IMAP_IDLE] = { CLIENT_WAITS, CLIENT_IDLE },
        [IMAP_STARTTLS] = { CLIENT_WAITS, CLIENT_WAITS },
        [IMAP_COMPRESS] = { CLIENT_WAITS, CLIENT_WAITS },
        [IMAP_TALKING] = { CLIENT_COMMANDS, CLIENT_WAITS },
    };
    imap->client = after[imap->command.verb].then;
    imap->granted = after[imap->command.verb].granted;
    if (imap->command.verb != IMAP_LOGIN || imap->login_serial != imap->command.serial)
        return;
    imap->login_whole = imap->command.arguments == 2;
    if (imap->login_refused.status != IMAP_NO_STATUS)
        imap_login_over(s, imap);
}

/* The verb, and of AUTHENTICATE the mechanism if it is one, may be shown. */
static void show_command(struct session *s, enum imap_verb verb, struct bytes word,
                         struct bytes arguments)
{
    if (verb == IMAP_UNKNOWN)
        return;
    session_public(s, word);
    struct bytes mechanism = text_next_word(&arguments);
    if (verb == IMAP_AUTHENTICATE && sasl_known_name(mechanism))
        session_public(s, mechanism);
}

/* A server whose words are not all seen cannot be waited for. */
static void command_begins(struct session *s, struct imap *imap, struct bytes tag,
                           enum imap_verb verb)
{
    if (imap_server_hidden(s)) {
        imap_login_over(s, imap);
        imap_append_unanswered(s, imap);
        imap_queue_clear(&imap->queue);
    }
    struct imap_entry *entry = imap_queue_push(&imap->queue, tag, verb);
    imap->command = (struct imap_command){ .serial = entry->serial, .verb = verb };
}

/* A whole command, or its first part. False if it is none. */
static bool begin_command(struct session *s, struct imap *imap, struct bytes line)
{
    struct bytes tag, word, arguments;
    bool whole = imap_command_of(line, &tag, &word, &arguments);
    enum imap_verb verb = whole ? imap_verb_of(word) : IMAP_UNKNOWN;
    if (imap->login.open && imap->login_refused.status != IMAP_NO_STATUS)
        imap_login_overrun(s, imap, verb, line);
    if (tag.len == 0)
        return false;
    if (verb == IMAP_UNKNOWN && !imap->candidate && !imap->login.open)
        http_line(s, &imap->http, line);
    if (!imap->candidate)
        show_command(s, verb, word, arguments);
    if (verb == IMAP_APPEND || verb == IMAP_FETCH)
        starttls_asked_for_mail(s);
    command_begins(s, imap, tag, verb);
    imap_queue_newest(&imap->queue)->may_be_ignored = !whole;
    if (verb == IMAP_LOGIN)
        imap_login_begins(s, imap, imap->command.serial);
    if (verb == IMAP_AUTHENTICATE)
        imap_authenticate_begins(s, imap, imap->command.serial, arguments);
    if (verb == IMAP_UNAUTHENTICATE && imap->server_blind)
        imap_forget_identity(s, imap);
    if (verb == IMAP_STARTTLS && !imap->candidate) {
        starttls_requested(s);
        if (imap->server_gap)
            session_expect_tls(s); /* its answer may be in there */
    }
    return true;
}

/* The line of a part was read to its end. STARTTLS has no arguments: if a server agrees to one with
 * a literal, what was announced as its octets is text behind it. */
static void part_over(struct session *s, struct imap *imap, const struct imap_part *part,
                      bool certain)
{
    if (part->announces && imap->command.verb != IMAP_STARTTLS)
        literal_announced(s, imap, &part->literal, certain);
    else
        command_over(s, imap);
}

static void read_part(struct session *s, struct imap *imap, const struct imap_part *part)
{
    struct bytes rest = part->text;
    bool first = imap->client == CLIENT_COMMANDS;
    if (!part->ready) { /* the end of an over-long one */
        if (part->ended)
            part_over(s, imap, part, true);
        return;
    }
    if (part->too_long)
        session_weird(s, WEIRD_LINE_TOO_LONG, FROM_CLIENT);
    if (first) {
        if (!begin_command(s, imap, part->text))
            return;
        text_next_word(&rest);
        text_next_word(&rest);
    }
    if (part->too_long && imap->command.verb == IMAP_LOGIN)
        imap->login.sasl.unreadable = true;
    /* What stands in front of a literal matters only to some. */
    bool matters = imap->command.verb == IMAP_LOGIN || imap->command.verb == IMAP_APPEND;
    bool certain = (matters || part->announces) && read_arguments(s, imap, rest);
    imap->client = CLIENT_ARGUMENTS;
    if (part->ended)
        part_over(s, imap, part, certain);
}

/* One login at a time: what is read of the next one would be taken for this one's. */
static bool must_queue(struct session *s, struct imap *imap, struct bytes unread)
{
    struct bytes tag, word, arguments;
    if (imap->client != CLIENT_COMMANDS)
        return false;
    if (imap_queue_full(&imap->queue) &&
        !imap_queue_drop_doubtful(&imap->queue, imap->server_blind))
        return true;
    if (!imap->login.open || imap->login_refused.status != IMAP_NO_STATUS || imap_server_hidden(s))
        return false;
    struct bytes line = bytes_first(unread, bytes_index(unread, '\n'));
    if (line.len > LINE_MAX_KEPT)
        return false;
    line = bytes_first(line, bytes_index(line, '\r'));
    enum imap_verb verb =
        imap_command_of(line, &tag, &word, &arguments) ? imap_verb_of(word) : IMAP_UNKNOWN;
    if (verb != IMAP_LOGIN && verb != IMAP_AUTHENTICATE)
        return false;
    struct imap_entry *open = NULL;
    for (unsigned i = 0; i < imap->queue.count; i++) {
        if (imap->queue.entry[i].serial == imap->login_serial)
            open = &imap->queue.entry[i];
    }
    if (open && !open->doubtful && !imap->server_blind && !imap->server_gap)
        return true;
    imap_login_unanswered(s, imap);
    return false;
}

static size_t read_commands(struct session *s, struct imap *imap, struct bytes unread, size_t shown)
{
    struct imap_part part;
    if (!imap->part[FROM_CLIENT].line.skipping && must_queue(s, imap, unread))
        return 0;
    size_t taken = imap_part_read(&imap->part[FROM_CLIENT], unread, shown, &part);
    if (taken > 0)
        read_part(s, imap, &part);
    return taken;
}

/* --- one line -----------------------------------------------------------------------------------
 */

/* Without the server, a command in place of the line says that it is none. */
static bool leaves(struct session *s, struct imap *imap, struct bytes unread)
{
    struct bytes tag, word, arguments;
    struct bytes line = bytes_first(unread, bytes_index(unread, '\n'));
    if (!imap_server_hidden(s) || line.len == unread.len)
        return false;
    line = bytes_first(line, bytes_index(line, '\r'));
    if (!imap_command_of(line, &tag, &word, &arguments) || imap_verb_of(word) == IMAP_UNKNOWN)
        return false;
    imap->client = CLIENT_COMMANDS;
    return true;
}

static size_t read_line(struct session *s, struct imap *imap, struct bytes unread, size_t shown)
{
    struct line line;
    if (leaves(s, imap, unread))
        return read_commands(s, imap, unread, 0);
    size_t taken = line_read(&imap->part[FROM_CLIENT].line, unread, shown, &line);
    if (!line.ready)
        return taken;
    if (imap->client == CLIENT_IDLE) {
        imap->client = CLIENT_COMMANDS; /* RFC 2177: DONE, or a mistake that ends it as well */
        return taken;
    }
    imap_sasl_line(s, imap, line.text);
    imap->client = CLIENT_WAITS;
    imap->granted = CLIENT_SASL;
    return taken;
}

/* --- after a loss -------------------------------------------------------------------------------
 */

void imap_withdraw(struct session *s, struct imap *imap)
{
    struct imap_entry *newest = imap_queue_newest(&imap->queue);
    imap->answered = false;
    if (!imap->candidate)
        return;
    imap->candidate = false;
    imap->client = CLIENT_COMMANDS;
    if (imap->login.open && newest && imap->login_serial == newest->serial) {
        session_explain(s, "that was no login, as far as anybody can tell");
        imap->login.open = false;
        imap->login_serial = 0;
    }
    imap_queue_revoke(&imap->queue);
}

static bool may_be_candidate(const struct imap *imap, const struct imap_part *part)
{
    struct bytes tag, word, arguments;
    return part->ready && !part->too_long && imap->blind_lines == 1 &&
           !imap_queue_full(&imap->queue) && !(part->announces && !part->literal.waits) &&
           imap_command_of(part->text, &tag, &word, &arguments) &&
           imap_verb_of(word) != IMAP_UNKNOWN;
}

/* Consumes. The one line since the last reply may be a command: it is read like one, and what comes
 * of it is withdrawn when the client goes on before the server said that it was. */
static size_t read_blind(struct session *s, struct imap *imap, struct bytes unread, size_t shown)
{
    struct imap_part part;
    size_t taken = imap_part_read(&imap->part[FROM_CLIENT], unread, shown, &part);
    if (!part.ready && !part.ended)
        return taken;
    imap_withdraw(s, imap);
    if (imap->blind_lines < BLIND_UNTRUSTED)
        imap->blind_lines++;
    if (!may_be_candidate(imap, &part))
        return taken;
    imap->candidate = true;
    imap->client = CLIENT_COMMANDS;
    if (!imap->server_blind) {
        read_part(s, imap, &part);
        return taken;
    }
    struct bytes rest = part.text;
    imap_queue_push(&imap->queue, text_next_word(&rest), IMAP_QUIET);
    return taken;
}

/* The client goes on where a reply to its latest command was the server's latest line: both are in
 * step. */
static bool in_step(struct session *s, const struct imap *imap)
{
    return imap->server_blind && imap->answered && session_unread(s, FROM_SERVER) == 0;
}

static void both_resume(struct session *s, struct imap *imap)
{
    session_explain(s, "the client goes on behind the answer: both sides are in step again");
    imap_login_unanswered(s, imap);
    imap_append_unanswered(s, imap);
    if (imap_queue_changes_user(&imap->queue))
        imap_forget_identity(s, imap);
    imap_queue_clear(&imap->queue);
    imap->server_blind = imap->client_blind = imap->candidate = imap->answered = false;
    imap->client = CLIENT_COMMANDS;
    imap->server = SERVER_LINES;
}

/* --- without the server -------------------------------------------------------------------------
 */

/* What the client does next, as far as one side tells. */
static void assume_answer(struct session *s, struct imap *imap)
{
    imap->client = CLIENT_COMMANDS;
    if (imap->granted == CLIENT_LITERAL) {
        imap->client = CLIENT_LITERAL;
        imap->command.assumed = true;
    } else if (imap->granted == CLIENT_IDLE) {
        imap->client = CLIENT_IDLE;
    } else if (imap->granted == CLIENT_SASL) {
        bool done = imap->login_cancelled || sasl_client_is_done(&imap->login.sasl);
        if (!done)
            imap->client = CLIENT_SASL;
        else if (imap->login.sasl.layer == LAYER_AGREED)
            imap_lose_client(s, imap);
    } else if (imap->command.verb == IMAP_STARTTLS) {
        session_expect_tls(s);
    } else {
        imap_lose_client(s, imap); /* compressed or not, as the hidden answer was */
    }
}

/* What is awaited may have been said and lost: then its answer is not recognised. */
static void stop_waiting(struct session *s, struct imap *imap)
{
    if (imap_server_hidden(s))
        assume_answer(s, imap);
    else if (imap->server_blind || imap->server_gap || imap->wait_doubtful)
        imap_lose_client(s, imap);
}

/* In a security layer: four bytes of length, then what nobody can read. No line of text begins with
 * NUL. */
static bool wrapped(const struct session *s, const struct imap *imap, struct bytes unread)
{
    bool may = imap->client == CLIENT_COMMANDS
                   ? imap->may_wrap
                   : imap->client == CLIENT_SASL && imap_server_hidden(s) &&
                         imap->login.sasl.layer == LAYER_POSSIBLE;
    return may && unread.data[0] == 0;
}

size_t imap_client_data(struct session *s, struct imap *imap, struct bytes unread, size_t shown)
{
    if (in_step(s, imap) && !imap->part[FROM_CLIENT].line.skipping)
        both_resume(s, imap);
    if (imap->client == CLIENT_WAITS && !imap->client_blind)
        stop_waiting(s, imap);
    if (imap->client_blind)
        return read_blind(s, imap, unread, shown);
    /* The rest of an over-long line of SASL, or behind IDLE. */
    if (imap->part[FROM_CLIENT].line.skipping && imap->client != CLIENT_ARGUMENTS)
        return line_read(&imap->part[FROM_CLIENT].line, unread, shown, &(struct line){ 0 });
    if (wrapped(s, imap, unread)) {
        imap_wrapped(s, imap);
        return unread.len;
    }
    switch (imap->client) {
    case CLIENT_COMMANDS:
    case CLIENT_ARGUMENTS:
        return read_commands(s, imap, unread, shown);
    case CLIENT_LITERAL:
        return read_literal(s, imap, unread);
    case CLIENT_SASL:
    case CLIENT_IDLE:
        return read_line(s, imap, unread, shown);
    case CLIENT_WAITS:
        break;
    }
    return 0;
}
