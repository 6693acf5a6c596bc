/* The words of POP3: what a line asks for, what an answer says, and what may be shown of each. */
#include "pop3_syntax.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "pop3.h"

static struct bytes text(const char *string)
{
    return bytes_of_string(string);
}

static void test_commands(void **unused)
{
    static const struct {
        const char *line;
        enum pop3_command command;
        const char *argument;
    } rows[] = {
        { "USER mary", POP3_USER, "mary" },
        { "user", POP3_USER, "" },
        { "PASS  two words ", POP3_PASS, " two words " },
        { "PASS", POP3_PASS, "" },
        { "AUTH", POP3_AUTH_LIST, "" },
        { "AUTH ", POP3_AUTH_LIST, "" },
        { "auth plain AGE=", POP3_AUTH, "plain AGE=" },
        { "LIST", POP3_LIST, "" },
        { "LIST 3", POP3_OTHER, "3" },
        { "UIDL", POP3_UIDL, "" },
        { "UIDL 3", POP3_OTHER, "3" },
        { "LANG", POP3_LANG, "" },
        { "LANG en", POP3_OTHER, "en" },
        { "RETR 1", POP3_RETR, "1" },
        { "USERS", POP3_UNKNOWN, "" },
        { "", POP3_UNKNOWN, "" },
        { " ", POP3_UNKNOWN, "" },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes argument;
        assert_int_equal(pop3_command_of(text(rows[i].line), &argument), rows[i].command);
        if (rows[i].command != POP3_UNKNOWN)
            assert_true(bytes_equal(argument, text(rows[i].argument)));
    }
}

static void test_statuses(void **unused)
{
    static const struct {
        const char *line;
        enum pop3_status status;
        const char *code;
    } rows[] = {
        { "+OK", STATUS_OK, "+OK" },
        { "+OK ready", STATUS_OK, "+OK" },
        { "+OKAY", STATUS_NONE, NULL },
        { "+ok", STATUS_NONE, NULL },
        { "-ERR", STATUS_ERR, "-ERR" },
        { "-ERR [AUTH] no", STATUS_ERR, "-ERR [AUTH]" },
        { "-ERR [in-use]", STATUS_ERR, "-ERR [IN-USE]" },
        { "-ERR [login-delay] wait", STATUS_ERR, "-ERR [LOGIN-DELAY]" },
        { "-ERR [hunter2]", STATUS_ERR, "-ERR" },
        { "-ERR no [AUTH]", STATUS_ERR, "-ERR" },
        { "-ERR [AUTH", STATUS_ERR, "-ERR" },
        { "+", STATUS_CHALLENGE, NULL },
        { "+ ", STATUS_CHALLENGE, NULL },
        { "+ b64", STATUS_CHALLENGE, NULL },
        { "+b64", STATUS_NONE, NULL },
        { "", STATUS_NONE, NULL },
        { ".", STATUS_NONE, NULL },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes rest;
        char code[POP3_CODE_SIZE];
        enum pop3_status status = pop3_status_of(text(rows[i].line), &rest);
        assert_int_equal(status, rows[i].status);
        if (!rows[i].code)
            continue;
        pop3_code(code, status, rest);
        assert_string_equal(code, rows[i].code);
    }
}

/* A name or a secret is never shown; a mechanism only if it is one. */
static void test_public(void **unused)
{
    (void)unused;
    assert_int_equal(pop3_public_length(text("USER mary")), 4);
    assert_int_equal(pop3_public_length(text("PASS secret")), 4);
    assert_int_equal(pop3_public_length(text("APOP mary 00")), 4);
    assert_int_equal(pop3_public_length(text("AUTH plain AGE=")), 10);
    assert_int_equal(pop3_public_length(text("AUTH hunter2")), 4);
    assert_int_equal(pop3_public_length(text("RETR 1")), 6);
    assert_int_equal(pop3_public_length(text("hunter2")), 0);
}

static void test_time_stamp(void **unused)
{
    static const struct {
        const char *greeting;
        bool stamp;
    } rows[] = {
        { "ready <1.2@example.org>", true },
        { "<a@b> ready", true },
        { "ready <1.2>", false },
        { "ready <@b>", false },
        { "ready <a@>", false },
        { "ready <a @b>", false },
        { "ready <a@b", false },
        { "ready", false },
        { "", false },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes greeting = text(rows[i].greeting);
        size_t start = bytes_index(greeting, '<');
        assert_int_equal(pop3_time_stamp(greeting), rows[i].stamp ? start : greeting.len);
    }
}

static void test_probe(void **unused)
{
    static const struct {
        const char *client, *server;
        bool midstream;
        enum verdict verdict;
    } rows[] = {
        { "", "+OK ready\r\n", false, VERDICT_MINE },
        { "", "+OK", false, VERDICT_MORE },
        { "", "+OK\r\n", false, VERDICT_MORE },
        { "USER mary\r\n", "+OK\r\n", false, VERDICT_MINE },
        { "AUTH secret\r\n", "+OK\r\n", false, VERDICT_NOT_MINE },
        { "AUTH plain\r\n", "+OK\r\n", false, VERDICT_MORE },
        { "AUTH secret\r\nGET k\r\n", "+OK\r\n$1\r\na\r\n", false, VERDICT_NOT_MINE },
        { "SET a b\r\n", "+OK\r\n", false, VERDICT_NOT_MINE },
        { "", "-ERR max number of clients reached\r\n", false, VERDICT_MORE },
        { "", "-ERR POP3 server is busy\r\n", false, VERDICT_MINE },
        { "", "+PONG\r\n", false, VERDICT_NOT_MINE },
        { "USER mary\r\n", "220 ftp\r\n", false, VERDICT_NOT_MINE },
        { "USER mary\r\nPASS x\r\nRETR 1\r\n", "", false, VERDICT_MORE },
        { "CAPA\r\n", "", false, VERDICT_MINE },
        { "EHLO a\r\n", "", false, VERDICT_NOT_MINE },
        { "RETR 2\r\n", "text\r\n.\r\n+OK\r\n", true, VERDICT_MINE },
        { "RETR 2\r\n", "text\r\n+OK\r\n", true, VERDICT_MORE },
        { "GET k\r\n", "+OK\r\n", true, VERDICT_MORE },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(pop3_probe(text(rows[i].client), text(rows[i].server), rows[i].midstream),
                         rows[i].verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands), cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_public),   cmocka_unit_test(test_time_stamp),
        cmocka_unit_test(test_probe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
