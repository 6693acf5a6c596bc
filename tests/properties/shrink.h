/* Makes a dialogue with losses that breaks a law as small as it can be, and prints it as a dialogue
 * file: what is lost stands in comments. */
#ifndef MAILTAP_SHRINK_H
#define MAILTAP_SHRINK_H

#include "dialogue.h"

/* Whether these turns still break the law. `whole`: the same with nothing lost. */
struct shrink_law {
    bool (*broken)(void *arg, const struct turn *whole, size_t whole_turns,
                   const struct turn *lossy, size_t lossy_turns);
    void *arg;
};

/* `lossy`: turns in which the gaps hold the bytes that they are instead of. */
void shrink_print(const struct dialogue *, const struct turn *lossy, size_t turns,
                  const struct shrink_law *);

#endif
