/* The words of IMAP: atoms, quoted strings, parentheses, announced literals. */
#include "imap_tokens.h"

#include "text.h"

struct imap_tokens imap_tokens_over(struct bytes line)
{
    return (struct imap_tokens){ .rest = line };
}

/* RFC 9051 section 4.3, RFC 7888 (+ and -), RFC 3516 (~): the whole of `text`. A number beyond 64
 * bits is a literal all the same, one that never ends. */
static bool literal(struct bytes text, struct imap_token *token)
{
    struct bytes number = text;
    bool waits = true;
    if (number.len > 0 && number.data[0] == '~')
        number = bytes_after(number, 1);
    if (number.len < 3 || number.data[0] != '{' || number.data[number.len - 1] != '}')
        return false;
    number = bytes_over(number.data + 1, number.len - 2);
    uint8_t last = number.data[number.len - 1];
    if (last == '+' || last == '-') {
        waits = false;
        number.len--;
    }
    if (number.len == 0)
        return false;
    for (size_t i = 0; i < number.len; i++) {
        if (number.data[i] < '0' || number.data[i] > '9')
            return false;
    }
    *token = (struct imap_token){ .kind = IMAP_LITERAL, .text = text, .waits = waits };
    if (!text_to_u64(number, &token->size))
        token->size = UINT64_MAX;
    return true;
}

static bool blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static void skip_blanks(struct imap_tokens *in)
{
    while (in->rest.len > 0 && blank(in->rest.data[0]))
        in->rest = bytes_after(in->rest, 1);
}

/* Takes n bytes off the front. */
static struct bytes take(struct imap_tokens *in, size_t n)
{
    struct bytes taken = bytes_first(in->rest, n);
    in->rest = bytes_after(in->rest, n);
    return taken;
}

static struct imap_token end(struct imap_tokens *in, bool failed)
{
    in->failed |= failed;
    in->rest = BYTES_NONE;
    return (struct imap_token){ .kind = IMAP_END };
}

/* RFC 9051 section 4.3: a backslash takes the next character as it is. */
static struct imap_token quoted(struct imap_tokens *in)
{
    struct bytes text = bytes_after(in->rest, 1);
    size_t n = 0;
    while (n < text.len && text.data[n] != '"')
        n += text.data[n] == '\\' ? 2 : 1;
    if (n >= text.len)
        return end(in, true);
    take(in, n + 2);
    return (struct imap_token){ .kind = IMAP_QUOTED, .text = bytes_first(text, n) };
}

/* Within the brackets of a section, blanks and parentheses are the atom's own: RFC 9051 section
 * 6.4.5. */
static size_t atom_length(struct bytes text)
{
    size_t n = 0;
    bool section = false;
    for (; n < text.len; n++) {
        uint8_t c = text.data[n];
        section = c == '[' || (section && c != ']');
        if (!section && (blank(c) || c == '(' || c == ')'))
            break;
    }
    return n;
}

static size_t word_length(struct bytes text)
{
    size_t n = 0;
    while (n < text.len && !blank(text.data[n]))
        n++;
    return n;
}

static struct imap_token next(struct imap_tokens *in, size_t (*length)(struct bytes))
{
    struct imap_token token;
    skip_blanks(in);
    if (in->rest.len == 0)
        return end(in, false);
    uint8_t first = in->rest.data[0];
    if (first == '"')
        return quoted(in);
    if ((first == '{' || first == '~') && literal(in->rest, &token)) {
        in->rest = BYTES_NONE;
        return token;
    }
    return (struct imap_token){ .kind = IMAP_ATOM, .text = take(in, length(in->rest)) };
}

struct imap_token imap_next(struct imap_tokens *in)
{
    skip_blanks(in);
    if (in->rest.len > 0 && (in->rest.data[0] == '(' || in->rest.data[0] == ')')) {
        struct bytes text = take(in, 1);
        return (struct imap_token){ .kind = text.data[0] == '(' ? IMAP_OPEN : IMAP_CLOSE,
                                    .text = text };
    }
    return next(in, atom_length);
}

struct imap_token imap_next_argument(struct imap_tokens *in)
{
    return next(in, word_length);
}

struct bytes imap_value(const struct imap_token *token, uint8_t *room, size_t size)
{
    struct bytes text = token->text;
    size_t len = 0;
    if (token->kind != IMAP_QUOTED || bytes_index(text, '\\') == text.len)
        return text;
    for (size_t i = 0; i < text.len && len < size; i++) {
        if (text.data[i] == '\\' && i + 1 < text.len)
            i++;
        room[len++] = text.data[i];
    }
    return bytes_over(room, len);
}

/* The longest announcement has 20 digits that count; leading zeros may be more than anybody sends.
 */
#define ANNOUNCEMENT_MAX 24

bool imap_announces(struct bytes line, struct imap_token *token)
{
    if (line.len == 0 || line.data[line.len - 1] != '}')
        return false;
    for (size_t n = 3; n <= line.len && n <= ANNOUNCEMENT_MAX; n++) {
        const uint8_t *at = line.data + line.len - n;
        if (*at == '{')
            return literal(bytes_over(at, n), token);
    }
    return false;
}
