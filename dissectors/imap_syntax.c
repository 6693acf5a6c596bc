/* The syntax of IMAP lines. */
#include "imap_syntax.h"

#include "text.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

bool imap_command_of(struct bytes line, struct bytes *tag, struct bytes *verb,
                     struct bytes *arguments)
{
    *tag = text_next_word(&line);
    *verb = text_next_word(&line);
    *arguments = line;
    return verb->len > 0;
}

static const struct {
    const char *name;
    enum imap_verb verb;
} verbs[] = {
    { "CAPABILITY", IMAP_CAPABILITY },
    { "LOGIN", IMAP_LOGIN },
    { "AUTHENTICATE", IMAP_AUTHENTICATE },
    { "STARTTLS", IMAP_STARTTLS },
    { "UNAUTHENTICATE", IMAP_UNAUTHENTICATE },
    { "COMPRESS", IMAP_COMPRESS },
    { "IDLE", IMAP_IDLE },
    { "APPEND", IMAP_APPEND },
    { "FETCH", IMAP_FETCH },
    { "UID", IMAP_FETCH },
    { "NOOP", IMAP_QUIET },
    { "LOGOUT", IMAP_QUIET },
    { "ENABLE", IMAP_QUIET },
    { "ID", IMAP_QUIET },
    { "CHECK", IMAP_QUIET },
    { "SELECT", IMAP_QUIET },
    { "EXAMINE", IMAP_QUIET },
    { "CREATE", IMAP_QUIET },
    { "DELETE", IMAP_QUIET },
    { "RENAME", IMAP_QUIET },
    { "SUBSCRIBE", IMAP_QUIET },
    { "UNSUBSCRIBE", IMAP_QUIET },
    { "LIST", IMAP_TALKING },
    { "LSUB", IMAP_TALKING },
    { "XLIST", IMAP_TALKING },
    { "NAMESPACE", IMAP_TALKING },
    { "STATUS", IMAP_TALKING },
    { "CLOSE", IMAP_QUIET },
    { "UNSELECT", IMAP_QUIET },
    { "EXPUNGE", IMAP_QUIET },
    { "SEARCH", IMAP_QUIET },
    { "SORT", IMAP_QUIET },
    { "THREAD", IMAP_QUIET },
    { "STORE", IMAP_QUIET },
    { "COPY", IMAP_QUIET },
    { "MOVE", IMAP_QUIET },
    { "NOTIFY", IMAP_TALKING },
    { "GETQUOTA", IMAP_QUIET },
    { "GETQUOTAROOT", IMAP_TALKING },
    { "SETQUOTA", IMAP_QUIET },
    { "GETACL", IMAP_TALKING },
    { "SETACL", IMAP_QUIET },
    { "MYRIGHTS", IMAP_TALKING },
    { "GETMETADATA", IMAP_TALKING },
    { "SETMETADATA", IMAP_QUIET },
};

enum imap_verb imap_verb_of(struct bytes word)
{
    for (size_t i = 0; i < COUNT(verbs); i++) {
        if (bytes_equal_nocase(word, verbs[i].name))
            return verbs[i].verb;
    }
    return IMAP_UNKNOWN;
}

bool imap_is_command(struct bytes line)
{
    struct bytes tag, verb, arguments;
    return imap_command_of(line, &tag, &verb, &arguments) && imap_verb_of(verb) != IMAP_UNKNOWN;
}

bool imap_quotes(enum imap_verb verb)
{
    return verb == IMAP_UNKNOWN || verb == IMAP_FETCH || verb == IMAP_TALKING;
}

static const char *const statuses[] = {
    [IMAP_OK] = "OK",           [IMAP_NO] = "NO",   [IMAP_BAD] = "BAD",
    [IMAP_PREAUTH] = "PREAUTH", [IMAP_BYE] = "BYE",
};

const char *imap_status_name(enum imap_status status)
{
    return status == IMAP_NO_STATUS ? "" : statuses[status];
}

/* RFC 9051 section 7.1. Behind a tag only OK, NO and BAD are known. */
bool imap_reply_of(struct bytes line, struct imap_reply *reply)
{
    struct bytes rest = line;
    *reply = (struct imap_reply){ .tag = text_next_word(&rest) };
    struct bytes word = text_next_word(&rest);
    bool tagged = !bytes_equal(reply->tag, BYTES_LITERAL("*"));
    for (unsigned i = IMAP_OK; i < COUNT(statuses); i++) {
        if (bytes_equal_nocase(word, statuses[i]) && (!tagged || i <= IMAP_BAD))
            reply->status = (enum imap_status)i;
    }
    if (reply->status == IMAP_NO_STATUS)
        return false;
    size_t end = bytes_index(rest, ']');
    if (rest.len > 0 && rest.data[0] == '[' && end < rest.len) {
        reply->code = bytes_over(rest.data + 1, end - 1);
        rest = bytes_after(rest, end + 1);
    }
    reply->text = text_trim(rest);
    return true;
}

/* RFC 9051 section 7.1, RFC 5530, and the registry of IANA: those that say why. */
static const char *const codes[] = {
    "ALERT",        "ALREADYEXISTS", "APPENDUID",   "AUTHENTICATIONFAILED",
    "BADCHARSET",   "CANNOT",        "CLIENTBUG",   "AUTHORIZATIONFAILED",
    "CONTACTADMIN", "CORRUPTION",    "EXPIRED",     "COMPRESSIONACTIVE",
    "HASCHILDREN",  "INUSE",         "LIMIT",       "MAXCONVERTMESSAGES",
    "NONEXISTENT",  "NOPERM",        "OVERQUOTA",   "NOTIFICATIONOVERFLOW",
    "PARSE",        "REFERRAL",      "SERVERBUG",   "PRIVACYREQUIRED",
    "TOOBIG",       "TRYCREATE",     "UNAVAILABLE", "UNKNOWN-CTE",
    "WEBALERT",
};

const char *imap_code_name(struct bytes code)
{
    struct bytes word = text_next_word(&code);
    for (size_t i = 0; i < COUNT(codes); i++) {
        if (bytes_equal_nocase(word, codes[i]))
            return codes[i];
    }
    return NULL;
}

bool imap_capabilities_of_code(struct bytes code, struct bytes *words)
{
    *words = code;
    return bytes_equal_nocase(text_next_word(words), "CAPABILITY");
}

bool imap_capabilities_of_line(struct bytes line, struct bytes *words)
{
    *words = line;
    return bytes_equal(text_next_word(words), BYTES_LITERAL("*")) &&
           bytes_equal_nocase(text_next_word(words), "CAPABILITY");
}

bool imap_is_message(struct bytes item, struct imap_message_item *what)
{
    static const char *const names[] = { "BODY[]", "BINARY[]", "RFC822" };
    *what = (struct imap_message_item){ 0 };
    for (size_t i = 0; i < COUNT(names); i++) {
        struct bytes rest = bytes_after(item, bytes_of_string(names[i]).len);
        if (!bytes_starts_nocase(item, names[i]))
            continue;
        what->part = rest.len > 0;
        return rest.len == 0 ||
               (rest.len > 2 && rest.data[0] == '<' && rest.data[rest.len - 1] == '>' &&
                text_to_u64(bytes_over(rest.data + 1, rest.len - 2), &what->origin));
    }
    return false;
}
