/* Order, cause before effect, loss: each test is a short conversation and what the session is told
 * of it. */
#include "tcp_scene.h"
#include "tcp_waiting.h"

static int setup(void **state)
{
    (void)state;
    scene_open(FLOW_EVENTS_NONE, 16);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scene_close();
    return 0;
}

#define TEST(name) static void name(void **state __attribute__((unused)))

/* --- order --------------------------------------------------------------------------------------
 */

TEST(in_order)
{
    handshake();
    server(1, 1, "220 hi ");
    client(1, 8, "EHLO me ");
    server(8, 9, "250 ok");
    expect("open\nserver \"220 hi \"\nclient \"EHLO me \"\nserver \"250 ok\"\n");
    assert_int_equal(counted(COUNT_TCP_HELD), 0);
}

TEST(reordered)
{
    handshake();
    client(7, 1, "ghi");
    client(4, 1, "def");
    expect("");
    client(1, 1, "abc");
    expect("open\nclient \"abcdefghi\"\n");
    assert_int_equal(counted(COUNT_TCP_HELD), 2);
}

TEST(duplicated)
{
    handshake();
    client(1, 1, "abc");
    client(1, 1, "abc");
    client(4, 1, "def");
    client(1, 1, "abcdef");
    expect("open\nclient \"abcdef\"\n");
    assert_int_equal(counted(COUNT_TCP_RETRANSMITTED), 2);
}

TEST(segmented_anew)
{
    handshake();
    client(1, 1, "abc");
    client(2, 1, "bcdef"); /* only the tail is new */
    client(1, 1, "abcdefghi");
    expect("open\nclient \"abcdefghi\"\n");
}

TEST(waiting_overlaps)
{
    handshake();
    client(6, 1, "fgh");
    client(12, 1, "lm");
    client(4, 1, "defghijklmno"); /* covers both, and the hole between them */
    client(2, 1, "bcd");
    expect("");
    client(1, 1, "a");
    expect("open\nclient \"abcdefghijklmno\"\n");
}

TEST(in_order_over_waiting)
{
    handshake();
    client(4, 1, "def");
    client(1, 1, "abcdefghi");
    expect("open\nclient \"abcdefghi\"\n");
}

TEST(numbers_wrap)
{
    scene.isn[FROM_CLIENT] = UINT32_MAX - 4;
    scene.isn[FROM_SERVER] = UINT32_MAX;
    handshake();
    client(7, 1, "ghi");
    client(1, 1, "abc");
    client(4, 1, "def");
    server(1, 10, "ok");
    expect("open\nclient \"abcdefghi\"\nserver \"ok\"\n");
}

TEST(far_outside_is_ignored)
{
    handshake();
    client(1, 1, "abc");
    client(4 + (17 << 20), 1, "xyz");
    client(4 - (1U << 30) - 10, 1, "xyz");
    client(4, 1 + (17 << 20), "xyz"); /* acknowledges what nobody sent */
    client(4, 1, "def");
    expect("open\nclient \"abcdef\"\n");
    assert_int_equal(counted(COUNT_TCP_OUTSIDE), 3);
}

TEST(keep_alive)
{
    handshake();
    client(1, 1, "abc");
    client(3, 1, "\1"); /* a probe: one old byte, any value; nobody acknowledged "abc" yet */
    server(1, 4, "");
    client(3, 1, "\1");
    client(4, 1, "d");
    expect("open\nclient \"abcd\"\n");
}

/* --- cause before effect ------------------------------------------------------------------------
 */

TEST(reply_captured_before_its_command)
{
    handshake();
    server(1, 1, "220 ");
    server(5, 5, "250 "); /* acknowledges EHLO */
    client(1, 5, "EHLO");
    expect("open\nserver \"220 \"\nclient \"EHLO\"\nserver \"250 \"\n");
}

TEST(whole_side_comes_late)
{
    flags_of(FROM_SERVER, TCP_SYN | TCP_ACK, 0, 1);
    server(1, 1, "220 ");
    server(5, 5, "250 ");
    server(9, 9, "221 ");
    expect("");
    flags_of(FROM_CLIENT, TCP_SYN, 0, 0);
    client(1, 5, "EHLO");
    client(5, 9, "QUIT");
    expect("open\nserver \"220 \"\nclient \"EHLO\"\nserver \"250 \"\nclient \"QUIT\"\nserver \"221 "
           "\"\n");
}

/* A command that the tap lost was answered, and then sent again by a client that had seen the
 * answer. */
TEST(each_acknowledges_the_other)
{
    handshake();
    server(1, 4, "250");
    client(1, 4, "RST");
    expect("open\nclient \"RST\"\nserver \"250\"\n");
}

/* The same, where the client joined its next command to the old one. */
TEST(circle_with_new_bytes_behind)
{
    handshake();
    server(1, 4, "250");
    client(1, 4, "RSTQUIT");
    expect("open\nclient \"RST\"\nserver \"250\"\nclient \"QUIT\"\n");
}

/* The same, where it joined its FIN. */
TEST(circle_with_a_fin_behind)
{
    handshake();
    scene_segment(FROM_CLIENT, TCP_ACK | TCP_FIN, 1, 4, BYTES_LITERAL("QUIT"), 0);
    server(1, 5, "221");
    expect("open\nclient \"QUIT\"\nserver \"221\"\n");
}

/* What was sent again overtook its first copy, which says what it really answers. */
TEST(copy_with_an_older_acknowledgement)
{
    handshake();
    client(1, 4, "QUIT");
    client(1, 1, "QUIT");
    server(1, 5, "221");
    expect("open\nclient \"QUIT\"\nserver \"221\"\n");
}

/* --- loss ---------------------------------------------------------------------------------------
 */

TEST(hole_is_given_up_after_a_second)
{
    handshake();
    client(1, 1, "abc");
    scene.ms = 500;
    client(10, 1, "jkl");
    wait_until(1499);
    expect("open\nclient \"abc\"\n");
    wait_until(5000);
    expect("gap client 6 at 1500\nclient \"jkl\"\n");
    assert_int_equal(counted(COUNT_TCP_GAPS), 1);
    assert_int_equal(counted(COUNT_TCP_GAP_BYTES), 6);
    client(4, 1, "missed");
    expect("");
}

TEST(hole_is_due_before_the_next_packet)
{
    handshake();
    client(4, 1, "def");
    scene.ms = 1000;
    client(1, 1, "abc");
    expect("open\ngap client 3 at 1000\nclient \"def\"\n");
}

TEST(hole_that_only_an_ack_shows)
{
    handshake();
    client(1, 1, "abc");
    server(1, 9, "");
    expect("open\nclient \"abc\"\n");
    wait_until(1000);
    expect("gap client 5 at 1000\n");
    client(9, 1, "next");
    expect("client \"next\"\n");
}

TEST(hole_before_any_payload)
{
    handshake();
    scene.ms = 10;
    client(1, 20, "");
    wait_until(3000);
    expect("open\ngap server 19 at 1010\n");
}

/* What was acknowledged a moment before it was captured is not lost, and a steady lead is not a
 * hole. */
TEST(acks_that_lead_all_the_time)
{
    handshake();
    for (uint32_t i = 0; i < 30; i++) {
        scene.ms = i * 100;
        server(1, 1 + (i + 1) * 2, "");
        if (i > 0)
            client(1 + (i - 1) * 2, 1, "ab");
    }
    assert_int_equal(counted(COUNT_TCP_GAPS), 0);
}

TEST(lost_command_with_its_reply_seen)
{
    handshake();
    server(1, 1, "220 ");
    server(5, 5, "250 ");
    wait_until(1000);
    expect("open\nserver \"220 \"\ngap client 4 at 1000\nserver \"250 \"\n");
}

TEST(smallest_hole_first)
{
    handshake();
    client(4, 1, "def");
    scene.ms = 100;
    server(1, 10, "ok"); /* "ghi" is missing too, but may still come */
    wait_until(1050);
    expect("open\ngap client 3 at 1000\nclient \"def\"\n");
    client(7, 1, "ghi");
    expect("client \"ghi\"\nserver \"ok\"\n");
}

TEST(too_many_bytes_wait)
{
    static uint8_t block[64 * 1024];
    memset(block, 'x', sizeof block);
    scene.read_at_most = 3;
    handshake();
    client(1, 1, "a");
    for (uint32_t i = 0; i < 5; i++)
        scene_segment(FROM_CLIENT, TCP_ACK, 10 + i * (uint32_t)sizeof block, 1,
                      bytes_over(block, sizeof block), 0);
    assert_int_equal(counted(COUNT_TCP_GAPS), 1);
    assert_int_equal(counted(COUNT_TCP_GAP_BYTES), 8);
    assert_true(scene.streams.peak < 300 * 1024);
}

TEST(too_many_segments_wait)
{
    handshake();
    for (uint32_t i = 0; i < WAITING_SEGMENTS; i++)
        client(2 + i * 2, 1, "x");
    expect("");
    client(2 + WAITING_SEGMENTS * 2, 1, "x");
    assert_int_equal(counted(COUNT_TCP_GAPS), 1);
    expect("open\ngap client 1 at 0\nclient \"x\"\n");
}

TEST(cut_by_the_snap_length)
{
    handshake();
    scene_segment(FROM_CLIENT, TCP_ACK, 1, 1, BYTES_LITERAL("abc"), 4);
    client(8, 1, "hij");
    expect("open\npartial 8\nclient \"abc\"\ngap client 4 at 0\nclient \"hij\"\n");
}

TEST(cut_by_the_snap_length_while_waiting)
{
    handshake();
    scene_segment(FROM_CLIENT, TCP_ACK, 4, 1, BYTES_LITERAL("de"), 4);
    client(10, 1, "jkl");
    client(8, 1, "hijkl"); /* overlaps what is missing: that was sent, too late for us */
    client(1, 1, "abc");
    expect("open\nclient \"abc\"\npartial 8\nclient \"de\"\ngap client 4 at 0\nclient \"jkl\"\n");
}

TEST(pool_refuses)
{
    scene.streams.limit = 600; /* enough to read, not to keep much */
    handshake();
    client(1, 1, "abc");
    char text[400];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    client(7, 1, text);
    assert_true(counted(COUNT_MEMORY_REFUSED) >= 1);
    expect("open\nclient \"abc\"\n");
    client(4, 1, "def");
    expect("client \"def\"\n");
    server(1, 7 + 399, "");
    wait_until(1000);
    expect("gap client 399 at 1000\n");
}

TEST(no_memory_for_reassembly)
{
    scene.streams.limit = 10;
    handshake();
    client(1, 1, "abc");
    client(4, 1, "def");
    expect("");
    assert_int_equal(counted(COUNT_MEMORY_REFUSED), 1);
}

TEST(no_memory_for_the_session)
{
    scene.refuse_sessions = true;
    handshake();
    client(4, 1, "def");
    client(1, 1, "abc");
    client(7, 1, "ghi");
    expect("");
    assert_int_equal(counted(COUNT_MEMORY_REFUSED), 1);
    assert_int_equal(scene.streams.used, 0);
}

/* --- what is not seen ---------------------------------------------------------------------------
 */

TEST(only_the_client_is_seen)
{
    flags_of(FROM_CLIENT, TCP_SYN, 0, 0);
    client(1, 1, "");
    client(1, 30, "EHLO");
    client(5, 60, "MAIL");
    expect("");
    wait_until(1000);
    expect("open\nhidden server\nclient \"EHLOMAIL\"\n");
    client(9, 90, "RCPT");
    expect("client \"RCPT\"\n");
}

TEST(only_the_server_is_seen)
{
    flags_of(FROM_SERVER, TCP_SYN | TCP_ACK, 0, 1);
    server(1, 1, "220 ");
    wait_until(2000);
    server(5, 10, "250 ");
    expect("open\nhidden client\nserver \"220 250 \"\n");
}

TEST(one_sided_until_the_end_of_input)
{
    flags_of(FROM_CLIENT, TCP_SYN, 0, 0);
    client(1, 30, "EHLO");
    flow_end_all(scene.flows);
    expect("open\nhidden server\nclient \"EHLO\"\nend input\n");
}

TEST(midstream)
{
    client(1, 1, "RCPT");
    expect("");
    server(1, 5, "250 ");
    expect("open midstream\nclient \"RCPT\"\nserver \"250 \"\n");
}

TEST(midstream_with_a_hole_at_the_start)
{
    client(1, 10, "RCPT"); /* it has the server's bytes before 10 */
    server(4, 1, "456789");
    expect("open midstream\nserver \"456789\"\nclient \"RCPT\"\n");
}

TEST(midstream_where_the_acknowledged_never_comes)
{
    client(1, 10, "RCPT");
    server(20, 5, "250");
    wait_until(1000);
    expect("open midstream\nclient \"RCPT\"\ngap server 10 at 1000\nserver \"250\"\n");
    /* The client's bytes need not wait: nothing of the server before 10 was seen. */
}

TEST(midstream_where_the_answer_to_the_syn_is_missing)
{
    flags_of(FROM_CLIENT, TCP_SYN, 0, 0);
    client(1, 4, "EHLO"); /* it has three bytes, or as many more as the server said before them */
    server(4, 5, "250");
    expect("open midstream\nclient \"EHLO\"\nserver \"250\"\n");
}

TEST(answer_to_the_syn_says_where_the_client_begins)
{
    flags_of(FROM_SERVER, TCP_SYN | TCP_ACK, 0, 1);
    server(1, 1, "220");
    server(4, 5, "250");
    flags_of(FROM_CLIENT, TCP_ACK, 5, 7);
    wait_until(1000);
    expect("open\nserver \"220\"\ngap client 4 at 1000\nserver \"250\"\n");
}

TEST(syn_comes_late)
{
    client(1, 1, "EHLO");
    flags_of(FROM_CLIENT, TCP_SYN, 0, 0);
    flags_of(FROM_SERVER, TCP_SYN | TCP_ACK, 0, 1);
    expect("open\nclient \"EHLO\"\n");
}

TEST(syn_comes_after_later_data)
{
    client(5, 1, "MAIL");
    flags_of(FROM_CLIENT, TCP_SYN, 0, 0);
    flags_of(FROM_SERVER, TCP_SYN | TCP_ACK, 0, 1);
    client(1, 1, "EHLO");
    expect("open\nclient \"EHLOMAIL\"\n");
}

TEST(midstream_reordered)
{
    client(7, 1, "RCPT");
    client(1, 1, "MAIL");
    client(6, 1, "?"); /* might be a keep-alive, but is not the last byte */
    client(5, 1, " ?");
    server(1, 11, "250");
    expect("open midstream\nclient \"MAIL ?RCPT\"\nserver \"250\"\n");
}

TEST(data_in_the_syn)
{
    scene_segment(FROM_CLIENT, TCP_SYN, 0, 0, BYTES_LITERAL("EHLO"), 0);
    flags_of(FROM_SERVER, TCP_SYN | TCP_ACK, 0, 5);
    client(5, 1, "MAIL");
    expect("open\nclient \"EHLOMAIL\"\n");
}

/* --- the end ------------------------------------------------------------------------------------
 */

TEST(closed_by_both)
{
    handshake();
    client(1, 1, "QUIT");
    scene_segment(FROM_SERVER, TCP_ACK | TCP_FIN, 1, 5, BYTES_LITERAL("221 "), 0);
    expect("open\nclient \"QUIT\"\nserver \"221 \"\n");
    flags_of(FROM_CLIENT, TCP_ACK | TCP_FIN, 5, 6);
    expect("end closed\n");
    server(6, 6, ""); /* the last ACK */
    expect("");
}

/* "client", "server", or "nobody" if it was not told. */
static const char *who(const bool by[DIRECTIONS])
{
    assert_false(by[FROM_CLIENT] && by[FROM_SERVER]);
    return by[FROM_CLIENT] ? "client" : by[FROM_SERVER] ? "server" : "nobody";
}

TEST(who_closed_first)
{
    static const struct {
        struct {
            enum direction from;
            int flags;
            uint32_t offset, ack;
        } end[2];
        const char *closer, *resetter;
    } cases[] = {
        { { { FROM_CLIENT, TCP_FIN, 5, 5 }, { FROM_SERVER, TCP_FIN, 5, 6 } }, "client", "nobody" },
        { { { FROM_SERVER, TCP_FIN, 5, 5 }, { FROM_CLIENT, TCP_FIN, 5, 6 } }, "server", "nobody" },
        /* The second one was captured first. */
        { { { FROM_SERVER, TCP_FIN, 5, 6 }, { FROM_CLIENT, TCP_FIN, 5, 5 } }, "client", "nobody" },
        /* They crossed. */
        { { { FROM_CLIENT, TCP_FIN, 5, 5 }, { FROM_SERVER, TCP_FIN, 5, 5 } }, "nobody", "nobody" },
        { { { FROM_CLIENT, TCP_FIN, 5, 5 }, { FROM_SERVER, TCP_RST, 5, 5 } }, "client", "server" },
        { { { FROM_SERVER, TCP_RST, 5, 5 } }, "nobody", "server" },
        { { { FROM_CLIENT, TCP_RST, 5, 5 } }, "nobody", "client" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        handshake();
        client(1, 1, "QUIT");
        server(1, 5, "221 ");
        scene_close_line();
        scene.log_len = 0;
        memset(scene.closed_by, 0, sizeof scene.closed_by);
        memset(scene.reset_by, 0, sizeof scene.reset_by);
        for (size_t n = 0; n < 2 && cases[i].end[n].flags; n++)
            flags_of(cases[i].end[n].from, TCP_ACK | cases[i].end[n].flags, cases[i].end[n].offset,
                     cases[i].end[n].ack);
        expect(cases[i].end[1].flags == TCP_FIN ? "end closed\n" : "end reset\n");
        assert_string_equal(who(scene.closed_by), cases[i].closer);
        assert_string_equal(who(scene.reset_by), cases[i].resetter);
        scene.port[FROM_CLIENT]++;
    }
}

TEST(half_closed)
{
    handshake();
    client(1, 1, "QUIT");
    flags_of(FROM_CLIENT, TCP_ACK | TCP_FIN, 5, 1);
    server(1, 6, "221 bye");
    expect("open\nclient \"QUIT\"\nserver \"221 bye\"\n");
}

TEST(fin_waits_for_its_turn)
{
    handshake();
    scene_segment(FROM_CLIENT, TCP_ACK | TCP_FIN, 4, 1, BYTES_LITERAL("def"), 0);
    flags_of(FROM_SERVER, TCP_ACK | TCP_FIN, 1, 8);
    expect("");
    client(1, 1, "abc");
    expect("open\nclient \"abcdef\"\nend closed\n");
}

TEST(data_behind_the_fin)
{
    handshake();
    scene_segment(FROM_CLIENT, TCP_ACK | TCP_FIN, 1, 1, BYTES_LITERAL("abc"), 0);
    client(5, 1, "xyz");
    client(4, 1, "xyz");
    expect("open\nclient \"abc\"\n");
    assert_int_equal(counted(COUNT_TCP_OUTSIDE), 2);
}

TEST(hole_at_the_fin)
{
    handshake();
    client(1, 1, "abc");
    flags_of(FROM_CLIENT, TCP_ACK | TCP_FIN, 7, 1);
    flags_of(FROM_SERVER, TCP_ACK | TCP_FIN, 1, 8);
    wait_until(1000);
    expect("open\nclient \"abc\"\ngap client 3 at 1000\nend closed\n");
}

TEST(reset)
{
    handshake();
    client(4, 1, "def");
    flags_of(FROM_SERVER, TCP_RST, 1, 0);
    expect("open\ngap client 3 at 0\nclient \"def\"\nend reset\n");
}

TEST(reset_behind_what_was_not_captured)
{
    handshake();
    client(1, 1, "abc");
    flags_of(FROM_CLIENT, TCP_RST, 10, 0);
    expect("open\nclient \"abc\"\ngap client 6 at 0\nend reset\n");
}

TEST(reset_from_nowhere)
{
    handshake();
    client(1, 1, "abc");
    flags_of(FROM_SERVER, TCP_RST, 1 << 29, 0);
    client(4, 1, "def");
    expect("open\nclient \"abcdef\"\n");
    assert_int_equal(counted(COUNT_TCP_OUTSIDE), 1);
}

TEST(end_of_input)
{
    handshake();
    client(4, 1, "def");
    server(1, 10, "");
    flow_end_all(scene.flows);
    expect("open\ngap client 3 at 0\nclient \"def\"\ngap client 3 at 0\nend input\n");
}

TEST(read_enough)
{
    scene.read_at_most = 5;
    handshake();
    client(1, 1, "abc");
    client(7, 1, "ghi");
    client(4, 1, "def");
    expect("open\nclient \"abcdef\"\nend evicted\n");
    assert_int_equal(scene.streams.used, 0);
    client(10, 1, "jkl");
    expect("");
}

/* --- contradictions -----------------------------------------------------------------------------
 */

TEST(retransmission_differs)
{
    handshake();
    client(1, 1, "RCPT TO:<a>");
    client(1, 1, "RCPT TO:<b>");
    client(1, 1, "RCPT TO:<a>");
    expect("open\nclient \"RCPT TO:<a>\"\nweird sensor.tcp.ambiguous client\n");
}

TEST(retransmission_differs_in_part)
{
    handshake();
    client(1, 1, "abc");
    client(4, 1, "def");
    client(3, 1, "cdXfghi");
    expect("open\nclient \"abcdef\"\nweird sensor.tcp.ambiguous client\nclient \"ghi\"\n");
}

TEST(acknowledged_bytes_are_not_compared)
{
    handshake();
    client(1, 1, "abc");
    server(1, 4, "");
    client(1, 1, "xyz");
    expect("open\nclient \"abc\"\n");
}

TEST(waiting_copies_differ)
{
    handshake();
    client(4, 1, "def");
    client(4, 1, "dXf");
    client(1, 1, "abc");
    expect("open\nweird sensor.tcp.ambiguous client\nclient \"abcdef\"\n");
}

TEST(in_order_contradicts_waiting)
{
    handshake();
    client(4, 1, "def");
    client(1, 1, "abcXef");
    expect("open\nweird sensor.tcp.ambiguous client\nclient \"abcdef\"\n");
}

TEST(only_the_start_of_a_long_turn_is_compared)
{
    char text[1001];
    memset(text, 'x', 1000);
    text[1000] = '\0';
    handshake();
    server(1, 1, "354");
    for (uint32_t i = 0; i < 40; i++)
        client(1 + i * 1000, 4, text);
    scene.log_len = 0;
    scene.last_direction = -1;
    client(1 + 30 * 1000, 4, "y"); /* somewhere in the body */
    client(1, 4, text);
    expect("");
    client(3001, 4, "y");
    expect("weird sensor.tcp.ambiguous client\n");
    server(4, 40001, "250");
    client(40001, 7, "QUIT");
    client(40001, 7, "RSET");
    expect("server \"250\"\nclient \"QUIT\"\nweird sensor.tcp.ambiguous client\n");
    assert_true(scene.streams.peak < 8 * 1024);
}

/* --- the property -------------------------------------------------------------------------------
 */

/* A dialogue of turns; each turn acknowledges all before it. */
struct planned {
    enum direction direction;
    int flags;
    uint32_t offset, len, ack;
    uint32_t place; /* where it is captured */
};

static uint32_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % n;
}

static char stream[DIRECTIONS][32 * 1024];

static void play(const struct planned *p)
{
    scene_segment(p->direction, p->flags, p->offset, p->ack,
                  bytes_over(stream[p->direction] + p->offset, p->len), 0);
}

static int by_place(const void *a, const void *b)
{
    const struct planned *x = a, *y = b;
    return x->place < y->place ? -1 : x->place > y->place;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

#define PLANNED_MAX 4096

static void run_property(uint32_t seed)
{
    static struct planned plan[PLANNED_MAX];
    static char in_order[SCENE_LOG];
    size_t planned = 0;
    uint32_t sent[DIRECTIONS] = { 1, 1 };
    random_state = seed;
    scene_open(FLOW_EVENTS_NONE, 4);
    scene.isn[FROM_CLIENT] =
        random_below(2) ? UINT32_MAX - random_below(3000) : random_below(UINT32_MAX);
    scene.isn[FROM_SERVER] = random_below(UINT32_MAX);
    for (int d = 0; d < DIRECTIONS; d++) {
        for (size_t i = 0; i < sizeof stream[d]; i++)
            stream[d][i] = (char)((d ? 'A' : 'a') + random_below(26));
    }
    plan[planned++] = (struct planned){ FROM_CLIENT, TCP_SYN, 0, 0, 0, 0 };
    plan[planned++] = (struct planned){ FROM_SERVER, TCP_SYN | TCP_ACK, 0, 0, 1, 0 };
    for (unsigned turn = 0; turn < 30; turn++) {
        enum direction d = turn % 2 ? FROM_CLIENT : FROM_SERVER;
        uint32_t ack = sent[other_direction(d)];
        uint32_t start = sent[d], len = 1 + random_below(turn % 5 ? 60 : 900);
        for (unsigned copy = 0; copy < 1 + random_below(3) / 2; copy++) {
            uint32_t step = 1 + random_below(200), overlap = random_below(4) ? 0 : random_below(30);
            for (uint32_t at = 0; at < len; at += step) {
                uint32_t from = start + at > overlap + 1 ? start + at - overlap : start + at;
                /* Only the client joins old turns to new ones: where both do, and everything is
                 * captured in the wrong order, nobody can tell what came first. */
                if (copy == 0 || (d == FROM_SERVER && from < start))
                    from = start + at;
                plan[planned++] = (struct planned){
                    d, TCP_ACK, from, least(step, len - at) + (start + at - from), ack, 0
                };
            }
        }
        sent[d] += len;
        assert_true(planned < PLANNED_MAX - 200);
    }
    plan[planned++] = (struct planned){ FROM_CLIENT, TCP_FIN | TCP_ACK, sent[FROM_CLIENT],
                                        0,           sent[FROM_SERVER], 0 };
    plan[planned++] = (struct planned){ FROM_SERVER, TCP_FIN | TCP_ACK,     sent[FROM_SERVER],
                                        0,           sent[FROM_CLIENT] + 1, 0 };

    for (size_t i = 0; i < planned; i++)
        play(&plan[i]);
    scene_close_line();
    memcpy(in_order, scene.log, scene.log_len + 1);
    scene_close();

    uint32_t isn[DIRECTIONS] = { scene.isn[0], scene.isn[1] };
    uint32_t window = 1 + random_below(40);
    for (uint32_t i = 0; i < planned; i++)
        plan[i].place =
            (i < 2 ? 0 : i + random_below(window)) * PLANNED_MAX + i; /* SYNs stay first */
    if (random_below(3) == 0) { /* one side comes later, as from a tap with two cards */
        enum direction late = random_below(2) ? FROM_CLIENT : FROM_SERVER;
        for (size_t i = 0; i < planned; i++)
            plan[i].place += plan[i].direction == late ? 30 * PLANNED_MAX : 0;
    }
    qsort(plan, planned, sizeof plan[0], by_place);
    scene_open(FLOW_EVENTS_NONE, 4);
    scene.isn[0] = isn[0];
    scene.isn[1] = isn[1];
    for (size_t i = 0; i < planned; i++) {
        play(&plan[i]);
        if (random_below(4) == 0)
            play(&plan[i]);
    }
    scene_close_line();
    if (strcmp(in_order, scene.log) != 0) {
        fprintf(stderr, "SEED=%u\n--- in order\n%s--- reordered\n%s", seed, in_order, scene.log);
        fail();
    }
    scene_close();
}

TEST(any_order_gives_the_same)
{
    const char *given = getenv("SEED");
    if (given) {
        run_property((uint32_t)strtoul(given, NULL, 10));
        return;
    }
    for (uint32_t seed = 1; seed <= 1000; seed++)
        run_property(seed);
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(in_order),
        IN_SCENE(reordered),
        IN_SCENE(duplicated),
        IN_SCENE(segmented_anew),
        IN_SCENE(waiting_overlaps),
        IN_SCENE(in_order_over_waiting),
        IN_SCENE(numbers_wrap),
        IN_SCENE(far_outside_is_ignored),
        IN_SCENE(keep_alive),
        IN_SCENE(reply_captured_before_its_command),
        IN_SCENE(whole_side_comes_late),
        IN_SCENE(each_acknowledges_the_other),
        IN_SCENE(circle_with_new_bytes_behind),
        IN_SCENE(circle_with_a_fin_behind),
        IN_SCENE(copy_with_an_older_acknowledgement),
        IN_SCENE(hole_is_given_up_after_a_second),
        IN_SCENE(hole_is_due_before_the_next_packet),
        IN_SCENE(hole_that_only_an_ack_shows),
        IN_SCENE(hole_before_any_payload),
        IN_SCENE(acks_that_lead_all_the_time),
        IN_SCENE(lost_command_with_its_reply_seen),
        IN_SCENE(smallest_hole_first),
        IN_SCENE(too_many_bytes_wait),
        IN_SCENE(too_many_segments_wait),
        IN_SCENE(cut_by_the_snap_length),
        IN_SCENE(cut_by_the_snap_length_while_waiting),
        IN_SCENE(pool_refuses),
        IN_SCENE(no_memory_for_reassembly),
        IN_SCENE(no_memory_for_the_session),
        IN_SCENE(only_the_client_is_seen),
        IN_SCENE(only_the_server_is_seen),
        IN_SCENE(one_sided_until_the_end_of_input),
        IN_SCENE(midstream),
        IN_SCENE(midstream_with_a_hole_at_the_start),
        IN_SCENE(midstream_where_the_acknowledged_never_comes),
        IN_SCENE(midstream_where_the_answer_to_the_syn_is_missing),
        IN_SCENE(answer_to_the_syn_says_where_the_client_begins),
        IN_SCENE(syn_comes_late),
        IN_SCENE(syn_comes_after_later_data),
        IN_SCENE(midstream_reordered),
        IN_SCENE(data_in_the_syn),
        IN_SCENE(closed_by_both),
        IN_SCENE(who_closed_first),
        IN_SCENE(half_closed),
        IN_SCENE(fin_waits_for_its_turn),
        IN_SCENE(data_behind_the_fin),
        IN_SCENE(hole_at_the_fin),
        IN_SCENE(reset),
        IN_SCENE(reset_behind_what_was_not_captured),
        IN_SCENE(reset_from_nowhere),
        IN_SCENE(end_of_input),
        IN_SCENE(read_enough),
        IN_SCENE(retransmission_differs),
        IN_SCENE(retransmission_differs_in_part),
        IN_SCENE(acknowledged_bytes_are_not_compared),
        IN_SCENE(waiting_copies_differ),
        IN_SCENE(in_order_contradicts_waiting),
        IN_SCENE(only_the_start_of_a_long_turn_is_compared),
        cmocka_unit_test(any_order_gives_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
