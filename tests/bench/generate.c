/* Writes a capture of many flows at once, and the logins that were planted in it.
 *
 *   bench_generate SCENARIO PCAP TRUTH [--seed N] [--sessions N] [--depth N]
 *
 * The same seed gives the same bytes. TRUTH has a line for each login: client, port, server, port,
 * mechanism, user, outcome, and whether a packet of its session is missing. */
#include <stdlib.h>
#include <string.h>

#include "sessions.h"

enum { LANES = 2 };

/* A kind of flow and how many are open at one time. Of the packets, each lane gives its share. */
struct lane {
    write_session *write;
    uint32_t share, sessions, depth; /* no sessions: goes on until the first lane is done */
};

struct scenario {
    const char *name;
    struct lane lanes[LANES];
};

static const struct scenario scenarios[] = {
#define SCENARIO(name, ...) { #name, { __VA_ARGS__ } },
#define LANE(write, share, sessions, depth)                                                        \
    {                                                                                              \
        write, share, sessions, depth                                                              \
    }
#include "scenarios.def"
#undef LANE
#undef SCENARIO
};

struct running {
    struct lane lane;
    struct script *open;
    uint32_t begun, count;
};

static void begin_next(struct running *r, struct chance *chance, FILE *truth)
{
    struct script *script = &r->open[r->count++];
    script_begin(script, chance);
    r->lane.write(script, r->begun++, truth);
}

static bool may_begin(const struct running *r, bool first_is_done)
{
    return r->count < r->lane.depth &&
           (r->lane.sessions > 0 ? r->begun < r->lane.sessions : !first_is_done);
}

/* The next packet of any open flow. A flow that is done makes room for another. */
static void play_one(struct running *r, struct chance *chance, struct wire *wire)
{
    struct script *script = &r->open[chance_below(chance, r->count)];
    if (script_play(script, wire))
        return;
    script_free(script);
    *script = r->open[--r->count];
}

static void run(const struct lane *lanes, struct chance *chance, struct wire *wire, FILE *truth)
{
    struct running running[LANES];
    bool first_is_done = false, any = true;
    for (size_t i = 0; i < LANES; i++) {
        running[i] = (struct running){ .lane = lanes[i] };
        running[i].open = calloc(lanes[i].depth + 1, sizeof *running[i].open);
        if (!running[i].open)
            abort();
    }
    while (any) {
        /* A lane that has no flow leaves its share to the other. */
        size_t chosen = chance_below(chance, 100) < running[0].lane.share ? 0 : 1;
        any = false;
        for (size_t i = 0; i < LANES; i++) {
            while (may_begin(&running[i], first_is_done))
                begin_next(&running[i], chance, truth);
            any |= running[i].count > 0;
        }
        if (running[chosen].count > 0)
            play_one(&running[chosen], chance, wire);
        first_is_done = running[0].count == 0;
    }
    for (size_t i = 0; i < LANES; i++)
        free(running[i].open);
}

static int usage(void)
{
    fputs("usage: bench_generate SCENARIO PCAP TRUTH [--seed N] [--sessions N] [--depth N]\n"
          "SCENARIO:",
          stderr);
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++)
        fprintf(stderr, " %s", scenarios[i].name);
    fputs("\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct scenario scenario = { 0 };
    uint32_t seed = 1, *option;
    for (size_t i = 0; argc > 3 && i < sizeof scenarios / sizeof scenarios[0]; i++) {
        if (strcmp(scenarios[i].name, argv[1]) == 0)
            scenario = scenarios[i];
    }
    if (!scenario.name || argc % 2 != 0)
        return usage();
    for (int i = 4; i < argc; i += 2) {
        option = strcmp(argv[i], "--seed") == 0       ? &seed
                 : strcmp(argv[i], "--sessions") == 0 ? &scenario.lanes[0].sessions
                 : strcmp(argv[i], "--depth") == 0    ? &scenario.lanes[0].depth
                                                      : NULL;
        if (!option)
            return usage();
        *option = (uint32_t)strtoul(argv[i + 1], NULL, 10);
    }
    struct wire wire = wire_open(argv[2]);
    FILE *truth = fopen(argv[3], "w");
    if (!truth) {
        perror(argv[3]);
        return 1;
    }
    struct chance chance = { seed };
    run(scenario.lanes, &chance, &wire, truth);
    wire_close(&wire);
    return fclose(truth) == 0 ? 0 : 1;
}
