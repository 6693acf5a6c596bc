/* Datagrams whose bytes are a function of their place, sent in pieces of every kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "defrag.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

#define MS   UINT64_C(1000000)
#define MANY 64 /* datagrams at one time */

static struct scene {
    struct defrag *defrag;
    struct pool pool;
    struct counters counters;
    struct segment segment; /* whose fragments are sent */
    struct fragment next;   /* id and protocol of the next fragment */
    uint64_t now_ns;
    uint8_t salt; /* what the bytes depend on besides their place */
    struct whole whole;
    unsigned wholes;
} scene;

static void open_scene(size_t memory, uint32_t datagrams)
{
    scene = (struct scene){
        .segment = { .address_len = 4, .source.address = { 10 }, .destination.address = { 192 } },
        .next = { .id = 7, .protocol = 6 },
        .now_ns = 1000 * MS,
    };
    pool_init(&scene.pool, memory);
    scene.defrag = defrag_new(&scene.pool, datagrams, &scene.counters);
    assert_non_null(scene.defrag);
}

static int setup(void **state)
{
    (void)state;
    open_scene(1 << 20, MANY);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    defrag_free(scene.defrag);
    assert_int_equal(scene.pool.used, 0);
    return 0;
}

static void reopen(size_t memory, uint32_t datagrams)
{
    teardown(NULL);
    open_scene(memory, datagrams);
}

static uint64_t counted(enum counter counter)
{
    return counter_read(&scene.counters, counter);
}

static uint8_t byte_at(uint32_t place)
{
    return (uint8_t)(place * 7 + (place >> 8) * 13 + scene.salt);
}

/* Sends bytes [from, to), of which `captured` are here, in a copy that is gone afterwards. */
static bool send_cut(uint32_t from, uint32_t to, bool more, uint32_t captured)
{
    struct fragment f = scene.next;
    uint8_t *copy = malloc(captured ? captured : 1);
    assert_non_null(copy);
    for (uint32_t i = 0; i < captured; i++)
        copy[i] = byte_at(from + i);
    f.offset = from;
    f.len = to - from;
    f.more = more;
    f.payload = bytes_over(copy, captured);
    scene.segment.ip_bytes = 20 + f.len;
    bool whole = defrag_add(scene.defrag, &scene.segment, &f, scene.now_ns, &scene.whole);
    scene.wholes += whole;
    free(copy);
    return whole;
}

static bool send_part(uint32_t from, uint32_t to, bool more)
{
    return send_cut(from, to, more, to - from);
}

/* Checks what was handed out, and gives it back. */
static void check(uint32_t len, uint32_t captured, bool ambiguous)
{
    assert_int_equal(scene.whole.len, len);
    assert_int_equal(scene.whole.payload.len, captured);
    assert_int_equal(scene.whole.protocol, 6);
    assert_int_equal(scene.whole.ambiguous, ambiguous);
    for (uint32_t i = 0; i < captured; i++)
        assert_int_equal(scene.whole.payload.data[i], byte_at(i));
    defrag_release(scene.defrag);
}

static void use_ipv6(void)
{
    scene.segment.address_len = 16;
}

TEST(two_in_order)
{
    assert_false(send_part(0, 1480, true));
    assert_true(send_part(1480, 2001, false));
    assert_int_equal(scene.whole.ip_bytes, 2001 + 40);
    check(2001, 2001, false);
    assert_int_equal(counted(COUNT_DATAGRAMS_WHOLE), 1);
    defrag_end(scene.defrag);
    assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 0);
}

/* Sends n parts of a datagram in the order that the number of a permutation names, each `copies`
 * times in a row. */
static void send_permuted(uint32_t len, uint32_t n, unsigned permutation, int copies)
{
    uint32_t left[5] = { 0, 1, 2, 3, 4 }, part = len / n / 8 * 8;
    for (uint32_t rest = n; rest > 0; rest--) {
        uint32_t pick = permutation % rest, which = left[pick];
        permutation /= rest;
        memmove(left + pick, left + pick + 1, (rest - pick - 1) * sizeof left[0]);
        bool last = which + 1 == n;
        for (int i = 0; i < copies; i++)
            assert_int_equal(send_part(which * part, last ? len : (which + 1) * part, !last),
                             rest == 1 && i == 0);
    }
}

TEST(all_orders)
{
    static const unsigned orders[] = { 1, 1, 2, 6, 24, 120 };
    static const uint32_t lens[] = { 40, 47, 600, 4097, 65535 };
    for (int six = 0; six < 2; six++) {
        reopen(4 << 20, MANY);
        scene.segment.address_len = six ? 16 : 4;
        for (size_t l = 0; l < sizeof lens / sizeof lens[0]; l++) {
            for (uint32_t n = 2; n <= 5; n++) {
                for (unsigned p = 0; p < orders[n]; p++) {
                    scene.next.id++;
                    send_permuted(lens[l], n, p, 1 + (int)p % 3);
                    check(lens[l], lens[l], false);
                }
            }
        }
        defrag_end(scene.defrag);
        assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 0);
        assert_int_equal(counted(COUNT_FRAGMENTS_CONTRADICT), 0);
        assert_int_equal(scene.pool.used, 0);
    }
}

/* Cut in three at every two places; the middle comes last. */
TEST(every_cut)
{
    for (uint32_t a = 8; a < 1400; a += 8) {
        for (uint32_t b = a + 8; b < 1400; b += 8) {
            scene.next.id++;
            assert_false(send_part(b, 1401, false));
            assert_false(send_part(0, a, true));
            assert_true(send_part(a, b, true));
            check(1401, 1401, false);
        }
    }
    defrag_end(scene.defrag);
    assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 0);
}

/* Fragments of one datagram that are told apart from all others by one thing. */
TEST(other_datagrams_are_other_datagrams)
{
    assert_false(send_part(0, 16, true));
    scene.segment.vlan = 5;
    assert_false(send_part(16, 24, false));
    scene.segment.vlan = 0;
    scene.next.id++;
    assert_false(send_part(16, 24, false));
    scene.next.id--;
    scene.next.protocol = 17;
    assert_false(send_part(16, 24, false));
    scene.next.protocol = 6;
    scene.segment.source.address[3] ^= 1;
    assert_false(send_part(16, 24, false));
    scene.segment.source.address[3] ^= 1;
    scene.segment.destination.address[3] ^= 1;
    assert_false(send_part(16, 24, false));
    scene.segment.destination.address[3] ^= 1;
    use_ipv6();
    assert_false(send_part(16, 24, false));
    scene.segment.address_len = 4;
    assert_true(send_part(16, 24, false));
    check(24, 24, false);
    defrag_end(scene.defrag);
    assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 6);
}

/* In IPv6 the next header that counts is the first fragment's. */
TEST(ipv6_takes_the_protocol_of_the_first_fragment)
{
    use_ipv6();
    scene.next.protocol = 17;
    assert_false(send_part(16, 24, false));
    scene.next.protocol = 6;
    assert_false(send_part(0, 8, true));
    scene.next.protocol = 50;
    assert_true(send_part(8, 16, true));
    check(24, 24, false);
    scene.next.id++;
    assert_false(send_part(0, 8, true)); /* 50 */
    scene.next.protocol = 6;
    assert_false(send_part(0, 8, true)); /* which of both? */
    assert_false(send_part(8, 16, false));
    assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 1);
}

/* Doubled one by one, as a whole, and a single late copy: none looks like another datagram. */
TEST(repeated_fragments)
{
    for (int i = 0; i < 2; i++) {
        send_part(0, 1480, true);
        send_part(0, 1480, true);
        send_part(1480, 2001, false);
        send_part(1480, 2001, false);
    }
    assert_int_equal(scene.wholes, 1);
    check(2001, 2001, false);
    scene.now_ns += 29000 * MS;
    assert_false(send_part(1480, 2001, false));
    assert_false(send_part(0, 1480, true));
    assert_false(send_part(8, 1480, true)); /* cut elsewhere, and the same */
    defrag_end(scene.defrag);
    assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 0);
    assert_int_equal(counted(COUNT_FRAGMENTS_CONTRADICT), 0);
}

/* A number that is used again soon: another datagram, not a copy of the one before. */
TEST(number_used_again)
{
    send_part(0, 16, true);
    assert_true(send_part(16, 24, false));
    check(24, 24, false);
    scene.salt = 3;
    assert_false(send_part(0, 16, true));
    assert_true(send_part(16, 40, false));
    check(40, 40, false);
    scene.salt = 4;
    assert_false(send_part(16, 20, false));
    assert_true(send_part(0, 16, true));
    check(20, 20, false);
    assert_int_equal(counted(COUNT_DATAGRAMS_WHOLE), 3);
    assert_int_equal(counted(COUNT_FRAGMENTS_CONTRADICT), 0);
}

/* The second copy of bytes 16 to 31 says something else: in whichever fragment, at whichever edge.
 */
TEST(overlap_that_differs)
{
    static const uint32_t overlaps[][2] = {
        { 16, 32 }, { 0, 32 }, { 8, 24 }, { 24, 40 }, { 0, 40 }
    };
    for (int six = 0; six < 2; six++) {
        for (size_t i = 0; i < sizeof overlaps / sizeof overlaps[0]; i++) {
            reopen(1 << 20, MANY);
            scene.segment.address_len = six ? 16 : 4;
            assert_false(send_part(16, 32, true));
            assert_false(send_part(48, 61, false));
            scene.salt = 99;
            assert_false(send_part(overlaps[i][0], overlaps[i][1], true));
            scene.salt = 0;
            assert_int_equal(counted(COUNT_FRAGMENTS_CONTRADICT), 1);
            bool whole = send_part(0, 48, true) || scene.wholes;
            assert_int_equal(whole, !six);
            if (six) {
                assert_false(send_part(16, 32, true)); /* goes with the rest, RFC 5722 */
                assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 1);
                assert_int_equal(scene.pool.used, 0);
                continue;
            }
            assert_true(scene.whole.ambiguous);
            for (uint32_t k = 16; k < 32; k++)
                assert_int_equal(scene.whole.payload.data[k], byte_at(k)); /* the first copy */
            defrag_release(scene.defrag);
        }
    }
}

/* One byte that differs in the last, short block. */
TEST(overlap_of_short_blocks)
{
    assert_false(send_part(16, 21, false));
    assert_false(send_part(8, 21, false));
    scene.salt = 1;
    assert_false(send_part(16, 21, false));
    scene.salt = 0;
    assert_int_equal(counted(COUNT_FRAGMENTS_CONTRADICT), 1);
    assert_true(send_part(0, 8, true));
    check(21, 21, true);
}

/* What cannot be, sent into the middle of a good datagram. */
TEST(contradictions)
{
    static const struct {
        uint32_t from, to;
        bool more;
    } rows[] = {
        { 24, 32, true },        /* behind the end */
        { 16, 32, false },       /* another end behind it */
        { 8, 16, false },        /* another end before it */
        { 8, 8, true },          /* nothing */
        { 24, 24, false },       /* nothing, as the last */
        { 8, 13, true },         /* half a block */
        { 65528, 65536, false }, /* longer than a datagram may be */
        { 65528, 70000, true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int six = 0; six < 2; six++) {
            reopen(1 << 20, MANY);
            scene.segment.address_len = six ? 16 : 4;
            assert_false(send_part(16, 24, false));
            assert_false(send_part(rows[i].from, rows[i].to, rows[i].more));
            assert_false(send_part(0, 16, true));
            assert_false(send_part(16, 24, false));
            assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 1);
            assert_int_equal(scene.pool.used, 0);
            defrag_end(scene.defrag);
            assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 1);
        }
    }
    reopen(1 << 20, MANY);
    assert_false(send_part(65528, 65536, false)); /* too long, whatever else comes */
    assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 1);
    reopen(1 << 20, MANY);
    assert_false(send_part(16, 32, true)); /* farther than the end that comes then */
    assert_false(send_part(16, 24, false));
    assert_false(send_part(0, 16, true));
    assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 1);
}

TEST(largest_datagram)
{
    assert_false(send_part(65528, 65535, false));
    for (uint32_t at = 65520; at > 0; at -= 8)
        assert_false(send_part(at, at + 8, true));
    assert_true(send_part(0, 8, true));
    check(65535, 65535, false);
}

/* From the first fragment on, however long others keep coming. */
TEST(timeout)
{
    assert_false(send_part(0, 8, true));
    scene.now_ns += 29999 * MS;
    assert_false(send_part(8, 16, true));
    scene.now_ns += 1 * MS;
    assert_false(send_part(16, 24, false)); /* begins anew */
    assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 1);
    scene.now_ns += 29999 * MS;
    assert_true(send_part(0, 16, true));
    check(24, 24, false);
    scene.next.id++;
    assert_false(send_part(0, 8, true));
    defrag_advance(scene.defrag, scene.now_ns + 29999 * MS);
    assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 1);
    defrag_advance(scene.defrag, scene.now_ns + 30000 * MS);
    assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 2);
    assert_int_equal(scene.pool.used, 0);
}

TEST(time_that_runs_backwards_stands_still)
{
    assert_false(send_part(0, 8, true));
    scene.now_ns = 0;
    assert_false(send_part(8, 16, true));
    assert_true(send_part(16, 24, false));
    check(24, 24, false);
    scene.now_ns = UINT64_MAX; /* a damaged capture */
    scene.next.id++;
    assert_false(send_part(0, 8, true));
    assert_true(send_part(8, 16, false));
    check(16, 16, false);
}

/* Cut by the snap length: what is behind the first byte that is missing counts as missing. */
TEST(cut_by_the_snap_length)
{
    static const struct {
        uint32_t captured[3], sum;
    } rows[] = {
        { { 16, 16, 10 }, 42 }, { { 16, 16, 3 }, 35 }, { { 16, 16, 0 }, 32 }, { { 16, 9, 10 }, 25 },
        { { 16, 9, 2 }, 25 },   { { 5, 16, 10 }, 5 },  { { 0, 0, 0 }, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned first = 0; first < 3; first++) {
            for (unsigned n = 0; n < 6; n++) { /* each of them twice */
                uint32_t which = (first + n) % 3, at = which * 16;
                send_cut(at, which == 2 ? 42 : at + 16, which < 2, rows[i].captured[which]);
            }
            check(42, rows[i].sum, false);
            scene.next.id++;
        }
    }
    defrag_end(scene.defrag);
    assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 0);
    assert_int_equal(counted(COUNT_FRAGMENTS_CONTRADICT), 0);
}

/* Where nothing was captured nothing can be compared. */
TEST(cut_bytes_contradict_nothing)
{
    assert_false(send_cut(0, 512, true, 100));
    scene.salt = 1;
    assert_false(send_cut(104, 512, true, 408));
    assert_true(send_part(512, 520, false));
    scene.salt = 0;
    check(520, 100, false);
    scene.next.id++;
    assert_false(send_part(0, 512, true));
    assert_false(send_cut(0, 512, true, 100)); /* the first copy had all of it */
    assert_true(send_part(512, 520, false));
    check(520, 100, false); /* less than could be said, and nothing wrong */
    assert_int_equal(counted(COUNT_FRAGMENTS_CONTRADICT), 0);
}

/* Datagrams that are never completed push out the oldest ones, and no others. */
TEST(no_memory)
{
    reopen(8 * 1024, MANY);
    for (uint32_t id = 0; id < 1000; id++) {
        scene.next.id = id;
        assert_false(send_part(0, 1024, true));
        assert_true(scene.pool.used <= 8 * 1024);
    }
    assert_in_range(counted(COUNT_DATAGRAMS_GIVEN_UP), 990, 999);
    assert_in_range(counted(COUNT_MEMORY_REFUSED), 990, 999);
    assert_true(send_part(1024, 1100, false)); /* the newest is still there */
    check(1100, 1100, false);
    scene.next.id = 0;
    assert_false(send_part(1024, 1100, false)); /* the oldest is not */
    /* One that is too large for all of it. */
    scene.next.id = 5000;
    for (uint32_t at = 0; at < 64000; at += 640)
        assert_false(send_part(at, at + 640, true));
    assert_false(send_part(64000, 64001, false));
    assert_int_equal(scene.pool.used, 0);
    scene.next.id++;
    assert_false(send_part(0, 1024, true)); /* and things go on */
    assert_true(send_part(1024, 1100, false));
    check(1100, 1100, false);
    reopen(10, MANY);
    assert_false(send_part(0, 8, true));
    assert_false(send_part(8, 16, false));
    assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 1);
}

TEST(table_full)
{
    for (uint32_t id = 0; id <= MANY; id++) {
        scene.next.id = id;
        assert_false(send_part(0, 8, true));
    }
    assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 1);
    scene.next.id = 1;
    assert_true(send_part(8, 16, false));
    check(16, 16, false);
    scene.next.id = 0;
    assert_false(send_part(8, 16, false));
    assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 2);
}

/* Datagrams that were handed out do not use up memory that others need. */
TEST(done_ones_make_room)
{
    reopen(16 * 1024, MANY);
    for (uint32_t id = 0; id < 200; id++) {
        scene.next.id = id;
        assert_false(send_part(0, 2048, true));
        assert_true(send_part(2048, 2100, false));
        check(2100, 2100, false);
    }
    assert_false(send_part(2048, 2100, false)); /* the last one is still known */
    assert_int_equal(counted(COUNT_DATAGRAMS_GIVEN_UP), 0);
    assert_int_equal(counted(COUNT_MEMORY_REFUSED), 0);
    scene.next.id = 1000; /* and one that is not complete outlives them */
    assert_false(send_part(0, 512, true));
    for (uint32_t id = 0; id < MANY - 5; id++) {
        scene.next.id = id;
        assert_false(send_part(0, 2048, true));
        assert_true(send_part(2048, 2100, false));
        check(2100, 2100, false);
    }
    scene.next.id = 1000;
    assert_true(send_part(512, 520, false));
    check(520, 520, false);
}

/* Several datagrams of one batch stay valid together, and are given back if they are not released.
 */
TEST(handed_out_until_released)
{
    struct whole wholes[3];
    for (uint8_t i = 0; i < 3; i++) {
        scene.next.id = scene.salt = i;
        send_part(0, 600, true);
        assert_true(send_part(600, 700, false));
        wholes[i] = scene.whole;
    }
    for (uint8_t i = 0; i < 3; i++) {
        scene.salt = i;
        for (uint32_t at = 0; at < 700; at++)
            assert_int_equal(wholes[i].payload.data[at], byte_at(at));
    }
}

/* Two million of the smallest fragments at random places of one datagram: were the cost of each to
 * grow with their number, this would not end in time. */
TEST(flood_is_linear)
{
    uint64_t random = 1;
    for (uint32_t i = 0; i < 2000000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        uint32_t at = (uint32_t)(random >> 40) % 8190 * 8;
        uint8_t block[8];
        for (uint32_t k = 0; k < 8; k++)
            block[k] = byte_at(at + k);
        struct fragment f = { .id = 9,
                              .offset = at,
                              .len = 8,
                              .more = true,
                              .protocol = 6,
                              .payload = bytes_over(block, 8) };
        assert_false(defrag_add(scene.defrag, &scene.segment, &f, scene.now_ns, &scene.whole));
    }
    assert_true(scene.pool.peak < 80 * 1024);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(two_in_order),
        T(all_orders),
        T(every_cut),
        T(other_datagrams_are_other_datagrams),
        T(ipv6_takes_the_protocol_of_the_first_fragment),
        T(repeated_fragments),
        T(number_used_again),
        T(overlap_that_differs),
        T(overlap_of_short_blocks),
        T(contradictions),
        T(largest_datagram),
        T(timeout),
        T(time_that_runs_backwards_stands_still),
        T(cut_by_the_snap_length),
        T(cut_bytes_contradict_nothing),
        T(no_memory),
        T(table_full),
        T(done_ones_make_room),
        T(handed_out_until_released),
        T(flood_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
