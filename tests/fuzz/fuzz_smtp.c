/* Fuzzes a whole session of SMTP with scripts of both sides: fuzz_session.h has the format. */
#include "fuzz_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_script(bytes_over(data, size), 25);
    return 0;
}
