/* Reads events written as text. */
#include "script.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

#define FILE_MAX     ((size_t)1 << 20)
#define WORD_MAX     512
#define ENDING       ".events"
#define LIKES        "like.facts" /* beside the files of events */
#define SECOND       UINT64_C(1000000000)
#define ROW_FIELDS   3
#define ACCOUNT_SIGN '#' /* the number of the time, in a value */

static _Noreturn void fail(const char *path, unsigned line, const char *why)
{
    fprintf(stderr, "%s:%u: %s\n", path, line, why);
    exit(2);
}

/* NULL if there is no such file. */
static char *read_if_there(const char *path)
{
    FILE *in = fopen(path, "r");
    if (!in)
        return NULL;
    char *text = calloc(1, FILE_MAX + 1);
    if (!text || fread(text, 1, FILE_MAX, in) == 0 || !feof(in))
        fail(path, 0, "cannot be read, or is too large");
    fclose(in);
    return text;
}

static char *read_file(const char *path)
{
    char *text = read_if_there(path);
    if (!text)
        fail(path, 0, "cannot be read");
    return text;
}

/* Ends the line, and returns the next one. */
static char *cut_line(char *line)
{
    char *end = line + strcspn(line, "\n");
    char *next = *end ? end + 1 : end;
    *end = '\0';
    return next;
}

/* --- words --------------------------------------------------------------------------------------
 */

/* The next word; what stands between double quotes is one, or part of one. False at the end. */
static bool next_word(const char **rest, char word[WORD_MAX])
{
    size_t len = 0;
    bool quoted = false;
    *rest += strspn(*rest, " ");
    for (; **rest && (quoted || **rest != ' ') && len < WORD_MAX - 1; (*rest)++) {
        if (**rest == '"')
            quoted = !quoted;
        else
            word[len++] = **rest;
    }
    word[len] = '\0';
    return len > 0;
}

static bool take_word(const char **rest, const char *wanted)
{
    const char *copy = *rest;
    char word[WORD_MAX];
    if (!next_word(&copy, word) || strcmp(word, wanted) != 0)
        return false;
    *rest = copy;
    return true;
}

/* 90s, 5m, 2h, 100ms. */
static bool read_span(const char *text, uint64_t *ns)
{
    static const struct {
        const char *unit;
        uint64_t ns;
    } units[] = {
        { "ms", SECOND / 1000 }, { "s", SECOND }, { "m", 60 * SECOND }, { "h", 3600 * SECOND }
    };
    size_t digits = strspn(text, "0123456789");
    uint64_t number;
    if (!text_to_u64(bytes_over(text, digits), &number))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(text + digits, units[i].unit) == 0) {
            *ns = number * units[i].ns;
            return true;
        }
    }
    return false;
}

/* --- lines --------------------------------------------------------------------------------------
 */

static enum event_kind read_kind(const struct script *script, unsigned line, const char *word)
{
    for (unsigned i = 0; i < EVENT_KINDS; i++) {
        if (strcmp(schema_event((enum event_kind)i)->name, word) == 0)
            return (enum event_kind)i;
    }
    fail(script->path, line, "an event begins with \"at TIME KIND\"");
}

/* "at 5s 12 times every 100ms auth event.outcome=failure ..." */
static void read_event(struct script *script, struct script_case *at, unsigned line,
                       const char *rest)
{
    char word[WORD_MAX];
    uint64_t times = 1;
    if (at->event_count == SCRIPT_EVENTS_MAX)
        fail(script->path, line, "too many events in one case");
    struct script_event *event = &at->events[at->event_count++];
    event->line = line;
    if (!next_word(&rest, word) || !read_span(word, &event->at_ns))
        fail(script->path, line, "a time is 90s, 5m, 2h or 100ms");
    if (!next_word(&rest, word))
        fail(script->path, line, "no kind of event");
    if (text_to_u64(bytes_of_string(word), &times)) {
        if (!take_word(&rest, "times") || !take_word(&rest, "every") || !next_word(&rest, word) ||
            !read_span(word, &event->every_ns) || !next_word(&rest, word))
            fail(script->path, line, "\"N times every TIME\"");
    }
    event->times = (unsigned)times;
    event->kind = read_kind(script, line, word);
    event->text = strdup(rest);
}

/* "=> nothing", "=> nothing at all", "=> nothing else"; "=> high", "=> high, 3 findings",
 * "=> medium, 14 times" */
static void read_wanted(const struct script *script, struct script_case *at, unsigned line,
                        const char *rest)
{
    char word[WORD_MAX];
    uint64_t number;
    if (take_word(&rest, "nothing")) {
        bool at_all = take_word(&rest, "at") && take_word(&rest, "all");
        bool other = !at_all && take_word(&rest, "else");
        if (rest[strspn(rest, " ")] != '\0')
            fail(script->path, line,
                 "\"=> nothing\", \"=> nothing at all\" or \"=> nothing else\"");
        at->says_nothing |= !other;
        at->nothing_else |= at_all || other;
        return;
    }
    if (at->wanted_count == SCRIPT_WANTED_MAX || !next_word(&rest, word))
        fail(script->path, line, "no level, or too many");
    struct script_wanted *wanted = &at->wanted[at->wanted_count++];
    *wanted = (struct script_wanted){ .line = line, .findings = 1 };
    text_copy(wanted->level, sizeof wanted->level,
              bytes_first(bytes_of_string(word), strcspn(word, ",")));
    while (next_word(&rest, word)) {
        if (!text_to_u64(bytes_of_string(word), &number) || !next_word(&rest, word))
            fail(script->path, line, "\"=> LEVEL, N findings\" or \"=> LEVEL, N times\"");
        if (strncmp(word, "findings", strlen("findings")) == 0)
            wanted->findings = (unsigned)number;
        else
            wanted->count = number;
    }
}

static void read_line(struct script *script, unsigned line, char *text)
{
    struct script_case *at = script->case_count > 0 ? &script->cases[script->case_count - 1] : NULL;
    const char *rest = text;
    if (text[0] == '#' || text[strspn(text, " ")] == '\0')
        return;
    if (take_word(&rest, "==")) {
        if (script->case_count == SCRIPT_CASES_MAX)
            fail(script->path, line, "too many cases");
        at = &script->cases[script->case_count++];
        at->line = line;
        at->name = rest + strspn(rest, " ");
    } else if (!at) {
        fail(script->path, line, "a case begins with \"== WHAT IT SHOWS\"");
    } else if (take_word(&rest, "at")) {
        read_event(script, at, line, rest);
    } else if (take_word(&rest, "=>")) {
        read_wanted(script, at, line, rest);
    } else {
        fail(script->path, line, "neither \"at\" nor \"=>\" nor \"==\"");
    }
}

/* "NAME FACTS" in each line. */
static void read_likes(struct script *script, const char *base)
{
    char path[512];
    snprintf(path, sizeof path, "%.*s%s", (int)(base - script->path), script->path, LIKES);
    script->likes_text = read_if_there(path);
    unsigned line = 0;
    for (char *at = script->likes_text, *next; at && *at; at = next) {
        next = cut_line(at);
        line++;
        size_t name = strcspn(at, " ");
        if (at[0] == '#' || name == 0)
            continue;
        if (script->like_count == SCRIPT_LIKES_MAX || at[name] == '\0')
            fail(path, line, "\"NAME FACTS\", or too many");
        at[name] = '\0';
        script->likes[script->like_count++] = (struct script_like){ at, at + name + 1 };
    }
}

struct script *script_read(const char *path)
{
    struct script *script = calloc(1, sizeof *script);
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    unsigned line = 0;
    if (!script || !(script->cases = calloc(SCRIPT_CASES_MAX, sizeof script->cases[0])))
        fail(path, 0, "no memory");
    script->path = path;
    text_copy(script->id, sizeof script->id,
              bytes_over(base, strlen(base) > strlen(ENDING) ? strlen(base) - strlen(ENDING) : 0));
    read_likes(script, base);
    script->text = read_file(path);
    for (char *at = script->text, *next; *at; at = next) {
        next = cut_line(at);
        read_line(script, ++line, at);
    }
    for (size_t i = 0; i < script->case_count; i++) {
        if ((script->cases[i].wanted_count > 0) == script->cases[i].says_nothing)
            fail(path, script->cases[i].line,
                 "what is to come of it? \"=> LEVEL\" or \"=> nothing\"");
    }
    return script;
}

void script_free(struct script *script)
{
    for (size_t i = 0; i < script->case_count; i++) {
        for (size_t k = 0; k < script->cases[i].event_count; k++)
            free(script->cases[i].events[k].text);
    }
    free(script->cases);
    free(script->text);
    free(script->likes_text);
    free(script);
}

/* --- facts --------------------------------------------------------------------------------------
 */

/* Puts the number in the place of each sign. */
static void number_value(char word[WORD_MAX], unsigned n)
{
    char copy[WORD_MAX];
    size_t len = 0;
    for (const char *at = word; *at && len < WORD_MAX - 12; at++) {
        if (*at == ACCOUNT_SIGN)
            len += (size_t)snprintf(copy + len, WORD_MAX - len, "%u", n);
        else
            copy[len++] = *at;
    }
    copy[len] = '\0';
    text_copy(word, WORD_MAX, bytes_of_string(copy));
}

static bool add_typed(struct facts *to, enum field field, struct bytes value)
{
    static const char *const claims[] = { "unknown", "no", "yes" };
    uint8_t address[16];
    uint64_t number;
    size_t len;
    switch (schema_field(field)->type) {
    case TYPE_NUMBER:
    case TYPE_TIME:
        if (!text_to_u64(value, &number))
            return false;
        facts_number(to, field, number);
        return true;
    case TYPE_IP:
        if (!(len = text_to_address(value, address)))
            return false;
        facts_ip(to, field, bytes_over(address, len));
        return true;
    case TYPE_BOOL:
        facts_bool(to, field, bytes_equal(value, BYTES_LITERAL("true")));
        return true;
    case TYPE_CLAIM:
        for (unsigned i = 0; i <= CLAIM_YES; i++) {
            if (bytes_equal(value, bytes_of_string(claims[i]))) {
                facts_claim(to, field, (enum claim)i);
                return true;
            }
        }
        return false;
    default:
        facts_text(to, field, value);
        return true;
    }
}

/* recipient=ADDRESS:CODE:ENHANCED, as the dissector of SMTP writes it. */
static bool add_recipient(struct facts *to, uint8_t row, struct bytes value)
{
    struct bytes part[ROW_FIELDS] = { 0 };
    uint64_t code;
    for (size_t i = 0; i < ROW_FIELDS; i++) {
        size_t colon = bytes_index(value, ':');
        part[i] = bytes_first(value, colon);
        value = colon < value.len ? bytes_after(value, colon + 1) : BYTES_NONE;
    }
    facts_text(to, FIELD_SMTP_RCPT_TO, part[0]);
    facts_row_text(to, row, FIELD_SMTP_RECIPIENT_ADDRESS, part[0]);
    if (part[1].len == 0)
        return true;
    if (!text_to_u64(part[1], &code))
        return false;
    facts_row_number(to, row, FIELD_SMTP_RECIPIENT_CODE, code);
    if (part[2].len > 0)
        facts_row_text(to, row, FIELD_SMTP_RECIPIENT_ENHANCED, part[2]);
    return true;
}

static const char *find_like(const struct script *script, unsigned line, const char *name)
{
    for (size_t i = 0; i < script->like_count; i++) {
        if (strcmp(script->likes[i].name, name) == 0)
            return script->likes[i].facts;
    }
    fail(script->path, line, "nothing of this name in " LIKES);
}

/* What is being read: an event, or what it is like. */
struct reading {
    const struct script *script;
    unsigned line, n;
    struct facts *to;
    uint8_t row;
};

static void read_fact(struct reading *reading, struct bytes text)
{
    const struct script *script = reading->script;
    size_t equals = bytes_index(text, '=');
    struct bytes name = bytes_first(text, equals);
    if (equals == text.len)
        fail(script->path, reading->line, "a fact is FIELD=VALUE, or -FIELD");
    struct bytes value = bytes_after(text, equals + 1);
    enum field field = schema_find(name);
    if (bytes_equal(name, BYTES_LITERAL("recipient"))) {
        if (!add_recipient(reading->to, reading->row++, value))
            fail(script->path, reading->line, "recipient=ADDRESS:CODE:ENHANCED");
    } else if (field == FIELDS || !add_typed(reading->to, field, value)) {
        fail(script->path, reading->line, "no such field, or not a value of its type");
    }
}

static void take_away(struct reading *reading, struct bytes name)
{
    enum field field = schema_find(name);
    if (field == FIELDS)
        fail(reading->script->path, reading->line, "no such field");
    facts_unset(reading->to, field);
}

static void read_facts(struct reading *reading, const char *rest, bool may_be_like)
{
    char word[WORD_MAX];
    while (next_word(&rest, word)) {
        number_value(word, reading->n);
        if (may_be_like && strcmp(word, "like") == 0 && next_word(&rest, word))
            read_facts(reading, find_like(reading->script, reading->line, word), false);
        else if (word[0] == '-')
            take_away(reading, bytes_of_string(word + 1));
        else
            read_fact(reading, bytes_of_string(word));
    }
}

void script_facts(const struct script *script, const struct script_event *event, unsigned n,
                  struct facts *to)
{
    struct reading reading = { .script = script, .line = event->line, .n = n, .to = to };
    read_facts(&reading, event->text, true);
}
