/* Publishes a recording, and looks for secrets in what came of it. */
#include "output.h"

#include <stdlib.h>
#include <string.h>

#include "../unit/json_reader.h"
#include "base64.h"
#include "envelope.h"
#include "json.h"
#include "shipped.h"

#define SECRET_MAX 300
#define FORM_MIN   8

struct output {
    struct envelope envelope;
    struct detect *detect;
    struct facts tracked;
    struct facts complete;
    struct buffer *lines; /* of the recording that is being published */
    const char *fault;
};

/* As the collector does it. */
static void publish(void *arg, const struct event *event)
{
    struct output *o = arg;
    struct facts_index facts;
    size_t start = o->lines->len;
    envelope_complete(&o->envelope, event, &o->complete);
    facts_index(&facts, buffer_view(&o->complete.records));
    envelope_message(event->kind, &facts, &o->complete);
    if (!json_write(o->lines, buffer_view(&o->complete.records)))
        o->fault = "law 7: the JSON has no room";
    else if (!json_read(bytes_after(buffer_view(o->lines), start), NULL, NULL))
        o->fault = "law 7: a line is not JSON";
    buffer_append(o->lines, BYTES_LITERAL("\n"));
}

struct output *output_new(void)
{
    struct output *o = calloc(1, sizeof *o);
    if (!o)
        abort();
    o->envelope.observer = "mailtap";
    facts_init(&o->complete, NULL);
    o->complete.records.max = 2 * FACTS_MAX_BYTES;
    facts_init(&o->tracked, NULL);
    o->detect = shipped_detect(&(struct event_receiver){ publish, o });
    return o;
}

void output_free(struct output *o)
{
    detect_free(o->detect);
    facts_free(&o->tracked);
    facts_free(&o->complete);
    free(o);
}

const char *output_lines(struct output *o, const struct recording *recording, struct buffer *lines)
{
    o->lines = lines;
    o->fault = NULL;
    for (size_t i = 0; i < recording->events; i++) {
        struct event event = recording->event[i].event;
        if (detect_track(o->detect, &event, &o->tracked))
            event.facts = buffer_view(&o->tracked.records);
        publish(o, &event);
        detect_event(o->detect, &event);
    }
    detect_end(o->detect);
    return o->fault;
}

static bool contains(struct bytes text, struct bytes part)
{
    return part.len > 0 && text.len >= part.len &&
           memmem(text.data, text.len, part.data, part.len) != NULL;
}

static bool shows_form(struct bytes text, struct bytes form)
{
    return form.len >= FORM_MIN && contains(text, form);
}

static bool shows_base64(struct bytes text, struct bytes secret)
{
    uint8_t padded[SECRET_MAX + 2] = { 0 };
    char encoded[BASE64_ENCODED_LEN(sizeof padded) + 1];
    for (size_t shift = 0; shift < 3; shift++) {
        memcpy(padded + shift, secret.data, secret.len);
        base64_encode(bytes_over(padded, shift + secret.len), encoded);
        struct bytes core = bytes_of_string(encoded);
        core = bytes_after(bytes_first(core, core.len / 4 * 4 - 4), shift > 0 ? 4 : 0);
        if (shows_form(text, core))
            return true;
    }
    return false;
}

static bool shows_spread(struct bytes text, struct bytes secret)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t hex[2 * SECRET_MAX], utf16[2 * SECRET_MAX];
    for (size_t i = 0; i < secret.len; i++) {
        hex[2 * i] = (uint8_t)digits[secret.data[i] >> 4];
        hex[2 * i + 1] = (uint8_t)digits[secret.data[i] & 15];
        utf16[2 * i] = secret.data[i];
        utf16[2 * i + 1] = 0;
    }
    return shows_form(text, bytes_over(hex, 2 * secret.len)) ||
           shows_form(text, bytes_over(utf16, 2 * secret.len));
}

/* RFC 3986 section 2.1: all but letters and digits as %XX. */
static bool shows_percent(struct bytes text, struct bytes secret)
{
    uint8_t encoded[3 * SECRET_MAX];
    size_t len = 0;
    for (size_t i = 0; i < secret.len; i++) {
        uint8_t c = secret.data[i], letter = c | 0x20;
        if ((letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9')) {
            encoded[len++] = c;
        } else {
            encoded[len++] = '%';
            encoded[len++] = (uint8_t) "0123456789ABCDEF"[c >> 4];
            encoded[len++] = (uint8_t) "0123456789ABCDEF"[c & 15];
        }
    }
    return shows_form(text, bytes_over(encoded, len));
}

/* With a backslash before each quote and backslash. Returns how long it is then. */
static size_t escape(struct bytes in, uint8_t *out)
{
    size_t len = 0;
    for (size_t i = 0; i < in.len; i++) {
        if (in.data[i] == '"' || in.data[i] == '\\')
            out[len++] = '\\';
        out[len++] = in.data[i];
    }
    return len;
}

/* As it stands in JSON, and in a quoted string of IMAP; and as that string stands in JSON. */
static bool shows_escaped(struct bytes text, struct bytes secret)
{
    uint8_t once[2 * SECRET_MAX], twice[4 * SECRET_MAX];
    size_t len = escape(secret, once);
    if (len == secret.len)
        return false;
    size_t longer = escape(bytes_over(once, len), twice);
    return contains(text, bytes_over(once, len)) || contains(text, bytes_over(twice, longer));
}

bool output_shows(struct bytes text, struct bytes secret)
{
    if (secret.len == 0 || secret.len > SECRET_MAX)
        abort(); /* a test that cannot look must not pass */
    return contains(text, secret) || shows_escaped(text, secret) || shows_base64(text, secret) ||
           shows_spread(text, secret) || shows_percent(text, secret);
}
