/* Who talks to whom, in which combination. */
#include "plan.h"

enum {
    PEOPLE = 4000, /* each with his own machine and his own server */
    SERVERS = 32,
    LOSSY_ONE_IN = 20
};

static const uint32_t client_net = 0x0A000001, server_net = 0xC0000219; /* 10.0.0.1, 192.0.2.25 */

static const char *const first_names[] = { "anna", "bela", "chidi", "dana",  "emre", "fatou",
                                           "goro", "hana", "ines",  "jorge", "kaja", "luis" };
static const char *const last_names[] = { "arslan", "berg",  "costa", "dubois", "egede",
                                          "fuchs",  "garza", "horak", "ito" };
/* First name, last name, number. */
static const char *const user_shapes[] = { "%s.%s%u@example.org", "%s%.1s%u",
                                           "%s_%s-%u@mail.example.net", "%.1s%s%u" };

/* Most stacks send full segments. */
static const enum cut cuts[] = { CUT_MSS, CUT_LINE,   CUT_MSS, CUT_LINES,
                                 CUT_MSS, CUT_RANDOM, CUT_MSS, CUT_LINES };

uint32_t plan_number(uint32_t index, size_t combinations)
{
    return (uint32_t)((uint64_t)index * 7919 % combinations); /* 7919 is prime */
}

uint32_t plan_digit(uint32_t *number, size_t base)
{
    uint32_t chosen = *number % (uint32_t)base;
    *number /= (uint32_t)base;
    return chosen;
}

size_t plan_cuts(void)
{
    return LENGTH(cuts);
}

enum cut plan_cut(uint32_t *number)
{
    return cuts[plan_digit(number, LENGTH(cuts))];
}

void plan_user(char user[PLAN_USER], uint32_t index)
{
    uint32_t who = index % PEOPLE;
    snprintf(user, PLAN_USER, user_shapes[who / 7 % LENGTH(user_shapes)],
             first_names[who % LENGTH(first_names)], last_names[who % LENGTH(last_names)], who);
}

void plan_ends(struct script *script, uint32_t index, const uint16_t *ports, size_t count)
{
    uint32_t who = index % PEOPLE;
    script->ends = (struct ends){ .from_ip = client_net + who,
                                  .to_ip = server_net + who % SERVERS,
                                  .from_port = (uint16_t)(20000 + index / PEOPLE),
                                  .to_port = ports[who / 5 % count] };
}

void plan_loss(struct script *script)
{
    script->lossy = chance_one_in(script->chance, LOSSY_ONE_IN);
}

void plan_plant(const struct script *script, const char *mechanism, const char *user, bool success,
                FILE *truth)
{
    const struct ends *ends = &script->ends;
    fprintf(truth, "%u.%u.%u.%u\t%u\t%u.%u.%u.%u\t%u\t%s\t%s\t%s\t%s\n", ends->from_ip >> 24,
            ends->from_ip >> 16 & 255, ends->from_ip >> 8 & 255, ends->from_ip & 255,
            ends->from_port, ends->to_ip >> 24, ends->to_ip >> 16 & 255, ends->to_ip >> 8 & 255,
            ends->to_ip & 255, ends->to_port, mechanism, user, success ? "success" : "failure",
            script->lossy ? "lossy" : "whole");
}
