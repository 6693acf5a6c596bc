/* The rules that the configuration asks for: those that come with mailtap, the operator's own, his
 * tuning, and what %own_networks% and its like stand for. */
#ifndef MAILTAP_RULE_FILES_H
#define MAILTAP_RULE_FILES_H

#include "config.h"
#include "sigma.h"

/* Reads them all, and sees that their regular expressions compile. NULL if there is no memory; what
 * is wrong with them is in `problems`, whose texts live as long as the set. */
struct rule_set *rule_files_load(const struct config *, struct problems *);
/* "folder, file, ...": what that reads. False if there is no memory. */
bool rule_files_print_sources(const struct config *, FILE *out);
/* The rules of these files and folders (not `shipped` in the set), which may be about those that
 * come with mailtap; `foreign`: names of fields need not be ours. */
struct rule_set *rule_files_check(const struct config *, const char *const *paths, bool foreign,
                                  struct problems *);

/* One line on standard error for each problem; false if any is an error. */
bool rule_files_good(const struct problems *);

#endif
