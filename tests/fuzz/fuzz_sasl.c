/* Fuzzes SASL exchanges: | options | name ... | then | op | len | bytes ... | repeated.
 *
 * The messages of the client come as they are or in base64, so that the decoders are reached. What
 * must hold: a secret is claimed only where a message was sent, names are UTF-8 or masked by the
 * JSON writer, nothing leaks and nothing is read behind the end. */
#include <string.h>

#include "base64.h"
#include "fuzz_session.h"
#include "sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum op { OP_CHALLENGE, OP_RAW, OP_ENCODED, OP_ENCODED_2 };

static const char *const names[] = {
    "PLAIN", "LOGIN",  "XOAUTH2",    "OAUTHBEARER", "CRAM-MD5",  "DIGEST-MD5", "SCRAM-SHA-256",
    "NTLM",  "GSSAPI", "GSS-SPNEGO", "EXTERNAL",    "ANONYMOUS", "OTP",        "SECURID",
};
#define NAMES (sizeof names / sizeof names[0])

/* An exact heap copy, so that a read past the end is caught. */
static void message(struct session *s, struct sasl *sasl, enum op op, struct bytes text)
{
    char *copy = malloc(BASE64_ENCODED_LEN(text.len) + 1);
    if (!copy)
        abort();
    size_t len = text.len;
    if (op >= OP_ENCODED) {
        base64_encode(text, copy);
        len = strlen(copy);
    } else if (len > 0) {
        memcpy(copy, text.data, len);
    }
    char *exact = realloc(copy, len > 0 ? len : 1);
    if (!exact)
        abort();
    if (op == OP_CHALLENGE)
        sasl_challenge(sasl, bytes_over(exact, len));
    else
        sasl_response(s, sasl, bytes_over(exact, len));
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz_session fuzz;
    struct cursor in = cursor_over(bytes_over(data, size));
    struct sasl sasl;
    unsigned options = cursor_u8(&in), name = cursor_u8(&in);
    fuzz_session_open(&fuzz, options & FUZZ_FEW_TABLES);
    sasl_init(&sasl, &fuzz.tables);
    sasl_start(&sasl, name < NAMES ? bytes_of_string(names[name]) : cursor_take(&in, name % 32));
    while (fuzz.session && !in.failed && cursor_left(&in) >= 2) {
        unsigned op = cursor_u8(&in), len = cursor_u8(&in);
        if (len > cursor_left(&in))
            len = (unsigned)cursor_left(&in);
        message(fuzz.session, &sasl, (enum op)(op & 3), cursor_take(&in, len));
    }
    if (sasl.exposed != EXPOSED_NONE && sasl.messages == 0)
        abort();
    if (fuzz.session) {
        sasl_facts(fuzz.session, &sasl, options & 1);
        session_emit(fuzz.session, EVENT_AUTH);
    }
    sasl_free(&sasl);
    fuzz_session_close(&fuzz);
    return 0;
}
