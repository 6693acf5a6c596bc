/* Lines of ManageSieve, and its words. */
#include "managesieve_text.h"

#include <string.h>

#include "imap_tokens.h"
#include "text.h"

#define KEPT_MAX (2 * LINE_MAX_KEPT)

static const struct word {
    const char *name;
    enum sieve_word word;
    bool telling; /* no other mail protocol has it */
} words[] = {
    { "AUTHENTICATE", SIEVE_AUTHENTICATE, false },
    { "STARTTLS", SIEVE_STARTTLS, false },
    { "CAPABILITY", SIEVE_CAPABILITY, false },
    { "UNAUTHENTICATE", SIEVE_UNAUTHENTICATE, false },
    { "LOGOUT", SIEVE_OTHER, false },
    { "NOOP", SIEVE_OTHER, false },
    { "HAVESPACE", SIEVE_OTHER, true },
    { "PUTSCRIPT", SIEVE_OTHER, true },
    { "LISTSCRIPTS", SIEVE_OTHER, true },
    { "SETACTIVE", SIEVE_OTHER, true },
    { "GETSCRIPT", SIEVE_OTHER, true },
    { "DELETESCRIPT", SIEVE_OTHER, true },
    { "RENAMESCRIPT", SIEVE_OTHER, true },
    { "CHECKSCRIPT", SIEVE_OTHER, true },
    { "OK", SIEVE_OK, false },
    { "NO", SIEVE_NO, false },
    { "BYE", SIEVE_BYE, false },
};

static const struct word *find(struct bytes name)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (bytes_equal_nocase(name, words[i].name))
            return &words[i];
    }
    return NULL;
}

enum sieve_word sieve_word_of(struct bytes name)
{
    const struct word *row = find(name);
    return row ? row->word : SIEVE_UNKNOWN;
}

bool sieve_is_command(struct bytes line)
{
    enum sieve_word word = sieve_word_of(text_next_word(&line));
    return word > SIEVE_UNKNOWN && word <= SIEVE_OTHER;
}

/* IRC has AUTHENTICATE too, with a bare word; here the mechanism is a string. */
bool sieve_is_telling(struct bytes line)
{
    struct bytes argument = line;
    const struct word *row = find(text_next_word(&argument));
    bool string = argument.len > 0 && (argument.data[0] == '"' || argument.data[0] == '{');
    return row && (row->telling || (row->word == SIEVE_AUTHENTICATE && string));
}

bool sieve_is_capability_line(struct bytes line)
{
    static const char *const names[] = {
        "IMPLEMENTATION", "SASL",     "SIEVE", "STARTTLS", "MAXREDIRECTS",
        "NOTIFY",         "LANGUAGE", "OWNER", "VERSION",
    };
    struct imap_tokens tokens = imap_tokens_over(line);
    struct imap_token name = imap_next(&tokens);
    for (size_t i = 0; name.kind == IMAP_QUOTED && i < sizeof names / sizeof names[0]; i++) {
        if (bytes_equal_nocase(name.text, names[i]))
            return true;
    }
    return false;
}

/* --- lines --------------------------------------------------------------------------------------
 */

void sieve_text_init(struct sieve_text *text, struct pool *pool)
{
    buffer_init(&text->kept, KEPT_MAX, pool);
}

void sieve_text_free(struct sieve_text *text)
{
    buffer_free(&text->kept);
}

void sieve_text_clear(struct sieve_text *text)
{
    struct line_reader lines = text->lines;
    struct buffer kept = text->kept;
    buffer_clear(&kept);
    *text = (struct sieve_text){ .lines = lines, .kept = kept };
}

struct bytes sieve_text_string(const struct sieve_text *text, unsigned number)
{
    if (number >= text->strings || number >= SIEVE_STRINGS)
        return BYTES_NONE;
    size_t start = number > 0 ? text->kept_len[0] : 0;
    return bytes_first(bytes_after(buffer_view(&text->kept), start), text->kept_len[number]);
}

/* Adds to the latest string, up to the first part that finds no room. */
static void keep(struct sieve_text *text, struct bytes part)
{
    if (!text->keep || text->strings > SIEVE_STRINGS)
        return;
    text->keep = buffer_append(&text->kept, part);
    text->cut |= !text->keep;
    text->kept_len[text->strings - 1] += text->keep ? part.len : 0;
}

static void keep_quoted(struct sieve_text *text, const struct imap_token *token)
{
    uint8_t room[LINE_MAX_KEPT];
    text->strings++;
    if (!text->keep)
        return;
    struct bytes value = imap_value(token, room, sizeof room);
    keep(text, value);
    if (value.data == room)
        explicit_bzero(room, value.len);
}

/* RFC 5804 section 1.3. Only registered codes are taken over: between the parentheses may stand
 * what the client sent. */
static void take_code(struct sieve_text *text, struct bytes word)
{
    static const char *const codes[] = { "AUTH-TOO-WEAK", "ENCRYPT-NEEDED", "REFERRAL",
                                         "TRANSITION-NEEDED", "TRYLATER" };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (bytes_equal_nocase(word, codes[i]))
            text_copy(text->code, sizeof text->code, bytes_of_string(codes[i]));
    }
}

/* The words of one part, up to its end or to a literal. */
static void read_part(struct sieve_text *text, struct bytes line,
                      bool (*keeps)(void *, enum sieve_word), void *arg)
{
    struct imap_tokens tokens = imap_tokens_over(line);
    bool first = !text->begun, opened = false;
    text->begun = false;
    for (;;) {
        struct imap_token token = imap_next(&tokens);
        if (first) {
            text->word = token.kind == IMAP_ATOM ? sieve_word_of(token.text) : SIEVE_NO_WORD;
            text->verb = token.kind == IMAP_ATOM ? token.text : BYTES_NONE;
            text->keep = keeps(arg, text->word);
        } else if (token.kind == IMAP_ATOM && opened) {
            take_code(text, token.text);
        }
        opened = token.kind == IMAP_OPEN;
        first = false;
        if (token.kind == IMAP_QUOTED)
            keep_quoted(text, &token);
        if (token.kind == IMAP_LITERAL) {
            text->strings++;
            text->literal_left = token.size;
            text->begun = true;
        }
        if (token.kind == IMAP_LITERAL || token.kind == IMAP_END)
            return;
    }
}

size_t sieve_text_read(struct sieve_text *text, struct bytes unread, size_t shown,
                       bool (*keeps)(void *arg, enum sieve_word), void *arg, bool *ended)
{
    struct line line;
    *ended = false;
    if (text->literal_left > 0) {
        struct bytes part = bytes_first(
            unread, text->literal_left < unread.len ? (size_t)text->literal_left : unread.len);
        keep(text, part);
        text->literal_left -= part.len;
        return part.len;
    }
    size_t taken = line_read(&text->lines, unread, shown, &line);
    if (!line.ready)
        return taken;
    text->too_long |= line.too_long;
    read_part(text, line.text, keeps, arg);
    *ended = !text->begun;
    return taken;
}

bool sieve_text_gap(struct sieve_text *text, uint64_t missing)
{
    if (!text->keep && missing <= text->literal_left) {
        text->literal_left -= missing;
        return true;
    }
    sieve_text_clear(text);
    text->lines.skipping = true;
    return false;
}
