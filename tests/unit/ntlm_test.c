/* NTLM messages: fields where they should be, and where they should not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ntlm.h"

#define HEAD 64

struct message {
    uint8_t data[256];
    size_t len;
};

static void put_u16(uint8_t *to, size_t value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
}

/* The n-th field of the head, and its value behind all others. */
static void add(struct message *m, unsigned n, const char *value, size_t len)
{
    uint8_t *field = m->data + 12 + (size_t)8 * n;
    put_u16(field, len);
    put_u16(field + 2, len);
    put_u16(field + 4, m->len);
    memcpy(m->data + m->len, value, len);
    m->len += len;
}

static struct message authenticate(size_t nt_len, bool unicode)
{
    static const char response[64];
    struct message m = { .data = "NTLMSSP", .len = HEAD };
    m.data[8] = NTLM_AUTHENTICATE;
    m.data[60] = unicode;
    add(&m, 0, response, 24);
    add(&m, 1, response, nt_len);
    if (unicode) {
        add(&m, 2, "D\0", 2);
        add(&m, 3, "b\0\xF6\0=\xD8\xE7\xDC", 8); /* the last is U+1F4E7 */
    } else {
        add(&m, 2, "D", 1);
        add(&m, 3, "bob", 3);
    }
    add(&m, 4, "", 0);
    return m;
}

/* From an exact heap copy, so that a read past the end is caught. */
static bool read_copy(const struct message *m, size_t len, struct ntlm *ntlm)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, m->data, len);
    bool is = ntlm_read(bytes_over(copy, len), ntlm);
    free(copy);
    return is;
}

static void versions(void **state)
{
    static const struct {
        size_t nt_len;
        unsigned version;
    } rows[] = { { 24, 1 }, { 0, 1 }, { 44, 2 }, { 60, 2 }, { 30, 1 } };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct message m = authenticate(rows[i].nt_len, true);
        struct ntlm ntlm;
        assert_true(read_copy(&m, m.len, &ntlm));
        assert_int_equal(ntlm.version, rows[i].version);
    }
}

static void names(void **state)
{
    static const char unicode[] = "b\xC3\xB6\xF0\x9F\x93\xA7";
    struct ntlm ntlm;
    (void)state;
    struct message m = authenticate(24, true);
    assert_true(read_copy(&m, m.len, &ntlm));
    assert_int_equal(ntlm.user.len, sizeof unicode - 1);
    assert_memory_equal(ntlm.user.text, unicode, sizeof unicode - 1);
    assert_int_equal(ntlm.domain.len, 1);
    m = authenticate(24, false);
    assert_true(read_copy(&m, m.len, &ntlm));
    assert_int_equal(ntlm.user.len, 3);
    assert_memory_equal(ntlm.user.text, "bob", 3);
}

static void cut_anywhere(void **state)
{
    struct message m = authenticate(24, true);
    struct ntlm ntlm;
    (void)state;
    for (size_t len = 0; len < m.len; len++)
        assert_false(read_copy(&m, len, &ntlm));
}

static void fields_out_of_bounds(void **state)
{
    struct ntlm ntlm;
    (void)state;
    for (unsigned n = 0; n < 5; n++) {
        struct message m = authenticate(24, true);
        put_u16(m.data + 12 + (size_t)8 * n, 0xFFFF);
        assert_false(read_copy(&m, m.len, &ntlm));
        m = authenticate(24, true);
        memset(m.data + 12 + (size_t)8 * n + 4, 0xFF, 4);
        assert_int_equal(read_copy(&m, m.len, &ntlm), n == 4); /* the empty one may be anywhere */
    }
}

static void inside_other_bytes(void **state)
{
    struct message m = authenticate(44, true), wrapped = { .data = "`HNNTLMNTLMSS", .len = 13 };
    struct ntlm ntlm;
    (void)state;
    memcpy(wrapped.data + wrapped.len, m.data, m.len);
    wrapped.len += m.len;
    assert_true(read_copy(&wrapped, wrapped.len, &ntlm));
    assert_int_equal(ntlm.version, 2);
    struct message challenge = { .data = "NTLMSSP", .len = 12 };
    challenge.data[8] = NTLM_CHALLENGE;
    assert_true(read_copy(&challenge, challenge.len, &ntlm));
    assert_int_equal(ntlm.type, NTLM_CHALLENGE);
    challenge.data[8] = 4;
    assert_false(read_copy(&challenge, challenge.len, &ntlm));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),           cmocka_unit_test(names),
        cmocka_unit_test(cut_anywhere),       cmocka_unit_test(fields_out_of_bounds),
        cmocka_unit_test(inside_other_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
