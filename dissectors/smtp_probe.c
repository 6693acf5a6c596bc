/* Is it SMTP? Decided by the words of both sides, never by the port. */
#include "http_line.h"
#include "line.h"
#include "smtp.h"
#include "smtp_syntax.h"
#include "text.h"

/* RFC 5321 section 3.1: a greeting is 220, or 554 or 421 for a server that will not serve. FTP
 * greets with 220 too. */
static enum verdict judge_greeting(struct bytes server)
{
    struct bytes line, rest = server;
    struct smtp_reply_line reply;
    size_t known = server.len < 3 ? server.len : 3;
    static const char *const codes[] = { "220", "421", "521", "554" };
    bool possible = false;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        possible |= bytes_equal(bytes_first(server, known), bytes_over(codes[i], known));
    if (!possible)
        return VERDICT_NOT_MINE;
    bool ftp = false;
    while (line_take(&rest, &line)) {
        if (!smtp_reply_line(line, &reply))
            return VERDICT_NOT_MINE;
        /* The protocol stands behind the server's name; as the first word it may be any sentence.
         */
        struct bytes words = reply.text;
        text_next_word(&words);
        if (bytes_contains_nocase(words, "SMTP") || bytes_contains_nocase(words, "LMTP"))
            return VERDICT_MINE;
        ftp |= bytes_contains_nocase(reply.text, "FTP");
        if (!reply.more)
            break;
    }
    /* RFC 959 has 331 and its kin; SMTP only has 334 and 354. */
    while (line_take(&rest, &line))
        ftp |= smtp_reply_line(line, &reply) && reply.code / 100 == 3 && reply.code != 334 &&
               reply.code != 354;
    return ftp ? VERDICT_NOT_MINE : VERDICT_MORE;
}

/* The client's lines up to the first that tells: a verb of SMTP alone, or one that SMTP does not
 * have. */
static enum verdict judge_client(struct bytes client)
{
    struct bytes line, argument, rest = client;
    /* Lines of SMTP begin with a letter; some clients send a stray CRLF first. Binary protocols end
     * here. */
    if (client.len > 0 && (client.data[0] > 'z' || client.data[0] < 'A') &&
        client.data[0] != '\r' && client.data[0] != '\n')
        return VERDICT_NOT_MINE;
    while (line_take(&rest, &line)) {
        if (smtp_is_distinctive(line))
            return VERDICT_MINE;
        if (http_is_request(line))
            return VERDICT_MORE; /* to whom, only the server tells */
        if (line.len > 0 && smtp_command_of(line, &argument) == SMTP_UNKNOWN)
            return VERDICT_NOT_MINE;
    }
    return VERDICT_MORE;
}

/* Without the start, both sides must speak SMTP: replies only from one, a telling verb on some line
 * of the other. */
static enum verdict judge_midstream(struct bytes client, struct bytes server)
{
    struct bytes line, argument, rest = server;
    struct smtp_reply_line reply;
    unsigned replies = 0;
    bool greeting = false;
    while (line_take(&rest, &line)) {
        if (!smtp_reply_line(line, &reply))
            return replies == 0 && line.len > 0 && line.data[0] >= '0' && line.data[0] <= '9'
                       ? VERDICT_MORE
                       : VERDICT_NOT_MINE;
        greeting |= reply.code == 220 && bytes_contains_nocase(reply.text, "SMTP");
        replies++;
    }
    if (server.len > 0 && replies == 0 && (server.data[0] < '2' || server.data[0] > '5'))
        return VERDICT_NOT_MINE;
    if (replies == 0)
        return VERDICT_MORE;
    rest = client;
    if (greeting && line_take(&rest, &line) && smtp_command_of(line, &argument) != SMTP_UNKNOWN)
        return VERDICT_MINE;
    for (rest = client; line_take(&rest, &line);) {
        if (smtp_is_distinctive(line))
            return VERDICT_MINE;
    }
    return VERDICT_MORE;
}

enum verdict smtp_probe(struct bytes client, struct bytes server, bool midstream)
{
    if (midstream)
        return judge_midstream(client, server);
    enum verdict greeting = server.len > 0 ? judge_greeting(server) : VERDICT_MORE;
    if (greeting != VERDICT_MORE)
        return greeting;
    /* The greeting fits but does not say SMTP, or has not come (early pipelining, or the server
     * cannot be seen). */
    return judge_client(client);
}
