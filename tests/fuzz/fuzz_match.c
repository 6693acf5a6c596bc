/* Any bytes as rules and an event: the first part makes the rules, the rest an event, by choices or
 * as raw facts. The matcher agrees with the naive evaluator and nothing crashes. */
#include <stdlib.h>
#include <string.h>

#include "match.h"
#include "naive_match.h"
#include "rule_maker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RULES_MOST 4
#define RAW_MAX    512 /* of facts: the naive evaluator is slow */

static void compare(struct matcher *m, const struct rule_set *set, enum event_kind kind,
                    struct bytes facts)
{
    uint64_t word;
    char why[64];
    struct rule_hits hits = { &word, set->count };
    struct facts_index index;
    facts_index(&index, facts);
    matcher_event(m, kind, &index, &hits);
    for (size_t i = 0; i < set->count; i++) {
        bool hit = word >> i & 1;
        if (hit) {
            struct row_set rows;
            matcher_rows(m, i, kind, &index, FIELD_SMTP_RECIPIENT_ADDRESS, &rows);
            for (unsigned row = 0; row < 64 * ROW_WORDS; row++) {
                if ((rows.words[row / 64] >> row % 64 & 1) &&
                    !naive_rule_in_row(&set->rules[i], kind, facts, row))
                    abort();
            }
        }
        if (hit != naive_rule(&set->rules[i], kind, facts) ||
            matcher_why_not(m, i, kind, &index, why, sizeof why) == hit ||
            !memchr(why, '\0', sizeof why)) {
            print_rule(&set->rules[i]);
            print_event(kind, facts);
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t split = data[0] * (size - 1) / 256;
    struct bytes all = bytes_over(data + 1, size - 1);
    struct choices choices = { .from_data = true, .data = bytes_first(all, split) };
    struct bytes rest = bytes_first(bytes_after(all, split), RAW_MAX);
    struct arena *arena = arena_new((size_t)4 * 1024 * 1024);
    struct problems problems;
    struct facts facts;
    facts_init(&facts, NULL);
    if (!arena || !problems_init(&problems, arena))
        abort();
    struct rule_set *set = make_rules(&choices, arena, 1 + choose(&choices, RULES_MOST));
    struct matcher *m = set ? matcher_new(set, &problems) : NULL;
    if (m) {
        /* A heap block of the exact size, so that reading one byte too far is seen. */
        uint8_t *raw = malloc(rest.len > 0 ? rest.len : 1);
        if (!raw)
            abort();
        if (rest.len > 0)
            memcpy(raw, rest.data, rest.len);
        compare(m, set, EVENT_AUTH, bytes_over(raw, rest.len));
        free(raw);
        choices.data = rest;
        enum event_kind kind = make_event(&choices, &facts);
        compare(m, set, kind, buffer_view(&facts.records));
    }
    matcher_free(m);
    facts_free(&facts);
    arena_free(arena);
    return 0;
}
