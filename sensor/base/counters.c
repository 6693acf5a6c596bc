/* Names and help of the counters, from the same rows as the enum. */
#include "counters.h"

static const struct {
    const char *name, *help;
} rows[] = {
#define COUNTER(id, name, help) { name, help },
#include "counters.def"
#undef COUNTER
};

const char *counter_name(enum counter counter)
{
    return rows[counter].name;
}

const char *counter_help(enum counter counter)
{
    return rows[counter].help;
}

void counters_add(struct counters *to, const struct counters *from)
{
    for (int i = 0; i < COUNTERS; i++)
        count_many(to, (enum counter)i, counter_read(from, (enum counter)i));
}
