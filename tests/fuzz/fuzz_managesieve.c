/* Fuzzes a whole session on port 4190, ManageSieve's (fuzz_session.h tells the script that the
 * input is). */
#include "fuzz_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_play_session(data, size, 4190);
    return 0;
}
