/* Law 3: whatever range of a dialogue is lost, facts may vanish but never change. Law 8: no secret
 * shows in any output, under any loss, and other secrets leave the same trace and events. Law 7:
 * every event is one line of JSON that says its facts, also of bytes that were spoiled (and checked
 * once more by what reads this test's --json output).
 *
 *   loss_test [--seed N] [--random N] [--case N] [--json FILE] DIALOGUE...
 *
 * For each dialogue: ranges of whole turns (all, or some 200), each turn's halves, what
 * stands before a dot, N random byte
 * ranges, N sets of 2 to 4 random ranges whose gaps are told early or late, each side missing; and
 * N / 4 times some bytes are others (law 7 alone: it is another dialogue then). Options count for
 * the dialogues behind them. --case repeats one set, as a failure names it. */
#include <stdlib.h>
#include <string.h>

#include "dialogue.h"
#include "exchange.h"
#include "output.h"
#include "random.h"
#include "shrink.h"
#include "subset.h"

#define RANGES_MAX     4
#define SPOILED_MAX    4
#define DOTS_TRIED     40
#define RANGES_TRIED   200
#define EXCHANGE_EVERY 3 /* cases */
#define PIECES_MAX     ((1 + 2 * RANGES_MAX) * TURNS_MAX)

struct range {
    size_t from, to;
};

/* What a case says something about. */
enum law { LAW_3, LAW_7, LAW_8, LAW_8_OTHER, LAWS };

struct run {
    const char *path;
    const struct dialogue *d;
    struct recording whole;
    struct output *output;
    FILE *json;
    uint8_t *other; /* the bytes of the dialogue with other secrets; NULL: it has none */
    unsigned cases[LAWS], failures, plays;
    struct output_findings found; /* in the whole */
};

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
    run->cases[LAW_3]++;
    const char *why = subset_check(&run->whole, lossy).why;
    if (why)
        report(run, why, what, lossy);
}

static bool shows(const struct bytes *secret, const struct buffer *json,
                  const struct recording *recording)
{
    return output_shows(buffer_view(json), *secret) ||
           output_shows(bytes_over(recording->trace, recording->trace_len), *secret);
}

static void check_output(struct run *run, const char *what, const struct recording *recording)
{
    struct buffer json;
    buffer_init(&json, 1 << 20, NULL);
    const char *why = output_lines(run->output, recording, &json);
    run->cases[LAW_7]++;
    if (why)
        report(run, why, what, recording);
    if (run->json && json.len > 0)
        fwrite(json.data, 1, json.len, run->json);
    run->cases[LAW_8] += run->d->secrets > 0;
    for (size_t i = 0; i < run->d->secrets; i++) {
        if (shows(&run->d->secret[i], &json, recording)) {
            report(run, "law 8: a secret shows", what, recording);
            printf("secret %.*s\n", (int)run->d->secret[i].len,
                   (const char *)run->d->secret[i].data);
        }
    }
    buffer_free(&json);
}

/* Internal facts, a keyed hash of the secret among them, never leave the sensor. */
static bool is_internal(const struct fact *fact)
{
    return schema_field(fact->field)->visibility == VISIBILITY_INTERNAL;
}

static bool same_recording(const struct recording *a, const struct recording *b)
{
    bool same = a->events == b->events && a->trace_len == b->trace_len &&
                memcmp(a->trace, b->trace, a->trace_len) == 0;
    for (size_t i = 0; same && i < a->events; i++)
        same = a->event[i].event.kind == b->event[i].event.kind &&
               same_facts(a->event[i].event.facts, b->event[i].event.facts, is_internal);
    return same;
}

/* Whether the dialogue says the same with other secrets. */
static bool tells_secrets(const struct run *run, const struct dialogue *d, const struct turn *turn,
                          size_t turns, const struct recording *recording)
{
    static struct turn exchanged[PIECES_MAX];
    struct recording other;
    if (!run->other || turns > PIECES_MAX)
        return false;
    exchange_turns(run->d, run->other, turn, turns, exchanged);
    dialogue_play(d, exchanged, turns, &whole_turns, true, &other);
    bool same = same_recording(recording, &other);
    recording_free(&other);
    return !same;
}

/* --- losses -------------------------------------------------------------------------------------
 */

static size_t bytes_of(const struct dialogue *d)
{
    size_t bytes = 0;
    for (size_t i = 0; i < d->turns; i++)
        bytes += d->turn[i].data.len;
    return bytes;
}

/* Removes bytes [from, to) of some turns, counted over all of them in order: each turn touched
 * becomes what is left of it and a gap. */
static size_t lose(const struct turn *turns, size_t count, struct range range, struct turn *out)
{
    size_t start = 0, n = 0;
    for (size_t i = 0; i < count; i++) {
        struct turn turn = turns[i];
        size_t end = start + turn.data.len;
        size_t cut_from = range.from > start ? range.from : start;
        size_t cut_to = range.to < end ? range.to : end;
        if (turn.gap > 0 || cut_from >= cut_to) {
            out[n++] = turn;
        } else {
            struct turn head = turn, tail = turn;
            head.data = bytes_first(turn.data, cut_from - start);
            tail.data = bytes_after(turn.data, cut_to - start);
            if (head.data.len > 0)
                out[n++] = head;
            out[n++] = (struct turn){
                .direction = turn.direction,
                .gap = cut_to - cut_from,
                .data = bytes_first(bytes_after(turn.data, cut_from - start), cut_to - cut_from),
            };
            if (tail.data.len > 0)
                out[n++] = tail;
        }
        start = end;
    }
    return n;
}

/* Reassembly tells a gap when something waits behind it: then at its place, each part before what
 * answers it; or sooner, as one, when bytes of its own side came first. Never later: an answer
 * comes after what it answers. Moves a gap towards the front, past what the other side said. */
static void tell_early(struct turn *turn, size_t at)
{
    for (; at > 0 && turn[at - 1].direction != turn[at].direction; at--) {
        struct turn gap = turn[at];
        turn[at] = turn[at - 1];
        turn[at - 1] = gap;
    }
}

static void tell_some_early(struct turn *turn, size_t turns, uint64_t *random)
{
    for (size_t i = 1; i < turns; i++) {
        if (turn[i].gap > 0 && random_below(random, 2) == 0)
            tell_early(turn, i);
    }
}

static bool secret_shows(struct run *run, const struct recording *recording)
{
    struct buffer json;
    bool any = false;
    buffer_init(&json, 1 << 20, NULL);
    output_lines(run->output, recording, &json);
    for (size_t i = 0; i < run->d->secrets; i++)
        any |= shows(&run->d->secret[i], &json, recording);
    buffer_free(&json);
    return any;
}

/* Whether the rules find what they do not find in the whole. */
static bool finds_more(struct run *run, const struct recording *all, const struct recording *less)
{
    struct buffer json;
    if (!seen_whole(run->d))
        return false;
    buffer_init(&json, 1 << 20, NULL);
    output_lines(run->output, all, &json);
    struct output_findings whole = *output_findings(run->output);
    buffer_clear(&json);
    output_lines(run->output, less, &json);
    buffer_free(&json);
    return output_invented(&whole, output_findings(run->output)) != NULL;
}

static bool broken(void *arg, const struct turn *whole, size_t whole_count,
                   const struct turn *lossy, size_t lossy_count)
{
    struct run *run = arg;
    struct recording all, less;
    dialogue_play(run->d, whole, whole_count, &whole_turns, true, &all);
    dialogue_play(run->d, lossy, lossy_count, &whole_turns, true, &less);
    bool is_broken = (seen_whole(run->d) && subset_check(&all, &less).why) ||
                     secret_shows(run, &less) || finds_more(run, &all, &less) ||
                     tells_secrets(run, run->d, lossy, lossy_count, &less);
    recording_free(&all);
    recording_free(&less);
    return is_broken;
}

/* After check_output(), which made them. */
static void check_findings(struct run *run, const char *what, const struct recording *recording)
{
    char why[128];
    const char *id = output_invented(&run->found, output_findings(run->output));
    if (!seen_whole(run->d)) /* one side alone may tell more */
        return;
    snprintf(why, sizeof why, "law 3: a loss leads to a finding or makes it worse: %s",
             id ? id : "");
    if (id)
        report(run, why, what, recording);
}

static void play(struct run *run, const char *what, const struct dialogue *d,
                 const struct turn *turn, size_t turns)
{
    struct recording lossy;
    unsigned failures = run->failures;
    dialogue_play(d, turn, turns, &whole_turns, true, &lossy);
    check_facts(run, what, &lossy);
    check_output(run, what, &lossy);
    check_findings(run, what, &lossy);
    bool exchanged = run->other && run->plays++ % EXCHANGE_EVERY == 0;
    run->cases[LAW_8_OTHER] += exchanged;
    if (exchanged && tells_secrets(run, d, turn, turns, &lossy))
        report(run, "law 8: other secrets leave another trace or event", what, &lossy);
    recording_free(&lossy);
    if (failures == 0 && run->failures > 0)
        shrink_print(d, turn, turns, &(struct shrink_law){ broken, run });
}

static void lose_range(struct run *run, size_t from, size_t to)
{
    static struct turn turn[3 * TURNS_MAX];
    char what[80];
    snprintf(what, sizeof what, "bytes %zu to %zu lost", from, to);
    play(run, what, run->d, turn,
         lose(run->d->turn, run->d->turns, (struct range){ from, to }, turn));
}

/* A few ranges, of both sides as they fall; their gaps are told early or late. One seed is one
 * case. */
static void lose_ranges(struct run *run, size_t bytes, uint64_t seed)
{
    static struct turn turn[2][PIECES_MAX];
    uint64_t random = random_state(seed);
    size_t turns = run->d->turns, ranges = 2 + random_below(&random, RANGES_MAX - 1), written = 0;
    bool early = random_below(&random, 2) == 0;
    char what[200];
    int len = snprintf(what, sizeof what, "bytes");
    /* From the back to the front: what is left in front keeps its numbers. */
    memcpy(turn[0], run->d->turn, turns * sizeof turn[0][0]);
    for (size_t end = bytes; ranges > 0 && end > 0; ranges--) {
        struct range range = { .from = random_below(&random, end) };
        range.to =
            range.from + 1 + random_below(&random, end - range.from < 200 ? end - range.from : 200);
        turns = lose(turn[written], turns, range, turn[!written]);
        written = !written;
        end = range.from;
        len +=
            snprintf(what + len, sizeof what - (size_t)len, " %zu to %zu,", range.from, range.to);
    }
    snprintf(what + len, sizeof what - (size_t)len, " lost, told %s (--case %llu)",
             early ? "early" : "late", (unsigned long long)seed);
    if (early)
        tell_some_early(turn[written], turns, &random);
    play(run, what, run->d, turn[written], turns);
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

/* Where each turn starts, and behind them where the last one ends. */
static void find_starts(const struct dialogue *d, size_t *start)
{
    start[0] = 0;
    for (size_t i = 0; i < d->turns; i++)
        start[i + 1] = start[i] + d->turn[i].data.len;
}

/* Ranges of whole turns: each of them in a dialogue of up to RANGES_TRIED, else each turn, each
 * with its neighbour, and others at random. */
static void lose_turns(struct run *run, uint64_t *random)
{
    size_t start[TURNS_MAX + 1], turns = run->d->turns;
    size_t every = turns * (turns + 1) / 2 / RANGES_TRIED + 1;
    find_starts(run->d, start);
    for (size_t from = 0; from < turns; from++) {
        for (size_t to = from + 1; to <= turns; to++) {
            bool chosen = to <= from + 2 || random_below(random, every) == 0;
            if (chosen && start[to] > start[from])
                lose_range(run, start[from], start[to]);
        }
    }
}

static void lose_halves(struct run *run)
{
    for (size_t i = 0, start = 0, len; i < run->d->turns; i++, start += len) {
        len = run->d->turn[i].data.len;
        if (len == 0)
            continue;
        lose_range(run, start, start + (len + 1) / 2);
        lose_range(run, start + len / 2, start + len);
    }
}

/* What is seen again right before a dot that ends a line: it looks like the end of a body. */
static void lose_up_to_dots(struct run *run, size_t bytes, uint64_t *random)
{
    const uint8_t *at = run->d->bytes;
    for (size_t i = 1, tried = 0; i + 2 < bytes && tried < DOTS_TRIED; i++) {
        if (at[i] != '.' || at[i + 1] != '\r' || at[i + 2] != '\n' || at[i - 1] == '\n')
            continue;
        size_t most = i < 40 ? i : 40;
        lose_range(run, i - 1 - random_below(random, most), i);
        tried++;
    }
}

/* A few bytes become others. The dialogue is another one then: no fact of the whole one need be
 * true and a password may stand where a name belongs, but what is said is JSON and says the facts.
 */
static void spoil(struct run *run, size_t bytes, uint64_t *random)
{
    static struct turn turn[TURNS_MAX];
    struct recording recording;
    struct buffer json;
    uint8_t *spoiled = malloc(bytes);
    if (!spoiled)
        abort();
    memcpy(spoiled, run->d->bytes, bytes);
    for (size_t n = 1 + random_below(random, SPOILED_MAX); n > 0; n--)
        spoiled[random_below(random, bytes)] = (uint8_t)random_below(random, 256);
    exchange_turns(run->d, spoiled, run->d->turn, run->d->turns, turn);
    dialogue_play(run->d, turn, run->d->turns, &whole_turns, true, &recording);
    buffer_init(&json, 1 << 20, NULL);
    const char *why = output_lines(run->output, &recording, &json);
    run->cases[LAW_7]++;
    if (why)
        report(run, why, "some bytes spoiled", &recording);
    buffer_free(&json);
    recording_free(&recording);
    free(spoiled);
}

static void all_losses(struct run *run, uint64_t seed, unsigned random)
{
    size_t bytes = bytes_of(run->d);
    uint64_t state = random_state(seed);
    lose_turns(run, &state);
    lose_halves(run);
    lose_up_to_dots(run, bytes, &state);
    for (unsigned i = 0; i < random && bytes > 0; i++) {
        size_t from = random_below(&state, bytes);
        size_t longest = i % 3 == 0 ? bytes - from : 200;
        lose_range(run, from, from + 1 + random_below(&state, longest));
        lose_ranges(run, bytes, next_random(&state) >> 1);
        if (i % 4 == 0)
            spoil(run, bytes, &state);
    }
    hide(run, FROM_CLIENT);
    hide(run, FROM_SERVER);
}

struct options {
    uint64_t seed, only_case;
    unsigned random;
    FILE *json;
    struct output *output;
    unsigned dialogues, cases[LAWS], failures;
};

static void test_dialogue(struct options *options, const char *path)
{
    struct dialogue *d = dialogue_read(path);
    struct run run = { .path = path,
                       .d = d,
                       .output = options->output,
                       .json = options->json,
                       .other = exchange_secrets(d) };
    dialogue_play(d, d->turn, d->turns, &whole_turns, true, &run.whole);
    check_output(&run, "nothing lost", &run.whole);
    run.found = *output_findings(run.output);
    if (options->only_case)
        lose_ranges(&run, bytes_of(d), options->only_case);
    else
        all_losses(&run, options->seed, options->random);
    recording_free(&run.whole);
    free(run.other);
    dialogue_free(d);
    options->dialogues++;
    for (int law = 0; law < LAWS; law++)
        options->cases[law] += run.cases[law];
    options->failures += run.failures;
}

int main(int argc, char **argv)
{
    struct options options = { .seed = 1, .random = 120, .output = output_new() };
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--seed") == 0 && more)
            options.seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--random") == 0 && more)
            options.random = (unsigned)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--case") == 0 && more)
            options.only_case = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--json") == 0 && more)
            options.json = fopen(argv[++i], "w");
        else
            test_dialogue(&options, argv[i]);
    }
    if (options.json)
        fclose(options.json);
    output_free(options.output);
    printf("%u dialogues (seed %llu): law 3 %u losses, law 7 %u outputs, law 8 %u outputs and %u "
           "comparisons with other secrets, %u failures\n",
           options.dialogues, (unsigned long long)options.seed, options.cases[LAW_3],
           options.cases[LAW_7], options.cases[LAW_8], options.cases[LAW_8_OTHER],
           options.failures);
    return options.failures > 0 || options.dialogues == 0;
}
