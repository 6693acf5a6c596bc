/* The messages of each mechanism, and the forms in which they travel. Proofs and tokens are chance:
 * a passive sensor cannot check them. */
#include "login.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 4, MESSAGE = 1024 };

/* server[i] is the challenge that client[i] answers. */
struct exchange {
    char client[ROUNDS][MESSAGE];
    char server[ROUNDS][MESSAGE];
    int rounds;
    struct chance *chance;
};

struct login_form {
    const char *mechanism;
    void (*build)(struct exchange *, const struct login *);
    enum argument argument;
    bool can_be_at_once;
};

/* --- writing ------------------------------------------------------------------------------------
 */

static void base64(char *to, const uint8_t *data, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        uint32_t bits = (uint32_t)data[i] << 16 | (i + 1 < len ? (uint32_t)data[i + 1] << 8 : 0) |
                        (i + 2 < len ? data[i + 2] : 0);
        for (int shift = 18; shift >= 0; shift -= 6)
            *to++ = digits[bits >> shift & 63];
    }
    *to = '\0';
    for (size_t missing = (3 - len % 3) % 3; missing > 0; missing--)
        to[-(long)missing] = '=';
}

/* Formats, then encodes. In the format | stands for NUL. */
__attribute__((format(printf, 2, 3))) static void encoded(char *to, const char *format, ...)
{
    char text[700];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= sizeof text)
        abort();
    for (char *at = strchr(text, '|'); at; at = strchr(at + 1, '|'))
        *at = '\0';
    base64(to, (const uint8_t *)text, (size_t)len);
}

struct word {
    char text[65];
};

static struct word chosen(struct chance *chance, const char *alphabet, size_t len)
{
    struct word word = { "" };
    for (size_t i = 0; i < len; i++)
        word.text[i] = alphabet[chance_below(chance, (uint32_t)strlen(alphabet))];
    return word;
}

static struct word hex(struct chance *chance, size_t digits)
{
    return chosen(chance, "0123456789abcdef", digits);
}

static struct word letters(struct chance *chance, size_t count)
{
    return chosen(chance, "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789", count);
}

/* --- the mechanisms -----------------------------------------------------------------------------
 */

static void plain(struct exchange *x, const struct login *login)
{
    encoded(x->client[0], "|%s|Bench-%s", login->user, letters(x->chance, 10).text);
    x->rounds = 1;
}

static void login(struct exchange *x, const struct login *login)
{
    encoded(x->server[0], "Username:");
    encoded(x->client[0], "%s", login->user);
    encoded(x->server[1], "Password:");
    encoded(x->client[1], "Bench-%s", letters(x->chance, 10).text);
    x->rounds = 2;
}

static void cram_md5(struct exchange *x, const struct login *login)
{
    encoded(x->server[0], "<%u.%u@mx.example.org>", chance_below(x->chance, 1000000000),
            chance_below(x->chance, 1000000000));
    encoded(x->client[0], "%s %s", login->user, hex(x->chance, 32).text);
    x->rounds = 1;
}

static void digest_md5(struct exchange *x, const struct login *login)
{
    struct word nonce = letters(x->chance, 24);
    encoded(x->server[0],
            "realm=\"example.org\",nonce=\"%s\",qop=\"auth\",algorithm=md5-sess,charset=utf-8",
            nonce.text);
    encoded(x->client[0],
            "username=\"%s\",realm=\"example.org\",nonce=\"%s\",cnonce=\"%s\",nc=00000001,qop=auth,"
            "digest-uri=\"smtp/mx.example.org\",response=%s,charset=utf-8",
            login->user, nonce.text, letters(x->chance, 20).text, hex(x->chance, 32).text);
    encoded(x->server[1], "rspauth=%s", hex(x->chance, 32).text);
    x->rounds = login->success ? 2 : 1;
}

static void scram(struct exchange *x, const struct login *login)
{
    struct word ours = letters(x->chance, 24), theirs = letters(x->chance, 20);
    encoded(x->client[0], "n,,n=%s,r=%s", login->user, ours.text);
    encoded(x->server[1], "r=%s%s,s=%s==,i=4096", ours.text, theirs.text,
            letters(x->chance, 22).text);
    encoded(x->client[1], "c=biws,r=%s%s,p=%s=", ours.text, theirs.text,
            letters(x->chance, 43).text);
    encoded(x->server[2], "v=%s=", letters(x->chance, 43).text);
    x->rounds = login->success ? 3 : 2;
}

/* A payload field of NTLM: length, room, offset; the bytes at the end of the message. */
static void ntlm_field(uint8_t *message, size_t *len, size_t at, const void *data, size_t size)
{
    message[at] = message[at + 2] = (uint8_t)size;
    message[at + 1] = message[at + 3] = (uint8_t)(size >> 8);
    message[at + 4] = (uint8_t)*len;
    message[at + 5] = (uint8_t)(*len >> 8);
    memcpy(message + *len, data, size);
    *len += size;
}

static size_t utf16(uint8_t *to, const char *ascii)
{
    size_t len = 0;
    for (; *ascii; ascii++) {
        to[len++] = (uint8_t)*ascii;
        to[len++] = 0;
    }
    return len;
}

/* [MS-NLMP] 2.2.1.3, with an NTLMv2 response, unless chance says the old one. */
static void ntlm(struct exchange *x, const struct login *login)
{
    static const uint8_t head[] = "NTLMSSP\0\3\0\0";
    uint8_t message[512] = { 0 }, proof[128], name[128];
    size_t len = 72;
    for (size_t i = 0; i < sizeof proof; i++)
        proof[i] = (uint8_t)chance_bits(x->chance);
    memcpy(message, head, sizeof head);
    message[60] = 0x05; /* Unicode */
    message[61] = 0x82;
    ntlm_field(message, &len, 28, name, utf16(name, "EXAMPLE"));
    ntlm_field(message, &len, 36, name, utf16(name, login->user));
    ntlm_field(message, &len, 44, name, utf16(name, "DESK7"));
    ntlm_field(message, &len, 12, proof, 24);
    ntlm_field(message, &len, 20, proof + 24, chance_one_in(x->chance, 4) ? 24 : 92);
    strcpy(x->client[0], "TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAA=");
    strcpy(x->server[1], "TlRMTVNTUAACAAAAAAAAADAAAAAVgopiAAECAwQFBgcAAAAAAAAAAAAAAAAwAAAA");
    base64(x->client[1], message, len);
    x->rounds = 2;
}

/* A refused token: 334 with the reason, which the client acknowledges before it gets its 535. */
static void refuse_token(struct exchange *x, const char *acknowledgement)
{
    encoded(x->server[1], "{\"status\":\"401\",\"schemes\":\"bearer\",\"scope\":\"mail\"}");
    strcpy(x->client[1], acknowledgement);
    x->rounds = 2;
}

static void xoauth2(struct exchange *x, const struct login *login)
{
    encoded(x->client[0], "user=%s\1auth=Bearer ya29.Bench%s\1\1", login->user,
            letters(x->chance, 60).text);
    x->rounds = 1;
    if (!login->success)
        refuse_token(x, "");
}

static void oauthbearer(struct exchange *x, const struct login *login)
{
    encoded(x->client[0], "n,a=%s,\1host=mx.example.org\1port=587\1auth=Bearer Bench%s\1\1",
            login->user, letters(x->chance, 60).text);
    x->rounds = 1;
    if (!login->success)
        refuse_token(x, "AQ==");
}

/* --- the forms ----------------------------------------------------------------------------------
 */

static const struct login_form forms[] = {
#define FORM(mechanism, build, argument, at_once) { mechanism, build, argument, at_once },
#include "login_forms.def"
#undef FORM
};

size_t login_forms(void)
{
    return sizeof forms / sizeof forms[0];
}

const struct login_form *login_form(size_t i)
{
    return &forms[i];
}

const char *login_mechanism(const struct login_form *form)
{
    return form->mechanism;
}

bool login_can_be_at_once(const struct login_form *form)
{
    return form->can_be_at_once;
}

bool login_is_awaited(const struct login_form *form)
{
    return form->argument == AWAITED;
}

/* `AUTH LOGIN user` is not all: the password follows. */
bool login_is_one_line(const struct login *login)
{
    return login->form->argument == INITIAL &&
           (login->form->build == plain || (login->form->build == xoauth2 && login->success) ||
            (login->form->build == oauthbearer && login->success));
}

static void say_challenge(struct script *script, const struct login_framing *framing,
                          const char *text)
{
    say(script, SERVER, "%s%s\r\n", text[0] ? framing->challenge : framing->empty, text);
}

/* From message `first` on. */
static int say_messages(struct script *script, const struct login *login,
                        const struct login_framing *framing, const struct exchange *x, int first)
{
    for (int i = first; login->at_once && i < x->rounds; i++)
        say(script, CLIENT, "%s\r\n", x->client[i]);
    if (login->refused_at_once)
        return login->at_once ? x->rounds - first : 0;
    for (int i = first; i < x->rounds; i++) {
        say_challenge(script, framing, x->server[i]);
        if (!login->at_once)
            say(script, CLIENT, "%s\r\n", x->client[i]);
    }
    return 0;
}

int login_say(struct script *script, const struct login *login, const struct login_framing *framing)
{
    static const char *const separators[] = { [INITIAL] = " ", [AWAITED] = "", [EQUALS] = " =" };
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        abort();
    x->chance = script->chance;
    login->form->build(x, login);
    bool initial = login->form->argument == INITIAL;
    say(script, CLIENT, "%s %s%s%s\r\n", framing->command, login->form->mechanism,
        separators[login->form->argument], initial ? x->client[0] : "");
    int too_many = say_messages(script, login, framing, x, initial ? 1 : 0);
    free(x);
    return too_many;
}
