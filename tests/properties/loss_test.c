/* Law 3: whatever range of a dialogue is lost, facts may vanish but never change. Law 8: no secret
 * shows in any output, under any loss. Law 7: every event is one line of JSON (checked by what
 * reads this test's --json output).
 *
 *   loss_test [--seed N] [--random N] [--json FILE] DIALOGUE...
 *
 * For each dialogue: every single turn, every pair of adjacent turns, each turn's halves, N random
 * byte ranges, each side missing. Each lossy event must fit into an event of the whole run: same
 * kind, each fact equal to one there. */
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "dialogue.h"
#include "json.h"

struct run {
    const char *path;
    const struct dialogue *d;
    struct recording whole;
    FILE *json;
    unsigned cases, failures;
};

/* --- law 3 ---------------------------------------------------------------------------------------
 */

/* May differ: totals (coverage is partial then) and what only says how much was seen. */
static bool exempt(const struct fact *fact)
{
    switch (fact->field) {
    case FIELD_COVERAGE:
    case FIELD_COVERAGE_REASON:
    case FIELD_EMAIL_SIZE:
    case FIELD_SMTP_RCPT_COUNT:
    case FIELD_STARTTLS_PIPELINED_BYTES:
    case FIELD_AUTH_SECRET_HASH:
        return true;
    default:
        return false;
    }
}

/* "Not seen" is always true. */
static bool unknown(const struct fact *fact)
{
    static const char *const words[] = { "unknown", "starttls-unknown", "smtp-transaction" };
    if (schema_field(fact->field)->type == TYPE_CLAIM)
        return fact_number(fact) == CLAIM_UNKNOWN;
    if (fact->field != FIELD_EVENT_OUTCOME && fact->field != FIELD_STARTTLS_STATE &&
        fact->field != FIELD_EVENT_ACTION)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (bytes_equal(fact->value, bytes_of_string(words[i])))
            return true;
    }
    return false;
}

static bool holds(struct bytes facts, const struct fact *wanted, int row)
{
    struct fact fact;
    for (size_t at = 0; facts_next(facts, &at, &fact);) {
        if (fact.field == wanted->field && (row < 0 || fact.row == row) &&
            bytes_equal(fact.value, wanted->value))
            return true;
    }
    return false;
}

/* The event at a session's end has the latest HELO, and none if the whole run ended out of step:
 * then any HELO of it will do. */
static bool helo_at_the_end(const struct run *run, const struct recorded_event *event,
                            const struct fact *fact)
{
    bool any = false;
    if (event->kind != EVENT_STARTTLS || fact->field != FIELD_SMTP_HELO)
        return false;
    for (size_t i = 0; i < run->whole.events; i++)
        any |= holds(buffer_view(&run->whole.event[i].facts.records), fact, -1);
    return any;
}

/* Every member of this row of the lossy event stands in one row of the whole one. */
static bool row_fits(struct bytes lossy, struct bytes whole, uint8_t row)
{
    struct fact fact;
    for (int in = 0; in < 256; in++) {
        bool all = true;
        for (size_t at = 0; all && facts_next(lossy, &at, &fact);) {
            if (schema_field(fact.field)->arity == ARITY_ROWS && fact.row == row)
                all = holds(whole, &fact, in);
        }
        if (all)
            return true;
    }
    return false;
}

static bool fits(const struct run *run, const struct recorded_event *lossy_event,
                 struct bytes whole)
{
    struct bytes lossy = buffer_view(&lossy_event->facts.records);
    struct fact fact;
    for (size_t at = 0; facts_next(lossy, &at, &fact);) {
        if (exempt(&fact) || unknown(&fact) || helo_at_the_end(run, lossy_event, &fact))
            continue;
        bool rows = schema_field(fact.field)->arity == ARITY_ROWS;
        if (rows ? !row_fits(lossy, whole, fact.row) : !holds(whole, &fact, -1))
            return false;
    }
    return true;
}

static void report(struct run *run, const char *law, const char *what,
                   const struct recording *lossy)
{
    if (run->failures++ > 0)
        return;
    char *whole = recording_text(&run->whole), *text = recording_text(lossy);
    printf("FAIL %s: %s, %s\n--- whole\n%s--- with the loss\n%s", run->path, law, what, whole,
           text);
    free(whole);
    free(text);
}

/* A dialogue that is lossy itself may show more when even more is lost (one side missing is read
 * differently): it is no measure for law 3. */
static bool seen_whole(const struct dialogue *d)
{
    bool whole = !d->midstream && !d->hidden[FROM_CLIENT] && !d->hidden[FROM_SERVER];
    for (size_t i = 0; i < d->turns; i++)
        whole &= d->turn[i].gap == 0;
    return whole;
}

static void check_facts(struct run *run, const char *what, const struct recording *lossy)
{
    if (!seen_whole(run->d))
        return;
    unsigned of_kind[EVENT_KINDS] = { 0 }, in_whole[EVENT_KINDS] = { 0 };
    for (size_t k = 0; k < run->whole.events; k++)
        in_whole[run->whole.event[k].kind]++;
    for (size_t i = 0; i < lossy->events; i++) {
        bool any = false;
        for (size_t k = 0; k < run->whole.events && !any; k++)
            any = run->whole.event[k].kind == lossy->event[i].kind &&
                  fits(run, &lossy->event[i], buffer_view(&run->whole.event[k].facts.records));
        if (!any)
            report(run, "law 3: an event that the whole dialogue does not have", what, lossy);
        of_kind[lossy->event[i].kind]++;
    }
    /* An envelope and a body that a loss parted are two events. Where both sides were the client,
     * each session has its own STARTTLS. */
    unsigned sessions = in_whole[EVENT_STARTTLS] > 1 ? in_whole[EVENT_STARTTLS] : 1;
    if (of_kind[EVENT_AUTH] > in_whole[EVENT_AUTH] || of_kind[EVENT_STARTTLS] > sessions ||
        of_kind[EVENT_MESSAGE] > 2 * in_whole[EVENT_MESSAGE])
        report(run, "law 3: more events than the whole dialogue has", what, lossy);
}

/* --- law 8 ---------------------------------------------------------------------------------------
 */

static bool contains(struct bytes text, struct bytes part)
{
    return part.len > 0 && text.len >= part.len &&
           memmem(text.data, text.len, part.data, part.len) != NULL;
}

/* Raw, and as base64 shows it at each of the three alignments, without the characters that its
 * neighbours change. */
static bool shows(struct bytes text, struct bytes secret)
{
    uint8_t padded[300];
    char encoded[BASE64_ENCODED_LEN(sizeof padded) + 1];
    if (contains(text, secret))
        return true;
    for (size_t shift = 0; shift < 3 && secret.len + 2 < sizeof padded; shift++) {
        memset(padded, 0, sizeof padded);
        memcpy(padded + shift, secret.data, secret.len);
        base64_encode(bytes_over(padded, shift + secret.len), encoded);
        struct bytes core = bytes_of_string(encoded);
        core = bytes_after(bytes_first(core, core.len / 4 * 4 - 4), shift > 0 ? 4 : 0);
        if (core.len >= 8 && contains(text, core))
            return true;
    }
    return false;
}

static void check_secrets(struct run *run, const char *what, const struct recording *recording)
{
    struct buffer json;
    buffer_init(&json, 1 << 20, NULL);
    for (size_t i = 0; i < recording->events; i++) {
        if (!json_write(&json, buffer_view(&recording->event[i].facts.records)))
            report(run, "law 7: JSON has no room", what, recording);
        buffer_append(&json, BYTES_LITERAL("\n"));
    }
    if (run->json && json.len > 0)
        fwrite(json.data, 1, json.len, run->json);
    for (size_t i = 0; i < run->d->secrets; i++) {
        if (shows(buffer_view(&json), run->d->secret[i]) ||
            shows(bytes_over(recording->trace, recording->trace_len), run->d->secret[i])) {
            report(run, "law 8: a secret shows", what, recording);
            printf("secret %.*s\n", (int)run->d->secret[i].len,
                   (const char *)run->d->secret[i].data);
        }
    }
    buffer_free(&json);
}

/* --- losses --------------------------------------------------------------------------------------
 */

/* Removes bytes [from, to) of the dialogue, counted over all turns in order: each turn touched
 * becomes what is left of it and a gap. */
static size_t lose(const struct dialogue *d, size_t from, size_t to, struct turn *out)
{
    size_t start = 0, n = 0;
    for (size_t i = 0; i < d->turns; i++) {
        struct turn turn = d->turn[i];
        size_t end = start + turn.data.len;
        size_t cut_from = from > start ? from : start, cut_to = to < end ? to : end;
        if (turn.gap > 0 || cut_from >= cut_to) {
            out[n++] = turn;
        } else {
            struct turn head = turn, tail = turn;
            head.data = bytes_first(turn.data, cut_from - start);
            tail.data = bytes_after(turn.data, cut_to - start);
            if (head.data.len > 0)
                out[n++] = head;
            out[n++] = (struct turn){ .direction = turn.direction, .gap = cut_to - cut_from };
            if (tail.data.len > 0)
                out[n++] = tail;
        }
        start = end;
    }
    return n;
}

static void play(struct run *run, const char *what, const struct dialogue *d,
                 const struct turn *turn, size_t turns)
{
    struct recording lossy;
    run->cases++;
    dialogue_play(d, turn, turns, &whole_turns, true, &lossy);
    check_facts(run, what, &lossy);
    check_secrets(run, what, &lossy);
    recording_free(&lossy);
}

static void lose_range(struct run *run, size_t from, size_t to)
{
    static struct turn turn[3 * TURNS_MAX];
    char what[80];
    snprintf(what, sizeof what, "bytes %zu to %zu lost", from, to);
    play(run, what, run->d, turn, lose(run->d, from, to, turn));
}

static void hide(struct run *run, enum direction side)
{
    struct dialogue copy = *run->d;
    if (copy.hidden[FROM_CLIENT] || copy.hidden[FROM_SERVER])
        return;
    copy.hidden[side] = true;
    play(run, side == FROM_CLIENT ? "client missing" : "server missing", &copy, copy.turn,
         copy.turns);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void all_losses(struct run *run, uint64_t seed, unsigned random)
{
    size_t start = 0, before = 0;
    for (size_t i = 0; i < run->d->turns; i++) {
        size_t end = start + run->d->turn[i].data.len;
        if (end > start) {
            lose_range(run, start, end);
            lose_range(run, before, end);
            lose_range(run, start, start + (end - start + 1) / 2);
            lose_range(run, start + (end - start) / 2, end);
        }
        before = start;
        start = end;
    }
    uint64_t state = seed * 0x9E3779B97F4A7C15U + 1;
    for (unsigned i = 0; i < random; i++) {
        size_t from = (size_t)(next_random(&state) % start);
        size_t longest = i % 3 == 0 ? start - from : 200;
        lose_range(run, from, from + 1 + (size_t)(next_random(&state) % longest));
    }
    hide(run, FROM_CLIENT);
    hide(run, FROM_SERVER);
}

int main(int argc, char **argv)
{
    uint64_t seed = 1;
    unsigned random = 300, cases = 0, failures = 0, dialogues = 0;
    FILE *json = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            seed = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--random") == 0 && i + 1 < argc) {
            random = (unsigned)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--json") == 0 && i + 1 < argc) {
            json = fopen(argv[++i], "w");
        } else {
            struct dialogue *d = dialogue_read(argv[i]);
            struct run run = { .path = argv[i], .d = d, .json = json };
            dialogue_play(d, d->turn, d->turns, &whole_turns, true, &run.whole);
            check_secrets(&run, "nothing lost", &run.whole);
            all_losses(&run, seed, random);
            recording_free(&run.whole);
            dialogue_free(d);
            cases += run.cases;
            failures += run.failures;
            dialogues++;
        }
    }
    if (json)
        fclose(json);
    printf("%u dialogues, %u losses (seed %llu), %u failures\n", dialogues, cases,
           (unsigned long long)seed, failures);
    return failures > 0 || dialogues == 0;
}
