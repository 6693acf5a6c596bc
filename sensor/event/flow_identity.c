/* Who talks to whom, and the names derived from that. */
#include "flow_identity.h"

#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "digest.h"
#include "siphash.h"
#include "text.h"

/* Both names order the endpoints, so that they do not depend on which side was seen first. */
static bool client_is_lower(const struct flow_identity *id)
{
    const struct endpoint *client = &id->end[FROM_CLIENT], *server = &id->end[FROM_SERVER];
    int order = memcmp(client->address, server->address, id->address_len);
    return order < 0 || (order == 0 && client->port < server->port);
}

static uint8_t *put_u16(uint8_t *to, uint16_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
    return to + 2;
}

static uint8_t *put_address(uint8_t *to, const struct flow_identity *id, enum direction side)
{
    memcpy(to, id->end[side].address, id->address_len);
    return to + id->address_len;
}

void flow_identity_name(struct flow_identity *id)
{
    static const struct siphash_key unkeyed = { 0x6d61696c7461702fU, 0x666c6f772d756964U };
    uint8_t text[2 * (16 + 2) + 1 + 2 + 8], *to = text;
    enum direction low = client_is_lower(id) ? FROM_CLIENT : FROM_SERVER;
    const enum direction order[] = { low, other_direction(low) };
    for (int i = 0; i < DIRECTIONS; i++) {
        to = put_address(to, id, order[i]);
        to = put_u16(to, id->end[order[i]].port);
    }
    *to++ = id->ip_protocol;
    to = put_u16(to, id->vlan);
    memcpy(to, &id->first_ns, 8);
    id->uid = siphash13(&unkeyed, bytes_over(text, (size_t)(to + 8 - text)));
}

/* https://github.com/corelight/community-id-spec: seed, low address, high address, protocol, 0, low
 * port, high port. */
bool flow_community_id(const struct flow_identity *id, char text[COMMUNITY_ID_LEN + 1])
{
    uint8_t in[2 + 32 + 2 + 4], *to = in, digest[DIGEST_SHA1_LEN];
    enum direction low = client_is_lower(id) ? FROM_CLIENT : FROM_SERVER;
    to = put_u16(to, 0);
    to = put_address(to, id, low);
    to = put_address(to, id, other_direction(low));
    *to++ = id->ip_protocol;
    *to++ = 0;
    to = put_u16(to, id->end[low].port);
    to = put_u16(to, id->end[other_direction(low)].port);
    text[0] = '\0';
    if (!digest_sha1(bytes_over(in, (size_t)(to - in)), digest))
        return false;
    memcpy(text, "1:", 2);
    base64_encode(bytes_over(digest, sizeof digest), text + 2);
    return true;
}

void flow_identity_facts(struct flow_identity *id, struct facts *facts)
{
    char text[24];
    const struct endpoint *client = &id->end[id->turned ? FROM_SERVER : FROM_CLIENT];
    const struct endpoint *server = &id->end[id->turned ? FROM_CLIENT : FROM_SERVER];
    facts_ip(facts, FIELD_CLIENT_IP, bytes_over(client->address, id->address_len));
    facts_number(facts, FIELD_CLIENT_PORT, client->port);
    facts_ip(facts, FIELD_SERVER_IP, bytes_over(server->address, id->address_len));
    facts_number(facts, FIELD_SERVER_PORT, server->port);
    if (id->turned) { /* otherwise the source is the client */
        facts_ip(facts, FIELD_SOURCE_IP, bytes_over(server->address, id->address_len));
        facts_number(facts, FIELD_SOURCE_PORT, server->port);
        facts_ip(facts, FIELD_DESTINATION_IP, bytes_over(client->address, id->address_len));
        facts_number(facts, FIELD_DESTINATION_PORT, client->port);
    }
    facts_string(facts, FIELD_NETWORK_TRANSPORT, id->ip_protocol == 6 ? "tcp" : "udp");
    facts_string(facts, FIELD_NETWORK_TYPE, id->address_len == 4 ? "ipv4" : "ipv6");
    if (id->protocol)
        facts_string(facts, FIELD_NETWORK_PROTOCOL, id->protocol);
    if (id->community_id[0] || flow_community_id(id, id->community_id))
        facts_string(facts, FIELD_NETWORK_COMMUNITY_ID, id->community_id);
    if (id->vlan) {
        snprintf(text, sizeof text, "%u", id->vlan);
        facts_string(facts, FIELD_NETWORK_VLAN_ID, text);
    }
    text_hex(text, id->uid, 16);
    facts_text(facts, FIELD_FLOW_UID, bytes_over(text, 16));
}

void flow_emit(struct flow_identity *id, const struct event_receiver *receiver,
               enum event_kind kind, struct moment moment, const struct bytes *own, size_t parts,
               struct facts *assembly)
{
    facts_clear(assembly);
    flow_identity_facts(id, assembly);
    for (size_t i = 0; i < parts; i++)
        facts_join(assembly, own[i]);
    struct event event = {
        .kind = kind,
        .number = id->events++,
        .time_ns = moment.time_ns,
        .flow_uid = id->uid,
        .frame = moment.frame,
        .facts = buffer_view(&assembly->records),
    };
    receiver->receive(receiver->arg, &event);
}
