/* Which facts may differ after a loss, and the comparison. */
#include "subset.h"

/* --- what may differ ----------------------------------------------------------------------------
 */

bool counts_packets(const struct fact *fact)
{
    switch (fact->field) {
    case FIELD_SOURCE_BYTES:
    case FIELD_SOURCE_PACKETS:
    case FIELD_DESTINATION_BYTES:
    case FIELD_DESTINATION_PACKETS:
    case FIELD_NETWORK_BYTES:
    case FIELD_NETWORK_PACKETS:
        return true;
    default:
        return false;
    }
}

/* Of the whole session or connection, or what only says how much of it was seen. */
static bool exempt(const struct fact *fact)
{
    switch (fact->field) {
    case FIELD_COVERAGE:
    case FIELD_COVERAGE_REASON:
    case FIELD_AUTH_SECRET_HASH:
    case FIELD_FLOW_UID: /* holds the time of the first packet */
    case FIELD_FLOW_REASON:
    case FIELD_FLOW_GAP_BYTES:
    case FIELD_EVENT_START:
    case FIELD_EVENT_END:
    case FIELD_EVENT_DURATION:
        return true;
    default:
        return counts_packets(fact);
    }
}

/* Sums over what was seen. */
static bool is_total(const struct fact *fact)
{
    return fact->field == FIELD_EMAIL_SIZE || fact->field == FIELD_SMTP_RCPT_COUNT ||
           fact->field == FIELD_STARTTLS_PIPELINED_BYTES;
}

static bool is_partial(struct bytes facts)
{
    struct fact coverage;
    return facts_find(facts, FIELD_COVERAGE, &coverage) &&
           bytes_equal(coverage.value, BYTES_LITERAL("partial"));
}

/* "Not seen" is always true. */
static bool unknown(const struct fact *fact)
{
    static const struct {
        enum field field;
        const char *word;
    } words[] = {
        { FIELD_EVENT_OUTCOME, "unknown" },
        { FIELD_STARTTLS_STATE, "unknown" },
        { FIELD_TLS_STATE, "unknown" },
        { FIELD_EVENT_ACTION, "starttls-unknown" },
        { FIELD_EVENT_ACTION, "smtp-transaction" },
        { FIELD_FLOW_TLS_MODE, "none" }, /* says only that no TLS was seen */
    };
    if (schema_field(fact->field)->type == TYPE_CLAIM)
        return fact_number(fact) == CLAIM_UNKNOWN;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (fact->field == words[i].field &&
            bytes_equal(fact->value, bytes_of_string(words[i].word)))
            return true;
    }
    return false;
}

static bool may_differ(struct bytes facts, const struct fact *fact)
{
    return exempt(fact) || unknown(fact) || (is_total(fact) && is_partial(facts));
}

/* --- the comparison -----------------------------------------------------------------------------
 */

static bool holds(struct bytes facts, const struct fact *wanted, int row)
{
    struct fact fact;
    for (size_t at = 0; facts_next(facts, &at, &fact);) {
        if (fact.field == wanted->field && (row < 0 || fact.row == row) &&
            bytes_equal(fact.value, wanted->value))
            return true;
    }
    return false;
}

bool subset_same_ends(struct bytes a, struct bytes b)
{
    static const enum field ends[] = { FIELD_CLIENT_IP, FIELD_CLIENT_PORT, FIELD_SERVER_IP,
                                       FIELD_SERVER_PORT };
    struct fact fact;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (!facts_find(a, ends[i], &fact) || !holds(b, &fact, -1))
            return false;
    }
    return true;
}

/* The event at a session's end has the latest HELO, and none if the whole run ended out of step:
 * then any HELO of it will do. */
static bool helo_at_the_end(const struct recording *whole, const struct event *event,
                            const struct fact *fact)
{
    if (event->kind != EVENT_STARTTLS || fact->field != FIELD_SMTP_HELO)
        return false;
    for (size_t i = 0; i < whole->events; i++) {
        struct bytes facts = whole->event[i].event.facts;
        if (subset_same_ends(event->facts, facts) && holds(facts, fact, -1))
            return true;
    }
    return false;
}

/* Every member of this row of the lossy event stands in one row of the whole one. */
static bool row_fits(struct bytes lossy, struct bytes whole, uint8_t row)
{
    struct fact fact;
    for (int in = 0; in < 256; in++) {
        bool all = true;
        for (size_t at = 0; all && facts_next(lossy, &at, &fact);) {
            if (schema_field(fact.field)->arity == ARITY_ROWS && fact.row == row)
                all = holds(whole, &fact, in);
        }
        if (all)
            return true;
    }
    return false;
}

static bool fits(const struct recording *whole, const struct event *lossy, struct bytes facts)
{
    struct fact fact;
    for (size_t at = 0; facts_next(lossy->facts, &at, &fact);) {
        if (may_differ(lossy->facts, &fact) || helo_at_the_end(whole, lossy, &fact))
            continue;
        bool rows = schema_field(fact.field)->arity == ARITY_ROWS;
        if (rows ? !row_fits(lossy->facts, facts, fact.row) : !holds(facts, &fact, -1))
            return false;
    }
    return true;
}

static bool fits_somewhere(const struct recording *whole, const struct event *lossy)
{
    for (size_t i = 0; i < whole->events; i++) {
        const struct event *event = &whole->event[i].event;
        if (event->kind == lossy->kind && fits(whole, lossy, event->facts))
            return true;
    }
    return false;
}

/* How many of the first n events are of this kind and between these ends. */
static size_t count_like(const struct recording *recording, size_t n, const struct event *event)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        const struct event *other = &recording->event[i].event;
        found += other->kind == event->kind && subset_same_ends(other->facts, event->facts);
    }
    return found;
}

/* How many events of a kind there may be where the whole recording has n. */
static size_t at_most(enum event_kind kind, size_t n)
{
    switch (kind) {
    case EVENT_STARTTLS: /* one a session; where the roles changed, two */
        return n > 1 ? n : 1;
    case EVENT_MESSAGE: /* an envelope and a body that a loss parted are two events */
        return 2 * n;
    default:
        return n;
    }
}

struct subset_fault subset_check(const struct recording *whole, const struct recording *lossy)
{
    for (size_t i = 0; i < lossy->events; i++) {
        const struct event *event = &lossy->event[i].event;
        if (!fits_somewhere(whole, event))
            return (struct subset_fault){ "law 3: an event that was not there without the loss",
                                          i };
        size_t allowed = at_most(event->kind, count_like(whole, whole->events, event));
        if (count_like(lossy, i + 1, event) > allowed)
            return (struct subset_fault){ "law 3: more events than there were without the loss",
                                          i };
    }
    return (struct subset_fault){ NULL, 0 };
}

/* --- sameness -----------------------------------------------------------------------------------
 */

bool same_facts(struct bytes a, struct bytes b, bool (*other)(const struct fact *))
{
    struct fact fact_a, fact_b;
    for (size_t at_a = 0, at_b = 0;;) {
        bool more_a = facts_next(a, &at_a, &fact_a), more_b = facts_next(b, &at_b, &fact_b);
        if (!more_a || !more_b)
            return more_a == more_b;
        if (fact_a.field != fact_b.field || fact_a.row != fact_b.row)
            return false;
        if (!other(&fact_a) && !bytes_equal(fact_a.value, fact_b.value))
            return false;
    }
}
