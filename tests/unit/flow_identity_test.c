/* Community ID against values of its specification and of an independent implementation; the flow's
 * own name; and the facts and events of a flow. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow_identity.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static struct flow_identity flow(uint8_t protocol, const char *client, uint16_t client_port,
                                 const char *server, uint16_t server_port)
{
    struct flow_identity id = { .ip_protocol = protocol, .first_ns = 1795510800000000000U };
    int family = strchr(client, ':') ? AF_INET6 : AF_INET;
    id.address_len = family == AF_INET6 ? 16 : 4;
    assert_int_equal(inet_pton(family, client, id.end[FROM_CLIENT].address), 1);
    assert_int_equal(inet_pton(family, server, id.end[FROM_SERVER].address), 1);
    id.end[FROM_CLIENT].port = client_port;
    id.end[FROM_SERVER].port = server_port;
    return id;
}

static struct flow_identity turned(struct flow_identity id)
{
    struct endpoint client = id.end[FROM_CLIENT];
    id.end[FROM_CLIENT] = id.end[FROM_SERVER];
    id.end[FROM_SERVER] = client;
    return id;
}

TEST(community_id)
{
    static const struct {
        uint8_t protocol;
        uint16_t client_port, server_port;
        const char *client, *server, *expected;
    } rows[] = {
        /* the two of the specification's baseline that carry ports */
        { 6, 34855, 80, "128.232.110.120", "66.35.250.204", "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
        { 17, 54585, 53, "192.168.1.52", "8.8.8.8", "1:d/FP5EW3wiY1vCndhwleRRKHowQ=" },
        { 6, 49152, 25, "2001:db8::1", "2001:db8::25", "1:jNGpCljffJxwrtEe7u38hGuZrMs=" },
        { 6, 20, 10, "10.0.0.1", "10.0.0.1",
          "1:1Lc+0H/HgLmR5V4rmOeuDZQS11k=" }, /* only the ports order them */
        { 6, 65535, 0, "255.255.255.255", "0.0.0.0", "1:LdN0oTsWjz5qVMMtMj5zPyV/TiU=" },
        { 17, 68, 67, "fe80::1", "fe80::1", "1:Gr6zP+xq+V90N3U0u56C0Lyt46w=" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[COMMUNITY_ID_LEN + 1];
        struct flow_identity id = flow(rows[i].protocol, rows[i].client, rows[i].client_port,
                                       rows[i].server, rows[i].server_port);
        assert_true(flow_community_id(&id, text));
        assert_string_equal(text, rows[i].expected);
        assert_int_equal(strlen(text), COMMUNITY_ID_LEN);
        id = turned(id); /* both directions have one name */
        id.vlan = 7;     /* and VLANs are no part of it */
        assert_true(flow_community_id(&id, text));
        assert_string_equal(text, rows[i].expected);
    }
}

TEST(uid)
{
    struct flow_identity id = flow(6, "10.0.0.1", 40000, "10.0.0.2", 25), other = turned(id);
    flow_identity_name(&id);
    assert_true(id.uid != 0);
    flow_identity_name(&other);
    assert_true(other.uid == id.uid);

    struct flow_identity changed[] = { id, id, id, id, id, id };
    changed[0].end[FROM_CLIENT].port++;
    changed[1].end[FROM_SERVER].port++;
    changed[2].end[FROM_SERVER].address[3]++;
    changed[3].vlan++;
    changed[4].first_ns++;
    changed[5].ip_protocol = 17;
    for (size_t i = 0; i < sizeof changed / sizeof changed[0]; i++) {
        flow_identity_name(&changed[i]);
        assert_true(changed[i].uid != id.uid);
    }
    /* The same on every run and machine: this value may only change together with a note to the
     * users. */
    struct flow_identity fixed = flow(6, "192.0.2.1", 50000, "192.0.2.25", 587);
    fixed.vlan = 12;
    flow_identity_name(&fixed);
    assert_true(fixed.uid == 0xdf212b391f1e3eb1);
}

static void assert_fact(struct bytes records, enum field field, const char *expected)
{
    struct fact fact;
    char text[64];
    if (!facts_find(records, field, &fact)) {
        assert_null(expected);
        return;
    }
    assert_non_null(expected);
    fact_print(&fact, text, sizeof text);
    assert_string_equal(text, expected);
}

TEST(facts_of_a_flow)
{
    struct facts facts;
    facts_init(&facts, NULL);
    struct flow_identity id = flow(6, "128.232.110.120", 34855, "66.35.250.204", 80);
    id.uid = 0xAB;
    flow_identity_facts(&id, &facts);
    struct bytes records = buffer_view(&facts.records);
    assert_fact(records, FIELD_CLIENT_IP, "128.232.110.120");
    assert_fact(records, FIELD_CLIENT_PORT, "34855");
    assert_fact(records, FIELD_SERVER_IP, "66.35.250.204");
    assert_fact(records, FIELD_SERVER_PORT, "80");
    assert_fact(records, FIELD_NETWORK_TRANSPORT, "tcp");
    assert_fact(records, FIELD_NETWORK_TYPE, "ipv4");
    assert_fact(records, FIELD_NETWORK_PROTOCOL, NULL);
    assert_fact(records, FIELD_NETWORK_VLAN_ID, NULL);
    assert_fact(records, FIELD_NETWORK_COMMUNITY_ID, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
    assert_fact(records, FIELD_FLOW_UID, "00000000000000ab");
    assert_string_equal(id.community_id,
                        "1:LQU9qZlK+B5F3KDmev6m5PMibrg="); /* kept for the next event */

    facts_clear(&facts);
    id = flow(17, "2001:db8::1", 1, "2001:db8::2", 2);
    id.protocol = "dhcp";
    id.vlan = 4095;
    flow_identity_facts(&id, &facts);
    records = buffer_view(&facts.records);
    assert_fact(records, FIELD_CLIENT_IP, "2001:db8::1");
    assert_fact(records, FIELD_NETWORK_TRANSPORT, "udp");
    assert_fact(records, FIELD_NETWORK_TYPE, "ipv6");
    assert_fact(records, FIELD_NETWORK_PROTOCOL, "dhcp");
    assert_fact(records, FIELD_NETWORK_VLAN_ID, "4095");
    facts_free(&facts);
}

static struct event received;
static unsigned events;

static void receive(void *arg, const struct event *event)
{
    assert_ptr_equal(arg, &events);
    events++;
    received = *event;
}

TEST(emitting)
{
    const struct event_receiver receiver = { receive, &events };
    struct facts assembly, session, own;
    facts_init(&assembly, NULL);
    facts_init(&session, NULL);
    facts_init(&own, NULL);
    struct flow_identity id = flow(6, "10.0.0.1", 40000, "10.0.0.2", 25);
    flow_identity_name(&id);
    facts_string(&session, FIELD_USER_NAME, "session");
    facts_string(&session, FIELD_SMTP_HELO, "mx");
    facts_string(&own, FIELD_USER_NAME, "own");
    facts_string(&assembly, FIELD_MESSAGE, "left over");

    const struct bytes parts[] = { buffer_view(&session.records), buffer_view(&own.records) };
    flow_emit(&id, &receiver, EVENT_AUTH, (struct moment){ 123, 45 }, parts, 2, &assembly);
    assert_int_equal(events, 1);
    assert_int_equal(received.kind, EVENT_AUTH);
    assert_int_equal(received.number, 0);
    assert_true(received.time_ns == 123 && received.frame == 45 && received.flow_uid == id.uid);
    assert_fact(received.facts, FIELD_CLIENT_IP, "10.0.0.1");
    assert_fact(received.facts, FIELD_SMTP_HELO, "mx");
    assert_fact(received.facts, FIELD_USER_NAME, "own"); /* the narrower scope comes last */
    assert_fact(received.facts, FIELD_MESSAGE, NULL);

    flow_emit(&id, &receiver, EVENT_FLOW, (struct moment){ 124, 46 }, NULL, 0, &assembly);
    assert_int_equal(received.number, 1);
    assert_fact(received.facts, FIELD_SMTP_HELO, NULL);
    assert_fact(received.facts, FIELD_SERVER_PORT, "25");
    facts_free(&assembly);
    facts_free(&session);
    facts_free(&own);
}

TEST(other_side)
{
    assert_int_equal(other_direction(FROM_CLIENT), FROM_SERVER);
    assert_int_equal(other_direction(FROM_SERVER), FROM_CLIENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(community_id),    cmocka_unit_test(uid),
        cmocka_unit_test(facts_of_a_flow), cmocka_unit_test(emitting),
        cmocka_unit_test(other_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
