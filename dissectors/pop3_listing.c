/* Answers of many lines that are read: what CAPA and AUTH alone announce (RFC 2449 section 5), and
 * the look of LIST and UIDL, which brings a session back after a loss. */
#include "pop3_internal.h"
#include "text.h"

/* Servers announce a dozen words: what is more than this is not kept. */
#define ANNOUNCED_MAX 64

/* Keywords and mechanism names have no case: they are shown in capitals. */
static void copy_capitals(char *to, size_t size, struct bytes word)
{
    text_copy(to, size, word);
    for (char *c = to; *c; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
}

static void keep(struct facts *facts, unsigned *kept, enum field field, struct bytes word)
{
    char upper[FACTS_TEXT_MAX + 1];
    copy_capitals(upper, sizeof upper, word);
    if (word.len == 0 || *kept >= ANNOUNCED_MAX ||
        facts_has(buffer_view(&facts->records), field, bytes_of_string(upper)))
        return;
    ++*kept;
    facts_string(facts, field, upper);
}

void pop3_listing_begin(struct pop3_listing *listing, enum pop3_command of)
{
    struct facts facts = listing->facts;
    facts_clear(&facts);
    *listing = (struct pop3_listing){ .of = of, .facts = facts, .fits = true };
}

/* RFC 2449 section 3: a keyword is letters, digits and some marks, never a colon as headers have.
 */
static bool is_keyword(struct bytes word)
{
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.data[i];
        if (c <= ' ' || c > '~' || c == ':' || c == '<')
            return false;
    }
    return word.len > 0;
}

/* "USER" means that USER and PASS are taken, "SASL" names the mechanisms. */
static void capability_line(struct pop3_listing *listing, struct bytes line)
{
    struct bytes word = text_next_word(&line), name;
    listing->fits &= is_keyword(word);
    listing->known |= pop3_is_capability(word);
    listing->masked |= starttls_masks(word, "STLS");
    listing->starttls |= bytes_equal_nocase(word, "STLS");
    keep(&listing->facts, &listing->lines, FIELD_SESSION_CAPABILITIES, word);
    if (bytes_equal_nocase(word, "USER"))
        keep(&listing->facts, &listing->lines, FIELD_SESSION_AUTH_OFFERED,
             BYTES_LITERAL("USER/PASS"));
    if (!bytes_equal_nocase(word, "SASL"))
        return;
    while ((name = text_next_word(&line)).len > 0)
        keep(&listing->facts, &listing->lines, FIELD_SESSION_AUTH_OFFERED, name);
}

/* A number, and a size or a name that has no blanks (RFC 1939 sections 5 and 7). */
static void numbered_line(struct pop3_listing *listing, struct bytes line)
{
    uint64_t number;
    listing->fits &= text_to_u64(text_next_word(&line), &number);
    struct bytes value = text_next_word(&line);
    listing->fits &= value.len > 0;
    if (listing->of == POP3_LIST)
        listing->fits &= text_to_u64(value, &number);
    else
        listing->known |= !text_to_u64(value, &number);
    listing->lines++;
}

void pop3_listing_line(struct pop3_listing *listing, struct bytes line)
{
    switch (listing->of) {
    case POP3_CAPA:
        capability_line(listing, line);
        break;
    case POP3_AUTH_LIST:
        keep(&listing->facts, &listing->lines, FIELD_SESSION_AUTH_OFFERED, text_next_word(&line));
        break;
    case POP3_LIST:
    case POP3_UIDL:
        numbered_line(listing, line);
        break;
    default:
        break;
    }
}

bool pop3_listing_is_proof(const struct pop3_listing *listing)
{
    /* The sizes of LIST may be names of UIDL; names that are no numbers are never sizes. */
    bool telling = listing->of == POP3_LIST || listing->known;
    return listing->of != POP3_UNKNOWN && listing->of != POP3_AUTH_LIST && listing->fits &&
           telling && listing->lines > 0;
}

void pop3_offers(struct session *s, struct pop3 *pop3, struct bytes mechanism)
{
    keep(starttls_hello(s), &pop3->announced, FIELD_SESSION_AUTH_OFFERED, mechanism);
}

/* RFC 2449 section 5: the list may change behind STLS and behind a login. Only the one before says
 * what is offered to whoever connects. */
void pop3_listing_end(struct session *s, struct pop3 *pop3)
{
    struct pop3_listing *listing = &pop3->listing;
    struct fact fact;
    for (size_t at = 0; facts_next(buffer_view(&listing->facts.records), &at, &fact);) {
        if (fact.field != FIELD_SESSION_AUTH_OFFERED || !pop3->logged_in)
            keep(starttls_hello(s), &pop3->announced, fact.field, fact.value);
    }
    if (listing->of == POP3_CAPA && (listing->starttls || !pop3->logged_in))
        starttls_listed(s, listing->starttls, listing->masked);
    facts_clear(&listing->facts);
    listing->of = POP3_UNKNOWN;
}
