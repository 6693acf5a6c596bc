/* What the client sends: commands, which wait in the queue for their answers, and SASL responses.
 */
#include "pop3_internal.h"

/* --- commands -----------------------------------------------------------------------------------
 */

void pop3_client_reads(struct pop3 *pop3, enum pop3_client_mode mode)
{
    if (pop3->client != POP3_BLIND)
        pop3->client = mode;
}

/* What happens when a command is read, beyond joining the queue. */
static void sent(struct session *s, struct pop3 *pop3, enum pop3_command command,
                 struct bytes argument)
{
    switch (command) {
    case POP3_USER:
        pop3_user(pop3, argument);
        break;
    case POP3_PASS:
    case POP3_APOP:
    case POP3_AUTH:
        pop3_login_sent(s, pop3, command, argument);
        pop3->client = POP3_WAITS;
        break;
    case POP3_STLS:
        starttls_requested(s);
        pop3->client = POP3_WAITS;
        break;
    case POP3_RETR:
    case POP3_TOP:
        pop3->fetched = true;
        starttls_asked_for_mail(s);
        break;
    default:
        break;
    }
}

/* The command joins those that wait; without a server that could be paired it has its effect. */
static void wait_for_answer(struct session *s, struct pop3 *pop3, enum pop3_command command)
{
    pop3->lone_lines++;
    pop3->lone = command;
    if (command == POP3_XTND) {
        pop3_client_lost(s, pop3);
    } else if (!pop3_alone(s, pop3)) {
        pop3_push(pop3, command);
    } else {
        if (command == POP3_STLS)
            session_expect_tls(s);
        pop3_follow_alone(s, pop3);
    }
}

static size_t read_command(struct session *s, struct pop3 *pop3, struct bytes unread, size_t shown)
{
    struct line line;
    struct bytes argument;
    if (pop3->queue.count >= POP3_QUEUE_MAX - 1)
        return 0; /* until answers make room; one place is kept free for POP3_LOST */
    size_t taken = line_read(&pop3->line[FROM_CLIENT], unread, shown, &line);
    if (!line.ready)
        return taken;
    if (line.too_long)
        session_weird(s, WEIRD_LINE_TOO_LONG, FROM_CLIENT);
    if (pop3->doubtful)
        pop3_unpair(s, pop3, POP3_ANYWHERE);
    enum pop3_command command = pop3_command_of(line.text, &argument);
    session_public(s, bytes_first(line.text, pop3_public_length(line.text)));
    if (pop3->login.open)
        pop3_auth_overrun(s, pop3, command, line.text);
    else if (command == POP3_UNKNOWN)
        http_line(s, &pop3->http, line.text);
    sent(s, pop3, command, argument);
    wait_for_answer(s, pop3, command);
    return taken;
}

/* --- SASL ---------------------------------------------------------------------------------------
 */

static size_t read_sasl(struct session *s, struct pop3 *pop3, struct bytes unread, size_t shown)
{
    struct line line;
    size_t taken = line_read(&pop3->line[FROM_CLIENT], unread, shown, &line);
    if (!line.ready)
        return taken;
    pop3_auth_response(s, pop3, line.text);
    pop3->client = POP3_WAITS;
    wait_for_answer(s, pop3, POP3_SASL_RESPONSE);
    return taken;
}

/* --- without the server -------------------------------------------------------------------------
 */

void pop3_follow_alone(struct session *s, struct pop3 *pop3)
{
    if (pop3->client == POP3_BLIND) {
        if (!pop3->unproved)
            pop3_login_unanswered(s, pop3);
        return;
    }
    pop3->queue.count = 0;
    if (pop3->client == POP3_READS_COMMANDS && pop3->auth_refused[0])
        return; /* refused: the next line still tells whether more of it was sent */
    if (pop3->client != POP3_READS_COMMANDS && pop3_login_goes_on(pop3)) {
        pop3->client = POP3_READS_SASL;
        return;
    }
    bool layer = pop3->login.open && pop3->login.sasl.layer == LAYER_AGREED;
    pop3->logged_in |= pop3->login.open;
    pop3_login_unanswered(s, pop3);
    pop3->client = POP3_READS_COMMANDS;
    if (layer)
        pop3_client_lost(s, pop3); /* wrapped or not, as the answer that was not seen was */
}

/* A command ends an exchange whose answers are not seen. */
static bool leaves_sasl(struct session *s, struct pop3 *pop3, struct bytes unread)
{
    struct bytes argument, line = bytes_first(unread, bytes_index(unread, '\n'));
    if (!pop3_alone(s, pop3) || line.len == unread.len)
        return false;
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    if (pop3_command_of(line, &argument) == POP3_UNKNOWN)
        return false;
    pop3_login_unanswered(s, pop3);
    pop3->client = POP3_READS_COMMANDS;
    return true;
}

/* --- after a loss -------------------------------------------------------------------------------
 */

/* Consumes, and remembers what the latest line is, and a login in it until the server answers. */
static size_t read_blind(struct session *s, struct pop3 *pop3, struct bytes unread, size_t shown)
{
    struct line line;
    struct bytes argument;
    size_t taken = line_read(&pop3->line[FROM_CLIENT], unread, shown, &line);
    if (!line.ready)
        return taken;
    pop3->lone = pop3_command_of(line.text, &argument);
    pop3->lone_lines++;
    if (pop3->lone == POP3_USER)
        pop3_user(pop3, argument);
    if (pop3->lone != POP3_PASS && pop3->lone != POP3_APOP && pop3->lone != POP3_AUTH)
        return taken;
    pop3_login_proved(s, pop3, false);
    if (!pop3->unpaired)
        return taken; /* what came before the loss is still being answered */
    pop3_login_sent(s, pop3, pop3->lone, argument);
    pop3->unproved = true;
    return taken;
}

/* In a security layer: four bytes of length, then what nobody can read. No line of text begins with
 * NUL. */
static bool wrapped(const struct session *s, const struct pop3 *pop3, struct bytes unread)
{
    bool may = pop3->client == POP3_READS_COMMANDS
                   ? pop3->may_wrap
                   : pop3->client == POP3_READS_SASL && pop3_alone(s, pop3) &&
                         pop3->login.sasl.layer == LAYER_POSSIBLE;
    return may && unread.data[0] == 0;
}

size_t pop3_client_data(struct session *s, struct pop3 *pop3, struct bytes unread, size_t shown)
{
    if (pop3->client != POP3_BLIND && pop3_alone(s, pop3) &&
        (pop3->client == POP3_WAITS || pop3->queue.count > 0))
        pop3_follow_alone(s, pop3);
    /* The rest of an over-long line, whatever that line began. */
    if (pop3->line[FROM_CLIENT].skipping && pop3->client != POP3_BLIND)
        return line_read(&pop3->line[FROM_CLIENT], unread, shown, &(struct line){ 0 });
    if (wrapped(s, pop3, unread)) {
        pop3_wrapped(s, pop3);
        return unread.len;
    }
    switch (pop3->client) {
    case POP3_READS_SASL:
        return leaves_sasl(s, pop3, unread) ? read_command(s, pop3, unread, 0)
                                            : read_sasl(s, pop3, unread, shown);
    case POP3_READS_COMMANDS:
        return read_command(s, pop3, unread, shown);
    case POP3_BLIND:
        return read_blind(s, pop3, unread, shown);
    case POP3_WAITS:
        break;
    }
    return 0;
}
