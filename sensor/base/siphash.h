/* SipHash-1-3 (Aumasson and Bernstein 2012): a keyed hash for tables that an attacker may try to
 * fill. */
#ifndef MAILTAP_SIPHASH_H
#define MAILTAP_SIPHASH_H

#include "bytes.h"

struct siphash_key {
    uint64_t k0, k1;
};

uint64_t siphash13(const struct siphash_key *, struct bytes);

/* A random key from the kernel; aborts the program if there is none, since a guessable key is worse
 * than no start. */
struct siphash_key siphash_random_key(void);

#endif
