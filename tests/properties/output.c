/* Publishes a recording, and looks for secrets in what came of it. */
#include "output.h"

#include <stdlib.h>
#include <string.h>

#include "../unit/json_expectation.h"
#include "base64.h"
#include "envelope.h"
#include "json.h"
#include "shipped.h"
#include "text.h"

#define SECRET_MAX  300
#define FORM_MIN    8
#define EXACT_EVERY 4 /* recordings: the others are only read */

struct output {
    struct envelope envelope;
    struct detect *detect;
    struct facts tracked;
    struct facts complete;
    struct buffer *lines; /* of the recording that is being published */
    const char *fault;
    unsigned recordings;
    struct output_findings found;
};

static const char *judge_line(const struct output *o, struct bytes line)
{
    if (o->recordings % EXACT_EVERY == 0)
        return json_differs(line, buffer_view(&o->complete.records));
    return json_read(line, NULL, NULL) ? NULL : "law 7: a line is not JSON";
}

static void note_finding(struct output_findings *found, const struct facts_index *facts)
{
    struct fact id, severity;
    size_t i = 0;
    if (!facts_lookup(facts, FIELD_RULE_ID, &id) ||
        !facts_lookup(facts, FIELD_EVENT_SEVERITY, &severity))
        return;
    while (i < found->count && !bytes_equal(id.value, bytes_of_string(found->list[i].id)))
        i++;
    if (i == OUTPUT_FINDINGS)
        return;
    if (i == found->count) {
        text_copy(found->list[i].id, sizeof found->list[i].id, id.value);
        found->list[i].severity = 0;
        found->count++;
    }
    if (fact_number(&severity) > found->list[i].severity)
        found->list[i].severity = fact_number(&severity);
}

const struct output_findings *output_findings(const struct output *o)
{
    return &o->found;
}

const char *output_invented(const struct output_findings *whole,
                            const struct output_findings *lossy)
{
    for (size_t i = 0; i < lossy->count; i++) {
        bool known = bytes_starts_nocase(bytes_of_string(lossy->list[i].id), "sensor.");
        for (size_t k = 0; !known && k < whole->count; k++)
            known = strcmp(whole->list[k].id, lossy->list[i].id) == 0 &&
                    whole->list[k].severity >= lossy->list[i].severity;
        if (!known)
            return lossy->list[i].id;
    }
    return NULL;
}

/* As the collector does it. */
static void publish(void *arg, const struct event *event)
{
    struct output *o = arg;
    struct facts_index facts;
    const char *wrong = NULL;
    size_t start = o->lines->len;
    facts_index(&facts, event->facts);
    envelope_complete(&o->envelope, event, &facts, &o->complete);
    facts_index(&facts, buffer_view(&o->complete.records));
    if (event->kind == EVENT_FINDING)
        note_finding(&o->found, &facts);
    envelope_message(event->kind, &facts, &o->complete);
    if (!json_write(o->lines, buffer_view(&o->complete.records)))
        o->fault = "law 7: the JSON has no room";
    else
        wrong = judge_line(o, bytes_after(buffer_view(o->lines), start));
    if (wrong)
        o->fault = wrong;
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
    o->found.count = 0;
    for (size_t i = 0; i < recording->events; i++) {
        struct event event = recording->event[i].event;
        struct facts_index facts;
        facts_index(&facts, event.facts);
        detect_track(o->detect, &event, &facts, &o->tracked);
        publish(o, &event);
        detect_event(o->detect, &event, &facts);
    }
    detect_end(o->detect);
    o->recordings++;
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

/* At each of the three alignments, without the characters that its neighbours have a part in: of
 * `before` bytes in front these are the first before + 1, behind it at most one. */
static bool shows_base64(struct bytes text, struct bytes secret)
{
    uint8_t padded[2 * SECRET_MAX + 2] = { 0 };
    char encoded[BASE64_ENCODED_LEN(sizeof padded) + 1];
    for (size_t before = 0; before < 3; before++) {
        size_t whole = (before + secret.len) * 8 / 6, first = before > 0 ? before + 1 : 0;
        memcpy(padded + before, secret.data, secret.len);
        base64_encode(bytes_over(padded, before + secret.len), encoded);
        if (shows_form(text, bytes_over((const uint8_t *)encoded + first, whole - first)))
            return true;
    }
    return false;
}

/* A zero behind each byte: as it is, as JSON has it, as the trace has it, and in base64, as NTLM
 * and PowerShell send it. */
static bool shows_utf16(struct bytes text, struct bytes secret)
{
    static const struct {
        const char *zero;
        size_t len;
    } forms[] = { { "\0", 1 }, { "\\u0000", 6 }, { "\\x00", 4 } };
    uint8_t spread[7 * SECRET_MAX];
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        size_t len = 0;
        for (size_t i = 0; i < secret.len; i++) {
            spread[len++] = secret.data[i];
            memcpy(spread + len, forms[f].zero, forms[f].len);
            len += forms[f].len;
        }
        struct bytes form = bytes_over(spread, len);
        if (shows_form(text, form) || (f == 0 && shows_base64(text, form)))
            return true;
    }
    return false;
}

static bool shows_hex(struct bytes text, struct bytes secret)
{
    static const char *const digits[] = { "0123456789abcdef", "0123456789ABCDEF" };
    uint8_t hex[2 * SECRET_MAX];
    for (size_t sort = 0; sort < 2; sort++) {
        for (size_t i = 0; i < secret.len; i++) {
            hex[2 * i] = (uint8_t)digits[sort][secret.data[i] >> 4];
            hex[2 * i + 1] = (uint8_t)digits[sort][secret.data[i] & 15];
        }
        if (shows_form(text, bytes_over(hex, 2 * secret.len)))
            return true;
    }
    return false;
}

/* RFC 3986 section 2.1: as %XX all but letters and digits, or all but what need not be (section
 * 2.3), in upper or lower case. */
static bool shows_percent(struct bytes text, struct bytes secret)
{
    static const struct {
        const char *digits, *kept;
    } sorts[] = { { "0123456789ABCDEF", "" },
                  { "0123456789abcdef", "" },
                  { "0123456789ABCDEF", "-._~" },
                  { "0123456789abcdef", "-._~" } };
    uint8_t encoded[3 * SECRET_MAX];
    for (size_t sort = 0; sort < sizeof sorts / sizeof sorts[0]; sort++) {
        size_t len = 0;
        for (size_t i = 0; i < secret.len; i++) {
            uint8_t c = secret.data[i], letter = c | 0x20;
            if ((letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') ||
                (c && strchr(sorts[sort].kept, c))) {
                encoded[len++] = c;
            } else {
                encoded[len++] = '%';
                encoded[len++] = (uint8_t)sorts[sort].digits[c >> 4];
                encoded[len++] = (uint8_t)sorts[sort].digits[c & 15];
            }
        }
        if (len > secret.len && shows_form(text, bytes_over(encoded, len)))
            return true;
    }
    return false;
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
           shows_utf16(text, secret) || shows_hex(text, secret) || shows_percent(text, secret);
}
