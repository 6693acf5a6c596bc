/* The words of IMAP: each kind, what is none, what sloppy peers write, and any bytes at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imap_tokens.h"

/* Tokens as text: a(atom) q"quoted" {size} {size+} ( ) and ! if reading failed. */
static void spell(const char *line, struct imap_token (*next)(struct imap_tokens *), char *to,
                  size_t size)
{
    struct imap_tokens in = imap_tokens_over(bytes_of_string(line));
    struct imap_token token;
    size_t len = 0;
    to[0] = '\0';
    while ((token = next(&in)).kind != IMAP_END) {
        const char *format = token.kind == IMAP_ATOM     ? "<%.*s>"
                             : token.kind == IMAP_QUOTED ? "\"%.*s\""
                                                         : "%.*s";
        len += (size_t)snprintf(to + len, size - len, format, (int)token.text.len,
                                (const char *)token.text.data);
        if (token.kind == IMAP_LITERAL)
            len += (size_t)snprintf(to + len, size - len, "=%llu%s", (unsigned long long)token.size,
                                    token.waits ? "?" : "");
    }
    if (in.failed)
        snprintf(to + len, size - len, "!");
    assert_int_equal(next(&in).kind, IMAP_END); /* and stays there */
}

struct row {
    const char *line, *tokens;
};

static void check(const struct row *rows, size_t count,
                  struct imap_token (*next)(struct imap_tokens *))
{
    char spelled[200];
    for (size_t i = 0; i < count; i++) {
        spell(rows[i].line, next, spelled, sizeof spelled);
        assert_string_equal(spelled, rows[i].tokens);
    }
}

static void tokens(void **state)
{
    static const struct row rows[] = {
        { "", "" },
        { "  ", "" },
        { "a1 LOGIN fred \"fat man\"", "<a1><LOGIN><fred>\"fat man\"" },
        { "a1 LOGIN {4}", "<a1><LOGIN>{4}=4?" },
        { " {7+}", "{7+}=7" },
        { " {7-}", "{7-}=7" },
        { "A APPEND in (\\Seen \\Draft) ~{12}", "<A><APPEND><in>(<\\Seen><\\Draft>)~{12}=12?" },
        { "A APPEND in ~{12+}", "<A><APPEND><in>~{12+}=12" },
        { "({0}", "({0}=0?" },
        { "{18446744073709551615}", "{18446744073709551615}=18446744073709551615?" },
        { "{99999999999999999999}", "{99999999999999999999}=18446744073709551615?" },
        /* no literals: something follows, or no number, or part of an atom */
        { "{4} x", "<{4}><x>" },
        { "{}", "<{}>" },
        { "{+}", "<{+}>" },
        { "{4x}", "<{4x}>" },
        { "{-4}", "<{-4}>" },
        { "{4++}", "<{4++}>" },
        { "pass{4}", "<pass{4}>" },
        { "~", "<~>" },
        { "~x", "<~x>" },
        { "\"{4}\"", "\"{4}\"" },
        /* quoted strings */
        { "\"\"", "\"\"" },
        { "\"a\\\"b\\\\\" c", "\"a\\\"b\\\\\"<c>" },
        { "\"open", "!" },
        { "x \"open\\\"", "<x>!" },
        { "\"open\\", "!" },
        { "\"", "!" },
        { "\"a\"b", "\"a\"<b>" },
        /* lists and sections */
        { "* 1 FETCH (FLAGS (\\Seen) BODY[HEADER.FIELDS (TO \"x\")]<0> {5}",
          "<*><1><FETCH>(<FLAGS>(<\\Seen>)<BODY[HEADER.FIELDS (TO \"x\")]<0>>{5}=5?" },
        { "(a)b)(", "(<a>)<b>)(" },
        { "BODY[open ( x", "<BODY[open ( x>" },
        { "a\tb", "<a><b>" },
    };
    (void)state;
    check(rows, sizeof rows / sizeof rows[0], imap_next);
}

static void arguments(void **state)
{
    static const struct row rows[] = {
        { "bob pa(ss)wo\"rd", "<bob><pa(ss)wo\"rd>" },
        { " \"bob\" {6}", "\"bob\"{6}=6?" },
        { "(bob) [x y]", "<(bob)><[x><y]>" },
        { "bob \"open", "<bob>!" },
    };
    (void)state;
    check(rows, sizeof rows / sizeof rows[0], imap_next_argument);
}

static void values(void **state)
{
    static const struct {
        const char *line, *value;
        size_t room;
    } rows[] = {
        { "atom\\", "atom\\", 8 },           { "\"plain\"", "plain", 0 },
        { "\"a\\\"b\\\\c\"", "a\"b\\c", 8 }, { "\"a\\bc\"", "abc", 8 },
        { "\"a\\\"bcdef\"", "a\"b", 3 },     { "\"\"", "", 8 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t room[8];
        struct imap_tokens in = imap_tokens_over(bytes_of_string(rows[i].line));
        struct imap_token token = imap_next(&in);
        struct bytes value = imap_value(&token, room, rows[i].room);
        assert_true(bytes_equal(value, bytes_of_string(rows[i].value)));
    }
}

static void announcements(void **state)
{
    static const struct {
        const char *line;
        bool is;
        uint64_t size;
        bool waits;
    } rows[] = {
        { "anything at all {12}", true, 12, true },
        { "x{12+}", true, 12, false },
        { "{3}", true, 3, true },
        { "{3} ", false, 0, false },
        { "3}", false, 0, false },
        { "{}", false, 0, false },
        { "", false, 0, false },
        { "}", false, 0, false },
        { "{1{2}", true, 2, true },
        { "{x}", false, 0, false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct imap_token token = { 0 };
        assert_int_equal(imap_announces(bytes_of_string(rows[i].line), &token), rows[i].is);
        if (rows[i].is) {
            assert_int_equal(token.size, rows[i].size);
            assert_int_equal(token.waits, rows[i].waits);
        }
    }
}

/* Any bytes: reading ends, and nothing outside of them is touched (exact copies, sanitizers). */
static void any_bytes(void **state)
{
    static const char alphabet[] = "\"\\{}()[]~+-0 9a\t";
    uint32_t random = 1;
    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        size_t len = round % 24;
        uint8_t *line = malloc(len > 0 ? len : 1), room[4];
        assert_non_null(line);
        for (size_t i = 0; i < len; i++) {
            random = random * 1664525U + 1013904223U;
            line[i] = (uint8_t)alphabet[(random >> 16) % (sizeof alphabet - 1)];
        }
        struct imap_tokens in = imap_tokens_over(bytes_over(line, len)), words = in;
        struct imap_token token;
        size_t left = len + 1;
        while ((token = imap_next(&in)).kind != IMAP_END) {
            assert_true(imap_value(&token, room, sizeof room).len <= len);
            assert_true(left-- > 0);
        }
        while (imap_next_argument(&words).kind != IMAP_END) {
        }
        imap_announces(bytes_over(line, len), &token);
        free(line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens),        cmocka_unit_test(arguments), cmocka_unit_test(values),
        cmocka_unit_test(announcements), cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
