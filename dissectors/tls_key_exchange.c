/* Reads ServerKeyExchange by the key exchange that the suite's name begins with. */
#include "tls_key_exchange.h"

#include <string.h>

#include "tls_hello.h"
#include "tls_names.h"

#define NAMED_CURVE 3

enum parameters { CURVE, PRIME };

/* The first that fits counts. TLS_ECDH_ECDSA, TLS_DH_RSA and their like have fixed keys, and send
 * no such message. */
static const struct {
    const char *name;
    enum parameters parameters;
    bool hint, is_signed;
} exchanges[] = {
    { "TLS_ECDHE_PSK_", CURVE, true, false },  { "TLS_ECDHE_", CURVE, false, true },
    { "TLS_ECDH_anon_", CURVE, false, false }, { "TLS_DHE_PSK_", PRIME, true, false },
    { "TLS_DHE_", PRIME, false, true },        { "TLS_DH_anon_", PRIME, false, false },
};

static void read_curve(struct cursor *in, struct tls_key_exchange *to)
{
    if (cursor_u8(in) != NAMED_CURVE) {
        in->failed = true;
        return;
    }
    to->group = cursor_u16(in);
    cursor_take(in, cursor_u8(in)); /* the point */
}

static unsigned bits_of(struct bytes number)
{
    while (number.len > 0 && number.data[0] == 0)
        number = bytes_after(number, 1);
    unsigned bits = (unsigned)number.len * 8;
    for (unsigned first = number.len > 0 ? number.data[0] : 0x80; first < 0x80; first <<= 1)
        bits--;
    return bits;
}

static void read_prime(struct cursor *in, struct tls_key_exchange *to)
{
    to->dh_bits = bits_of(cursor_take(in, cursor_u16(in)));
    cursor_take(in, cursor_u16(in)); /* the generator */
    cursor_take(in, cursor_u16(in)); /* the public key */
}

bool tls_key_exchange_read(struct bytes body, uint16_t suite, uint16_t version,
                           struct tls_key_exchange *to)
{
    const char *name = tls_suite_name(suite);
    struct cursor in = cursor_over(body);
    *to = (struct tls_key_exchange){ .group = 0 };
    size_t i = 0, rows = sizeof exchanges / sizeof exchanges[0];
    while (name && i < rows && strncmp(name, exchanges[i].name, strlen(exchanges[i].name)) != 0)
        i++;
    if (!name || i == rows)
        return false;
    if (exchanges[i].hint)
        cursor_take(&in, cursor_u16(&in));
    if (exchanges[i].parameters == CURVE)
        read_curve(&in, to);
    else
        read_prime(&in, to);
    if (exchanges[i].is_signed && version == TLS_1_2)
        to->signature = cursor_u16(&in);
    if (in.failed)
        *to = (struct tls_key_exchange){ .group = 0 };
    return !in.failed;
}
