/* Is it ManageSieve? Decided by the words of both sides, never by the port. */
#include "line.h"
#include "managesieve.h"
#include "managesieve_text.h"
#include "text.h"

/* RFC 5804 section 1.7: the server speaks first and announces what it can; one that will not serve
 * says BYE. */
static enum verdict judge_greeting(struct bytes server)
{
    struct bytes line, rest = server;
    if (server.data[0] != '"') {
        struct bytes known = bytes_first(server, 3);
        bool refuses = bytes_equal(known, bytes_first(BYTES_LITERAL("BYE"), known.len)) ||
                       bytes_equal(known, bytes_first(BYTES_LITERAL("NO "), known.len));
        return refuses ? VERDICT_MORE : VERDICT_NOT_MINE;
    }
    if (!line_take(&rest, &line))
        return VERDICT_MORE;
    return sieve_is_capability_line(line) ? VERDICT_MINE : VERDICT_NOT_MINE;
}

/* The client's lines up to the first that tells. */
static enum verdict judge_client(struct bytes client)
{
    struct bytes line, rest = client;
    bool letter = client.len == 0 || (client.data[0] >= 'A' && client.data[0] <= 'z');
    while (line_take(&rest, &line)) {
        struct bytes words = line, word = text_next_word(&words);
        if (sieve_is_telling(line))
            return VERDICT_MINE;
        enum sieve_word known = sieve_word_of(word);
        if (known == SIEVE_UNKNOWN || known >= SIEVE_OK || known == SIEVE_AUTHENTICATE)
            return VERDICT_NOT_MINE;
    }
    return letter ? VERDICT_MORE : VERDICT_NOT_MINE;
}

/* Whether a line of the server can be one: an answer, or a string (RFC 5804 section 4). */
static bool is_server_line(struct bytes line)
{
    struct bytes words = line;
    enum sieve_word word = sieve_word_of(text_next_word(&words));
    return word >= SIEVE_OK || (line.len > 0 && (line.data[0] == '"' || line.data[0] == '{'));
}

/* Without the start, both sides must speak ManageSieve: an answer among lines that are answers and
 * strings, and a command that it alone has. The server's first line proves nothing: it may be the
 * end of another, as "Ok" is of many a reply of SMTP. Behind a literal there may be anything. */
static enum verdict judge_midstream(struct bytes client, struct bytes server)
{
    struct bytes line, rest = server;
    bool answer = false, telling = false, literal = false;
    line_take(&rest, &line);
    while (!literal && line_take(&rest, &line)) {
        if (!is_server_line(line))
            return VERDICT_NOT_MINE;
        literal = line.data[0] == '{';
        enum sieve_word word = sieve_word_of(text_next_word(&line));
        answer |= word == SIEVE_OK || word == SIEVE_NO;
    }
    for (rest = client; !telling && line_take(&rest, &line);)
        telling = sieve_is_telling(line);
    return answer && telling ? VERDICT_MINE : VERDICT_MORE;
}

enum verdict managesieve_probe(struct bytes client, struct bytes server, bool midstream)
{
    if (midstream)
        return judge_midstream(client, server);
    enum verdict greeting = server.len > 0 ? judge_greeting(server) : VERDICT_MORE;
    return greeting == VERDICT_MORE && client.len > 0 ? judge_client(client) : greeting;
}
