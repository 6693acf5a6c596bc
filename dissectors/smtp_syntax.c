/* The syntax of SMTP lines. */
#include "smtp_syntax.h"

#include <string.h>

#include "text.h"

static const struct verb {
    const char *verb;
    enum smtp_command command;
    const char *keyword; /* FROM: or TO: */
    bool distinctive;    /* no other protocol that greets with 220 has it */
} verbs[] = {
    { "EHLO", SMTP_EHLO, NULL, true },
    { "HELO", SMTP_HELO, NULL, true },
    { "LHLO", SMTP_LHLO, NULL, true },
    { "MAIL", SMTP_MAIL, "FROM:", true },
    { "RCPT", SMTP_RCPT, "TO:", true },
    { "DATA", SMTP_DATA, NULL, false },
    { "BDAT", SMTP_BDAT, NULL, true },
    { "RSET", SMTP_RSET, NULL, false },
    { "QUIT", SMTP_QUIT, NULL, false },
    { "AUTH", SMTP_AUTH, NULL, false },         /* FTP has AUTH TLS */
    { "X-EXPS", SMTP_AUTH, NULL, true },        /* Exchange's own AUTH */
    { "STARTTLS", SMTP_STARTTLS, NULL, false }, /* IRC and NNTP have it too */
    { "X-ANONYMOUSTLS", SMTP_STARTTLS, NULL, true },
    { "XEXCH50", SMTP_XEXCH50, NULL, true },
    { "VRFY", SMTP_VRFY, NULL, true },
    { "EXPN", SMTP_EXPN, NULL, true },
    { "NOOP", SMTP_OTHER, NULL, false },
    { "HELP", SMTP_OTHER, NULL, false },
    { "ETRN", SMTP_OTHER, NULL, true },
    { "XCLIENT", SMTP_XCLIENT, NULL, true },
    { "XFORWARD", SMTP_OTHER, NULL, true },
    { "ATRN", SMTP_TURN, NULL, true },
    { "TURN", SMTP_TURN, NULL, false },
    /* RFC 821 section 3.4: a transaction, to a terminal or a mailbox. */
    { "SEND", SMTP_MAIL, "FROM:", true },
    { "SOML", SMTP_MAIL, "FROM:", true },
    { "SAML", SMTP_MAIL, "FROM:", true },
};

const char *smtp_command_name(enum smtp_command command)
{
    static const char *const others[] = {
        [SMTP_UNKNOWN] = "an unknown command",    [SMTP_OTHER] = "a command without consequence",
        [SMTP_GREETING] = "the connection",       [SMTP_SASL_RESPONSE] = "a SASL response",
        [SMTP_END_OF_DATA] = "the end of a body", [SMTP_LOST] = "what was lost",
    };
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (verbs[i].command == command && command != SMTP_OTHER)
            return verbs[i].verb;
    }
    return others[command];
}

static const struct verb *find(struct bytes line, struct bytes *argument)
{
    struct bytes rest = line;
    struct bytes word = text_next_word(&rest);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        const struct verb *row = &verbs[i];
        if (!bytes_equal_nocase(word, row->verb))
            continue;
        *argument = text_trim(rest);
        if (!row->keyword)
            return row;
        if (!bytes_starts_nocase(*argument, row->keyword))
            return NULL;
        *argument = text_trim(bytes_after(*argument, strlen(row->keyword)));
        return row;
    }
    return NULL;
}

enum smtp_command smtp_command_of(struct bytes line, struct bytes *argument)
{
    const struct verb *row = find(line, argument);
    if (row)
        return row->command;
    *argument = BYTES_NONE;
    return SMTP_UNKNOWN;
}

bool smtp_is_command(struct bytes line)
{
    struct bytes argument;
    return find(line, &argument) != NULL;
}

bool smtp_is_distinctive(struct bytes line)
{
    struct bytes argument;
    const struct verb *row = find(line, &argument);
    if (!row || !row->distinctive)
        return false;
    bool hello =
        row->command == SMTP_EHLO || row->command == SMTP_LHLO || row->command == SMTP_HELO;
    return !hello || argument.len > 0;
}

/* The first such byte outside quotes; if a quote does not end, the first one at all. */
static size_t index_unquoted(struct bytes text, uint8_t byte)
{
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && c == byte)
            return i;
    }
    return quoted ? bytes_index(text, byte) : text.len;
}

/* A source route, "@one,@two:", obsolete and ignored (RFC 5321 appendix C); its domains may be
 * address literals with colons in them. */
static struct bytes behind_route(struct bytes path)
{
    struct bytes rest = path;
    while (rest.len > 0 && rest.data[0] == '@') {
        size_t end = rest.len > 1 && rest.data[1] == '[' ? bytes_index(rest, ']') : 0;
        while (end < rest.len && !strchr(",:>", rest.data[end]))
            end++;
        if (end < rest.len && rest.data[end] == ':')
            return bytes_after(rest, end + 1);
        rest = end < rest.len && rest.data[end] == ',' ? text_trim(bytes_after(rest, end + 1))
                                                       : BYTES_NONE;
    }
    return path;
}

struct bytes smtp_path(struct bytes argument)
{
    struct bytes path = text_trim(argument);
    if (path.len == 0 || path.data[0] != '<') {
        path = bytes_first(path, index_unquoted(path, ' '));
        return bytes_first(path, index_unquoted(path, '\t'));
    }
    path = behind_route(bytes_after(path, 1));
    return text_trim(bytes_first(path, index_unquoted(path, '>')));
}

bool smtp_requires_tls(struct bytes argument, struct bytes path)
{
    struct bytes word, rest = argument;
    if (path.len > 0)
        rest = bytes_after(argument, (size_t)(path.data - argument.data) + path.len);
    while ((word = text_next_word(&rest)).len > 0) {
        if (bytes_equal_nocase(word, "REQUIRETLS"))
            return true;
    }
    return false;
}

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

bool smtp_reply_line(struct bytes line, struct smtp_reply_line *reply)
{
    if (line.len < 3 || line.data[0] < '2' || line.data[0] > '5' || !digit(line.data[1]) ||
        !digit(line.data[2]))
        return false;
    if (line.len > 3 && line.data[3] != ' ' && line.data[3] != '-' && line.data[3] != '\t')
        return false;
    reply->code = (unsigned)(line.data[0] - '0') * 100 + (unsigned)(line.data[1] - '0') * 10 +
                  (unsigned)(line.data[2] - '0');
    reply->more = line.len > 3 && line.data[3] == '-';
    reply->text = bytes_after(line, 4);
    return true;
}

/* class "." subject "." detail, where subject and detail have one to three digits. */
struct bytes smtp_enhanced(unsigned code, struct bytes text)
{
    if (text.len < 5 || text.data[0] != '0' + code / 100 || text.data[1] != '.')
        return BYTES_NONE;
    size_t at = 2;
    for (int part = 0; part < 2; part++) {
        size_t digits = 0;
        while (at < text.len && digits < 3 && digit(text.data[at])) {
            at++;
            digits++;
        }
        if (digits == 0 || (part == 0 && (at >= text.len || text.data[at++] != '.')))
            return BYTES_NONE;
    }
    return at == text.len || text.data[at] == ' ' ? bytes_first(text, at) : BYTES_NONE;
}

bool smtp_chunk(struct bytes argument, uint64_t *len, bool *last)
{
    struct bytes rest = argument;
    struct bytes number = text_next_word(&rest);
    struct bytes word = text_next_word(&rest);
    *last = bytes_equal_nocase(word, "LAST");
    return text_to_u64(number, len) && (word.len == 0 || *last) && rest.len == 0;
}

/* Words behind which, or before which, servers name the message. */
static const struct {
    const char *words;
    bool id_before;
} queue_words[] = {
    { "queued as ", false },                   /* Postfix */
    { "id=", false },                          /* Exim */
    { " Message accepted for delivery", true } /* Sendmail, OpenSMTPD */
};

static bool is_id(struct bytes word)
{
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.data[i], letter = c | 0x20;
        if (!digit(c) && !(letter >= 'a' && letter <= 'z') && c != '-' && c != '.' && c != '_')
            return false;
    }
    return word.len >= 5 && word.len <= 64;
}

struct bytes smtp_queue_id(struct bytes text)
{
    for (size_t i = 0; i < sizeof queue_words / sizeof queue_words[0]; i++) {
        const char *words = queue_words[i].words;
        size_t at = 0;
        while (at < text.len && !bytes_starts_nocase(bytes_after(text, at), words))
            at++;
        if (at == text.len)
            continue;
        struct bytes id = bytes_after(text, at + strlen(words));
        if (queue_words[i].id_before) {
            struct bytes before = bytes_first(text, at);
            do {
                id = text_next_word(&before);
            } while (before.len > 0);
        } else {
            id = text_next_word(&id);
        }
        return is_id(id) ? id : BYTES_NONE;
    }
    return BYTES_NONE;
}
