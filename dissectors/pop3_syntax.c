/* The words of POP3. */
#include "pop3_syntax.h"

#include "sasl.h"
#include "text.h"

enum telling { NEVER, ALWAYS, WITH_NUMBER };

static const struct verb {
    const char *verb;
    enum pop3_command alone, with_argument;
    enum telling telling; /* FTP and NNTP know the others too */
    bool public_argument;
} verbs[] = {
    { "USER", POP3_USER, POP3_USER, NEVER, false },
    { "PASS", POP3_PASS, POP3_PASS, NEVER, false },
    { "APOP", POP3_APOP, POP3_APOP, ALWAYS, false },
    { "AUTH", POP3_AUTH_LIST, POP3_AUTH, NEVER, false },
    { "CAPA", POP3_CAPA, POP3_CAPA, ALWAYS, true },
    { "STLS", POP3_STLS, POP3_STLS, ALWAYS, true },
    { "RETR", POP3_RETR, POP3_RETR, WITH_NUMBER, true },
    { "TOP", POP3_TOP, POP3_TOP, WITH_NUMBER, true },
    { "LIST", POP3_LIST, POP3_OTHER, NEVER, true },
    { "UIDL", POP3_UIDL, POP3_OTHER, ALWAYS, true },
    { "LANG", POP3_LANG, POP3_OTHER, NEVER, true },
    { "STAT", POP3_OTHER, POP3_OTHER, NEVER, true },
    { "DELE", POP3_OTHER, POP3_OTHER, WITH_NUMBER, true },
    { "NOOP", POP3_OTHER, POP3_OTHER, NEVER, true },
    { "RSET", POP3_OTHER, POP3_OTHER, NEVER, true },
    { "LAST", POP3_OTHER, POP3_OTHER, NEVER, true },
    { "QUIT", POP3_OTHER, POP3_OTHER, NEVER, true },
    { "UTF8", POP3_OTHER, POP3_OTHER, NEVER, true },
    { "XTND", POP3_XTND, POP3_XTND, ALWAYS, false },
};

static const struct verb *find(struct bytes line, struct bytes *argument)
{
    struct bytes rest = line, verb = text_next_word(&rest);
    /* One blank parts the two; what follows may begin with blanks of its own (RFC 1939 section 7:
     * PASS). */
    size_t end = verb.len > 0 ? (size_t)(verb.data - line.data) + verb.len + 1 : line.len;
    *argument = bytes_after(line, end);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (bytes_equal_nocase(verb, verbs[i].verb))
            return &verbs[i];
    }
    return NULL;
}

enum pop3_command pop3_command_of(struct bytes line, struct bytes *argument)
{
    const struct verb *row = find(line, argument);
    if (!row)
        return POP3_UNKNOWN;
    return text_trim(*argument).len > 0 ? row->with_argument : row->alone;
}

bool pop3_is_command(struct bytes line)
{
    struct bytes argument;
    return find(line, &argument) != NULL;
}

const char *pop3_command_name(enum pop3_command command)
{
    static const char *const names[POP3_COMMANDS] = {
        [POP3_UNKNOWN] = "an unknown command",
        [POP3_USER] = "USER",
        [POP3_PASS] = "PASS",
        [POP3_APOP] = "APOP",
        [POP3_AUTH] = "AUTH",
        [POP3_AUTH_LIST] = "AUTH alone",
        [POP3_CAPA] = "CAPA",
        [POP3_STLS] = "STLS",
        [POP3_RETR] = "RETR",
        [POP3_TOP] = "TOP",
        [POP3_LIST] = "LIST of all",
        [POP3_UIDL] = "UIDL of all",
        [POP3_LANG] = "LANG alone",
        [POP3_OTHER] = "a command of one line",
        [POP3_XTND] = "XTND",
        [POP3_GREETING] = "the connection",
        [POP3_SASL_RESPONSE] = "the SASL response",
        [POP3_LOST] = "what was lost",
    };
    return names[command];
}

bool pop3_is_telling(struct bytes line, bool status)
{
    struct bytes argument;
    uint64_t number;
    const struct verb *row = find(line, &argument);
    if (!row || row->telling == NEVER)
        return false;
    return row->telling == ALWAYS ||
           (status && text_to_u64(text_next_word(&argument), &number)); /* FTP names files */
}

size_t pop3_public_length(struct bytes line)
{
    struct bytes argument, rest = line;
    const struct verb *row = find(line, &argument);
    if (!row)
        return 0;
    if (row->public_argument)
        return line.len;
    if (row->with_argument == POP3_AUTH) {
        struct bytes mechanism = text_next_word(&argument);
        if (sasl_known_name(mechanism))
            return (size_t)(mechanism.data + mechanism.len - line.data);
    }
    struct bytes verb = text_next_word(&rest);
    return (size_t)(verb.data + verb.len - line.data);
}

static bool is_word_byte(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool begins_with_word(struct bytes line, struct bytes word)
{
    return bytes_equal(bytes_first(line, word.len), word) &&
           (line.len == word.len || !is_word_byte(line.data[word.len]));
}

enum pop3_status pop3_status_of(struct bytes line, struct bytes *text)
{
    static const struct {
        const char *word;
        enum pop3_status status;
    } words[] = { { "+OK", STATUS_OK }, { "-ERR", STATUS_ERR } };
    *text = BYTES_NONE;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct bytes word = bytes_of_string(words[i].word);
        if (begins_with_word(line, word)) {
            *text = text_trim(bytes_after(line, word.len));
            return words[i].status;
        }
    }
    if (line.len > 0 && line.data[0] == '+' && (line.len == 1 || line.data[1] == ' ')) {
        *text = text_trim(bytes_after(line, 1));
        return STATUS_CHALLENGE;
    }
    return STATUS_NONE;
}

void pop3_code(char to[POP3_CODE_SIZE], enum pop3_status status, struct bytes text)
{
    static const char *const codes[] = {
        "[AUTH]", "[IN-USE]", "[LOGIN-DELAY]", "[SYS/TEMP]", "[SYS/PERM]", "[UTF8]",
    };
    struct bytes code = bytes_first(text, bytes_index(text, ']') + 1);
    text_copy(to, POP3_CODE_SIZE, bytes_of_string(status == STATUS_OK ? "+OK" : "-ERR"));
    size_t len = bytes_of_string(to).len;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (bytes_equal_nocase(code, codes[i])) {
            to[len] = ' ';
            text_copy(to + len + 1, POP3_CODE_SIZE - len - 1, bytes_of_string(codes[i]));
        }
    }
}

size_t pop3_time_stamp(struct bytes greeting)
{
    size_t start = bytes_index(greeting, '<');
    struct bytes stamp = bytes_after(greeting, start + 1);
    stamp = bytes_first(stamp, bytes_index(stamp, '>'));
    bool closed = stamp.len > 0 && stamp.data + stamp.len < greeting.data + greeting.len;
    size_t at = bytes_index(stamp, '@');
    bool fits = closed && at > 0 && at + 1 < stamp.len && bytes_index(stamp, ' ') == stamp.len;
    return fits ? start : greeting.len;
}

bool pop3_is_capability(struct bytes keyword)
{
    static const char *const keywords[] = {
        "TOP",        "USER", "SASL",           "RESP-CODES", "LOGIN-DELAY",
        "PIPELINING", "UIDL", "IMPLEMENTATION", "EXPIRE",     "AUTH-RESP-CODE",
        "STLS",       "UTF8", "LANG",
    };
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        if (bytes_equal_nocase(keyword, keywords[i]))
            return true;
    }
    return false;
}
