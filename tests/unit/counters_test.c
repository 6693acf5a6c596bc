/* Counters: their names, and that another thread may read while the owner counts. */
#include <ctype.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counters.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Prometheus: [a-z_][a-z0-9_]*, counters end in _total; ours begin with the name of the program. */
TEST(names)
{
    for (unsigned i = 0; i < COUNTERS; i++) {
        const char *name = counter_name((enum counter)i);
        assert_memory_equal(name, "mailtap_", 8);
        assert_true(ends_with(name, "_total"));
        for (const char *c = name; *c; c++)
            assert_true(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_');
        assert_true(strlen(counter_help((enum counter)i)) > 10);
        assert_null(strpbrk(counter_help((enum counter)i), "\n\\"));
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(name, counter_name((enum counter)k));
    }
}

TEST(counting)
{
    static struct counters counters;
    count(&counters, COUNT_PACKETS);
    count(&counters, COUNT_PACKETS);
    count_many(&counters, COUNT_BYTES, 1500);
    count_many(&counters, COUNT_BYTES, UINT32_MAX);
    count_many(&counters, COUNT_BYTES, 0);
    assert_true(counter_read(&counters, COUNT_PACKETS) == 2);
    assert_true(counter_read(&counters, COUNT_BYTES) == 1500 + (uint64_t)UINT32_MAX);
    for (unsigned i = 0; i < COUNTERS; i++) {
        if (i != COUNT_PACKETS && i != COUNT_BYTES)
            assert_true(counter_read(&counters, (enum counter)i) == 0);
    }
}

#define ROUNDS 200000

static void *owner(void *arg)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        count(arg, COUNT_EVENTS);
    return NULL;
}

TEST(a_reader_sees_it_grow)
{
    static struct counters counters;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, owner, &counters), 0);
    for (uint64_t seen = 0, before = 0; seen < ROUNDS; before = seen) {
        seen = counter_read(&counters, COUNT_EVENTS);
        assert_true(seen >= before && seen <= ROUNDS);
    }
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(counting),
        cmocka_unit_test(a_reader_sees_it_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
