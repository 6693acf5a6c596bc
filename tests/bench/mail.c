/* Makes mails that look like mails: headers, text, attachments in base64, quoted dialogues. */
#include "mail.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { POOL = 240, LARGEST = 200000, SLACK = 4096, ATTACHMENT_FROM = 20000 };

/* Out of a hundred mails so many have a size in this band. */
static const struct {
    uint32_t share, least, most;
} sizes[] = {
    { 70, 2000, 6000 },
    { 25, 6000, 30000 },
    { 5, 30000, LARGEST },
};

static const char *const words[] = {
#define WORD(text) text,
#include "words.def"
#undef WORD
};

/* What a careless reader would take for a session: each line is text of the mail. */
static const char *const quotes[] = {
#define QUOTE(text) text,
#include "quotes.def"
#undef QUOTE
};

static uint32_t size_any(struct chance *chance)
{
    uint32_t of_hundred = chance_below(chance, 100);
    size_t band = 0;
    while (of_hundred >= sizes[band].share)
        of_hundred -= sizes[band++].share;
    return chance_between(chance, sizes[band].least, sizes[band].most);
}

__attribute__((format(printf, 2, 3))) static void add(struct mail *mail, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf((char *)mail->text + mail->len, SLACK, format, arguments);
    va_end(arguments);
    if (len < 0 || len >= SLACK)
        abort();
    mail->len += (size_t)len;
}

static void add_prose(struct mail *mail, struct chance *chance)
{
    for (size_t from = mail->len; mail->len - from < 62;)
        add(mail, "%s ", words[chance_below(chance, sizeof words / sizeof words[0])]);
    add(mail, "\r\n");
}

static void add_base64(struct mail *mail, struct chance *chance)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 76; i++)
        mail->text[mail->len++] = (uint8_t)digits[chance_below(chance, 64)];
    add(mail, "\r\n");
}

static struct mail make(struct chance *chance)
{
    uint32_t size = size_any(chance), id = chance_below(chance, 1000000000);
    bool quotes_dialogues = chance_one_in(chance, 8), attachment = size > ATTACHMENT_FROM;
    struct mail mail = { .text = malloc(LARGEST + 2 * SLACK) };
    if (!mail.text)
        abort();
    add(&mail,
        "Received: from pc.example.net (pc.example.net [198.51.100.7])\r\n"
        "\tby relay.example.net with ESMTPSA id %08X;\r\n\tTue, 24 Nov 2026 10:55:52 +0000\r\n"
        "From: Writer %u <writer%u@example.net>\r\nTo: reader%u@example.org\r\n"
        "Subject: Report number %u\r\nDate: Tue, 24 Nov 2026 10:55:50 +0000\r\n"
        "Message-ID: <%u.%u@example.net>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: %s\r\n\r\n",
        id, id % 97, id % 97, id % 89, id % 9973, id, size,
        attachment ? "application/octet-stream\r\nContent-Transfer-Encoding: base64"
                   : "text/plain; charset=us-ascii");
    while (mail.len < size) {
        if (quotes_dialogues && chance_one_in(chance, 20))
            add(&mail, "%s", quotes[chance_below(chance, sizeof quotes / sizeof quotes[0])]);
        (attachment ? add_base64 : add_prose)(&mail, chance);
    }
    return mail;
}

const struct mail *mail_any(struct chance *chance)
{
    static struct mail pool[POOL];
    if (!pool[0].text) {
        struct chance own = { 1 };
        for (size_t i = 0; i < POOL; i++)
            pool[i] = make(&own);
    }
    return &pool[chance_below(chance, POOL)];
}

void mail_say_stuffed(struct script *script, enum side side, const struct mail *mail)
{
    for (size_t at = 0, end; at < mail->len; at = end) {
        const uint8_t *newline = memchr(mail->text + at, '\n', mail->len - at);
        end = newline ? (size_t)(newline - mail->text) + 1 : mail->len;
        if (mail->text[at] == '.')
            say_bytes(script, side, ".", 1);
        say_bytes(script, side, mail->text + at, end - at);
    }
    say_bytes(script, side, ".\r\n", 3);
}
