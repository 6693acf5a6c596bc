/* Which flow a segment belongs to, who is the client, when a flow is over and what its event says.
 */
#include "tcp_scene.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

#define SECOND UINT64_C(1000)

static int setup(void **state)
{
    (void)state;
    scene_open(FLOW_EVENTS_ALL, 4);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scene_close();
    return 0;
}

static void close_both(void)
{
    flags_of(FROM_CLIENT, TCP_ACK | TCP_FIN, 4, 1);
    flags_of(FROM_SERVER, TCP_ACK | TCP_FIN, 1, 5);
    client(5, 2, "");
}

TEST(closed_flow_goes_after_its_tombstone)
{
    handshake();
    client(1, 1, "abc");
    scene.ms = 2000;
    close_both();
    expect("open\nclient \"abc\"\nend closed\n");
    scene.ms = 5000;
    client(1, 1, "abc"); /* a late copy: absorbed, and counted */
    assert_int_equal(flow_count(scene.flows), 1);
    wait_until(11999);
    expect("");
    wait_until(20000);
    expect("flow closed full 6/2 at 12000\n");
    assert_int_equal(flow_count(scene.flows), 0);
    assert_int_equal(counted(COUNT_FLOWS), 1);
}

TEST(tombstone_is_not_put_off)
{
    handshake();
    client(1, 1, "abc");
    flags_of(FROM_SERVER, TCP_RST, 1, 0);
    for (uint32_t i = 0; i < 30; i++) { /* a forged reset: the connection goes on */
        scene.ms = i * 500;
        client(4 + i, 1, "x");
    }
    server(1, 34, "250");
    expect("open\nclient \"abc\"\nend reset\nflow reset full 23/2 at 10000\n"
           "open midstream\nhidden server\nclient \"xxxxxxxxxx\"\nserver \"250\"\n");
}

TEST(silent_flows_time_out)
{
    handshake();
    client(1, 1, "abc");
    wait_until(899999);
    expect("open\nclient \"abc\"\n");
    wait_until(2000000);
    expect("end timeout\nflow timeout full 3/1 at 900000\n");
}

TEST(unanswered_syn_times_out_sooner)
{
    flags_of(FROM_CLIENT, TCP_SYN, 0, 0);
    scene.ms = 3000;
    flags_of(FROM_CLIENT, TCP_SYN, 0, 0);
    wait_until(100 * SECOND);
    expect("flow timeout full 2/0 at 63000\n");
}

TEST(packets_put_the_timeout_off)
{
    handshake();
    for (int i = 0; i < 10; i++) {
        scene.ms += 800 * SECOND;
        client(0, 1, "");
    }
    assert_int_equal(flow_count(scene.flows), 1);
    expect("");
}

TEST(deadlines_come_before_the_packet_and_in_order)
{
    scene.port[FROM_CLIENT] = 1111;
    flags_of(FROM_CLIENT, TCP_SYN, 0, 0);
    scene.ms = 1000;
    scene.port[FROM_CLIENT] = 2222;
    flags_of(FROM_CLIENT, TCP_SYN, 0, 0);
    scene.ms = 500 * SECOND;
    scene.port[FROM_CLIENT] = 3333;
    flags_of(FROM_CLIENT, TCP_SYN, 0, 0);
    expect("flow timeout full 1/0 at 60000\nflow timeout full 1/0 at 61000\n");
    assert_int_equal(flow_clock(scene.flows), 500 * SECOND * 1000000);
}

TEST(time_does_not_go_back)
{
    scene.ms = 5000;
    flags_of(FROM_CLIENT, TCP_SYN, 0, 0);
    scene.ms = 1000;
    flags_of(FROM_SERVER, TCP_SYN | TCP_ACK, 0, 1);
    assert_int_equal(flow_clock(scene.flows), 5000000000);
    flow_end_all(scene.flows);
    expect("flow end_of_input full 1/1 at 5000\n");
}

TEST(port_is_reused)
{
    handshake();
    client(1, 1, "abc");
    scene.isn[FROM_CLIENT] += 1 << 20;
    scene.isn[FROM_SERVER] += 1 << 20;
    handshake();
    client(1, 1, "def");
    expect("open\nclient \"abc\"\nend timeout\nflow port_reused full 3/1 at 0\nopen\nclient "
           "\"def\"\n");
}

TEST(port_is_reused_after_the_end)
{
    handshake();
    client(1, 1, "abc");
    close_both();
    scene.isn[FROM_CLIENT] += 1000;
    handshake();
    client(1, 1, "def");
    expect("open\nclient \"abc\"\nend closed\nflow closed full 5/2 at 0\nopen\nclient \"def\"\n");
}

TEST(repeated_syn_is_the_same_flow)
{
    handshake();
    client(1, 1, "abc");
    flags_of(FROM_CLIENT, TCP_SYN, 0, 0);
    flags_of(FROM_SERVER, TCP_SYN | TCP_ACK, 0, 1);
    close_both();
    flags_of(FROM_CLIENT, TCP_SYN, 0, 0);
    expect("open\nclient \"abc\"\nend closed\n");
    assert_int_equal(counted(COUNT_FLOWS), 1);
}

TEST(full_table_evicts)
{
    for (uint16_t i = 0; i < 5; i++) {
        scene.port[FROM_CLIENT] = (uint16_t)(2000 + i);
        handshake();
        client(1, 1, "abc");
        expect(i < 4 ? "open\nclient \"abc\"\n"
                     : "end evicted\nflow evicted full 3/1 at 0\nopen\nclient \"abc\"\n");
    }
    assert_int_equal(counted(COUNT_FLOWS_EVICTED), 1);
}

TEST(all_end_with_the_input)
{
    handshake();
    client(1, 1, "abc");
    scene.ms = 700;
    scene.port[FROM_CLIENT]++;
    flags_of(FROM_CLIENT, TCP_SYN, 0, 0);
    expect("open\nclient \"abc\"\n");
    flow_end_all(scene.flows);
    /* in the order of their uids */
    expect("flow end_of_input full 1/0 at 700\nend input\nflow end_of_input full 3/1 at 700\n");
}

TEST(client_is_told_by_the_port_in_midstream)
{
    server(1, 1, "250"); /* from port 25: the first packet, but not the client's */
    client(1, 4, "QUIT");
    flow_end_all(scene.flows);
    expect("open midstream\nserver \"250\"\nclient \"QUIT\"\nend input\nflow end_of_input partial "
           "1/1 at 0\n");
}

TEST(client_has_the_higher_of_two_high_ports)
{
    scene.port[FROM_CLIENT] = 40000;
    scene.port[FROM_SERVER] = 2626;
    server(1, 1, "220");
    client(1, 4, "EHLO");
    expect("open midstream\nserver \"220\"\nclient \"EHLO\"\n");
}

TEST(client_is_who_came_first_between_equal_ports)
{
    scene.port[FROM_CLIENT] = 40000;
    scene.port[FROM_SERVER] = 40000;
    client(1, 1, "EHLO");
    server(1, 5, "250");
    expect("open midstream\nclient \"EHLO\"\nserver \"250\"\n");
}

TEST(late_syn_of_the_client_is_the_same_flow)
{
    flags_of(FROM_SERVER, TCP_SYN | TCP_ACK, 0, 1);
    flags_of(FROM_CLIENT, TCP_SYN, 0, 0);
    client(1, 1, "abc");
    expect("open\nclient \"abc\"\n");
    assert_int_equal(counted(COUNT_FLOWS), 1);
}

TEST(refused_connection)
{
    flags_of(FROM_CLIENT, TCP_SYN, 0, 0);
    scene_segment(FROM_SERVER, TCP_RST | TCP_ACK, (uint32_t)-5000, 1, BYTES_NONE, 0);
    wait_until(10 * SECOND);
    expect("flow reset full 1/1 at 10000\n");
}

TEST(opaque_flow_is_only_counted)
{
    scene.read_at_most = 1;
    handshake();
    client(1, 1, "abc");
    assert_int_equal(scene.streams.used, 0);
    client(100, 1, "xyz");
    client(4, 1, "def");
    flags_of(FROM_SERVER, TCP_ACK | TCP_FIN, 1, 5);
    flags_of(FROM_CLIENT, TCP_ACK | TCP_FIN, 7, 2);
    wait_until(10 * SECOND);
    expect("open\nclient \"abc\"\nend evicted\nflow closed full 6/2 at 10000\n");
}

TEST(mail_only)
{
    scene_close();
    scene_open(FLOW_EVENTS_MAIL, 4);
    handshake(); /* nobody recognised it */
    scene.port[FROM_CLIENT]++;
    handshake();
    client(1, 1, "EHLO");
    flow_end_all(scene.flows);
    expect("open\nclient \"EHLO\"\nend input\nflow end_of_input full 3/1 at 0\n");
}

TEST(no_events)
{
    scene_close();
    scene_open(FLOW_EVENTS_NONE, 4);
    handshake();
    client(1, 1, "EHLO");
    flow_end_all(scene.flows);
    expect("open\nclient \"EHLO\"\nend input\n");
}

static uint32_t flows_of_two_tags(void)
{
    struct segment s = {
        .source = { .address = { 10 }, .port = 40000 },
        .destination = { .address = { 11 }, .port = 25 },
        .address_len = 4,
        .ip_protocol = 6,
        .flags = TCP_SYN,
    };
    struct flow_lookup lookup;
    for (uint16_t vlan = 1; vlan <= 2; vlan++) {
        s.vlan = vlan;
        flow_prepare(scene.flows, &s, &lookup);
        flow_segment(scene.flows, &lookup, &s, (struct moment){ 0, vlan });
    }
    return flow_count(scene.flows);
}

/* A connection that lets much wait makes way for others, and they go on as if nothing had been. */
TEST(largest_holder_gives_way)
{
    static char kilobyte[1025];
    memset(kilobyte, 'w', 1024);
    pool_init(&scene.streams, 48 * 1024);
    handshake();
    client(1, 1, "small");
    scene.port[FROM_CLIENT] = 40001;
    handshake();
    client(1, 1, "big");
    for (uint32_t i = 0; counted(COUNT_MEMORY_RELIEVED) == 0; i++) {
        assert_true(i < 48);
        client(5 + i * 1024, 1, kilobyte); /* one byte is missing before these */
    }
    assert_true(scene.streams.used < 8 * 1024);
    scene_close_line();
    assert_non_null(
        strstr(scene.log, "open\nclient \"small\"\nopen\nclient \"big\"\ngap client 1"));
    assert_non_null(strstr(scene.log, "relieve\n"));
    scene.log_len = 0;
    scene.port[FROM_CLIENT] = 40000;
    client(6, 1, " goes on");
    expect("client \" goes on\"\n");
    assert_int_equal(counted(COUNT_MEMORY_REFUSED), 0);
}

/* Connections that hold little and cannot give it up are not asked again and again. */
TEST(relief_ends_when_there_is_nothing_to_give)
{
    pool_init(&scene.streams, 4 * 1024);
    for (uint16_t port = 40000; port < 40004; port++) {
        scene.port[FROM_CLIENT] = port;
        handshake();
        client(1, 1, "abc");
    }
    assert_true(counted(COUNT_MEMORY_RELIEVED) < 100);
}

TEST(vlan_is_part_of_the_key)
{
    assert_int_equal(flows_of_two_tags(), 2);
}

TEST(vlan_is_ignored_on_demand)
{
    flow_table_free(scene.flows);
    scene.flows =
        flow_table_new(&(struct flow_options){ .max_flows = 4, .ignore_vlan = true }, &scene.env);
    assert_int_equal(flows_of_two_tags(), 1);
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(closed_flow_goes_after_its_tombstone),
        IN_SCENE(tombstone_is_not_put_off),
        IN_SCENE(silent_flows_time_out),
        IN_SCENE(unanswered_syn_times_out_sooner),
        IN_SCENE(packets_put_the_timeout_off),
        IN_SCENE(deadlines_come_before_the_packet_and_in_order),
        IN_SCENE(time_does_not_go_back),
        IN_SCENE(port_is_reused),
        IN_SCENE(port_is_reused_after_the_end),
        IN_SCENE(repeated_syn_is_the_same_flow),
        IN_SCENE(full_table_evicts),
        IN_SCENE(all_end_with_the_input),
        IN_SCENE(client_is_told_by_the_port_in_midstream),
        IN_SCENE(client_has_the_higher_of_two_high_ports),
        IN_SCENE(client_is_who_came_first_between_equal_ports),
        IN_SCENE(late_syn_of_the_client_is_the_same_flow),
        IN_SCENE(refused_connection),
        IN_SCENE(opaque_flow_is_only_counted),
        IN_SCENE(mail_only),
        IN_SCENE(no_events),
        IN_SCENE(largest_holder_gives_way),
        IN_SCENE(relief_ends_when_there_is_nothing_to_give),
        IN_SCENE(vlan_is_part_of_the_key),
        IN_SCENE(vlan_is_ignored_on_demand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
