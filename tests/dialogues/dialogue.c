/* Reads and plays dialogues. */
#include "dialogue.h"

#include <stdlib.h>
#include <string.h>

#define BYTES_MAX (4 * 1024 * 1024)
#define FILE_MAX  ((size_t)1 << 20)

static _Noreturn void fail(const char *path, unsigned line, const char *why)
{
    fprintf(stderr, "%s:%u: %s\n", path, line, why);
    exit(2);
}

static char *read_file(const char *path)
{
    FILE *in = fopen(path, "r");
    char *text = calloc(1, FILE_MAX + 1);
    if (!in || !text || fread(text, 1, FILE_MAX, in) == 0 || !feof(in))
        fail(path, 0, "cannot be read, or is too large");
    fclose(in);
    return text;
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Undoes \r \n \t \0 \\ \xNN. Returns the end of what was written. */
static uint8_t *unescape(const char *text, uint8_t *to)
{
    static const char names[] = "rnt0\\", values[] = "\r\n\t\0\\";
    while (*text) {
        const char *name = text[0] == '\\' && text[1] ? strchr(names, text[1]) : NULL;
        if (name) {
            *to++ = (uint8_t)values[name - names];
            text += 2;
        } else if (text[0] == '\\' && text[1] == 'x' && hex(text[2]) >= 0 && hex(text[3]) >= 0) {
            *to++ = (uint8_t)(hex(text[2]) * 16 + hex(text[3]));
            text += 4;
        } else {
            *to++ = (uint8_t)*text++;
        }
    }
    return to;
}

static bool take(const char **line, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(*line, word, len) != 0)
        return false;
    *line += len;
    return true;
}

struct reader {
    struct dialogue *d;
    const char *path;
    unsigned line;
    uint8_t *to;
    uint64_t wait_s; /* before the next turn */
};

static void add_turn(struct reader *r, struct turn turn)
{
    if (r->d->turns == TURNS_MAX)
        fail(r->path, r->line, "too many turns");
    turn.wait_s = r->wait_s;
    r->wait_s = 0;
    r->d->turn[r->d->turns++] = turn;
}

/* "C: text" is a line, "C| text" is bytes, "C* 100 text" is a line a hundred times. */
static bool read_data(struct reader *r, const char *line)
{
    if ((line[0] != 'C' && line[0] != 'S') || !strchr(":|*", line[1]) ||
        (line[2] != ' ' && line[2] != '\0'))
        return false;
    struct turn turn = { .direction = line[0] == 'C' ? FROM_CLIENT : FROM_SERVER };
    const char *text = line[2] ? line + 3 : line + 2;
    unsigned long times = 1;
    if (line[1] == '*') {
        char *end;
        times = strtoul(text, &end, 10);
        text = *end ? end + 1 : end;
    }
    uint8_t *start = r->to;
    for (; times > 0; times--) {
        if ((size_t)(r->to - r->d->bytes) + strlen(text) + 2 > BYTES_MAX)
            fail(r->path, r->line, "too many bytes");
        r->to = unescape(text, r->to);
        if (line[1] != '|') {
            *r->to++ = '\r';
            *r->to++ = '\n';
        }
    }
    turn.data = bytes_over(start, (size_t)(r->to - start));
    if (turn.data.len > 0)
        add_turn(r, turn);
    return true;
}

static void read_line(struct reader *r, char *text)
{
    static const struct {
        const char *name;
        enum ending ending;
        enum direction closer;
    } endings[] = {
        { "close", ENDED_CLOSED, FROM_CLIENT },    { "close S", ENDED_CLOSED, FROM_SERVER },
        { "reset", ENDED_RESET, FROM_CLIENT },     { "reset S", ENDED_RESET, FROM_SERVER },
        { "timeout", ENDED_TIMEOUT, FROM_CLIENT }, { "end of input", ENDED_INPUT, FROM_CLIENT }
    };
    struct dialogue *d = r->d;
    const char *line = text;
    if (line[0] == '#' || line[0] == '\0' || read_data(r, line))
        return;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (strcmp(line, endings[i].name) == 0) {
            d->ending = endings[i].ending;
            d->closer = endings[i].closer;
            return;
        }
    }
    if (take(&line, "secret: ")) {
        if (d->secrets == SECRETS_MAX)
            fail(r->path, r->line, "too many secrets");
        d->secret[d->secrets++] = bytes_of_string(line);
    } else if (take(&line, "port: ")) {
        d->port = (uint16_t)strtoul(line, NULL, 10);
    } else if (take(&line, "gap C ")) {
        add_turn(r, (struct turn){ .direction = FROM_CLIENT, .gap = strtoull(line, NULL, 10) });
    } else if (take(&line, "gap S ")) {
        add_turn(r, (struct turn){ .direction = FROM_SERVER, .gap = strtoull(line, NULL, 10) });
    } else if (take(&line, "wait ")) {
        r->wait_s = strtoull(line, NULL, 10);
    } else if (strcmp(line, "midstream") == 0) {
        d->midstream = true;
    } else if (strcmp(line, "server hidden") == 0) {
        d->hidden[FROM_SERVER] = true;
    } else if (strcmp(line, "client hidden") == 0) {
        d->hidden[FROM_CLIENT] = true;
    } else {
        fail(r->path, r->line, "is neither a turn nor a setting");
    }
}

/* The port of the protocol that the folder is named after. */
static uint16_t usual_port(const char *path)
{
    return strstr(path, "/imap/") ? 143 : strstr(path, "/tls/") ? 993 : 25;
}

struct dialogue *dialogue_read(const char *path)
{
    struct dialogue *d = calloc(1, sizeof *d);
    if (!d)
        fail(path, 0, "out of memory");
    struct reader r = { .d = d, .path = path };
    d->text = read_file(path);
    d->bytes = r.to = malloc(BYTES_MAX);
    d->port = usual_port(path);
    d->ending = ENDED_CLOSED;
    d->expected = strstr(d->text, "\n=>");
    if (d->expected)
        *d->expected++ = '\0';
    for (char *line = d->text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        r.line++;
        read_line(&r, line);
    }
    if (d->turns == 0)
        fail(path, r.line, "has no turns");
    return d;
}

void dialogue_free(struct dialogue *d)
{
    free(d->text);
    free(d->bytes);
    free(d);
}

/* --- playing ------------------------------------------------------------------------------------
 */

static size_t whole(void *arg, size_t left)
{
    (void)arg;
    return left;
}

const struct segmentation whole_turns = { whole, NULL, false };

struct player {
    struct session *session;
    struct moment now;
};

/* A heap copy of exact size, so that a read past the end is caught. */
static void deliver(struct player *p, enum direction direction, const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len);
    memcpy(copy, data, len);
    p->now.time_ns += 1000000;
    p->now.frame++;
    session_data(p->session, p->now, direction, bytes_over(copy, len));
    free(copy);
}

static void play_run(struct player *p, const struct turn *turn, size_t turns,
                     const struct segmentation *how)
{
    size_t len = 0, at = 0;
    for (size_t i = 0; i < turns; i++)
        len += turn[i].data.len;
    uint8_t *run = malloc(len);
    for (size_t i = 0; i < turns; at += turn[i++].data.len)
        memcpy(run + at, turn[i].data.data, turn[i].data.len);
    p->now.time_ns += turn->wait_s * 1000000000;
    for (at = 0; at < len;) {
        size_t n = how->next(how->arg, len - at);
        deliver(p, turn->direction, run + at, n);
        at += n;
    }
    free(run);
}

void dialogue_play(const struct dialogue *d, const struct turn *turn, size_t turns,
                   const struct segmentation *how, bool traced, struct recording *recording)
{
    struct stage stage;
    struct flow_identity id = { .address_len = 4,
                                .ip_protocol = 6,
                                .end = { { { 192, 0, 2, 1 }, 40000 },
                                         { { 192, 0, 2, 25 }, d->port } } };
    stage_open(&stage, traced, recording);
    flow_identity_name(&id);
    struct player p = { .session = session_new(&stage.env, &id, d->midstream) };
    for (int i = 0; i < DIRECTIONS; i++)
        session_visible(p.session, p.now, (enum direction)i, d->hidden[i] ? CLAIM_NO : CLAIM_YES);
    for (size_t i = 0, n; i < turns; i += n) {
        n = 1;
        if (d->hidden[turn[i].direction])
            continue;
        if (turn[i].gap > 0) {
            session_gap(p.session, p.now, turn[i].direction, turn[i].gap);
            continue;
        }
        while (how->merge && i + n < turns && turn[i + n].direction == turn[i].direction &&
               turn[i + n].gap == 0)
            n++;
        play_run(&p, turn + i, n, how);
    }
    if (d->ending == ENDED_CLOSED)
        session_closing(p.session, d->closer);
    else if (d->ending == ENDED_RESET)
        session_resetting(p.session, d->closer);
    session_end(p.session, p.now, d->ending);
    session_free(p.session);
    stage_close(&stage);
}
