/* What sessions in clear have in common: who, from where to where, cut how, and the truth of it. */
#ifndef MAILTAP_BENCH_PLAN_H
#define MAILTAP_BENCH_PLAN_H

#include <stdio.h>

#include "script.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

enum { PLAN_USER = 64 };

/* Where flow number `index` stands among so many combinations: neighbours differ in every column,
 * and all are met before any repeats, unless their number is a multiple of 7919. */
uint32_t plan_number(uint32_t index, size_t combinations);
/* The digits of such a number, each to its own base. */
uint32_t plan_digit(uint32_t *number, size_t base);

/* The cuts that plan_cut() has, each a digit too. */
size_t plan_cuts(void);
enum cut plan_cut(uint32_t *number);

void plan_user(char user[PLAN_USER], uint32_t index);
/* Ports are dealt so that none has only some of the forms of login. */
void plan_ends(struct script *, uint32_t index, const uint16_t *ports, size_t count);

/* One session in twenty loses a packet. */
void plan_loss(struct script *);

/* Writes a login into the truth; without a user none was named. */
void plan_plant(const struct script *, const char *mechanism, const char *user, bool success,
                FILE *truth);

#endif
