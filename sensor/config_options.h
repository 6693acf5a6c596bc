/* The one table of options, for the files config*.c: names, types, defaults and help text. The
 * command line, the YAML file, --help, --print-config and the tests all read it. */
#ifndef MAILTAP_CONFIG_OPTIONS_H
#define MAILTAP_CONFIG_OPTIONS_H

#include "config.h"

#define CONFIG_ERROR_MAX 512
#define VERBOSITY_MAX    9

enum option_type {
    OPTION_TEXT,    /* min and max are lengths */
    OPTION_NUMBER,  /* min and max are values */
    OPTION_CHOICE,  /* the place in `choices` is the value */
    OPTION_FLAG,    /* each use turns it round; in the file yes or no */
    OPTION_FILES,   /* each use adds a path */
    OPTION_LIST,    /* each use adds a text; in the file a list */
    OPTION_URL,     /* of a Redis; never shown with its password */
    OPTION_PRIVACY, /* sets all privacy.* choices at once */
    OPTION_COUNT,   /* each use adds one; in the file a number */
    OPTION_ACTION,  /* instead of running */
};

struct option_row {
    const char *path;  /* in the YAML file; NULL: command line only */
    const char *name;  /* long option; NULL: file only */
    char letter;       /* short option; 0: none */
    const char *group; /* heading in --help */
    enum option_type type;
    size_t offset; /* of the value in struct config */
    uint64_t min, max;
    const char *const *choices; /* ends with NULL */
    /* Of OPTION_LIST: what is wrong with a text, NULL if nothing is; NULL: any will do. */
    const char *(*fault)(const char *text);
    const char *preset;   /* the default, as the operator would write it */
    const char *argument; /* what --help calls its argument */
    const char *help;
};

/* Rows with a path stand in tree order. */
extern const struct option_row option_rows[];
extern const size_t option_count;

/* Sets one value from its text. False with the reason, which names no option. */
bool option_set(struct config *, const struct option_row *, const char *text,
                char error[CONFIG_ERROR_MAX]);
/* The value as the operator would write it, passwords hidden. */
void option_show(const struct config *, const struct option_row *, char *to, size_t size);
/* Sets what the operator does not. False if there is no memory for all of it. */
bool option_presets(struct config *);
const struct text_list *option_list(const struct config *, const struct option_row *);
/* Takes all texts out of the list of this option. */
void option_clear_list(struct config *, const struct option_row *);
/* As -r does. */
bool add_capture(struct config *, const char *path, char error[CONFIG_ERROR_MAX]);

/* Whether the values fit together; false with the reason. */
bool config_consistent(const struct config *, char error[CONFIG_ERROR_MAX]);

/* Reads a YAML file over what is set. False with "file:line:column: what is wrong". */
bool config_load(struct config *, const char *path, char error[CONFIG_ERROR_MAX]);
/* The whole configuration as YAML, each option with its help as a comment. */
void config_print(const struct config *, FILE *);
/* --help. */
void config_help(FILE *);

#endif
