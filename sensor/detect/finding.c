/* From rules that hold to findings: group, window, message. */
#include "finding.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "deadlines.h"
#include "lru.h"
#include "siphash.h"
#include "text.h"

#define GROUPS_MAX     16384
#define EVIDENCE_MAX   256
#define FACTS_KEPT_MAX 1024 /* of the latest event of a group: who, where, how */

/* Ids must not depend on the run: these keys are constants. */
static const struct siphash_key id_keys[2] = { { 0x66696e64696e6731U, 1 },
                                               { 0x66696e64696e6732U, 2 } };

struct group_key {
    uint64_t hash[2]; /* of the finding's id and the values of the group */
};

struct group {
    const struct rule *rule;
    struct deadline over; /* first */
    uint64_t first_ns, last_ns, count;
    uint32_t messages;
    bool succeeded; /* what is kept is of a success */
    uint64_t most;  /* that a correlation counted; what is kept is of that */
    struct event latest;
    uint16_t kept_len;
    uint8_t kept[FACTS_KEPT_MAX];
};

/* What all messages of a rule say, and what is kept for them. */
struct words {
    struct facts constant;
    bool kept[FIELDS];
};

struct findings {
    const struct rule_set *set;
    struct event_receiver out;
    struct lru *groups;
    struct deadlines windows;
    uint64_t now_ns;
    struct facts scratch; /* for one message, or for what is kept, at a time */
    struct facts shown;   /* what evidence is made of */
    struct detect_privacy privacy;
    struct words *words; /* of each rule */
    struct words *next_words;
    const struct rule_set *next_set; /* whose they are */
};

/* What is kept of an event to close its finding with, besides what the rule groups by, reads and
 * names in its evidence. */
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

/* --- groups -------------------------------------------------------------------------------------
 */

static void hash_text(const char *id, struct bytes rest, uint64_t hash[2])
{
    uint8_t text[512];
    size_t len = strlen(id);
    if (len > sizeof text / 2)
        len = sizeof text / 2;
    memcpy(text, id, len);
    size_t n = rest.len < sizeof text - len ? rest.len : sizeof text - len;
    if (n > 0)
        memcpy(text + len, rest.data, n);
    for (int i = 0; i < 2; i++)
        hash[i] = siphash13(&id_keys[i], bytes_over(text, len + n));
}

/* Each value by its hash, so that no two groups read the same. */
static struct group_key key_of(const struct rule *rule, enum event_kind kind,
                               const struct facts_index *facts)
{
    struct group_key key;
    uint8_t text[GROUP_FIELDS_MAX * 9];
    size_t len = 0;
    for (size_t i = 0; i < rule->group_count; i++) {
        struct fact fact;
        bool any = rule_field(kind, facts, rule->group_by[i], &fact);
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

static bool is_about(const struct rule *rule, enum field field)
{
    for (size_t i = 0; i < rule->group_count; i++) {
        if (rule->group_by[i] == field)
            return true;
    }
    return false;
}

static void mark_read(const struct expression *expression, bool marked[FIELDS])
{
    for (size_t s = 0; s < expression->search_count; s++) {
        const struct search *search = &expression->searches[s];
        for (size_t g = 0; g < search->count; g++) {
            for (size_t i = 0; i < search->groups[g].count; i++) {
                if (search->groups[g].items[i].field < FIELDS)
                    marked[search->groups[g].items[i].field] = true;
            }
        }
    }
}

/* The fields of a template: {name}. */
static void mark_template(const char *template, bool marked[FIELDS])
{
    for (const char *at = strchr(template, '{'); at; at = strchr(at + 1, '{')) {
        enum field field = schema_find(bytes_over(at + 1, strcspn(at + 1, "}")));
        if (field < FIELDS)
            marked[field] = true;
    }
}

/* What of its events a rule's findings keep. */
static void mark_kept(const struct rule *rule, bool kept[FIELDS])
{
    for (size_t i = 0; i < sizeof kept_fields / sizeof kept_fields[0]; i++)
        kept[kept_fields[i]] = true;
    mark_read(&rule->expression, kept);
    /* A user is only who happened to be there, unless it is about users. */
    for (unsigned i = 0; i < FIELDS; i++)
        kept[i] &= schema_field((enum field)i)->visibility != VISIBILITY_USER;
    kept[FIELD_USER_DOMAIN] = is_about(rule, FIELD_USER_NAME);
    for (size_t i = 0; i < rule->group_count; i++)
        kept[rule->group_by[i]] = true;
    if (rule->evidence)
        mark_template(rule->evidence, kept);
    for (unsigned i = 0; i < FIELDS; i++)
        kept[i] &= schema_field((enum field)i)->visibility != VISIBILITY_INTERNAL;
}

static const struct words *words_of(const struct findings *all, const struct rule *rule)
{
    return &all->words[rule - all->set->rules];
}

static void keep(struct findings *all, struct group *group, const struct event *event,
                 const struct correlation_result *result)
{
    struct facts *kept = &all->scratch;
    const bool *wanted = words_of(all, group->rule)->kept;
    struct fact fact;
    facts_clear(kept);
    if (result)
        facts_number(kept, FIELD_CORRELATION_COUNT, result->count);
    for (size_t at = 0; facts_next(event->facts, &at, &fact);) {
        if (wanted[fact.field] && kept->records.len + fact.value.len + FACT_HEAD <= FACTS_KEPT_MAX)
            facts_copy(kept, &fact);
    }
    group->kept_len = (uint16_t)kept->records.len;
    if (group->kept_len > 0)
        memcpy(group->kept, kept->records.data, group->kept_len);
    group->latest = *event;
    group->latest.facts = BYTES_NONE;
}

/* --- messages -----------------------------------------------------------------------------------
 */

static void rule_facts(struct facts *facts, const struct rule *rule)
{
    facts_string(facts, FIELD_RULE_ID, rule->id);
    if (rule->uuid[0])
        facts_string(facts, FIELD_RULE_UUID, rule->uuid);
    facts_string(facts, FIELD_RULE_NAME, rule->title);
    facts_string(facts, FIELD_FINDING_CONFIDENCE, rule->confidence);
    if (rule->remediation && rule->remediation[0])
        facts_string(facts, FIELD_FINDING_REMEDIATION, rule->remediation);
    if (rule->correlation)
        facts_string(facts, FIELD_EVENT_ACTION, "correlation-match");
    if (rule->techniques[0])
        facts_string(facts, FIELD_THREAT_FRAMEWORK, "MITRE ATT&CK");
    for (size_t i = 0; rule->techniques[i]; i++)
        facts_string(facts, FIELD_THREAT_TECHNIQUE_ID, rule->techniques[i]);
    for (size_t i = 0; i < rule->group_count; i++) {
        const struct field_row *row = schema_field(rule->group_by[i]);
        if (row->visibility != VISIBILITY_INTERNAL)
            facts_string(facts, FIELD_FINDING_GROUP_BY, row->name);
    }
}

/* The figures behind it, of what may be shown. */
static void add_evidence(struct findings *all, const struct group *group, struct facts *to)
{
    char text[EVIDENCE_MAX];
    struct facts_index index;
    struct fact fact;
    facts_clear(&all->shown);
    for (size_t at = 0; facts_next(bytes_over(group->kept, group->kept_len), &at, &fact);) {
        if (all->privacy.copy)
            all->privacy.copy(all->privacy.arg, &fact, &all->shown);
        else
            facts_copy(&all->shown, &fact);
    }
    facts_index(&index, buffer_view(&all->shown.records));
    event_text(group->rule->evidence, &index, text, sizeof text);
    if (text[0])
        facts_string(to, FIELD_FINDING_EVIDENCE, text);
}

static void say(struct findings *all, struct group *group, const struct group_key *key,
                const char *state, uint64_t time_ns)
{
    struct facts *facts = &all->scratch;
    char id[40];
    facts_clear(facts);
    finding_id(group, key, id);
    facts_join(facts, bytes_over(group->kept, group->kept_len));
    facts_join(facts, buffer_view(&words_of(all, group->rule)->constant.records));
    if (group->rule->evidence)
        add_evidence(all, group, facts);
    facts_string(facts, FIELD_FINDING_ID, id);
    facts_string(facts, FIELD_FINDING_STATE, state);
    facts_number(facts, FIELD_FINDING_COUNT, group->count);
    facts_number(facts, FIELD_FINDING_FIRST_SEEN, group->first_ns);
    facts_number(facts, FIELD_FINDING_LAST_SEEN, group->last_ns);
    facts_number(facts, FIELD_EVENT_SEVERITY, group->rule->level);
    facts_number(facts, FIELD_EVENT_RISK_SCORE, group->rule->level);
    struct event event = group->latest;
    event.kind = EVENT_FINDING;
    event.time_ns = time_ns;
    event.source =
        (struct event_origin){ group->latest.kind, group->latest.number, group->latest.time_ns };
    event.number = group->messages++;
    event.facts = buffer_view(&facts->records);
    all->out.receive(all->out.arg, &event);
}

static void evict(void *arg, const void *key, void *value)
{
    struct findings *all = arg;
    struct group *group = value;
    deadline_cancel(&all->windows, &group->over);
    say(all, group, key, "closed", all->now_ns);
}

static void close_group(struct findings *all, struct group *group, uint64_t time_ns)
{
    deadline_cancel(&all->windows, &group->over);
    say(all, group, lru_key(all->groups, group), "closed", time_ns);
    lru_remove(all->groups, group);
}

void findings_time(struct findings *all, uint64_t now_ns)
{
    struct deadline *over;
    all->now_ns = now_ns;
    while ((over = deadlines_next(&all->windows, now_ns)) != NULL) {
        struct group *group = (struct group *)(void *)((char *)over - offsetof(struct group, over));
        close_group(all, group, over->due_ns);
    }
}

/* --- occurrences --------------------------------------------------------------------------------
 */

static struct group *open_group(struct findings *all, const struct rule *rule, uint64_t hash,
                                const struct group_key *key, uint64_t first_ns)
{
    struct group *group = lru_add(all->groups, hash, key, all->now_ns);
    group->rule = rule;
    group->first_ns = first_ns;
    deadline_set(&all->windows, &group->over, all->now_ns + rule->window_ns);
    return group;
}

/* An event counts once, and so does each that a correlation of events counted to begin with. */
static void count(struct group *group, const struct rule *rule, bool first,
                  const struct correlation_result *result)
{
    bool events = rule->correlation && rule->correlation->type == EVENT_COUNT;
    group->count += result && events && first ? result->count : 1;
}

static bool is_success(const struct facts_index *facts)
{
    struct fact fact;
    return facts_lookup(facts, FIELD_EVENT_OUTCOME, &fact) &&
           bytes_equal(fact.value, BYTES_LITERAL("success"));
}

void findings_occurrence(struct findings *all, size_t place, const struct event *event,
                         const struct facts_index *facts, const struct correlation_result *result)
{
    const struct rule *rule = &all->set->rules[place];
    struct group_key key = key_of(rule, event->kind, facts);
    uint64_t hash = lru_hash(all->groups, &key);
    struct group *group = lru_find(all->groups, hash, &key, event->time_ns);
    bool first = !group;
    if (first)
        group = open_group(all, rule, hash, &key, result ? result->first_ns : event->time_ns);
    bool rises = first || rule->level > group->rule->level;
    count(group, rule, first, result);
    group->last_ns = event->time_ns;
    /* A later failure does not hide a success, nor a smaller window a larger one. */
    bool succeeds = is_success(facts);
    uint64_t counted = result ? result->count : 0;
    if (rises || (rule->level == group->rule->level && succeeds >= group->succeeded &&
                  counted >= group->most)) {
        group->rule = rule;
        group->succeeded = succeeds;
        group->most = counted;
        keep(all, group, event, result);
    }
    if (rises)
        say(all, group, &key, first ? "new" : "update", event->time_ns);
}

/* --- interface ----------------------------------------------------------------------------------
 */

static void free_words(struct words *words, size_t n)
{
    for (size_t i = 0; words && i < n; i++)
        facts_free(&words[i].constant);
    free(words);
}

/* NULL if there is no memory. */
static struct words *words_for(const struct rule_set *set)
{
    struct words *words = calloc(set->count + 1, sizeof *words);
    bool whole = words != NULL;
    for (size_t i = 0; words && i < set->count; i++) {
        facts_init(&words[i].constant, NULL);
        if (set->rules[i].reports) {
            rule_facts(&words[i].constant, &set->rules[i]);
            mark_kept(&set->rules[i], words[i].kept);
        }
        whole &= !words[i].constant.full;
    }
    if (whole)
        return words;
    free_words(words, set->count);
    return NULL;
}

struct findings *findings_new(const struct rule_set *set, const struct event_receiver *out)
{
    struct findings *all = calloc(1, sizeof *all);
    if (!all)
        return NULL;
    all->set = set;
    all->out = *out;
    facts_init(&all->scratch, NULL);
    facts_init(&all->shown, NULL);
    all->words = words_for(set);
    all->groups = lru_new(&(struct lru_options){
        .key_size = sizeof(struct group_key),
        .value_size = sizeof(struct group),
        .max_entries = GROUPS_MAX,
        .evicted = evict,
        .arg = all,
    });
    if (!all->groups || !all->words || !deadlines_init(&all->windows, GROUPS_MAX) ||
        !facts_reserve(&all->scratch, FACTS_MAX_BYTES) ||
        !facts_reserve(&all->shown, FACTS_MAX_BYTES)) {
        findings_free(all);
        return NULL;
    }
    return all;
}

void findings_end(struct findings *all)
{
    struct group *group;
    while ((group = lru_oldest(all->groups)))
        close_group(all, group, all->now_ns);
}

/* The rule that is the same, by what it matches and by its id; NULL if there is none. */
static const struct rule *same_rule(const struct rule_set *set, const struct rule *rule)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct rule *other = &set->rules[i];
        if (other->fingerprint[0] == rule->fingerprint[0] &&
            other->fingerprint[1] == rule->fingerprint[1] && other->reports &&
            strcmp(other->id, rule->id) == 0)
            return other;
    }
    return NULL;
}

static void forget_next(struct findings *all)
{
    if (all->next_words)
        free_words(all->next_words, all->next_set->count);
    all->next_words = NULL;
    all->next_set = NULL;
}

bool findings_ready(struct findings *all, const struct rule_set *set)
{
    forget_next(all);
    if (!set)
        return true;
    all->next_words = words_for(set);
    all->next_set = all->next_words ? set : NULL;
    return all->next_words != NULL;
}

void findings_swap(struct findings *all)
{
    const struct rule_set *set = all->next_set;
    for (struct group *group = lru_oldest(all->groups), *next; group; group = next) {
        next = lru_newer(all->groups, group);
        const struct rule *same = same_rule(set, group->rule);
        if (!same)
            close_group(all, group, all->now_ns);
    }
    for (struct group *group = lru_oldest(all->groups); group;
         group = lru_newer(all->groups, group))
        group->rule = same_rule(set, group->rule);
    free_words(all->words, all->set->count);
    all->words = all->next_words;
    all->set = set;
    all->next_words = NULL;
    all->next_set = NULL;
}

void findings_free(struct findings *all)
{
    if (!all)
        return;
    while (all->groups && lru_count(all->groups) > 0)
        lru_remove(all->groups, lru_oldest(all->groups));
    lru_free(all->groups);
    deadlines_free(&all->windows);
    free_words(all->words, all->set->count);
    forget_next(all);
    facts_free(&all->scratch);
    facts_free(&all->shown);
    free(all);
}

void findings_privacy(struct findings *all, struct detect_privacy privacy)
{
    all->privacy = privacy;
}

size_t findings_bytes(const struct findings *all)
{
    return sizeof *all + lru_bytes(all->groups) + GROUPS_MAX * sizeof(struct deadline *);
}
