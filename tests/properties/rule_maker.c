/* Makes rules and events by choices. */
#include "rule_maker.h"

#include <string.h>

#include "random.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const enum field fields[] = {
    FIELD_USER_NAME,
    FIELD_EVENT_OUTCOME,
    FIELD_EVENT_ACTION,
    FIELD_EVENT_CATEGORY,
    FIELD_EVENT_DATASET,
    FIELD_CLIENT_IP,
    FIELD_SERVER_IP,
    FIELD_SERVER_PORT,
    FIELD_AUTH_CLEARTEXT,
    FIELD_TLS_ESTABLISHED,
    FIELD_SESSION_AUTH_OFFERED,
    FIELD_SMTP_RCPT_TO,
    FIELD_SMTP_RECIPIENT_ADDRESS,
    FIELD_SMTP_RECIPIENT_CODE,
    FIELD_SMTP_RECIPIENT_ENHANCED,
    FIELD_NETWORK_PROTOCOL,
    FIELD_EVENT_START,
    FIELD_AUTH_SECRET_HASH,
    FIELD_NETWORK_VLAN_ID,
    FIELD_RELATED_IP,
    FIELDS,
};
static const char *const texts[] = {
    "",          "a",
    "A",         "ab",
    "aB",        "abc",
    "BAC",       "success",
    "Failure",   "\xC3\xA9",
    "a\xC3\xA9", "\xE9\x62",
    "a*b",       "a?b",
    "a\\b",      "25",
    "550",       "yes",
    "no",        "smtp",
    "imap",      "auth",
    "true",      "network",
    "192.0.2.1", "aaaaaaaaaaaaaaaaab",
    "@[`{Zz",    "mailtap.auth",
};
static const uint64_t numbers[] = { 0, 1, 2, 3, 25, 550, 1000, UINT64_MAX };
static const struct network addresses[] = {
    { { 192, 0, 2, 1 }, 4, 32 },   { { 192, 0, 2, 129 }, 4, 32 },
    { { 10, 0, 0, 1 }, 4, 32 },    { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }, 16, 128 },
    { { 192, 0, 2, 1 }, 16, 128 }, /* begins like the first */
};
static const char *const regexes[] = {
    "^a",       "b$", "a.c", "^.$",       "^..$",    "[^a]b",        "(a|b)+c",
    "\xC3\xA9", "^$", "",    "[0-9]{2,}", "(?:A|z)", "[\xC3\xA9x]b",
};

size_t choose(struct choices *choices, size_t n)
{
    if (!choices->from_data)
        return random_below(&choices->random, n);
    if (choices->data.len == 0)
        return 0;
    size_t choice = choices->data.data[0] % n;
    choices->data = bytes_after(choices->data, 1);
    return choice;
}

static bool one_in(struct choices *choices, size_t n)
{
    return choose(choices, n) == n - 1;
}

/* --- rules --------------------------------------------------------------------------------------
 */

static struct pattern make_pattern(struct choices *choices, struct arena *arena)
{
    static const char *const letters[] = { "a", "A", "b",  "B", "c", "\xC3\xA9",
                                           "*", "?", "\\", "2", "5", "." };
    uint8_t *text = arena_take(arena, 64, 1), *marks = arena_take(arena, 64, 1);
    struct pattern pattern = { text, marks, 0 };
    if (!text || !marks)
        return pattern;
    if (one_in(choices, 2)) {
        struct bytes word = bytes_of_string(texts[choose(choices, COUNT(texts))]);
        if (word.len > 0)
            memcpy(text, word.data, word.len);
        pattern.len = word.len;
    } else {
        for (size_t i = choose(choices, 7); i > 0; i--) {
            const char *letter = letters[choose(choices, COUNT(letters))];
            memcpy(text + pattern.len, letter, strlen(letter));
            pattern.len += strlen(letter);
        }
    }
    bool wild = one_in(choices, 2);
    for (size_t i = 0; i < pattern.len; i++) { /* what is left is UTF-8, as the text of rules is */
        if (text[i] < 0x80 && wild && one_in(choices, 3))
            marks[i] = (uint8_t)(1 + choose(choices, 2));
    }
    if (pattern.len > 0 && text[0] < 0x80 && one_in(choices, 4))
        marks[0] = MARK_MANY;
    if (pattern.len > 0 && text[pattern.len - 1] < 0x80 && one_in(choices, 4))
        marks[pattern.len - 1] = MARK_MANY;
    return pattern;
}

static void make_value(struct choices *choices, struct arena *arena, const struct item *item,
                       struct value *value)
{
    switch (item->test) {
    case TEST_PATTERN:
        value->pattern = make_pattern(choices, arena);
        break;
    case TEST_NETWORK:
        value->network = addresses[choose(choices, COUNT(addresses))];
        if (one_in(choices, 2))
            value->network.bits = (uint8_t)choose(choices, value->network.len * 8U + 1);
        break;
    case TEST_REGEX:
        value->regex.text = regexes[choose(choices, COUNT(regexes))];
        value->regex.ignore_case = one_in(choices, 3);
        value->regex.multiline = one_in(choices, 5);
        value->regex.dot_all = one_in(choices, 5);
        break;
    case TEST_SAME:
        value->field = fields[choose(choices, COUNT(fields))];
        break;
    default:
        value->number = numbers[choose(choices, COUNT(numbers))];
        break;
    }
}

/* Mostly what suits the type; now and then anything. */
static enum test make_test(struct choices *choices, const struct item *item)
{
    static const enum test tests[] = { TEST_NUMBER,  TEST_NUMBER,   TEST_LESS,    TEST_AT_MOST,
                                       TEST_GREATER, TEST_AT_LEAST, TEST_NETWORK, TEST_REGEX,
                                       TEST_SAME,    TEST_EXISTS,   TEST_NULL,    TEST_PATTERN };
    enum field_type type = item->field < FIELDS ? schema_field(item->field)->type : TYPE_TEXT;
    if (one_in(choices, 4) || item->keyword)
        return tests[choose(choices, COUNT(tests))];
    if (type == TYPE_TEXT || type == TYPE_KEYWORD || one_in(choices, 5))
        return TEST_PATTERN;
    return type == TYPE_IP ? TEST_NETWORK : TEST_NUMBER;
}

static void make_item(struct choices *choices, struct arena *arena, struct item *item)
{
    item->field = fields[choose(choices, COUNT(fields))];
    item->keyword = one_in(choices, 12);
    if (item->keyword)
        item->field = FIELDS;
    item->name = item->keyword          ? ""
                 : item->field < FIELDS ? schema_field(item->field)->name
                                        : "odd";
    item->test = make_test(choices, item);
    item->all = one_in(choices, 6);
    item->not_equal = one_in(choices, 6);
    item->cased = one_in(choices, 6);
    item->exists = one_in(choices, 2);
    item->value_count = one_in(choices, 10) ? choose(choices, 24) : choose(choices, 3) + 1;
    if (one_in(choices, 20))
        item->value_count = 0;
    struct value *values = arena_take(arena, item->value_count, sizeof *values);
    for (size_t i = 0; values && i < item->value_count; i++)
        make_value(choices, arena, item, &values[i]);
    item->values = values;
}

static void make_search(struct choices *choices, struct arena *arena, struct search *search)
{
    search->name = "selection";
    search->all = one_in(choices, 6);
    search->count = one_in(choices, 3) ? 1 + choose(choices, 3) : 1;
    struct item_group *groups = arena_take(arena, search->count, sizeof *groups);
    for (size_t g = 0; groups && g < search->count; g++) {
        groups[g].count = 1 + choose(choices, 3);
        struct item *items = arena_take(arena, groups[g].count, sizeof *items);
        for (size_t i = 0; items && i < groups[g].count; i++)
            make_item(choices, arena, &items[i]);
        groups[g].items = items;
    }
    search->groups = groups;
}

/* Any condition in postfix order. */
static void make_expression(struct choices *choices, struct arena *arena,
                            struct expression *expression)
{
    size_t leaves = one_in(choices, 2) ? 1 + choose(choices, 7) : 1, depth = 0, n = 0;
    expression->search_count = 1 + choose(choices, 3);
    struct search *searches = arena_take(arena, expression->search_count, sizeof *searches);
    struct step *steps = arena_take(arena, 64, sizeof *steps);
    if (!searches || !steps)
        return;
    for (size_t i = 0; i < expression->search_count; i++)
        make_search(choices, arena, &searches[i]);
    while (leaves > 0 || depth > 1) {
        if (leaves > 0 && (depth < 2 || one_in(choices, 2))) {
            steps[n++] = (struct step){ OPERATION_SEARCH,
                                        (uint16_t)choose(choices, expression->search_count) };
            leaves--;
            depth++;
        } else {
            steps[n++].operation = one_in(choices, 2) ? OPERATION_AND : OPERATION_OR;
            depth--;
        }
        if (one_in(choices, 5))
            steps[n++].operation = OPERATION_NOT;
    }
    expression->searches = searches;
    expression->steps = steps;
    expression->step_count = one_in(choices, 40) ? 0 : n;
}

struct rule_set *make_rules(struct choices *choices, struct arena *arena, size_t count)
{
    static const char *const protocols[] = { "smtp", "imap" };
    static const struct correlation correlation;
    struct rule_set *set = arena_take(arena, 1, sizeof *set);
    struct rule *rules = arena_take(arena, count, sizeof *rules);
    if (!set || !rules)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        rules[i].title = rules[i].id = rules[i].uuid = rules[i].name = "made";
        rules[i].kinds = one_in(choices, 2) ? 1U << EVENT_AUTH : 1U << choose(choices, EVENT_KINDS);
        if (one_in(choices, 3))
            rules[i].kinds = (1U << EVENT_KINDS) - 1;
        if (one_in(choices, 4))
            rules[i].protocol = protocols[choose(choices, 2)];
        rules[i].disabled = one_in(choices, 30);
        rules[i].waits_for = one_in(choices, 30) ? "an option" : NULL;
        rules[i].correlation = one_in(choices, 30) ? &correlation : NULL;
        make_expression(choices, arena, &rules[i].expression);
    }
    *set = (struct rule_set){ arena, rules, count };
    return arena_full(arena) ? NULL : set;
}

/* --- events -------------------------------------------------------------------------------------
 */

static void make_fact(struct choices *choices, struct facts *facts)
{
    enum field field = fields[choose(choices, COUNT(fields) - 1)];
    const struct network *address = &addresses[choose(choices, COUNT(addresses))];
    uint8_t row = schema_field(field)->arity == ARITY_ROWS ? (uint8_t)choose(choices, 3) : 0;
    if (one_in(choices, 20) && row > 0)
        row = (uint8_t)(253 + row);
    switch (schema_field(field)->type) {
    case TYPE_TEXT:
    case TYPE_KEYWORD:
        facts_row_text(facts, row, field, bytes_of_string(texts[choose(choices, COUNT(texts))]));
        break;
    case TYPE_IP:
        facts_ip(facts, field,
                 bytes_over(address->address, one_in(choices, 20) ? 3U : address->len));
        break;
    case TYPE_CLAIM:
        facts_claim(facts, field, (enum claim)choose(choices, 4));
        break;
    case TYPE_BOOL:
        facts_bool(facts, field, one_in(choices, 2));
        break;
    default:
        facts_row_number(facts, row, field, numbers[choose(choices, COUNT(numbers))]);
        break;
    }
}

enum event_kind make_event(struct choices *choices, struct facts *facts)
{
    size_t count = choose(choices, 24);
    facts_clear(facts);
    for (size_t i = 0; i < count; i++)
        make_fact(choices, facts);
    return one_in(choices, 2) ? EVENT_AUTH : (enum event_kind)choose(choices, EVENT_KINDS);
}

/* --- printing -----------------------------------------------------------------------------------
 */

static void print_text(struct bytes text, const uint8_t *marks)
{
    putchar('"');
    for (size_t i = 0; i < text.len; i++) {
        if (marks && marks[i] != MARK_LITERAL)
            printf("<%c>", marks[i] == MARK_ONE ? '?' : '*');
        else if (text.data[i] < ' ' || text.data[i] > '~')
            printf("\\x%02X", text.data[i]);
        else
            putchar(text.data[i]);
    }
    putchar('"');
}

static void print_value(const struct item *item, const struct value *value)
{
    switch (item->test) {
    case TEST_PATTERN:
        print_text(bytes_over(value->pattern.text, value->pattern.len), value->pattern.marks);
        break;
    case TEST_NETWORK:
        for (int i = 0; i < value->network.len; i++)
            printf("%02x", value->network.address[i]);
        printf("/%d", value->network.bits);
        break;
    case TEST_REGEX:
        putchar(value->regex.ignore_case ? 'i' : ' ');
        print_text(bytes_of_string(value->regex.text), NULL);
        break;
    case TEST_SAME:
        printf("%s", value->field < FIELDS ? schema_field(value->field)->name : "odd");
        break;
    default:
        printf("%llu", (unsigned long long)value->number);
        break;
    }
    putchar(' ');
}

static void print_item(const struct item *item)
{
    static const char *const tests[] = { "pattern", "number", "lt",       "lte",    "gt",  "gte",
                                         "network", "re",     "fieldref", "exists", "null" };
    printf("    %s|%s%s%s%s%s: ", item->keyword ? "(keyword)" : item->name, tests[item->test],
           item->all ? "|all" : "", item->not_equal ? "|neq" : "", item->cased ? "|cased" : "",
           item->exists ? "|yes" : "");
    for (size_t i = 0; i < item->value_count; i++)
        print_value(item, &item->values[i]);
    putchar('\n');
}

void print_rule(const struct rule *rule)
{
    static const char *const operations[] = { "", "not", "and", "or" };
    const struct expression *expression = &rule->expression;
    printf("rule: kinds %x, protocol %s%s%s%s\n", rule->kinds,
           rule->protocol ? rule->protocol : "any", rule->disabled ? ", disabled" : "",
           rule->waits_for ? ", waiting" : "", rule->correlation ? ", correlation" : "");
    for (size_t s = 0; s < expression->search_count; s++) {
        const struct search *search = &expression->searches[s];
        printf("  search %zu, %s of\n", s, search->all ? "all" : "one");
        for (size_t g = 0; g < search->count; g++) {
            printf("   group\n");
            for (size_t i = 0; i < search->groups[g].count; i++)
                print_item(&search->groups[g].items[i]);
        }
    }
    printf("  condition:");
    for (size_t i = 0; i < expression->step_count; i++) {
        if (expression->steps[i].operation == OPERATION_SEARCH)
            printf(" %u", expression->steps[i].search);
        else
            printf(" %s", operations[expression->steps[i].operation]);
    }
    putchar('\n');
}

void print_event(enum event_kind kind, struct bytes facts)
{
    struct fact fact;
    char text[FACTS_TEXT_MAX + 1];
    printf("event: %s\n", schema_event(kind)->name);
    for (size_t at = 0; facts_next(facts, &at, &fact);) {
        fact_print(&fact, text, sizeof text);
        printf("  %s[%d] = ", schema_field(fact.field)->name, fact.row);
        print_text(bytes_of_string(text), NULL);
        putchar('\n');
    }
}
