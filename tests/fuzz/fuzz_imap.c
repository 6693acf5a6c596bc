/* Fuzzes a whole session on port 143, IMAP's (fuzz_session.h tells the script that the input
 * is). */
#include "fuzz_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_play_session(data, size, 143);
    return 0;
}
