/* Rules written in C for tests: items from a line of values. */
#ifndef MAILTAP_TEST_RULE_IN_C_H
#define MAILTAP_TEST_RULE_IN_C_H

#include <stdlib.h>
#include <string.h>

#include "rules.h"
#include "text.h"

/* '*' and '?' are wildcards, '\' escapes them and itself. */
static inline struct pattern pattern_of(struct arena *arena, struct bytes written)
{
    uint8_t *text = arena_take(arena, written.len + 1, 1);
    uint8_t *marks = arena_take(arena, written.len + 1, 1);
    struct pattern pattern = { text, marks, 0 };
    for (size_t i = 0; text && marks && i < written.len; i++) {
        uint8_t c = written.data[i];
        bool escaped = c == '\\' && i + 1 < written.len && strchr("*?\\", written.data[i + 1]);
        if (escaped)
            c = written.data[++i];
        else if (c == '*' || c == '?')
            marks[pattern.len] = c == '*' ? MARK_MANY : MARK_ONE;
        text[pattern.len++] = c;
    }
    return pattern;
}

static inline struct network network_of(struct bytes written)
{
    struct network network = { .len = 0 };
    uint64_t bits = 0;
    size_t slash = bytes_index(written, '/');
    network.len = (uint8_t)text_to_address(bytes_first(written, slash), network.address);
    if (!text_to_u64(bytes_after(written, slash + 1), &bits))
        bits = network.len * 8U;
    network.bits = (uint8_t)bits;
    return network;
}

static inline struct value value_of(struct arena *arena, enum test test, struct bytes written)
{
    struct value value = { .place = { "test", 1, 1 } };
    switch (test) {
    case TEST_PATTERN:
        value.pattern = pattern_of(arena, written);
        break;
    case TEST_NETWORK:
        value.network = network_of(written);
        break;
    case TEST_REGEX:
        value.regex.text = arena_text(arena, written);
        break;
    case TEST_SAME:
        value.field = schema_find(written);
        break;
    default:
        if (!text_to_u64(written, &value.number))
            abort();
        break;
    }
    return value;
}

/* Values stand between '|'; of a regular expression there is one. */
static inline struct item item_of(struct arena *arena, enum field field, enum test test,
                                  const char *values)
{
    struct item item = { .place = { "test", 1, 1 }, .field = field, .test = test };
    struct value *list = arena_take(arena, strlen(values) + 1, sizeof *list);
    struct bytes rest = bytes_of_string(values);
    item.name = field < FIELDS ? schema_field(field)->name : "odd";
    item.values = list;
    for (bool more = test != TEST_EXISTS && test != TEST_NULL; list && more;) {
        size_t n = test == TEST_REGEX ? rest.len : bytes_index(rest, '|');
        list[item.value_count++] = value_of(arena, test, bytes_first(rest, n));
        more = n < rest.len;
        rest = bytes_after(rest, n + 1);
    }
    return item;
}

/* A search of one group, from items that end with values NULL. */
static inline struct search search_of(struct arena *arena, const struct item *items)
{
    size_t count = 0;
    while (items[count].values)
        count++;
    struct item *copy = arena_take(arena, count, sizeof *copy);
    struct item_group *group = arena_take(arena, 1, sizeof *group);
    if (!copy || !group)
        abort();
    memcpy(copy, items, count * sizeof *copy);
    *group = (struct item_group){ copy, count };
    return (struct search){ .name = "selection", .groups = group, .count = 1 };
}

/* A rule about these kinds (bits): the first search, and none of the others. */
static inline struct rule rule_of(struct arena *arena, uint32_t kinds, const struct search *searches,
                                  size_t count)
{
    struct rule rule = { .title = "test", .uuid = "", .name = "", .id = "test", .kinds = kinds };
    struct search *copy = arena_take(arena, count, sizeof *copy);
    struct step *steps = arena_take(arena, 3 * count, sizeof *steps);
    size_t n = 0;
    if (!copy || !steps)
        abort();
    memcpy(copy, searches, count * sizeof *copy);
    for (size_t i = 0; i < count; i++) {
        steps[n++] = (struct step){ OPERATION_SEARCH, (uint16_t)i };
        if (i > 0) {
            steps[n++].operation = OPERATION_NOT;
            steps[n++].operation = OPERATION_AND;
        }
    }
    rule.expression = (struct expression){ copy, count, steps, n };
    return rule;
}

#endif
