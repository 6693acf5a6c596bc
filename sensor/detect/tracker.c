/* What one client did lately: recipients, questions for addresses, failed logins. And what a server
 * offered. */
#include "tracker.h"

#include <stdlib.h>
#include <string.h>

#include "lru.h"
#include "siphash.h"
#include "tracker_list.h"
#include "tracker_servers.h"

#define MINUTE          (UINT64_C(60) * 1000000000)
#define RECIPIENTS_NS   (10 * MINUTE)
#define ACCOUNTS_NS     (30 * MINUTE)
#define FEW_TRIES       3
#define CLIENT_BYTES    1024                           /* on average */
#define BYTES_MIN       (4 * (size_t)TRACKED_MAX * 64) /* room for a few busy clients in any case */
#define NAME_MAX_HASHED 1024
#define RECIPIENTS_TOLD 10 /* from so many on, also if none was refused */

/* What is counted must not depend on the run: this key is a constant. */
static const struct siphash_key name_key = { 0x747261636b6572U, 1 };

struct client_key {
    uint8_t address[16];
    uint8_t len;
};

struct client {
    struct tracker_list recipients, questions, accounts;
    uint64_t question; /* serial, in place of the address asked for */
    uint64_t used_ns;
};

/* One recipient of an event, put together from its row. */
struct recipient {
    struct bytes address, enhanced;
    uint64_t code;
};

struct tracker {
    struct lru *clients;
    struct tracker_servers *servers;
    struct pool pool;
    uint64_t now_ns, evicted;
    struct recipient rows[UINT8_MAX + 1];
};

/* --- clients ------------------------------------------------------------------------------------
 */

static uint64_t oldest(uint64_t now_ns, uint64_t span_ns)
{
    return now_ns > span_ns ? now_ns - span_ns : 0;
}

static void client_evicted(void *arg, const void *key, void *value)
{
    struct tracker *all = arg;
    struct client *client = value;
    (void)key;
    if (client->used_ns >= oldest(all->now_ns, ACCOUNTS_NS))
        all->evicted++;
    tracker_list_free(&client->recipients, &all->pool);
    tracker_list_free(&client->questions, &all->pool);
    tracker_list_free(&client->accounts, &all->pool);
}

static struct client *client_of(struct tracker *all, const struct facts_index *facts, bool add)
{
    struct fact fact;
    struct client_key key = { .len = 0 };
    if (!facts_lookup(facts, FIELD_CLIENT_IP, &fact) || fact.value.len == 0 ||
        fact.value.len > sizeof key.address)
        return NULL;
    memcpy(key.address, fact.value.data, fact.value.len);
    key.len = (uint8_t)fact.value.len;
    uint64_t hash = lru_hash(all->clients, &key);
    struct client *client = lru_find(all->clients, hash, &key, all->now_ns);
    if (!client && add)
        client = lru_add(all->clients, hash, &key, all->now_ns);
    if (client)
        client->used_ns = all->now_ns;
    return client;
}

/* Room for one more, for which other clients may have to go. This one was used last. */
static void make_room(struct tracker *all, const struct client *client, struct tracker_list *list)
{
    size_t needed = tracker_list_needs(list);
    if (needed == 0)
        return;
    while (needed > all->pool.limit - all->pool.used) {
        struct client *longest = lru_oldest(all->clients);
        if (longest == client)
            return;
        client_evicted(all, NULL, longest);
        lru_remove(all->clients, longest);
    }
    tracker_list_grow(list, &all->pool);
}

static struct tracked *see(struct tracker *all, const struct client *client,
                           struct tracker_list *list, uint64_t name)
{
    make_room(all, client, list);
    return tracker_list_see(list, name, all->now_ns);
}

/* --- recipients ---------------------------------------------------------------------------------
 */

static bool starts_with(struct bytes text, const char *start)
{
    return bytes_starts_nocase(text, start);
}

/* RFC 5321 section 4.2.3 and RFC 3463: whether the mailbox is not there, or the server does not
 * relay to it. */
static enum answer answer_of(uint64_t code, struct bytes enhanced)
{
    bool absent = code == 550 || code == 551 || code == 553;
    bool refused = code == 450 || code == 454 || code == 550 || code == 554;
    if (absent && (enhanced.len == 0 || starts_with(enhanced, "5.1.")))
        return ANSWER_UNKNOWN;
    if (refused && enhanced.len > 1 && bytes_equal(bytes_after(enhanced, 1), BYTES_LITERAL(".7.1")))
        return ANSWER_DENIED;
    return code != 0 ? ANSWER_OTHER : ANSWER_NONE;
}

/* Addresses are the same in any case of letters: nearly all servers take them so. */
static uint64_t address_name(struct bytes address)
{
    uint8_t folded[NAME_MAX_HASHED];
    struct bytes part = bytes_first(address, sizeof folded);
    for (size_t i = 0; i < part.len; i++) {
        uint8_t c = part.data[i];
        folded[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
    }
    return siphash13(&name_key, bytes_over(folded, part.len));
}

/* Puts the rows together; returns how many there may be. Without rows, those of the flat list. */
static size_t gather(struct tracker *all, const struct facts_index *facts)
{
    bool flat = facts->place[FIELD_SMTP_RECIPIENT_ADDRESS] == 0;
    enum field field = flat ? FIELD_SMTP_RCPT_TO : FIELD_SMTP_RECIPIENT_ADDRESS;
    size_t count = 0;
    struct fact fact;
    if (facts->place[field] == 0)
        return 0;
    for (size_t at = 0; facts_next(facts->records, &at, &fact);) {
        if (fact.field != field || (flat && count > UINT8_MAX))
            continue;
        size_t row = flat ? count : fact.row;
        for (; count <= row; count++)
            all->rows[count] = (struct recipient){ .code = 0 };
        all->rows[row].address = fact.value;
    }
    for (size_t at = 0; !flat && facts_next(facts->records, &at, &fact);) {
        if (fact.row >= count)
            continue;
        if (fact.field == FIELD_SMTP_RECIPIENT_CODE)
            all->rows[fact.row].code = fact_number(&fact);
        else if (fact.field == FIELD_SMTP_RECIPIENT_ENHANCED)
            all->rows[fact.row].enhanced = fact.value;
    }
    return count;
}

static void count_answers(const struct tracker_list *list, uint64_t counts[ANSWER_DENIED + 1])
{
    for (uint32_t i = 0; i < list->count; i++)
        counts[tracker_list_things(list)[i].answer]++;
}

static void recipients(struct tracker *all, const struct facts_index *facts, struct facts *to)
{
    uint64_t counts[ANSWER_DENIED + 1] = { 0 };
    size_t rows = gather(all, facts);
    struct client *client = rows > 0 ? client_of(all, facts, true) : NULL;
    if (!client)
        return;
    struct tracker_list *list = &client->recipients;
    tracker_list_forget(list, oldest(all->now_ns, RECIPIENTS_NS));
    for (size_t i = 0; i < rows; i++) {
        const struct recipient *recipient = &all->rows[i];
        if (!recipient->address.data)
            continue;
        struct tracked *thing = see(all, client, list, address_name(recipient->address));
        enum answer answer = answer_of(recipient->code, recipient->enhanced);
        if (answer != ANSWER_NONE)
            thing->answer = (uint8_t)answer;
    }
    count_answers(list, counts);
    /* Ordinary mail has nothing to say here. */
    if (list->count < RECIPIENTS_TOLD && counts[ANSWER_DENIED] + counts[ANSWER_UNKNOWN] == 0)
        return;
    facts_number(to, FIELD_TRACK_RECIPIENTS_ASKED, list->count);
    facts_number(to, FIELD_TRACK_RECIPIENTS_DENIED, counts[ANSWER_DENIED]);
    facts_number(to, FIELD_TRACK_RECIPIENTS_UNKNOWN, counts[ANSWER_UNKNOWN]);
    facts_number(to, FIELD_TRACK_RECIPIENTS_UNKNOWN_PERCENT,
                 counts[ANSWER_UNKNOWN] * 100 / list->count);
}

/* --- VRFY and EXPN ------------------------------------------------------------------------------
 */

/* event.code as SMTP has it: "550 5.1.1". */
static enum answer answer_in(const struct facts_index *facts)
{
    struct fact fact;
    uint64_t code = 0;
    if (!facts_lookup(facts, FIELD_EVENT_CODE, &fact) || fact.value.len < 3)
        return ANSWER_NONE;
    for (size_t i = 0; i < 3; i++)
        code = code * 10 + (uint64_t)(fact.value.data[i] - '0');
    return answer_of(code, bytes_after(fact.value, 4));
}

static void questions(struct tracker *all, const struct facts_index *facts, struct facts *to)
{
    uint64_t counts[ANSWER_DENIED + 1] = { 0 };
    struct client *client = client_of(all, facts, true);
    if (!client)
        return;
    struct tracker_list *list = &client->questions;
    tracker_list_forget(list, oldest(all->now_ns, RECIPIENTS_NS));
    see(all, client, list, client->question++)->answer = (uint8_t)answer_in(facts);
    count_answers(list, counts);
    facts_number(to, FIELD_TRACK_ADDRESSES_ASKED, list->count);
    facts_number(to, FIELD_TRACK_ADDRESSES_UNKNOWN, counts[ANSWER_UNKNOWN]);
    facts_number(to, FIELD_TRACK_ADDRESSES_UNKNOWN_PERCENT,
                 counts[ANSWER_UNKNOWN] * 100 / list->count);
}

/* --- logins -------------------------------------------------------------------------------------
 */

/* How event.code begins where the secret was not judged: temporary errors, commands and mechanisms
 * that the server does not take, or not now, or not in clear (RFC 4954 section 6, RFC 5530 section
 * 3, RFC 3206, RFC 2449 section 8.1, RFC 5804 section 1.3). */
static const char *const not_judged[] = {
    "4",
    "500",
    "501",
    "502",
    "503",
    "504",
    "530",
    "534",
    "538",
    "BAD",
    "NO [UNAVAILABLE]",
    "NO [PRIVACYREQUIRED]",
    "NO [INUSE]",
    "NO [LIMIT]",
    "NO [SERVERBUG]",
    "NO [CONTACTADMIN]",
    "NO (ENCRYPT-NEEDED)",
    "NO (TRYLATER)",
    "NO (TRANSITION-NEEDED)",
    "NO (AUTH-TOO-WEAK)",
    "-ERR [IN-USE]",
    "-ERR [LOGIN-DELAY]",
    "-ERR [SYS/",
};

static bool is_failure(const struct facts_index *facts)
{
    struct fact fact;
    if (!facts_lookup(facts, FIELD_EVENT_OUTCOME, &fact) ||
        !bytes_equal(fact.value, BYTES_LITERAL("failure")))
        return false;
    if (!facts_lookup(facts, FIELD_EVENT_CODE, &fact))
        return true;
    for (size_t i = 0; i < sizeof not_judged / sizeof not_judged[0]; i++) {
        if (starts_with(fact.value, not_judged[i]))
            return false;
    }
    return true;
}

static uint64_t few_tries(const struct tracker_list *list, uint64_t from_ns)
{
    uint64_t few = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct tracked *thing = &tracker_list_things(list)[i];
        few += thing->times <= FEW_TRIES || thing->at[FEW_TRIES] < from_ns;
    }
    return few;
}

static void logins(struct tracker *all, const struct facts_index *facts, struct facts *to)
{
    struct fact user;
    bool failed = is_failure(facts) && facts_lookup(facts, FIELD_USER_NAME, &user);
    struct client *client = client_of(all, facts, failed);
    if (!client)
        return;
    struct tracker_list *list = &client->accounts;
    uint64_t from_ns = oldest(all->now_ns, ACCOUNTS_NS);
    tracker_list_forget(list, from_ns);
    if (failed)
        see(all, client, list, siphash13(&name_key, user.value));
    if (list->count == 0)
        return;
    facts_number(to, FIELD_TRACK_ACCOUNTS_FAILED, list->count);
    facts_number(to, FIELD_TRACK_ACCOUNTS_FEW_TRIES, few_tries(list, from_ns));
}

/* --- interface ----------------------------------------------------------------------------------
 */

void tracker_event(struct tracker *all, const struct event *event, const struct facts_index *facts,
                   struct facts *to)
{
    struct fact action;
    if (event->time_ns > all->now_ns)
        all->now_ns = event->time_ns;
    lru_expire(all->clients, all->now_ns);
    if (event->kind == EVENT_AUTH) {
        logins(all, facts, to);
    } else if (event->kind == EVENT_MESSAGE) {
        bool named = facts_lookup(facts, FIELD_EVENT_ACTION, &action);
        bool asks = named && (bytes_equal(action.value, BYTES_LITERAL("smtp-vrfy")) ||
                              bytes_equal(action.value, BYTES_LITERAL("smtp-expn")));
        if (asks)
            questions(all, facts, to);
        else
            recipients(all, facts, to);
    } else if (event->kind == EVENT_STARTTLS) {
        tracker_servers_session(all->servers, facts, all->now_ns, to);
    }
}

struct tracker *tracker_new(uint32_t max)
{
    struct tracker *all = calloc(1, sizeof *all);
    if (!all)
        return NULL;
    size_t bytes = (size_t)max * CLIENT_BYTES;
    pool_init(&all->pool, bytes > BYTES_MIN ? bytes : BYTES_MIN);
    all->clients = lru_new(&(struct lru_options){
        .key_size = sizeof(struct client_key),
        .value_size = sizeof(struct client),
        .max_entries = max > 0 ? max : 1,
        .idle_ns = ACCOUNTS_NS + 1,
        .evicted = client_evicted,
        .arg = all,
    });
    all->servers = tracker_servers_new(max);
    if (!all->clients || !all->servers) {
        tracker_free(all);
        return NULL;
    }
    return all;
}

void tracker_forget(struct tracker *all)
{
    all->now_ns = UINT64_MAX; /* none of them is wanted any more */
    for (struct client *client; (client = lru_oldest(all->clients)) != NULL;) {
        client_evicted(all, NULL, client);
        lru_remove(all->clients, client);
    }
    all->now_ns = 0;
    tracker_servers_forget(all->servers);
}

void tracker_free(struct tracker *all)
{
    if (!all)
        return;
    lru_free(all->clients);
    tracker_servers_free(all->servers);
    free(all);
}

size_t tracker_bytes(const struct tracker *all)
{
    return sizeof *all + lru_bytes(all->clients) + all->pool.limit +
           tracker_servers_bytes(all->servers);
}

uint64_t tracker_evicted(const struct tracker *all)
{
    return all->evicted + tracker_servers_evicted(all->servers);
}
