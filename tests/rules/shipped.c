/* The rules that come with mailtap, for tests. */
#include "shipped.h"

#include <stdlib.h>

#include "config_options.h"
#include "rule_files.h"

struct rule_set *shipped_rules(void)
{
    struct config config = { 0 };
    struct problems problems = { 0 };
    const char *folder = getenv("MAILTAP_RULES");
    if (!option_presets(&config) ||
        !text_list_add(&config.rules_replace, folder ? folder : MAILTAP_SOURCE "/rules"))
        abort();
    struct rule_set *set = rule_files_load(&config, &problems);
    if (!set || !rule_files_good(&problems))
        exit(1);
    config_free(&config);
    return set;
}

struct detect *shipped_detect(const struct event_receiver *out)
{
    struct detect *detect = detect_new(shipped_rules(), out);
    if (!detect)
        abort();
    return detect;
}
