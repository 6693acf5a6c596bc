/* The trace of a session: each call of a dissector on a line, and below it what the dissector made
 * of it. What it did not declare public is shown by length. */
#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "session_internal.h"

#define TRACE_SHOWN 120  /* public bytes of one call */
#define NOTES_MAX   2048 /* of one call; more are cut */

/* What a dissector says while it reads: shown below the line that it read. */
static _Thread_local struct {
    bool holding;
    size_t len;
    char text[NOTES_MAX];
} notes;

bool trace_wanted(const struct session *s)
{
    const struct session_env *env = s->env;
    return env->trace &&
           (env->trace_protocol.len == 0 ||
            (s->dissector && bytes_equal_nocase(env->trace_protocol, s->dissector->name)) ||
            (s->id->protocol && bytes_equal_nocase(env->trace_protocol, s->id->protocol)));
}

static void print_head(const struct session *s)
{
    fprintf(s->env->trace, "%08llx #%-5llu ", (unsigned long long)(s->id->uid >> 32),
            (unsigned long long)frame_number(s->now.frame));
}

static void print_public(FILE *out, struct bytes text)
{
    struct bytes shown = bytes_first(text, TRACE_SHOWN);
    for (size_t i = 0; i < shown.len; i++) {
        uint8_t c = shown.data[i];
        if (c == '\r' || c == '\n')
            fputs(c == '\r' ? "\\r" : "\\n", out);
        else if (c >= 0x20 && c < 0x7F)
            fputc(c, out);
        else
            fprintf(out, "\\x%02x", c);
    }
    if (shown.len < text.len)
        fprintf(out, "[%zu more]", text.len - shown.len);
}

void trace_hold(const struct session *s)
{
    notes.holding = s->env->trace && trace_wanted(s);
    notes.len = 0;
}

void trace_data(struct session *s, enum direction d, struct bytes shown, size_t consumed)
{
    FILE *out = s->env->trace;
    if (!notes.holding)
        return;
    notes.holding = false;
    const uint8_t *at = shown.data, *end = shown.data + consumed;
    print_head(s);
    fprintf(out, "%s ", d == FROM_CLIENT ? "C:" : "S:");
    if (consumed == 0)
        fprintf(out, "waits with %zu bytes", shown.len);
    for (unsigned i = 0; i < s->public_count && consumed > 0; i++) {
        struct bytes range = s->public[i];
        if (range.data < at || range.data + range.len > end)
            continue;
        if (range.data > at)
            fprintf(out, "[%zu bytes]", (size_t)(range.data - at));
        print_public(out, range);
        at = range.data + range.len;
    }
    if (at < end)
        fprintf(out, "[%zu bytes]", (size_t)(end - at));
    fputc('\n', out);
    fwrite(notes.text, 1, notes.len, out);
    s->public_count = 0;
}

static void note(const struct session *s, const char *format, va_list args)
{
    char line[256];
    vsnprintf(line, sizeof line, format, args);
    if (!notes.holding) {
        print_head(s);
        fprintf(s->env->trace, "   %s\n", line);
        return;
    }
    size_t room = NOTES_MAX - notes.len;
    int len = snprintf(notes.text + notes.len, room, "%20s%s\n", "", line);
    if (len > 0 && (size_t)len < room)
        notes.len += (size_t)len;
}

void session_explain(struct session *s, const char *format, ...)
{
    va_list args;
    if (!trace_wanted(s))
        return;
    va_start(args, format);
    note(s, format, args);
    va_end(args);
}
