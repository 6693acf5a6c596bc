/* Is it IMAP? Decided by the words of both sides, never by the port. */
#include "http_line.h"
#include "imap.h"
#include "imap_syntax.h"
#include "line.h"
#include "text.h"

/* The line is a command that IMAP has, with its tag in front. */
static bool is_command(struct bytes line, struct bytes *tag)
{
    struct bytes verb, arguments;
    return imap_command_of(line, tag, &verb, &arguments) && imap_verb_of(verb) != IMAP_UNKNOWN;
}

/* Tags that clients make have a number in them. The first words of other protocols, in front of
 * what may be a verb of IMAP, have none: AUTH LOGIN, PASS select. */
static bool is_numbered(struct bytes tag)
{
    for (size_t i = 0; i < tag.len; i++) {
        if (tag.data[i] >= '0' && tag.data[i] <= '9')
            return true;
    }
    return false;
}

/* MUPDATE and others have tags, and these commands, too. */
static bool is_shared(struct bytes line)
{
    static const char *const shared[] = { "AUTHENTICATE", "STARTTLS", "COMPRESS", "DELETE",
                                          "LIST",         "LOGOUT",   "NOOP" };
    struct bytes tag, verb, arguments;
    imap_command_of(line, &tag, &verb, &arguments);
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        if (bytes_equal_nocase(verb, shared[i]))
            return true;
    }
    return false;
}

/* RFC 9051 section 7.1: a greeting is OK, PREAUTH or BYE. Others that greet with "* OK", as MUPDATE
 * and IMSP, say who they are. */
static enum verdict judge_greeting(struct bytes server)
{
    static const char *const greetings[] = { "* OK", "* PREAUTH", "* BYE" };
    struct bytes line, rest = server;
    struct imap_reply reply;
    bool possible = false;
    for (size_t i = 0; i < sizeof greetings / sizeof greetings[0]; i++) {
        struct bytes whole = bytes_of_string(greetings[i]), known = bytes_first(server, whole.len);
        char start[12];
        text_copy(start, sizeof start, bytes_first(whole, known.len));
        possible |= bytes_equal_nocase(known, start);
    }
    if (!possible)
        return VERDICT_NOT_MINE;
    if (!line_take(&rest, &line))
        return VERDICT_MORE;
    if (!imap_reply_of(line, &reply) || bytes_contains_nocase(reply.text, "MUPDATE") ||
        bytes_contains_nocase(reply.text, "IMSP"))
        return VERDICT_NOT_MINE;
    bool says =
        bytes_contains_nocase(reply.code, "IMAP4") || bytes_contains_nocase(reply.text, "IMAP");
    return says ? VERDICT_MINE : VERDICT_MORE;
}

/* The first line with anything on it tells. Without the server's greeting it must look like a
 * program's, and be of IMAP alone. */
static enum verdict judge_client(struct bytes client, bool greeted)
{
    struct bytes line, tag, rest = client;
    if (client.len > 0 && (client.data[0] < ' ' || client.data[0] > '~') &&
        client.data[0] != '\r' && client.data[0] != '\n')
        return VERDICT_NOT_MINE;
    while (line_take(&rest, &line)) {
        if (line.len == 0)
            continue;
        if (http_is_request(line))
            return VERDICT_MORE; /* to whom, only the server tells */
        if (!is_command(line, &tag))
            return VERDICT_NOT_MINE;
        if (greeted || (is_numbered(tag) && !is_shared(line)))
            return VERDICT_MINE;
    }
    return VERDICT_MORE;
}

static bool is_text(struct bytes start)
{
    return start.len == 0 || start.data[0] >= ' ' || start.data[0] == '\r' ||
           start.data[0] == '\n' || start.data[0] == '\t';
}

static bool has_command(struct bytes client, struct bytes wanted, bool certain)
{
    struct bytes line, tag;
    while (line_take(&client, &line)) {
        if (is_command(line, &tag) && bytes_equal(tag, wanted) && (certain || !is_shared(line)))
            return true;
    }
    return false;
}

/* "* 12 EXISTS": nobody else numbers what it tells. */
static bool tells_of_mails(struct bytes line)
{
    struct bytes word;
    uint64_t number;
    if (!bytes_equal(text_next_word(&line), BYTES_LITERAL("*")) ||
        !text_to_u64(text_next_word(&line), &number))
        return false;
    word = text_next_word(&line);
    return bytes_equal_nocase(word, "EXISTS") || bytes_equal_nocase(word, "RECENT") ||
           bytes_equal_nocase(word, "EXPUNGE") || bytes_equal_nocase(word, "FETCH");
}

/* Without the start, both sides must speak IMAP: a command, and the reply with its tag. */
static enum verdict judge_midstream(struct bytes client, struct bytes server)
{
    struct bytes line;
    struct imap_reply reply;
    bool certain = false;
    if (!is_text(client) || !is_text(server))
        return VERDICT_NOT_MINE;
    for (struct bytes rest = server; line_take(&rest, &line);)
        certain |= tells_of_mails(line);
    for (struct bytes rest = server; line_take(&rest, &line);) {
        if (imap_reply_of(line, &reply) && reply.status <= IMAP_BAD && reply.tag.len > 0 &&
            has_command(client, reply.tag, certain))
            return VERDICT_MINE;
    }
    return VERDICT_MORE;
}

enum verdict imap_probe(struct bytes client, struct bytes server, bool midstream)
{
    if (midstream)
        return judge_midstream(client, server);
    enum verdict greeting = server.len > 0 ? judge_greeting(server) : VERDICT_MORE;
    if (greeting != VERDICT_MORE)
        return greeting;
    return judge_client(client, server.len > 0);
}
