/* Is it POP3? Decided by the words of both sides, never by the port. */
#include "http_line.h"
#include "line.h"
#include "pop3.h"
#include "pop3_syntax.h"
#include "sasl.h"
#include "text.h"

/* RFC 1939 section 4: the server speaks first and says +OK; one that will not serve says -ERR.
 * Behind +OK stands a text, which no answer of Redis has; -ERR with any text Redis says too, also
 * unasked. */
static enum verdict judge_greeting(struct bytes server, bool client_spoke)
{
    struct bytes line, text, rest = server;
    size_t ok = server.len < 3 ? server.len : 3, err = server.len < 4 ? server.len : 4;
    if (!bytes_equal(bytes_first(server, ok), bytes_over("+OK", ok)) &&
        !bytes_equal(bytes_first(server, err), bytes_over("-ERR", err)))
        return VERDICT_NOT_MINE;
    if (!line_take(&rest, &line))
        return VERDICT_MORE;
    enum pop3_status status = pop3_status_of(line, &text);
    if (status == STATUS_NONE)
        return VERDICT_NOT_MINE;
    if (status == STATUS_OK ? text.len > 0 : bytes_contains_nocase(text, "POP"))
        return VERDICT_MINE;
    /* Without the client's words a bare +OK, and more behind it, may be anybody's. */
    if (rest.len > 0 && !client_spoke)
        return VERDICT_NOT_MINE;
    /* Redis answers with $, : and * too, POP3 never does. */
    if (rest.len > 0 && (rest.data[0] == '$' || rest.data[0] == ':' || rest.data[0] == '*'))
        return VERDICT_NOT_MINE;
    return VERDICT_MORE;
}

/* The client's lines up to the first that tells: a command of POP3 alone, or one that POP3 does not
 * have. With `greeted`, the server said +OK or -ERR, which FTP and NNTP never do. */
static enum verdict judge_client(struct bytes client, bool greeted)
{
    struct bytes line, argument, rest = client;
    while (line_take(&rest, &line)) {
        enum pop3_command command = pop3_command_of(line, &argument);
        if (pop3_is_telling(line, greeted) || (greeted && command == POP3_USER))
            return VERDICT_MINE;
        /* What stands behind AUTH and a mechanism may be a SASL response. Redis has a password
         * there. */
        if (command == POP3_AUTH)
            return argument.len == 0 || sasl_known_name(text_next_word(&argument))
                       ? VERDICT_MORE
                       : VERDICT_NOT_MINE;
        if (!greeted && http_is_request(line))
            return VERDICT_MORE; /* to whom, only the server tells */
        if (command == POP3_UNKNOWN && line.len > 0)
            return VERDICT_NOT_MINE;
    }
    bool letter = client.len == 0 || (client.data[0] >= 'A' && client.data[0] <= 'z') ||
                  client.data[0] == '\r' || client.data[0] == '\n';
    return letter ? VERDICT_MORE : VERDICT_NOT_MINE;
}

/* Without the start, both sides must speak POP3: the server says a status, at once or behind the
 * lone dot that ends a text; the client says what POP3 alone has, or names a user. */
static enum verdict judge_midstream(struct bytes client, struct bytes server)
{
    struct bytes line, text, argument, rest = server;
    bool due = true, status = false, telling = false;
    while (!status && line_take(&rest, &line)) {
        enum pop3_status said = due ? pop3_status_of(line, &text) : STATUS_NONE;
        status = said == STATUS_OK || said == STATUS_ERR;
        due = bytes_equal(line, BYTES_LITERAL("."));
    }
    for (rest = client; !telling && line_take(&rest, &line);) {
        enum pop3_command command = pop3_command_of(line, &argument);
        telling = pop3_is_telling(line, true) || command == POP3_USER || command == POP3_PASS;
    }
    return status && telling ? VERDICT_MINE : VERDICT_MORE;
}

enum verdict pop3_probe(struct bytes client, struct bytes server, bool midstream)
{
    if (midstream)
        return judge_midstream(client, server);
    enum verdict greeting = server.len > 0 ? judge_greeting(server, client.len > 0) : VERDICT_MORE;
    if (greeting != VERDICT_MORE)
        return greeting;
    return judge_client(client, bytes_index(server, '\n') < server.len);
}
