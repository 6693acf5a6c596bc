/* SipHash-1-3 against values of an independent implementation, which also gives the SipHash-2-4
 * vector of the paper and, under the zero key, the hash() of bytes of CPython 3.11. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "siphash.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* The message is 00 01 02 ...; the key of the paper is 00 01 ... 0f. */
static const struct {
    size_t len;
    uint64_t paper_key, zero_key;
} rows[] = {
    { 0, 0xabac0158050fc4dc, 0xd1fba762150c532c },
    { 1, 0xc9f49bf37d57ca93, 0x68a914128e01e473 },
    { 2, 0x82cb9b024dc7d44d, 0x010bac45c41e3669 },
    { 7, 0xd3927d989bb11140, 0x2f098ab0c751325a },
    { 8, 0x369095118d299a8e, 0xead411e67ebe2eea },
    { 9, 0x25a48eb36c063de4, 0x75927f9d95124362 },
    { 15, 0xd320d86d2a519956, 0xf30eb725bb91c9ea },
    { 16, 0xcc4fdd1a7d908b66, 0x8972188433a5c5b7 },
    { 17, 0x9cf2689063dbd80c, 0x4883c49a2c009c1d },
    { 31, 0x2370dd1f8c21d1bc, 0x169739443111d49b },
    { 63, 0x9d199062b7bbb3a8, 0x385d3e39e5f37359 },
    { 255, 0xf76214e3153c4a15, 0x5dc1f93ea135eb43 },
    { 256, 0x75b3e64e167de370, 0x31ae646afba70308 },
    { 300, 0x4016a23bda5a2224, 0x4a3ee92cf03a1ab4 },
};

TEST(known_answers)
{
    static const struct siphash_key paper = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 },
                                    zero = { 0, 0 };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        /* At an odd address, in a block that ends with the message. */
        uint8_t *block = malloc(rows[i].len + 1);
        assert_non_null(block);
        for (size_t n = 0; n < rows[i].len; n++)
            block[n + 1] = (uint8_t)n;
        assert_true(siphash13(&paper, bytes_over(block + 1, rows[i].len)) == rows[i].paper_key);
        assert_true(siphash13(&zero, bytes_over(block + 1, rows[i].len)) == rows[i].zero_key);
        free(block);
    }
    assert_true(siphash13(&zero, BYTES_NONE) == rows[0].zero_key);
}

TEST(both_halves_of_the_key_count)
{
    struct siphash_key key = { 1, 2 };
    uint64_t hash = siphash13(&key, BYTES_LITERAL("mail"));
    key.k0 ^= UINT64_C(1) << 63;
    assert_true(siphash13(&key, BYTES_LITERAL("mail")) != hash);
    key.k0 ^= UINT64_C(1) << 63;
    assert_true(siphash13(&key, BYTES_LITERAL("mail")) == hash);
    key.k1 ^= 1;
    assert_true(siphash13(&key, BYTES_LITERAL("mail")) != hash);
}

TEST(random_keys_differ)
{
    struct siphash_key a = siphash_random_key(), b = siphash_random_key();
    assert_true(a.k0 != b.k0 && a.k1 != b.k1 && a.k0 != a.k1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(both_halves_of_the_key_count),
        cmocka_unit_test(random_keys_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
