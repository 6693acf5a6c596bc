/* Law 2: packets that come doubled, late, in another order, in IP fragments or cut elsewhere make
 * the same events.
 *
 *   packet_laws_test [--seed N] [--variant NAME] DIALOGUE...
 *
 * Each dialogue that was seen whole is played as the packets of a TCP connection, and must make the
 * events that it makes without packets. Then the packets are changed, at random: see `variants`.
 * SEED and EFFORT may come from the environment. */
#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "playing.h"
#include "random.h"
#include "subset.h"

#define ROUNDS        30        /* of most variants and of each dialogue, with effort 1 */
#define BYTES_A_ROUND 20000     /* of payload: longer dialogues get fewer rounds */
#define PATIENCE_NS   900000000 /* less than what reassembly waits for a hole: 1 s */
#define WINDOW        4         /* packets that are shuffled together */
#define LATE_MAX      5         /* packets that may come before a second copy */
#define PRINTED_MAX   100       /* packets of a failure */
#define MERGED_MAX    32000     /* bytes that offload makes one packet of */

struct test {
    const char *path, *reported; /* the last one with a failure */
    const char *only;            /* variant; NULL: all */
    uint64_t seed;
    unsigned effort, dialogues, cases, failures;
};

/* --- variants ------------------------------------------------------------------------------------
 *
 * Each appends the packets of one conversation to another, changed. */

typedef void variant(const struct conversation *, struct conversation *, uint64_t *random);

static void doubled(const struct conversation *from, struct conversation *to, uint64_t *random)
{
    (void)random;
    for (size_t i = 0; i < from->count; i++) {
        conversation_add(to, from->packet[i]);
        conversation_add(to, from->packet[i]);
    }
}

/* Packet i comes again behind packet i + late, at its time. */
static void doubled_late(const struct conversation *from, struct conversation *to, uint64_t *random)
{
    size_t *behind = calloc(from->count, sizeof *behind);
    if (!behind)
        abort();
    for (size_t i = 0; i < from->count; i++)
        behind[i] = i + random_below(random, LATE_MAX + 1);
    for (size_t i = 0; i < from->count; i++) {
        conversation_add(to, from->packet[i]);
        for (size_t early = i < LATE_MAX ? 0 : i - LATE_MAX; early <= i; early++) {
            bool last = i + 1 == from->count && behind[early] > i;
            if (behind[early] != i && !last)
                continue;
            struct tcp_packet copy = from->packet[early];
            copy.time_ns = from->packet[i].time_ns;
            conversation_add(to, copy);
        }
    }
    free(behind);
}

/* The packet without the first n bytes, or with only these. */
static struct tcp_packet without_front(struct tcp_packet packet, size_t n)
{
    packet.data = bytes_after(packet.data, n);
    packet.seq += (uint32_t)n;
    return packet;
}

static struct tcp_packet only_front(struct tcp_packet packet, size_t n)
{
    packet.data = bytes_first(packet.data, n);
    packet.flags &= (uint8_t) ~(TCP_FIN | TCP_PSH);
    return packet;
}

static void split(const struct conversation *from, struct conversation *to, uint64_t *random)
{
    for (size_t i = 0; i < from->count; i++) {
        struct tcp_packet packet = from->packet[i];
        for (size_t cuts = random_below(random, 4); cuts > 0 && packet.data.len > 1; cuts--) {
            size_t n = 1 + random_below(random, packet.data.len - 1);
            conversation_add(to, only_front(packet, n));
            packet = without_front(packet, n);
        }
        conversation_add(to, packet);
    }
}

/* Both have payload, or the second one only a FIN, and there is nothing between them. */
static bool can_merge(const struct tcp_packet *a, const struct tcp_packet *b)
{
    return a->direction == b->direction && !((a->flags | b->flags) & (TCP_SYN | TCP_RST)) &&
           a->data.len > 0 && (b->data.len > 0 || b->flags & TCP_FIN) &&
           a->seq + (uint32_t)a->data.len == b->seq && a->data.len + b->data.len <= MERGED_MAX &&
           b->time_ns - a->time_ns < PATIENCE_NS;
}

/* One packet in the place of the second one, as if the first one had been lost before it. */
static struct tcp_packet merge(const struct tcp_packet *a, const struct tcp_packet *b)
{
    struct tcp_packet both = *b;
    both.seq = a->seq;
    both.data = b->data.len > 0 ? bytes_through(a->data, b->data) : a->data;
    return both;
}

static void merged(const struct conversation *from, struct conversation *to, uint64_t *random)
{
    for (size_t i = 0; i < from->count;) {
        struct tcp_packet packet = from->packet[i++];
        while (i < from->count && can_merge(&packet, &from->packet[i]) &&
               random_below(random, 4) > 0)
            packet = merge(&packet, &from->packet[i++]);
        conversation_add(to, packet);
    }
}

/* The next packet of the same side that is more than an acknowledgement. */
static const struct tcp_packet *following(const struct conversation *c, size_t n)
{
    for (size_t i = n + 1; i < c->count; i++) {
        const struct tcp_packet *packet = &c->packet[i];
        if (packet->direction == c->packet[n].direction &&
            (packet->data.len > 0 || packet->flags & TCP_FIN))
            return packet;
    }
    return NULL;
}

/* A segment is sent again together with the next one: instead of that, or behind it. */
static void overlapped(const struct conversation *from, struct conversation *to, uint64_t *random)
{
    const struct tcp_packet *replaced = NULL;
    for (size_t i = 0, again = 0; i < from->count; i++) {
        const struct tcp_packet *packet = &from->packet[i];
        const struct tcp_packet *first = &from->packet[again];
        if (packet != replaced || random_below(random, 2) == 0)
            conversation_add(to, *packet);
        if (packet == replaced)
            conversation_add(to, merge(first, packet));
        if (replaced && packet < replaced)
            continue;
        replaced = following(from, i);
        again = i;
        if (replaced && (!can_merge(packet, replaced) || random_below(random, 3) == 0))
            replaced = NULL;
    }
}

/* A reset says that nothing will come behind it: what does is lost. */
static bool stays(const struct tcp_packet *packet)
{
    return packet->flags & TCP_RST;
}

/* How many packets from `at` on may change places: at most n. */
static size_t movable(const struct conversation *c, size_t at, size_t n)
{
    size_t count = 0;
    while (count < n && at + count < c->count && !stays(&c->packet[at + count]) &&
           c->packet[at + count].time_ns - c->packet[at].time_ns < PATIENCE_NS)
        count++;
    return count;
}

/* What packets say changes places; the times stay. */
static void exchange(struct tcp_packet *a, struct tcp_packet *b)
{
    struct tcp_packet was = *a;
    uint64_t a_ns = a->time_ns, b_ns = b->time_ns;
    *a = *b;
    *b = was;
    a->time_ns = a_ns;
    b->time_ns = b_ns;
}

static void copy_all(const struct conversation *from, struct conversation *to)
{
    for (size_t i = 0; i < from->count; i++)
        conversation_add(to, from->packet[i]);
}

/* Lets no payload overtake the server's SYN: nobody waits for a SYN to read what comes first, as it
 * may have been sent before the sensor was there (rule 4 of sensor/network). */
static void mend_start(struct tcp_packet *packet, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t later = i + 1; packet[i].data.len > 0 && later < n; later++) {
            if ((packet[later].flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
                exchange(&packet[i], &packet[later]);
        }
    }
}

static void swapped(const struct conversation *from, struct conversation *to, uint64_t *random)
{
    copy_all(from, to);
    for (size_t i = 0; i + 1 < to->count; i++) {
        if (movable(to, i, 2) < 2 || random_below(random, 2) == 0)
            continue;
        exchange(&to->packet[i], &to->packet[i + 1]);
        mend_start(&to->packet[i++], 2);
    }
}

static void shuffled(const struct conversation *from, struct conversation *to, uint64_t *random)
{
    copy_all(from, to);
    for (size_t at = random_below(random, WINDOW); at < to->count;) {
        size_t n = movable(to, at, WINDOW);
        for (size_t left = n; left > 1; left--)
            exchange(&to->packet[at + left - 1], &to->packet[at + random_below(random, left)]);
        mend_start(&to->packet[at], n);
        at += n > 0 ? n : 1;
    }
}

/* Packets come as IP fragments, of any size that is a multiple of 8 and gives not too many; half of
 * them in another order and in part twice. The TCP header may be cut too. */
static void fragmented(const struct conversation *from, struct conversation *to, uint64_t *random)
{
    for (size_t i = 0; i < from->count; i++) {
        struct tcp_packet packet = from->packet[i];
        size_t least = packet.data.len / FRAGMENTS_A_PACKET / 8 + 1;
        if (random_below(random, 3) > 0) {
            packet.piece = (uint16_t)(8 * (least + random_below(random, 1 + packet.data.len / 8)));
            packet.mixed = random_below(random, 2) == 0 ? next_random(random) : 0;
        }
        conversation_add(to, packet);
    }
}

/* Behind two neighbours, or in front of them, the end of the first one comes together with the
 * beginning of the second one. */
static void straddled(const struct conversation *from, struct conversation *to, uint64_t *random)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct tcp_packet *a = &from->packet[i], *b = a + 1;
        bool both = i + 1 < from->count && can_merge(a, b) && b->data.len > 0;
        struct tcp_packet middle = *a;
        if (both) {
            size_t cut = random_below(random, a->data.len), n = random_below(random, b->data.len);
            middle = only_front(without_front(merge(a, b), cut), a->data.len - cut + n);
            middle.time_ns = a->time_ns;
        }
        bool first = random_below(random, 2) == 0;
        if (both && first)
            conversation_add(to, middle);
        conversation_add(to, *a);
        if (both && !first) {
            middle.time_ns = b->time_ns;
            conversation_add(to, *b);
            conversation_add(to, middle);
            i++;
        }
    }
}

/* One variant behind the other, and at the end all is shuffled. */
static void in_steps(variant *const *step, size_t steps, const struct conversation *from,
                     struct conversation *to, uint64_t *random)
{
    struct conversation now = conversation_like(from);
    copy_all(from, &now);
    for (size_t i = 0; i < steps; i++) {
        struct conversation next = conversation_like(from);
        step[i](&now, &next, random);
        conversation_free(&now);
        now = next;
    }
    shuffled(&now, to, random);
    conversation_free(&now);
}

static void straddled_early(const struct conversation *from, struct conversation *to,
                            uint64_t *random)
{
    static variant *const steps[] = { split, straddled };
    in_steps(steps, sizeof steps / sizeof steps[0], from, to, random);
}

static void all_at_once(const struct conversation *from, struct conversation *to, uint64_t *random)
{
    static variant *const steps[] = { split, merged, overlapped, doubled_late, fragmented };
    in_steps(steps, sizeof steps / sizeof steps[0], from, to, random);
}

static const struct {
    const char *name;
    variant *make;
    unsigned rounds; /* with effort 1; 1: nothing of it is random */
} variants[] = {
    { "doubled", doubled, 1 },
    { "doubled-late", doubled_late, ROUNDS },
    { "split", split, ROUNDS },
    { "merged", merged, ROUNDS },
    { "overlapped", overlapped, ROUNDS },
    { "swapped", swapped, ROUNDS },
    { "shuffled", shuffled, ROUNDS },
    { "fragmented", fragmented, ROUNDS / 3 },
    { "straddled", straddled_early, ROUNDS },
    { "all-at-once", all_at_once, ROUNDS },
};
#define VARIANTS (sizeof variants / sizeof variants[0])

/* --- judging ------------------------------------------------------------------------------------
 */

/* Packets that come twice or in another order are more packets, and others are first and last. */
static bool may_differ(const struct fact *fact)
{
    switch (fact->field) {
    case FIELD_FLOW_UID: /* holds the time of the first packet */
    case FIELD_EVENT_START:
    case FIELD_EVENT_END:
    case FIELD_EVENT_DURATION:
        return true;
    default:
        return counts_packets(fact);
    }
}

static bool same_events(const struct recording *a, const struct recording *b)
{
    for (size_t i = 0; i < a->events && i < b->events; i++) {
        const struct event *of_a = &a->event[i].event, *of_b = &b->event[i].event;
        if (of_a->kind != of_b->kind || !same_facts(of_a->facts, of_b->facts, may_differ))
            return false;
    }
    return a->events == b->events;
}

/* Without the flow events, which a dialogue has not. */
static void drop_flows(struct recording *recording)
{
    size_t kept = 0;
    for (size_t i = 0; i < recording->events; i++) {
        if (recording->event[i].event.kind == EVENT_FLOW) {
            facts_free(&recording->event[i].facts);
            continue;
        }
        /* The view in `event` is into the heap block of `facts`, which stays where it is. */
        recording->event[kept++] = recording->event[i];
    }
    recording->events = kept;
}

/* How a packet's data begin, as far as it can be printed. */
static int word_len(struct bytes data)
{
    int n = 0;
    while (n < 20 && (size_t)n < data.len && data.data[n] >= ' ' && data.data[n] < 0x7F)
        n++;
    return n;
}

static void print_packets(const struct conversation *c)
{
    for (size_t i = 0; i < c->count && i < PRINTED_MAX; i++) {
        const struct tcp_packet *p = &c->packet[i];
        printf("%3zu %8.2f ms %c%s%s%s seq %u ack %u", i + 1,
               (double)(p->time_ns - c->packet[0].time_ns) / 1e6,
               p->direction == FROM_CLIENT ? 'C' : 'S', p->flags & TCP_SYN ? " SYN" : "",
               p->flags & TCP_FIN ? " FIN" : "", p->flags & TCP_RST ? " RST" : "", p->seq, p->ack);
        if (p->piece > 0)
            printf(" in fragments of %u%s", p->piece, p->mixed ? ", mixed" : "");
        if (p->data.len > 0)
            printf(" %zu bytes: %.*s", p->data.len, word_len(p->data), (const char *)p->data.data);
        printf("\n");
    }
}

/* --- failing ------------------------------------------------------------------------------------
 */

/* How much is said from this number on by a packet of this side. */
static uint32_t said_at(const struct conversation *c, enum direction d, uint32_t seq)
{
    for (size_t i = 0; i < c->count; i++) {
        uint32_t before = seq - c->packet[i].seq;
        if (c->packet[i].direction == d && before < c->packet[i].data.len)
            return (uint32_t)c->packet[i].data.len - before;
    }
    return 0;
}

static bool flagged(const struct conversation *c, const struct tcp_packet *like)
{
    uint8_t flags = like->flags & (TCP_SYN | TCP_FIN | TCP_RST);
    for (size_t i = 0; i < c->count; i++) {
        if (c->packet[i].direction == like->direction && (c->packet[i].flags & flags) == flags)
            return true;
    }
    return flags == 0;
}

/* Whether all that the plain packets say is still said. */
static bool says_all(const struct conversation *c, const struct conversation *plain)
{
    for (size_t i = 0; i < plain->count; i++) {
        const struct tcp_packet *packet = &plain->packet[i];
        if (!flagged(c, packet))
            return false;
        for (uint32_t at = 0, n; at < packet->data.len; at += n) {
            n = said_at(c, packet->direction, packet->seq + at);
            if (n == 0)
                return false;
        }
    }
    return true;
}

static bool still_fails(const struct conversation *c, const struct recording *expected)
{
    struct recording got;
    conversation_play(c, &got);
    bool fails = !same_events(expected, &got);
    recording_free(&got);
    return fails;
}

/* Leaves out packets that others make up for, as long as what is left still fails. */
static void shrink(struct conversation *c, const struct conversation *plain,
                   const struct recording *expected)
{
    for (size_t i = c->count; i-- > 0;) {
        struct conversation fewer = conversation_like(c);
        for (size_t n = 0; n < c->count; n++) {
            if (n != i)
                conversation_add(&fewer, c->packet[n]);
        }
        if (says_all(&fewer, plain) && still_fails(&fewer, expected)) {
            conversation_free(c);
            *c = fewer;
        } else {
            conversation_free(&fewer);
        }
    }
}

/* Of each dialogue one failure is enough to read. */
static bool is_first_failure(struct test *test)
{
    bool first = test->reported != test->path;
    test->failures++;
    test->reported = test->path;
    return first;
}

static void report(const struct test *test, const char *name, const struct conversation *c,
                   const struct recording *expected, const struct recording *got)
{
    char *expected_text = recording_text(expected), *text = recording_text(got);
    printf("FAIL %s: law 2: other events, variant %s\n"
           "repeat: packet_laws_test --seed %llu --variant %s %s\n",
           test->path, name, (unsigned long long)test->seed, name, test->path);
    print_packets(c);
    printf("--- expected\n%s--- got\n%s", expected_text, text);
    free(expected_text);
    free(text);
}

/* --- cases --------------------------------------------------------------------------------------
 */

static void check_plain(struct test *test, const struct dialogue *d, const struct conversation *c)
{
    struct recording expected, got;
    test->cases++;
    dialogue_play(d, d->turn, d->turns, &whole_turns, false, &expected);
    conversation_play(c, &got);
    drop_flows(&got);
    if (!same_events(&expected, &got) && is_first_failure(test))
        report(test, "plain", c, &expected, &got);
    recording_free(&expected);
    recording_free(&got);
}

static void check_variant(struct test *test, size_t v, const struct conversation *c,
                          const struct recording *plain, uint64_t *random)
{
    struct conversation changed = conversation_like(c);
    struct recording got;
    test->cases++;
    variants[v].make(c, &changed, random);
    conversation_play(&changed, &got);
    if (!same_events(plain, &got) && is_first_failure(test)) {
        recording_free(&got);
        shrink(&changed, c, plain);
        conversation_play(&changed, &got);
        report(test, variants[v].name, &changed, plain, &got);
    }
    recording_free(&got);
    conversation_free(&changed);
}

static size_t rounds_for(const struct test *test, size_t v, const struct conversation *c)
{
    size_t bytes = 0;
    for (size_t i = 0; i < c->count; i++)
        bytes += c->packet[i].data.len;
    size_t rounds = variants[v].rounds / (1 + bytes / BYTES_A_ROUND);
    return variants[v].rounds == 1 ? 1 : (rounds > 0 ? rounds : 1) * test->effort;
}

static void check_variants(struct test *test, const struct conversation *c)
{
    struct recording plain;
    conversation_play(c, &plain);
    for (size_t v = 0; v < VARIANTS; v++) {
        uint64_t random = random_state(test->seed * VARIANTS + v);
        if (test->only && strcmp(test->only, variants[v].name) != 0)
            continue;
        for (size_t rounds = rounds_for(test, v, c); rounds > 0; rounds--)
            check_variant(test, v, c, &plain, &random);
    }
    recording_free(&plain);
}

static void test_dialogue(struct test *test, const char *path)
{
    struct dialogue *d = dialogue_read(path);
    test->path = path;
    if (dialogue_is_whole(d)) {
        struct conversation c;
        test->dialogues++;
        conversation_of(&c, d);
        check_plain(test, d, &c);
        check_variants(test, &c);
        conversation_free(&c);
    }
    dialogue_free(d);
}

/* --- main ---------------------------------------------------------------------------------------
 */

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *value = getenv(name);
    return value ? strtoull(value, NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    struct test test = { .seed = from_environment("SEED", 1),
                         .effort = (unsigned)from_environment("EFFORT", 1) };
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--seed") == 0 && more)
            test.seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--variant") == 0 && more)
            test.only = argv[++i];
        else
            test_dialogue(&test, argv[i]);
    }
    printf("law 2: %u dialogues, %u cases (seed %llu), %u failures\n", test.dialogues, test.cases,
           (unsigned long long)test.seed, test.failures);
    return test.failures > 0 || test.dialogues == 0;
}
