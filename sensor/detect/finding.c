/* The path from an event to a finding: match, group, window, message. */
#include "finding.h"

#include <stdlib.h>
#include <string.h>

#include "lru.h"
#include "siphash.h"
#include "text.h"

#define GROUPS_MAX     16384
#define WINDOW_NS      (UINT64_C(24) * 3600 * 1000000000)
#define EVIDENCE_MAX   128
#define FACTS_KEPT_MAX 1024 /* of the latest event of a group: who, where, how */

/* Ids must not depend on the run: these keys are constants. */
static const struct siphash_key id_keys[2] = { { 0x66696e64696e6731U, 1 },
                                               { 0x66696e64696e6732U, 2 } };

struct group_key {
    uint64_t hash[2]; /* of the rule's id and the values of the group */
};

struct group {
    const struct finding_rule *rule;
    uint64_t first_ns, last_ns, count;
    uint32_t messages;
    bool succeeded; /* what is kept is of a success */
    enum severity severity;
    struct event latest;
    uint16_t kept_len;
    uint8_t kept[FACTS_KEPT_MAX];
};

struct findings {
    const struct finding_rule *rules;
    size_t rule_count;
    struct event_receiver out;
    struct lru *groups;
    uint64_t now_ns;
    bool wanted[EVENT_KINDS]; /* kinds that some rule is about */
    bool kept[FIELDS];        /* kept_fields */
    struct facts scratch;     /* for one message, or for what is kept, at a time */
    struct facts *constant;   /* of each rule, what all its messages say */
};

/* What is kept of an event to close its finding with. */
static const enum field kept_fields[] = {
    FIELD_CLIENT_IP,        FIELD_CLIENT_PORT,          FIELD_SERVER_IP,
    FIELD_SERVER_PORT,      FIELD_NETWORK_TRANSPORT,    FIELD_NETWORK_PROTOCOL,
    FIELD_NETWORK_TYPE,     FIELD_NETWORK_COMMUNITY_ID, FIELD_FLOW_UID,
    FIELD_USER_NAME,        FIELD_AUTH_MECHANISM,       FIELD_AUTH_EXPOSED,
    FIELD_AUTH_CLEARTEXT,   FIELD_EVENT_OUTCOME,        FIELD_EVENT_CODE,
    FIELD_COVERAGE,         FIELD_USER_DOMAIN,          FIELD_AUTH_NTLM_VERSION,
    FIELD_SOURCE_IP,        FIELD_SOURCE_PORT,          FIELD_DESTINATION_IP,
    FIELD_DESTINATION_PORT, FIELD_PROXIED_IP,           FIELD_PROXIED_BY,
    FIELD_STARTTLS_OFFERED, FIELD_SESSION_AUTH_OFFERED, FIELD_SESSION_LOGIN_OFFERED,
};

/* --- matching ------------------------------------------------------------------------------------
 */

static bool one_of(const char *values, struct bytes value)
{
    for (const char *at = values; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
        if (strncmp(at, (const char *)value.data, value.len) == 0 &&
            (at[value.len] == '|' || at[value.len] == '\0'))
            return true;
    }
    return false;
}

static bool has_value(const struct fact *fact, const char *values)
{
    char text[64];
    enum field_type type = schema_field(fact->field)->type;
    if (type == TYPE_KEYWORD || type == TYPE_TEXT)
        return fact->value.len > 0 && one_of(values, fact->value);
    fact_print(fact, text, sizeof text);
    return one_of(values, bytes_of_string(text));
}

static bool holds(const struct condition *condition, const struct facts_index *facts)
{
    struct fact fact;
    if (!facts_lookup(facts, condition->field, &fact))
        return false;
    if (has_value(&fact, condition->values))
        return true;
    if (schema_field(condition->field)->arity != ARITY_LIST)
        return false;
    for (size_t at = 0; facts_next(facts->records, &at, &fact);) {
        if (fact.field == condition->field && has_value(&fact, condition->values))
            return true;
    }
    return false;
}

static bool matches(const struct finding_rule *rule, enum event_kind kind,
                    const struct facts_index *facts)
{
    if (rule->on != kind)
        return false;
    for (size_t i = 0; i < RULE_CONDITIONS && rule->all[i].values; i++) {
        if (!holds(&rule->all[i], facts))
            return false;
    }
    return true;
}

/* --- groups --------------------------------------------------------------------------------------
 */

static void hash_text(const char *id, struct bytes rest, uint64_t hash[2])
{
    uint8_t text[512];
    size_t len = strlen(id);
    memcpy(text, id, len);
    size_t n = rest.len < sizeof text - len ? rest.len : sizeof text - len;
    if (n > 0)
        memcpy(text + len, rest.data, n);
    for (int i = 0; i < 2; i++)
        hash[i] = siphash13(&id_keys[i], bytes_over(text, len + n));
}

/* Each value with its length, so that no two groups read the same; long ones by their hash. */
static struct group_key key_of(const struct finding_rule *rule, const struct facts_index *facts)
{
    struct group_key key;
    uint8_t text[RULE_GROUP * 9];
    size_t len = 0;
    for (size_t i = 0; i < RULE_GROUP && rule->group[i] != FIELDS; i++) {
        struct fact fact;
        bool any = facts_lookup(facts, rule->group[i], &fact);
        uint64_t hash = any ? siphash13(&id_keys[0], fact.value) : 0;
        text[len++] = any;
        memcpy(text + len, &hash, sizeof hash);
        len += sizeof hash;
    }
    hash_text(rule->id, bytes_over(text, len), key.hash);
    return key;
}

/* The finding's id: rule, group and the start of its window. */
static void finding_id(const struct group *group, const struct group_key *key, char id[40])
{
    uint64_t seed[3] = { key->hash[0], key->hash[1], group->first_ns }, hash[2];
    hash_text(group->rule->id, bytes_over(seed, sizeof seed), hash);
    *text_hex(text_hex(id, hash[0], 16), hash[1], 16) = '\0';
}

static bool is_about(const struct finding_rule *rule, enum field field)
{
    for (size_t i = 0; i < RULE_GROUP && rule->group[i] != FIELDS; i++) {
        if (rule->group[i] == field)
            return true;
    }
    return false;
}

static void keep(struct findings *all, struct group *group, const struct event *event,
                 const struct facts_index *facts)
{
    struct facts *kept = &all->scratch;
    struct fact fact;
    bool about_user = is_about(group->rule, FIELD_USER_NAME);
    facts_clear(kept);
    for (size_t at = 0; facts_next(event->facts, &at, &fact);) {
        bool wanted = all->kept[fact.field];
        if (fact.field == FIELD_USER_NAME || fact.field == FIELD_USER_DOMAIN)
            wanted = about_user; /* else it is only who happened to be there */
        if (wanted && kept->records.len + fact.value.len + FACT_HEAD <= FACTS_KEPT_MAX)
            facts_copy(kept, &fact);
    }
    if (group->rule->evidence) {
        char text[EVIDENCE_MAX];
        event_text(group->rule->evidence, facts, text, sizeof text);
        if (kept->records.len + sizeof text + FACT_HEAD <= FACTS_KEPT_MAX)
            facts_string(kept, FIELD_FINDING_EVIDENCE, text);
    }
    group->kept_len = (uint16_t)kept->records.len;
    if (group->kept_len > 0)
        memcpy(group->kept, kept->records.data, group->kept_len);
    group->latest = *event;
}

/* --- messages ------------------------------------------------------------------------------------
 */

static void rule_facts(struct facts *facts, const struct finding_rule *rule)
{
    facts_string(facts, FIELD_RULE_ID, rule->id);
    facts_string(facts, FIELD_RULE_UUID, rule->uuid);
    facts_string(facts, FIELD_RULE_NAME, rule->title);
    facts_string(facts, FIELD_FINDING_CONFIDENCE, rule->confidence);
    facts_string(facts, FIELD_FINDING_REMEDIATION, rule->remediation);
    if (rule->techniques[0])
        facts_string(facts, FIELD_THREAT_FRAMEWORK, "MITRE ATT&CK");
    for (size_t i = 0; i < RULE_TECHNIQUES && rule->techniques[i]; i++)
        facts_string(facts, FIELD_THREAT_TECHNIQUE_ID, rule->techniques[i]);
    for (size_t i = 0; i < RULE_GROUP && rule->group[i] != FIELDS; i++)
        facts_string(facts, FIELD_FINDING_GROUP_BY, schema_field(rule->group[i])->name);
}

static void say(struct findings *all, struct group *group, const struct group_key *key,
                const char *state, uint64_t time_ns)
{
    struct facts *facts = &all->scratch;
    char id[40];
    facts_clear(facts);
    finding_id(group, key, id);
    facts_join(facts, bytes_over(group->kept, group->kept_len));
    facts_join(facts, buffer_view(&all->constant[group->rule - all->rules].records));
    facts_string(facts, FIELD_FINDING_ID, id);
    facts_string(facts, FIELD_FINDING_STATE, state);
    facts_number(facts, FIELD_FINDING_COUNT, group->count);
    facts_number(facts, FIELD_FINDING_FIRST_SEEN, group->first_ns);
    facts_number(facts, FIELD_FINDING_LAST_SEEN, group->last_ns);
    facts_number(facts, FIELD_EVENT_SEVERITY, group->severity);
    facts_number(facts, FIELD_EVENT_RISK_SCORE, group->severity);
    struct event event = group->latest;
    event.kind = EVENT_FINDING;
    event.time_ns = time_ns;
    event.source =
        (struct event_origin){ group->latest.kind, group->latest.number, group->latest.time_ns };
    event.number = group->messages++;
    event.facts = buffer_view(&facts->records);
    all->out.receive(all->out.arg, &event);
}

static void close_group(void *arg, const void *key, void *value)
{
    struct findings *all = arg;
    say(all, value, key, "closed", all->now_ns);
}

static void occurrence(struct findings *all, const struct finding_rule *rule,
                       const struct event *event, const struct facts_index *facts)
{
    struct group_key key = key_of(rule, facts);
    uint64_t hash = lru_hash(all->groups, &key);
    struct group *group = lru_find(all->groups, hash, &key, event->time_ns);
    if (group && event->time_ns - group->first_ns >= WINDOW_NS) {
        say(all, group, &key, "closed", event->time_ns);
        lru_remove(all->groups, group);
        group = NULL;
    }
    bool first = !group;
    if (first) {
        group = lru_add(all->groups, hash, &key, event->time_ns);
        group->rule = rule;
        group->first_ns = event->time_ns;
    }
    enum severity severity =
        rule->worse.values && holds(&rule->worse, facts) ? rule->worse_severity : rule->severity;
    bool rises = severity > group->severity;
    group->count++;
    group->last_ns = event->time_ns;
    /* A later failure does not hide a success. */
    static const struct condition success = { FIELD_EVENT_OUTCOME, "success" };
    bool succeeds = holds(&success, facts);
    if (rises || (severity == group->severity && succeeds >= group->succeeded)) {
        group->succeeded = succeeds;
        keep(all, group, event, facts);
    }
    if (rises) {
        group->severity = severity;
        say(all, group, &key, first ? "new" : "update", event->time_ns);
    }
}

/* --- interface -----------------------------------------------------------------------------------
 */

struct findings *findings_new(const struct finding_rule *rules, const struct event_receiver *out)
{
    struct findings *all = calloc(1, sizeof *all);
    if (!all)
        return NULL;
    all->rules = rules;
    all->out = *out;
    facts_init(&all->scratch, NULL);
    while (rules[all->rule_count].id)
        all->rule_count++;
    all->constant = calloc(all->rule_count + 1, sizeof(struct facts));
    for (size_t i = 0; i < sizeof kept_fields / sizeof kept_fields[0]; i++)
        all->kept[kept_fields[i]] = true;
    all->groups = lru_new(&(struct lru_options){
        .key_size = sizeof(struct group_key),
        .value_size = sizeof(struct group),
        .max_entries = GROUPS_MAX,
        .idle_ns = WINDOW_NS,
        .evicted = close_group,
        .arg = all,
    });
    if (!all->groups || !all->constant || !facts_reserve(&all->scratch, FACTS_MAX_BYTES)) {
        findings_free(all);
        return NULL;
    }
    bool whole = true;
    for (size_t i = 0; i < all->rule_count; i++) {
        all->wanted[rules[i].on] = true;
        facts_init(&all->constant[i], NULL);
        rule_facts(&all->constant[i], &rules[i]);
        whole &= !all->constant[i].full;
    }
    if (!whole) {
        findings_free(all);
        return NULL;
    }
    return all;
}

void findings_event(struct findings *all, const struct event *event)
{
    struct facts_index facts;
    all->now_ns = event->time_ns;
    lru_expire(all->groups, event->time_ns);
    if (!all->wanted[event->kind])
        return;
    facts_index(&facts, event->facts);
    for (const struct finding_rule *rule = all->rules; rule->id; rule++) {
        if (matches(rule, event->kind, &facts))
            occurrence(all, rule, event, &facts);
    }
}

void findings_end(struct findings *all)
{
    struct group *group;
    while ((group = lru_oldest(all->groups))) {
        close_group(all, lru_key(all->groups, group), group);
        lru_remove(all->groups, group);
    }
}

void findings_free(struct findings *all)
{
    if (!all)
        return;
    while (all->groups && lru_count(all->groups) > 0)
        lru_remove(all->groups, lru_oldest(all->groups));
    lru_free(all->groups);
    for (size_t i = 0; all->constant && i < all->rule_count; i++)
        facts_free(&all->constant[i]);
    free(all->constant);
    facts_free(&all->scratch);
    free(all);
}

size_t findings_bytes(const struct findings *all)
{
    return sizeof *all + lru_bytes(all->groups);
}
