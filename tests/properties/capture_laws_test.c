/* The laws over real traffic, through the whole network floor:
 *
 *   1  the same events however the streams are cut into packets
 *   3  whatever packets are lost, facts may vanish but never change, and no event appears
 *   7  each line of output is JSON
 *   8  no secret shows in any output or trace
 *
 *   capture_laws_test [--seed N] [--effort N] [--secrets FILE] CAPTURE...
 *   capture_laws_test [--secrets FILE] [--connection N] --changes LIST CAPTURE
 *
 * SEED and EFFORT may come from the environment. Effort 1 takes well under a minute; 10 tries ten
 * times as much at random and cuts at every byte. The second form repeats one case, as a failure
 * names it: "7" loses frame 7, "7:20" cuts its payload in two behind 20 bytes. */
#include <stdlib.h>
#include <string.h>

#include "frames.h"
#include "output.h"
#include "playing.h"
#include "random.h"
#include "subset.h"
#include "text.h"

#define PLACES_MAX       12 /* of one packet to cut at, one by one, with effort 1 */
#define ALL_RANGES_UP_TO 20 /* packets: then each range of them is lost */
#define RANDOM_CASES     15 /* of each sort and scene */
#define ALL_CONNECTIONS  (-1)

/* A packet lost, or cut in two behind `at` bytes of payload. Sorted by both. */
struct change {
    uint64_t frame;
    uint32_t at; /* 0: lost */
};

struct changes {
    struct change *change;
    size_t count, capacity;
};

struct secret {
    char capture[64]; /* name of the scenario that planted it */
    char text[128];
};

/* What is played: a connection of a capture, or all of it. */
struct scene {
    const char *path;
    char name[64]; /* of the scenario */
    int connection, link_type;
    struct packet *packet;
    size_t count;
    struct recording whole;
    struct output_findings found; /* in it */
    bool measure;                 /* seen whole: law 3 can be measured by it */
    unsigned reported;
};

struct test {
    uint64_t seed, random;
    unsigned effort;
    const char *secrets_path;
    struct secret *secret;
    size_t secrets;
    struct output *output;
    struct scene *scene;
    unsigned captures, scenes, cases, failures;
};

/* --- changes ------------------------------------------------------------------------------------
 */

static void add_change(struct changes *c, uint64_t frame, uint32_t at)
{
    if (c->count == c->capacity) {
        c->capacity = c->capacity ? 2 * c->capacity : 64;
        c->change = realloc(c->change, c->capacity * sizeof *c->change);
        if (!c->change)
            abort();
    }
    c->change[c->count++] = (struct change){ frame, at };
}

static bool has_losses(const struct changes *c)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->change[i].at == 0)
            return true;
    }
    return false;
}

static void print_changes(const struct changes *c)
{
    for (size_t i = 0; i < c->count; i++) {
        printf("%s%llu", i > 0 ? "," : "", (unsigned long long)c->change[i].frame);
        if (c->change[i].at > 0)
            printf(":%u", c->change[i].at);
    }
}

static struct changes parse_changes(const char *text)
{
    struct changes c = { 0 };
    for (char *end; *text; text = *end ? end + 1 : end) {
        uint64_t frame = strtoull(text, &end, 10);
        uint32_t at = *end == ':' ? (uint32_t)strtoul(end + 1, &end, 10) : 0;
        if (frame == 0 || (*end && *end != ',')) {
            fprintf(stderr, "not a list of changes: %s\n", text);
            exit(2);
        }
        add_change(&c, frame, at);
    }
    return c;
}

/* --- playing ------------------------------------------------------------------------------------
 */

struct traffic {
    struct packet *packet;
    size_t count;
    uint8_t **made; /* data of packets that are not the scene's own */
    size_t made_count;
};

static void add_part(struct traffic *t, const struct scene *scene, const struct packet *packet,
                     uint32_t from, uint32_t to)
{
    t->packet[t->count] = frame_part(scene->link_type, packet, from, to);
    t->made[t->made_count++] = (uint8_t *)(uintptr_t)t->packet[t->count++].data;
}

/* Adds a packet with its changes, n of them. */
static void add_changed(struct traffic *t, const struct scene *scene, const struct packet *packet,
                        const struct change *change, size_t n)
{
    uint32_t from = 0, len = frame_payload(scene->link_type, packet);
    for (size_t i = 0; i < n; i++) {
        if (change[i].at == 0)
            return;
        if (change[i].at <= from || change[i].at >= len)
            continue;
        add_part(t, scene, packet, from, change[i].at);
        from = change[i].at;
    }
    if (from > 0)
        add_part(t, scene, packet, from, len);
    else
        t->packet[t->count++] = *packet;
}

static struct traffic make_traffic(const struct scene *scene, const struct changes *c)
{
    size_t most = scene->count + 2 * c->count + 1, at = 0;
    struct traffic t = { .packet = calloc(most, sizeof *t.packet),
                         .made = calloc(most, sizeof *t.made) };
    if (!t.packet || !t.made)
        abort();
    for (size_t i = 0; i < scene->count; i++) {
        const struct packet *packet = &scene->packet[i];
        size_t n = 0;
        while (at < c->count && c->change[at].frame < packet->frame)
            at++;
        while (at + n < c->count && c->change[at + n].frame == packet->frame)
            n++;
        add_changed(&t, scene, packet, c->change + at, n);
    }
    return t;
}

static void free_traffic(struct traffic *t)
{
    for (size_t i = 0; i < t->made_count; i++)
        free(t->made[i]);
    free(t->made);
    free(t->packet);
}

static void play(const struct scene *scene, const struct changes *c, struct recording *recording)
{
    struct traffic t = make_traffic(scene, c);
    play_packets(scene->link_type, t.packet, t.count, 0, true, recording);
    free_traffic(&t);
}

/* --- judging ------------------------------------------------------------------------------------
 */

struct verdict_on {
    const char *why; /* NULL: no law is broken */
    size_t event;
};

static struct verdict_on law_1(const struct recording *whole, const struct recording *cut)
{
    for (size_t i = 0; i < cut->events; i++) {
        const struct event *a = &whole->event[i].event, *b = &cut->event[i].event;
        if (i == whole->events || a->kind != b->kind || a->time_ns != b->time_ns ||
            !same_facts(a->facts, b->facts, counts_packets))
            return (struct verdict_on){ "law 1: another event when the streams are cut", i };
    }
    if (cut->events < whole->events)
        return (struct verdict_on){ "law 1: an event less when the streams are cut", cut->events };
    return (struct verdict_on){ NULL, 0 };
}

/* Faults that are known, to go with their cure. */
static const struct known {
    const char *capture;
    enum event_kind kind;
    const char *coverage_reason, *what;
} known[] = {
    { "starttls-injection", EVENT_MESSAGE, "one_sided",
      "without the server, what was slipped in behind STARTTLS is taken for mail" },
    { "starttls-tamper", EVENT_MESSAGE, "one_sided",
      "without the server, what was slipped in behind STARTTLS is taken for mail" },
    { "starttls-failed", EVENT_MESSAGE, "one_sided",
      "without the server, mail behind STARTTLS counts that nobody answered" },
    { "tls-ports-in-clear", EVENT_STARTTLS, "one_sided",
      "without the server, a hello counts that nobody answered" },
    { "proxy-protocol", EVENT_STARTTLS, "one_sided",
      "without the server, a hello counts that nobody answered" },
};

static bool is_known(const struct scene *scene, const struct event *event)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(scene->name, known[i].capture) == 0 && event->kind == known[i].kind &&
            facts_has(event->facts, FIELD_COVERAGE_REASON,
                      bytes_of_string(known[i].coverage_reason)))
            return true;
    }
    return false;
}

/* Findings about many sessions: one of which too little is left to recognise what it was cannot
 * weaken them. */
static bool is_known_finding(const struct scene *scene, const char *id)
{
    return strcmp(scene->name, "starttls-stripped") == 0 && strcmp(id, "starttls.not_offered") == 0;
}

static struct verdict_on law_3(const struct scene *scene, const struct recording *lossy)
{
    struct subset_fault fault = subset_check(&scene->whole, lossy);
    if (fault.why && is_known(scene, &lossy->event[fault.event].event))
        fault.why = NULL;
    return (struct verdict_on){ fault.why, fault.event };
}

/* The secrets of a scene; of the whole scene unchanged, those of all scenarios. */
static const char *law_8(const struct test *test, const struct recording *recording,
                         struct bytes lines, bool all)
{
    struct bytes trace = bytes_over(recording->trace, recording->trace_len);
    for (size_t i = 0; i < test->secrets; i++) {
        const struct secret *secret = &test->secret[i];
        struct bytes text = bytes_of_string(secret->text);
        if (!all && strcmp(secret->capture, test->scene->name) != 0)
            continue;
        if (output_shows(lines, text))
            return "law 8: a secret shows in the output";
        if (output_shows(trace, text))
            return "law 8: a secret shows in the trace";
    }
    return NULL;
}

static struct verdict_on judge_output(struct test *test, const struct recording *recording,
                                      bool all_secrets)
{
    struct buffer lines;
    buffer_init(&lines, 16 << 20, NULL);
    const char *why = output_lines(test->output, recording, &lines);
    if (!why)
        why = law_8(test, recording, buffer_view(&lines), all_secrets);
    buffer_free(&lines);
    return (struct verdict_on){ why, 0 };
}

/* Plays the scene with the changes and keeps the recording for the report. */
static struct verdict_on judge(struct test *test, const struct changes *c, struct recording *got)
{
    const struct scene *scene = test->scene;
    struct verdict_on verdict = { NULL, 0 };
    test->cases++;
    play(scene, c, got);
    if (!has_losses(c))
        verdict = law_1(&scene->whole, got);
    else if (scene->measure)
        verdict = law_3(scene, got);
    if (!verdict.why)
        verdict = judge_output(test, got, false);
    if (!verdict.why && has_losses(c) && scene->measure) {
        const char *id = output_invented(&scene->found, output_findings(test->output));
        if (id && !is_known_finding(scene, id))
            verdict.why = "law 3: a loss leads to a finding or makes it worse";
    }
    return verdict;
}

/* --- failing ------------------------------------------------------------------------------------
 */

static bool still_fails(struct test *test, const struct changes *c)
{
    struct recording got;
    bool fails = judge(test, c, &got).why != NULL;
    recording_free(&got);
    return fails;
}

/* Leaves out changes, half of them first, as long as what is left still fails. */
static void shrink(struct test *test, struct changes *c)
{
    for (size_t piece = (c->count + 1) / 2; piece > 0; piece /= 2) {
        for (size_t at = 0; at < c->count;) {
            struct changes fewer = { .change = calloc(c->count, sizeof *c->change) };
            if (!fewer.change)
                abort();
            fewer.capacity = c->count;
            for (size_t i = 0; i < c->count; i++) {
                if (i < at || i >= at + piece)
                    fewer.change[fewer.count++] = c->change[i];
            }
            if (fewer.count > 0 && still_fails(test, &fewer)) {
                free(c->change);
                *c = fewer;
            } else {
                free(fewer.change);
                at += piece;
            }
        }
    }
}

static void print_failure(struct test *test, const struct changes *c)
{
    const struct scene *scene = test->scene;
    struct recording got;
    struct verdict_on verdict = judge(test, c, &got);
    char *whole = recording_text(&scene->whole), *text = recording_text(&got);
    printf("FAIL %s: %s, event %zu of %zu\n", scene->path, verdict.why, verdict.event + 1,
           got.events);
    printf("repeat: capture_laws_test --secrets %s --connection %d --changes ",
           test->secrets_path ? test->secrets_path : "FILE", scene->connection);
    print_changes(c);
    printf(" %s\n--- unchanged\n%s--- changed\n%s", scene->path, whole, text);
    free(whole);
    free(text);
    recording_free(&got);
}

/* One case. Of each scene one failure is enough to read. */
static void try_changes(struct test *test, struct changes *c)
{
    if (c->count > 0 && still_fails(test, c)) {
        test->failures++;
        if (test->scene->reported++ == 0) {
            shrink(test, c);
            print_failure(test, c);
        }
    }
    c->count = 0;
}

/* --- cuts ---------------------------------------------------------------------------------------
 */

static void cut_one_by_one(struct test *test)
{
    const struct scene *scene = test->scene;
    struct changes c = { 0 };
    for (size_t i = 0; i < scene->count; i++) {
        uint32_t len = frame_payload(scene->link_type, &scene->packet[i]);
        uint32_t stride = test->effort > 1 ? 1 : len / PLACES_MAX + 1;
        for (uint32_t at = 1; at < len; at += stride) {
            add_change(&c, scene->packet[i].frame, at);
            try_changes(test, &c);
        }
    }
    free(c.change);
}

static void cut_all_every(struct test *test, uint32_t size)
{
    const struct scene *scene = test->scene;
    struct changes c = { 0 };
    for (size_t i = 0; i < scene->count; i++) {
        uint32_t len = frame_payload(scene->link_type, &scene->packet[i]);
        for (uint32_t at = size; at < len; at += size)
            add_change(&c, scene->packet[i].frame, at);
    }
    try_changes(test, &c);
    free(c.change);
}

static void cut_at_random(struct test *test)
{
    const struct scene *scene = test->scene;
    struct changes c = { 0 };
    for (size_t i = 0; i < scene->count; i++) {
        uint32_t len = frame_payload(scene->link_type, &scene->packet[i]), at = 0;
        for (size_t cuts = random_below(&test->random, 5); cuts > 0 && at + 1 < len; cuts--) {
            at += 1 + (uint32_t)random_below(&test->random, len - at);
            if (at < len)
                add_change(&c, scene->packet[i].frame, at);
        }
    }
    try_changes(test, &c);
    free(c.change);
}

static void all_cuts(struct test *test)
{
    static const uint32_t sizes[] = { 1, 2, 3, 7, 16, 100, 1000 };
    if (test->scene->connection != ALL_CONNECTIONS)
        cut_one_by_one(test);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        cut_all_every(test, sizes[i]);
    for (unsigned i = 0; i < RANDOM_CASES * test->effort; i++)
        cut_at_random(test);
}

/* --- losses -------------------------------------------------------------------------------------
 */

/* Sorts of packets that get lost together. */
static bool is_syn(const struct segment *s)
{
    return s->flags & TCP_SYN && !(s->flags & TCP_ACK);
}

static bool is_syn_ack(const struct segment *s)
{
    return s->flags & TCP_SYN && s->flags & TCP_ACK;
}

static bool is_any_syn(const struct segment *s)
{
    return s->flags & TCP_SYN;
}

static bool is_end(const struct segment *s)
{
    return s->flags & (TCP_FIN | TCP_RST);
}

static bool is_bare_ack(const struct segment *s)
{
    return s->payload.len == 0 && !(s->flags & (TCP_SYN | TCP_FIN | TCP_RST));
}

static bool is_bare(const struct segment *s)
{
    return s->payload.len == 0;
}

/* By port: of most captures, the server's is the lower one. */
static bool is_upward(const struct segment *s)
{
    return s->source.port > s->destination.port;
}

static bool is_downward(const struct segment *s)
{
    return s->source.port < s->destination.port;
}

static bool is_upward_data(const struct segment *s)
{
    return is_upward(s) && s->payload.len > 0;
}

static bool is_downward_data(const struct segment *s)
{
    return is_downward(s) && s->payload.len > 0;
}

static bool is_none(const struct segment *s)
{
    (void)s;
    return false;
}

typedef bool packet_sort(const struct segment *);

static packet_sort *const sorts[] = { is_syn,  is_syn_ack,  is_any_syn,     is_end,
                                      is_bare, is_bare_ack, is_upward,      is_downward,
                                      is_none, is_none,     is_upward_data, is_downward_data,
                                      is_none };
#define SORTS (sizeof sorts / sizeof sorts[0])

/* Loses all packets of a sort, and of the others so many in a hundred. */
static void lose_sort(struct test *test, packet_sort *sort, size_t percent)
{
    const struct scene *scene = test->scene;
    struct changes c = { 0 };
    for (size_t i = 0; i < scene->count; i++) {
        struct segment s;
        struct fragment f;
        bool tcp = decode(scene->link_type, &scene->packet[i], &s, &f) == DECODE_TCP;
        if ((tcp && sort(&s)) || random_below(&test->random, 100) < percent)
            add_change(&c, scene->packet[i].frame, 0);
    }
    try_changes(test, &c);
    free(c.change);
}

static void lose_range(struct test *test, size_t from, size_t n)
{
    struct changes c = { 0 };
    for (size_t i = from; i < from + n && i < test->scene->count; i++)
        add_change(&c, test->scene->packet[i].frame, 0);
    try_changes(test, &c);
    free(c.change);
}

static void lose_each_range(struct test *test)
{
    for (size_t from = 0; from < test->scene->count; from++) {
        for (size_t n = 2; from + n <= test->scene->count; n++)
            lose_range(test, from, n);
    }
}

static void all_losses(struct test *test)
{
    static const size_t percents[] = { 3, 8, 15, 30, 50, 80 };
    size_t count = test->scene->count;
    for (size_t i = 0; i < count; i++)
        lose_range(test, i, 1);
    for (size_t i = 0; i < SORTS; i++)
        lose_sort(test, sorts[i], 0);
    bool all = count <= ALL_RANGES_UP_TO * (size_t)test->effort;
    if (all)
        lose_each_range(test);
    for (unsigned i = 0; i < RANDOM_CASES * test->effort; i++) {
        size_t from = random_below(&test->random, count);
        if (!all)
            lose_range(test, from, 2 + random_below(&test->random, count - from));
        lose_sort(test, sorts[random_below(&test->random, SORTS)],
                  percents[random_below(&test->random, sizeof percents / sizeof percents[0])]);
        lose_sort(test, is_none, percents[i % 4]);
    }
}

/* --- scenes -------------------------------------------------------------------------------------
 */

/* A capture that is lossy itself is no measure for law 3: more may be said when even more is lost
 * (one side missing is read differently). */
static bool seen_whole(const struct recording *recording)
{
    for (size_t i = 0; i < recording->events; i++) {
        struct fact fact;
        if (!facts_find(recording->event[i].event.facts, FIELD_COVERAGE, &fact) ||
            !bytes_equal(fact.value, BYTES_LITERAL("full")))
            return false;
    }
    return true;
}

static void name_scene(struct scene *scene)
{
    const char *slash = strrchr(scene->path, '/');
    snprintf(scene->name, sizeof scene->name, "%s", slash ? slash + 1 : scene->path);
    char *dot = strchr(scene->name, '.');
    if (dot)
        *dot = '\0';
}

static void open_scene(struct scene *scene, const struct frames *f, const char *path,
                       int connection)
{
    static const struct changes none;
    *scene = (struct scene){ .path = path, .connection = connection, .link_type = f->link_type };
    name_scene(scene);
    scene->packet = calloc(f->count + 1, sizeof *scene->packet);
    if (!scene->packet)
        abort();
    for (size_t i = 0; i < f->count; i++) {
        if (connection == ALL_CONNECTIONS || f->connection[i] == connection)
            scene->packet[scene->count++] = f->packet[i];
    }
    play(scene, &none, &scene->whole);
    scene->measure = seen_whole(&scene->whole);
}

static void close_scene(struct scene *scene)
{
    recording_free(&scene->whole);
    free(scene->packet);
}

static void test_scene(struct test *test, const struct frames *f, const char *path, int connection,
                       const char *changes)
{
    struct scene scene;
    open_scene(&scene, f, path, connection);
    test->scene = &scene;
    test->scenes++;
    test->random = random_state(test->seed + test->scenes);
    const char *why = judge_output(test, &scene.whole, true).why;
    scene.found = *output_findings(test->output);
    if (why) {
        test->failures++;
        printf("FAIL %s: unchanged, %s\n", path, why);
    }
    if (changes) {
        struct changes c = parse_changes(changes);
        try_changes(test, &c);
        free(c.change);
    } else if (scene.count > 0) {
        all_cuts(test);
        all_losses(test);
    }
    close_scene(&scene);
}

static void test_capture(struct test *test, const char *path, int connection, const char *changes)
{
    struct frames f;
    frames_read(&f, path);
    test->captures++;
    if (changes) {
        test_scene(test, &f, path, connection, changes);
    } else {
        for (int n = 0; n < f.connections; n++)
            test_scene(test, &f, path, n, NULL);
        test_scene(test, &f, path, ALL_CONNECTIONS, NULL);
    }
    frames_free(&f);
}

/* --- main ---------------------------------------------------------------------------------------
 */

static void add_secret(struct test *test, const char *capture, const char *text)
{
    test->secret = realloc(test->secret, (test->secrets + 1) * sizeof *test->secret);
    if (!test->secret)
        abort();
    struct secret *secret = &test->secret[test->secrets++];
    text_copy(secret->capture, sizeof secret->capture, bytes_of_string(capture));
    text_copy(secret->text, sizeof secret->text, bytes_of_string(text));
}

/* A line that is too long would be looked for in part only, or not at all. */
static void check_whole(const char *path, const char *line, size_t size)
{
    if (strlen(line) + 1 == size) {
        fprintf(stderr, "%s: a line is too long: %s\n", path, line);
        exit(2);
    }
}

/* "# name" begins a scenario, each line of it is a secret. */
static void read_secrets(struct test *test, const char *path)
{
    FILE *in = fopen(path, "r");
    char line[128], capture[64] = "";
    if (!in) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(2);
    }
    test->secrets_path = path;
    while (fgets(line, sizeof line, in)) {
        check_whole(path, line, sizeof line);
        line[strcspn(line, "\r\n")] = '\0';
        if (strncmp(line, "# ", 2) == 0) {
            text_copy(capture, sizeof capture, bytes_of_string(line + 2));
        } else if (line[0]) {
            add_secret(test, capture, line);
        }
    }
    fclose(in);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *value = getenv(name);
    return value ? strtoull(value, NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    static struct test test;
    int connection = ALL_CONNECTIONS;
    const char *changes = NULL;
    test.seed = from_environment("SEED", 1);
    test.effort = (unsigned)from_environment("EFFORT", 1);
    test.output = output_new();
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--seed") == 0 && more)
            test.seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--effort") == 0 && more)
            test.effort = (unsigned)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--secrets") == 0 && more)
            read_secrets(&test, argv[++i]);
        else if (strcmp(argv[i], "--connection") == 0 && more)
            connection = (int)strtol(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--changes") == 0 && more)
            changes = argv[++i];
        else
            test_capture(&test, argv[i], connection, changes);
    }
    output_free(test.output);
    free(test.secret);
    printf("%u captures, %u scenes, %u cases (seed %llu), %u failures\n", test.captures,
           test.scenes, test.cases, (unsigned long long)test.seed, test.failures);
    return test.failures > 0 || test.captures == 0;
}
