/* A shunting yard: operators wait on a stack until one that binds less tightly comes. */
#include "condition.h"

#include <string.h>

#include "text.h"

enum waiting { WAITING_OR, WAITING_AND, WAITING_NOT, WAITING_PARENTHESIS };

struct parser {
    const struct yaml_node *node;
    size_t at; /* behind the latest token */
    const struct search *searches;
    size_t search_count;
    bool *used;
    struct problems *problems;
    struct step *steps; /* EXPRESSION_STEPS_MAX */
    size_t step_count;
    size_t depth, depth_max; /* values on the stack of whoever judges it */
    struct {
        enum waiting what;
        size_t place;
    } stack[EXPRESSION_DEPTH_MAX];
    size_t waiting;
};

struct token {
    struct bytes text; /* empty: the end */
    size_t place;
};

#define COMPLAIN(parser, place, ...)                                                               \
    (problem_error((parser)->problems, yaml_place_in((parser)->node, (place)), __VA_ARGS__), false)

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static struct token next_token(struct parser *parser)
{
    const uint8_t *text = (const uint8_t *)parser->node->text;
    size_t len = parser->node->len, end;
    while (parser->at < len && is_space(text[parser->at]))
        parser->at++;
    for (end = parser->at; end < len && !is_space(text[end]) && !strchr("()|", text[end]); end++)
        ;
    if (end == parser->at && end < len)
        end++; /* a parenthesis, or something that has no place here */
    struct token token = { bytes_over(text + parser->at, end - parser->at), parser->at };
    parser->at = end;
    return token;
}

static struct token peek_token(const struct parser *parser)
{
    struct parser copy = *parser;
    return next_token(&copy);
}

static bool is_word(struct token token, const char *word)
{
    return bytes_equal_nocase(token.text, word);
}

static bool emit(struct parser *parser, enum operation operation, size_t search)
{
    if (parser->step_count == EXPRESSION_STEPS_MAX)
        return COMPLAIN(parser, 0, "the condition is too long: more than %d steps",
                        EXPRESSION_STEPS_MAX);
    parser->steps[parser->step_count++] =
        (struct step){ .operation = operation, .search = (uint16_t)search };
    if (operation == OPERATION_SEARCH && ++parser->depth > EXPRESSION_DEPTH_MAX)
        return COMPLAIN(parser, 0, "the condition is nested too deeply");
    if (operation == OPERATION_AND || operation == OPERATION_OR)
        parser->depth--;
    return true;
}

static bool emit_search(struct parser *parser, size_t search)
{
    parser->used[search] = true;
    return emit(parser, OPERATION_SEARCH, search);
}

static bool unwind_one(struct parser *parser)
{
    static const enum operation operations[] = { OPERATION_OR, OPERATION_AND, OPERATION_NOT };
    return emit(parser, operations[parser->stack[--parser->waiting].what], 0);
}

/* Finishes what binds at least as tightly. */
static bool unwind(struct parser *parser, enum waiting than)
{
    while (parser->waiting > 0) {
        enum waiting top = parser->stack[parser->waiting - 1].what;
        if (top == WAITING_PARENTHESIS || top < than)
            break;
        if (!unwind_one(parser))
            return false;
    }
    return true;
}

static bool push(struct parser *parser, enum waiting what, size_t place)
{
    if (parser->waiting == EXPRESSION_DEPTH_MAX)
        return COMPLAIN(parser, place, "the condition is nested too deeply");
    parser->stack[parser->waiting].what = what;
    parser->stack[parser->waiting++].place = place;
    return true;
}

/* Backtracks to the latest * only, so it takes at most pattern times name steps. */
bool condition_pattern_matches(struct bytes pattern, const char *name)
{
    size_t len = strlen(name), i = 0, k = 0, star = SIZE_MAX, from = 0;
    if (name[0] == '_' && !(pattern.len > 0 && pattern.data[0] == '_'))
        return false;
    while (k < len) {
        if (i < pattern.len && pattern.data[i] == '*') {
            star = i++;
            from = k;
        } else if (i < pattern.len && pattern.data[i] == (uint8_t)name[k]) {
            i++;
            k++;
        } else if (star != SIZE_MAX) {
            i = star + 1;
            k = ++from;
        } else {
            return false;
        }
    }
    while (i < pattern.len && pattern.data[i] == '*')
        i++;
    return i == pattern.len;
}

static bool unknown_search(struct parser *parser, struct token token)
{
    const char *names[SEARCHES_MAX + 1] = { NULL };
    char name[100];
    text_copy(name, sizeof name, token.text);
    for (size_t i = 0; i < parser->search_count; i++)
        names[i] = parser->searches[i].name;
    problem_unknown(parser->problems, PROBLEM_ERROR, yaml_place_in(parser->node, token.place),
                    "search", name, names);
    return false;
}

static bool some_of(struct parser *parser, struct token quantity)
{
    bool all = is_word(quantity, "all");
    next_token(parser); /* "of" */
    struct token what = next_token(parser);
    if (what.text.len == 0 || strchr("()|", what.text.data[0]))
        return COMPLAIN(parser, what.place, "expected \"them\" or a name with * after \"of\"");
    struct bytes pattern = is_word(what, "them") ? BYTES_LITERAL("*") : what.text;
    size_t found = 0;
    for (size_t i = 0; i < parser->search_count; i++) {
        if (!condition_pattern_matches(pattern, parser->searches[i].name))
            continue;
        if (!emit_search(parser, i) ||
            (found++ > 0 && !emit(parser, all ? OPERATION_AND : OPERATION_OR, 0)))
            return false;
    }
    if (found == 0)
        return unknown_search(parser, what);
    return true;
}

static bool named_search(struct parser *parser, struct token token)
{
    for (size_t i = 0; i < parser->search_count; i++) {
        if (bytes_equal(token.text, bytes_of_string(parser->searches[i].name)))
            return emit_search(parser, i);
    }
    if (bytes_index(token.text, '*') < token.text.len)
        return COMPLAIN(parser, token.place, "\"%.*s\" needs \"1 of\" or \"all of\" before it",
                        (int)(token.text.len < 100 ? token.text.len : 100),
                        (const char *)token.text.data);
    return unknown_search(parser, token);
}

/* Where a search, "not" or an opening parenthesis is due. *operand: it was one that is whole. */
static bool take_operand(struct parser *parser, struct token token, bool *operand)
{
    if (token.text.len == 0)
        return COMPLAIN(parser, token.place, "the condition breaks off");
    if (is_word(token, "not"))
        return push(parser, WAITING_NOT, token.place);
    if (is_word(token, "("))
        return push(parser, WAITING_PARENTHESIS, token.place);
    if (is_word(token, ")") || is_word(token, "and") || is_word(token, "or"))
        return COMPLAIN(parser, token.place, "expected the name of a search before \"%.*s\"",
                        (int)token.text.len, (const char *)token.text.data);
    *operand = true;
    if (is_word(peek_token(parser), "of")) {
        if (!is_word(token, "1") && !is_word(token, "any") && !is_word(token, "all"))
            return COMPLAIN(parser, token.place, "only \"1 of\" and \"all of\" are possible");
        return some_of(parser, token);
    }
    return named_search(parser, token);
}

static bool close_parenthesis(struct parser *parser, size_t place)
{
    if (!unwind(parser, WAITING_OR))
        return false;
    if (parser->waiting == 0)
        return COMPLAIN(parser, place, "a closing parenthesis without an opening one");
    parser->waiting--;
    return true;
}

/* Behind a search. */
static bool take_operator(struct parser *parser, struct token token, bool *operand)
{
    if (is_word(token, ")"))
        return close_parenthesis(parser, token.place);
    if (is_word(token, "|"))
        return COMPLAIN(parser, token.place,
                        "aggregations (|) are not supported: write a correlation");
    bool both = is_word(token, "and");
    if (!both && !is_word(token, "or"))
        return COMPLAIN(parser, token.place, "expected \"and\" or \"or\" before \"%.*s\"",
                        (int)(token.text.len < 100 ? token.text.len : 100),
                        (const char *)token.text.data);
    *operand = false;
    enum waiting what = both ? WAITING_AND : WAITING_OR;
    return unwind(parser, what) && push(parser, what, token.place);
}

static bool parse(struct parser *parser)
{
    bool operand = false; /* the latest was a whole search, or a parenthesis closed */
    for (;;) {
        struct token token = next_token(parser);
        if (token.text.len == 0 && operand)
            break;
        if (operand ? !take_operator(parser, token, &operand)
                    : !take_operand(parser, token, &operand))
            return false;
    }
    if (!unwind(parser, WAITING_OR))
        return false;
    if (parser->waiting > 0)
        return COMPLAIN(parser, parser->stack[parser->waiting - 1].place,
                        "this parenthesis is not closed");
    return true;
}

bool condition_read(const struct yaml_node *text, const struct search *searches, size_t count,
                    bool *used, struct arena *arena, struct problems *problems,
                    struct expression *to)
{
    struct step steps[EXPRESSION_STEPS_MAX];
    struct parser parser = { .node = text,
                             .searches = searches,
                             .search_count = count,
                             .used = used,
                             .problems = problems,
                             .steps = steps };
    if (!parse(&parser))
        return false;
    struct step *copy = arena_take(arena, parser.step_count, sizeof copy[0]);
    if (!copy)
        return false;
    memcpy(copy, steps, parser.step_count * sizeof copy[0]);
    *to = (struct expression){ .searches = searches,
                               .search_count = count,
                               .steps = copy,
                               .step_count = parser.step_count,
                               .text = arena_text(arena, bytes_over(text->text, text->len)) };
    return to->text != NULL;
}
