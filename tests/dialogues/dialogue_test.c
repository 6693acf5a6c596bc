/* Plays every dialogue and compares its events, then cuts its streams everywhere: law 1, the same
 * events however the bytes arrive.
 *
 *   dialogue_test [--rerecord] FILE...      rewrites the expected events; git diff reviews them */
#include <stdlib.h>
#include <string.h>

#include "dialogue.h"
#include "random.h"

static unsigned failures, runs;

static char *play_text(const struct dialogue *d, const struct segmentation *how)
{
    struct recording recording;
    runs++;
    dialogue_play(d, d->turn, d->turns, how, false, &recording);
    char *text = recording_text(&recording);
    recording_free(&recording);
    return text;
}

static void compare(const char *path, const char *how, const char *expected, const char *got)
{
    if (strcmp(expected, got) == 0)
        return;
    static const char *reported;
    failures++;
    if (reported == path)
        return; /* one difference of a dialogue is enough to read */
    reported = path;
    printf("FAIL %s (%s)\n--- expected\n%s--- got\n%s", path, how, expected, got);
}

static size_t one_byte(void *arg, size_t left)
{
    (void)arg;
    (void)left;
    return 1;
}

/* Cuts each run once, at a place that moves through all places. */
static size_t cut_at(void *arg, size_t left)
{
    size_t *place = arg;
    size_t n = *place > 0 && *place < left ? *place : left;
    *place = 0;
    return n;
}

static size_t cut_everywhere(void *arg, size_t left)
{
    return *(size_t *)arg < left ? *(size_t *)arg : left;
}

static size_t cut_randomly(void *arg, size_t left)
{
    uint64_t most = 1 + next_random(arg) % 97;
    return (size_t)(1 + next_random(arg) % most) < left
               ? (size_t)(1 + next_random(arg) % most) % left + 1
               : left;
}

static size_t longest_run(const struct dialogue *d)
{
    size_t longest = 0;
    for (size_t i = 0; i < d->turns; i++) {
        if (d->turn[i].data.len > longest)
            longest = d->turn[i].data.len;
    }
    return longest;
}

static void law_1(const char *path, const struct dialogue *d, const char *expected)
{
    struct segmentation merged = { whole_turns.next, NULL, true },
                        bytewise = { one_byte, NULL, false };
    char *got = play_text(d, &merged), how[64];
    compare(path, "turns merged", expected, got);
    free(got);
    got = play_text(d, &bytewise);
    compare(path, "byte by byte", expected, got);
    free(got);
    size_t longest = longest_run(d);
    size_t stride = longest > 2000 ? longest / 1000 : 1;
    for (size_t place = 1; place < longest; place += stride) {
        size_t first = place, every = place;
        struct segmentation once = { cut_at, &first, false },
                            always = { cut_everywhere, &every, true };
        snprintf(how, sizeof how, "cut at %zu", place);
        got = play_text(d, &once);
        compare(path, how, expected, got);
        free(got);
        snprintf(how, sizeof how, "cut every %zu", place);
        got = play_text(d, &always);
        compare(path, how, expected, got);
        free(got);
    }
    for (uint64_t seed = 1; seed <= 50; seed++) {
        uint64_t state = seed * 0x9E3779B97F4A7C15U;
        struct segmentation random = { cut_randomly, &state, seed % 2 == 0 };
        snprintf(how, sizeof how, "random cuts, seed %llu", (unsigned long long)seed);
        got = play_text(d, &random);
        compare(path, how, expected, got);
        free(got);
    }
}

static void rerecord(const char *path, const char *got)
{
    FILE *in = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;
    if (!in || getdelim(&text, &size, '\0', in) < 0)
        exit(2);
    fclose(in);
    char *end = strstr(text, "\n=>");
    if (end)
        end[1] = '\0';
    FILE *out = fopen(path, "w");
    if (!out)
        exit(2);
    fputs(text, out);
    fputs(got, out);
    fclose(out);
    free(text);
}

int main(int argc, char **argv)
{
    bool record = argc > 1 && strcmp(argv[1], "--rerecord") == 0;
    unsigned played = 0;
    for (int i = record ? 2 : 1; i < argc; i++, played++) {
        struct dialogue *d = dialogue_read(argv[i]);
        char *got = play_text(d, &whole_turns);
        if (record) {
            rerecord(argv[i], got);
        } else {
            compare(argv[i], "whole turns", d->expected ? d->expected : "", got);
            law_1(argv[i], d, got);
        }
        free(got);
        dialogue_free(d);
    }
    printf("%u dialogues, %u runs, %u failures\n", played, runs, failures);
    return failures > 0 || played == 0;
}
