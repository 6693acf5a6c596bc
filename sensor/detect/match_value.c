/* The event as rules see it: what its fields hold, as text, number or rows. */
#include <string.h>

#include "match_internal.h"
#include "text.h"

/* What the envelope adds without looking at the facts. */
static const char *envelope_text(enum event_kind kind, enum field field)
{
    const struct event_row *row = schema_event(kind);
    switch (field) {
    case FIELD_EVENT_KIND:
        return row->kind;
    case FIELD_EVENT_CATEGORY:
        return row->categories;
    case FIELD_EVENT_TYPE:
        return row->types;
    case FIELD_EVENT_DATASET:
        return row->dataset;
    case FIELD_EVENT_MODULE:
        return "mailtap";
    case FIELD_EVENT_ACTION:
        return row->action;
    default:
        return NULL;
    }
}

bool rule_field(enum event_kind kind, const struct facts_index *facts, enum field field,
                struct fact *fact)
{
    const char *text = envelope_text(kind, field);
    if (!text || field == FIELD_EVENT_ACTION) {
        if (facts_lookup(facts, field, fact))
            return true;
        if (!text)
            return false;
    }
    /* Of several words the last, as of a list. */
    const char *comma = strrchr(text, ',');
    *fact = (struct fact){ field, 0, bytes_of_string(comma ? comma + 1 : text) };
    return fact->value.len > 0;
}

/* The length of the object's name, up to the last dot. */
static size_t object_len(enum field field)
{
    const char *name = schema_field(field)->name, *dot = strrchr(name, '.');
    return dot ? (size_t)(dot - name) : 0;
}

static bool same_object(enum field a, enum field b)
{
    size_t len = object_len(a);
    return len == object_len(b) && memcmp(schema_field(a)->name, schema_field(b)->name, len) == 0;
}

void view_sources(struct matcher *m)
{
    unsigned objects = 0;
    enum field last = FIELDS;
    for (unsigned i = 0; i < FIELDS; i++) {
        enum field field = (enum field)i;
        m->sources[i] = SOURCE_LAST;
        if (envelope_text((enum event_kind)0, field))
            m->sources[i] = SOURCE_ENVELOPE;
        else if (schema_field(field)->arity == ARITY_LIST)
            m->sources[i] = SOURCE_LIST;
        if (schema_field(field)->arity != ARITY_ONE)
            m->several[m->several_count++] = (uint16_t)i;
        if (schema_field(field)->arity != ARITY_ROWS)
            continue;
        /* The fields of an object are neighbours. */
        objects += last == FIELDS || !same_object(last, field);
        m->sources[i] = objects <= OBJECTS_MAX ? SOURCE_ROWS : SOURCE_LIST;
        m->objects[i] = (uint8_t)(objects - 1);
        last = field;
    }
    m->object_count = objects < OBJECTS_MAX ? objects : OBJECTS_MAX;
}

bool view_begin(struct matcher *m, enum event_kind kind, const struct facts_index *facts)
{
    struct event_view *view = &m->view;
    m->events++;
    m->judgements++;
    view->kind = kind;
    view->facts = facts;
    view->folded = view->chained = false;
    struct fact protocol;
    bool known = view_last(m, FIELD_NETWORK_PROTOCOL, &protocol);
    view->protocol = known ? protocol.value : BYTES_NONE;
    return facts->records.len <= FACTS_MAX_BYTES;
}

/* Links the facts of each list, in one pass. */
static void chain_facts(struct matcher *m)
{
    struct event_view *view = &m->view;
    struct fact fact;
    uint16_t count = 0;
    for (size_t i = 0; i < m->several_count; i++)
        view->chain[m->several[i]] = 0;
    for (unsigned i = 0; i < m->object_count; i++)
        memset(view->rows[i], 0, sizeof view->rows[i]);
    view->chained = true;
    for (size_t at = 0, start = 0; facts_next(view->facts->records, &at, &fact); start = at) {
        enum source source = m->sources[fact.field];
        if (source != SOURCE_LIST && source != SOURCE_ROWS)
            continue;
        if (source == SOURCE_ROWS)
            view->rows[m->objects[fact.field]][fact.row / 64] |= UINT64_C(1) << fact.row % 64;
        view->entries[count] = (struct entry){ (uint32_t)start, view->chain[fact.field], fact.row };
        view->chain[fact.field] = ++count;
    }
}

const struct entry *view_chain(struct matcher *m, enum field field, const struct entry *after)
{
    if (!m->view.chained)
        chain_facts(m);
    uint16_t at = after ? after->next : m->view.chain[field];
    return at > 0 ? &m->view.entries[at - 1] : NULL;
}

struct walk walk_over(struct matcher *m, enum source source, enum field field)
{
    struct walk walk = { .source = source, .field = field };
    if (source == SOURCE_LIST || source == SOURCE_ROWS) {
        if (!m->view.chained)
            chain_facts(m);
        walk.entry = m->view.chain[field];
    } else if (source == SOURCE_ENVELOPE) {
        struct fact own;
        if (field == FIELD_EVENT_ACTION && view_last(m, field, &own))
            walk.source = SOURCE_LAST;
        else
            walk.words = bytes_of_string(envelope_text(m->view.kind, field));
    }
    return walk;
}

static bool next_word(struct walk *walk, struct fact *fact)
{
    if (walk->words.len == 0)
        return false;
    size_t n = bytes_index(walk->words, ',');
    *fact = (struct fact){ walk->field, 0, bytes_first(walk->words, n) };
    walk->words = bytes_after(walk->words, n + 1);
    return true;
}

/* The next text that counts: of a field with one value the last. */
static bool next_text(struct matcher *m, struct walk *walk, struct fact *fact)
{
    const struct facts_index *facts = m->view.facts;
    for (size_t start = walk->at; facts_next(facts->records, &walk->at, fact); start = walk->at) {
        const struct field_row *row = schema_field(fact->field);
        if ((row->type == TYPE_TEXT || row->type == TYPE_KEYWORD) &&
            row->visibility != VISIBILITY_INTERNAL &&
            (row->arity != ARITY_ONE || facts->place[fact->field] == start + 1))
            return true;
    }
    return false;
}

bool walk_next(struct matcher *m, struct walk *walk, struct fact *fact)
{
    switch (walk->source) {
    case SOURCE_NOWHERE:
        return false;
    case SOURCE_LAST:
        return walk->at++ == 0 && view_last(m, walk->field, fact);
    case SOURCE_ENVELOPE:
        return next_word(walk, fact);
    case SOURCE_KEYWORD:
        return next_text(m, walk, fact);
    case SOURCE_LIST:
    case SOURCE_ROWS:
        break;
    }
    if (walk->entry == 0)
        return false;
    const struct entry *entry = &m->view.entries[walk->entry - 1];
    *fact = view_fact(m, walk->field, entry->place);
    walk->entry = entry->next;
    return true;
}

/* The same text with small letters. What is not of the record comes from tables, where all letters
 * are small. */
struct bytes view_folded(struct matcher *m, struct bytes value)
{
    struct event_view *view = &m->view;
    struct bytes records = view->facts->records;
    uintptr_t from = (uintptr_t)records.data, at = (uintptr_t)value.data;
    if (value.len == 0 || at < from || at - from >= records.len)
        return value;
    if (!view->folded)
        fold_text(view->small, records.data, records.len);
    if (records.len > m->small_used)
        m->small_used = records.len;
    view->folded = true;
    return bytes_over(view->small + (at - from), value.len);
}

struct bytes view_text(struct matcher *m, const struct fact *fact, bool fold,
                       uint8_t scratch[SCRATCH_MAX])
{
    enum field_type type = schema_field(fact->field)->type;
    if (type == TYPE_TEXT || type == TYPE_KEYWORD)
        return fold ? view_folded(m, fact->value) : fact->value;
    fact_print(fact, (char *)scratch, SCRATCH_MAX);
    struct bytes text = bytes_of_string((char *)scratch);
    if (fold)
        fold_text(scratch, scratch, text.len);
    return text;
}

bool view_number(const struct fact *fact, uint64_t *number)
{
    switch (schema_field(fact->field)->type) {
    case TYPE_TEXT:
    case TYPE_KEYWORD:
        return text_to_u64(fact->value, number);
    case TYPE_IP:
        return false;
    case TYPE_BOOL:
        *number = fact_number(fact) != 0;
        return true;
    case TYPE_CLAIM:
        *number = fact_number(fact) % 3;
        return true;
    case TYPE_NUMBER:
    case TYPE_TIME:
        break;
    }
    *number = fact_number(fact);
    return true;
}
