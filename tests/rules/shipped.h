/* The rules that come with mailtap, for tests: as a run without a configuration judges. */
#ifndef MAILTAP_TEST_SHIPPED_H
#define MAILTAP_TEST_SHIPPED_H

#include "detect.h"

/* Both end the program, with what is wrong on standard error, if the rules are not well. The
 * environment variable MAILTAP_RULES names another folder. */
struct rule_set *shipped_rules(void);
struct detect *shipped_detect(const struct event_receiver *out);

#endif
