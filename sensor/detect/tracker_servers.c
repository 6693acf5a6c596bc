/* What servers offered lately. */
#include "tracker_servers.h"

#include <stdlib.h>
#include <string.h>

#include "lru.h"

#define HOUR_NS      (UINT64_C(3600) * 1000000000)
#define HOURS        25 /* that a count is kept of: 24, and the one that is not over */
#define MISSED_TIMES 20 /* so many sessions without an offer outweigh one that was missed */

struct server_key {
    uint8_t address[16];
    uint8_t len;
    uint8_t unused;
    uint16_t port;
};

struct counts {
    uint32_t not_offered, offered;
    uint32_t missed; /* sessions whose list of capabilities was not seen */
};

struct server {
    struct counts hours[HOURS]; /* by the number of the hour, in turn */
    uint64_t hour;              /* the latest */
};

struct tracker_servers {
    struct lru *servers;
};

static bool read_key(const struct facts_index *facts, struct server_key *key)
{
    struct fact address, port;
    if (!facts_lookup(facts, FIELD_SERVER_IP, &address) || address.value.len == 0 ||
        address.value.len > sizeof key->address || !facts_lookup(facts, FIELD_SERVER_PORT, &port))
        return false;
    memcpy(key->address, address.value.data, address.value.len);
    key->len = (uint8_t)address.value.len;
    key->port = (uint16_t)fact_number(&port);
    return true;
}

static enum claim claim_of(const struct facts_index *facts, enum field field)
{
    struct fact fact;
    if (!facts_lookup(facts, field, &fact) || fact.value.len != 1)
        return CLAIM_UNKNOWN;
    return (enum claim)fact.value.data[0];
}

static bool is_loss(struct bytes reason)
{
    static const char *const losses[] = { "gap",       "one_sided", "midstream",
                                          "truncated", "memory",    "lost_events" };
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        if (bytes_equal(reason, bytes_of_string(losses[i])))
            return true;
    }
    return false;
}

/* Whether the list may have been lost. One that was read is shown in the event. */
static bool list_missed(const struct facts_index *facts)
{
    struct fact fact;
    if (facts_lookup(facts, FIELD_SESSION_CAPABILITIES, &fact) ||
        !facts_lookup(facts, FIELD_COVERAGE_REASON, &fact))
        return false;
    for (size_t at = 0; facts_next(facts->records, &at, &fact);) {
        if (fact.field == FIELD_COVERAGE_REASON && is_loss(fact.value))
            return true;
    }
    return false;
}

/* A masked word was written over on the path: what the server itself offered is not known. */
static enum claim offer_of(const struct facts_index *facts)
{
    if (claim_of(facts, FIELD_STARTTLS_MASKED) == CLAIM_YES)
        return CLAIM_UNKNOWN;
    return claim_of(facts, FIELD_STARTTLS_OFFERED);
}

/* The counts of this hour; what is older than they are kept is cleared on the way. */
static struct counts *this_hour(struct server *server, uint64_t hour)
{
    uint64_t passed = hour - server->hour;
    for (uint64_t i = 0; i < passed && i < HOURS; i++)
        server->hours[(hour - i) % HOURS] = (struct counts){ 0 };
    server->hour = hour;
    return &server->hours[hour % HOURS];
}

/* What was missed may have been an offer. A few such among many that had none make no difference;
 * of more nothing is said. */
static void tell(const struct server *server, struct facts *to)
{
    uint64_t not_offered = 0, offered = 0, missed = 0;
    for (size_t i = 0; i < HOURS; i++) {
        not_offered += server->hours[i].not_offered;
        offered += server->hours[i].offered;
        missed += server->hours[i].missed;
    }
    if (missed * MISSED_TIMES > not_offered)
        return;
    facts_number(to, FIELD_TRACK_STARTTLS_NOT_OFFERED, not_offered);
    facts_number(to, FIELD_TRACK_STARTTLS_OFFERED, offered);
}

void tracker_servers_session(struct tracker_servers *all, const struct facts_index *facts,
                             uint64_t now_ns, struct facts *to)
{
    struct server_key key = { .len = 0 };
    enum claim offered = offer_of(facts);
    lru_expire(all->servers, now_ns);
    bool missed = offered == CLAIM_UNKNOWN && list_missed(facts);
    if ((offered == CLAIM_UNKNOWN && !missed) || !read_key(facts, &key))
        return;
    uint64_t hash = lru_hash(all->servers, &key), hour = now_ns / HOUR_NS;
    struct server *server = lru_find(all->servers, hash, &key, now_ns);
    if (!server && (server = lru_add(all->servers, hash, &key, now_ns)) != NULL)
        server->hour = hour;
    if (!server)
        return;
    struct counts *counts = this_hour(server, hour);
    if (missed) {
        counts->missed++;
    } else if (offered == CLAIM_YES) {
        counts->offered++;
    } else {
        counts->not_offered++;
        tell(server, to);
    }
}

struct tracker_servers *tracker_servers_new(uint32_t max)
{
    struct tracker_servers *all = calloc(1, sizeof *all);
    if (!all)
        return NULL;
    all->servers = lru_new(&(struct lru_options){
        .key_size = sizeof(struct server_key),
        .value_size = sizeof(struct server),
        .max_entries = max > 0 ? max : 1,
        .idle_ns = HOURS * HOUR_NS,
    });
    if (!all->servers) {
        free(all);
        return NULL;
    }
    return all;
}

void tracker_servers_forget(struct tracker_servers *all)
{
    for (void *server; (server = lru_oldest(all->servers)) != NULL;)
        lru_remove(all->servers, server);
}

void tracker_servers_free(struct tracker_servers *all)
{
    if (!all)
        return;
    lru_free(all->servers);
    free(all);
}

size_t tracker_servers_bytes(const struct tracker_servers *all)
{
    return sizeof *all + lru_bytes(all->servers);
}

uint64_t tracker_servers_evicted(const struct tracker_servers *all)
{
    return lru_evictions(all->servers);
}
