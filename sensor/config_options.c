/* The options, and what their values may be. */
#include "config_options.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "redis_url.h"
#include "text.h"

#define TEXT_MAX 4095

static void *place(const struct config *config, const struct option_row *row)
{
    return (char *)config + row->offset;
}

static bool set_text(struct config *config, const struct option_row *row, const char *text,
                     char error[CONFIG_ERROR_MAX])
{
    size_t len = strlen(text), max = row->max > 0 ? (size_t)row->max : TEXT_MAX;
    char **value = place(config, row);
    char *copy = NULL;
    if (len < row->min || len > max) {
        snprintf(error, CONFIG_ERROR_MAX,
                 len > 0 ? "must be at most %zu bytes long" : "must not be empty", max);
        return false;
    }
    if (len > 0 && !(copy = strdup(text))) {
        snprintf(error, CONFIG_ERROR_MAX, "out of memory");
        return false;
    }
    free(*value);
    *value = copy;
    return true;
}

bool add_capture(struct config *config, const char *text, char error[CONFIG_ERROR_MAX])
{
    if (!text[0] || config->files == CONFIG_FILES) {
        snprintf(error, CONFIG_ERROR_MAX,
                 text[0] ? "stands more than %d times" : "must not be empty", CONFIG_FILES);
        return false;
    }
    char *copy = strdup(text);
    if (!copy) {
        snprintf(error, CONFIG_ERROR_MAX, "out of memory");
        return false;
    }
    config->file[config->files++] = copy;
    return true;
}

void text_list_clear(struct text_list *list)
{
    while (list->count > 0)
        free(list->items[--list->count]);
    free(list->items);
    *list = (struct text_list){ 0 };
}

const struct text_list *option_list(const struct config *config, const struct option_row *row)
{
    return place(config, row);
}

void option_clear_list(struct config *config, const struct option_row *row)
{
    text_list_clear(place(config, row));
}

bool text_list_add(struct text_list *list, const char *text)
{
    char **items = realloc(list->items, (list->count + 2) * sizeof(char *));
    if (!items)
        return false;
    list->items = items;
    items[list->count] = strdup(text);
    items[list->count + 1] = NULL;
    return items[list->count] && ++list->count;
}

static bool add_to_list(struct config *config, const struct option_row *row, const char *text,
                        char error[CONFIG_ERROR_MAX])
{
    struct text_list *list = place(config, row);
    const char *fault = row->fault && text[0] ? row->fault(text) : NULL;
    if (!text[0] || fault || strlen(text) > TEXT_MAX) {
        snprintf(error, CONFIG_ERROR_MAX, text[0] ? "\"%.100s\" %s" : "must not be empty%.0s%.0s",
                 text, fault ? fault : "is too long");
        return false;
    }
    if (list->preset)
        text_list_clear(list);
    if (!text_list_add(list, text)) {
        snprintf(error, CONFIG_ERROR_MAX, "out of memory");
        return false;
    }
    return true;
}

/* On the command line a flag has no text. */
static bool set_flag(struct config *config, const struct option_row *row, const char *text,
                     char error[CONFIG_ERROR_MAX])
{
    bool *value = place(config, row);
    bool yes = text && (strcmp(text, "yes") == 0 || strcmp(text, "true") == 0);
    bool no = text && (strcmp(text, "no") == 0 || strcmp(text, "false") == 0);
    if (text && !yes && !no) {
        snprintf(error, CONFIG_ERROR_MAX, "\"%.100s\" is neither yes nor no", text);
        return false;
    }
    *value = text ? yes : !*value;
    return true;
}

static bool set_number(struct config *config, const struct option_row *row, const char *text,
                       char error[CONFIG_ERROR_MAX])
{
    uint64_t value;
    if (!text_to_u64(bytes_of_string(text), &value) || value < row->min || value > row->max) {
        snprintf(error, CONFIG_ERROR_MAX, "\"%.100s\" is not a number from %" PRIu64 " to %" PRIu64,
                 text, row->min, row->max);
        return false;
    }
    *(uint64_t *)place(config, row) = value;
    return true;
}

/* The place of a word among the choices, or their number. */
static unsigned find_choice(const char *const *choices, const char *text)
{
    unsigned i = 0;
    while (choices[i] && (!text[0] || strcmp(choices[i], text) != 0))
        i++;
    return i;
}

static bool choose(const struct option_row *row, const char *text, unsigned *choice,
                   char error[CONFIG_ERROR_MAX])
{
    *choice = find_choice(row->choices, text);
    if (row->choices[*choice])
        return true;
    int len = snprintf(error, CONFIG_ERROR_MAX, "\"%.100s\" is not one of", text);
    const char *before = " ";
    for (size_t i = 0; row->choices[i]; i++) {
        if (!row->choices[i][0])
            continue;
        len +=
            snprintf(error + len, CONFIG_ERROR_MAX - (size_t)len, "%s%s", before, row->choices[i]);
        before = ", ";
    }
    return false;
}

static bool set_url(struct config *config, const struct option_row *row, const char *text,
                    char error[CONFIG_ERROR_MAX])
{
    struct redis_url url;
    const char *problem;
    char shown[256];
    char **value = place(config, row);
    if (text[0] && !redis_url_parse(text, &url, &problem)) {
        redis_url_show(text, shown, sizeof shown);
        snprintf(error, CONFIG_ERROR_MAX, "\"%s\" is no URL of a Redis: %s", shown, problem);
        explicit_bzero(&url, sizeof url);
        return false;
    }
    explicit_bzero(&url, sizeof url);
    if (*value)
        explicit_bzero(*value, strlen(*value));
    return set_text(config, row, text, error);
}

static void set_privacy(struct config *config, enum privacy_mode mode)
{
    for (size_t i = 0; i < VISIBILITY_INTERNAL; i++)
        config->privacy.mode[i] = i == VISIBILITY_PUBLIC ? PRIVACY_CLEAR : mode;
}

bool option_set(struct config *config, const struct option_row *row, const char *text,
                char error[CONFIG_ERROR_MAX])
{
    unsigned choice;
    switch (row->type) {
    case OPTION_TEXT:
        return set_text(config, row, text, error);
    case OPTION_NUMBER:
    case OPTION_COUNT:
        return set_number(config, row, text, error);
    case OPTION_CHOICE:
        if (!choose(row, text, &choice, error))
            return false;
        memcpy(place(config, row), &choice, sizeof choice); /* an enum of non-negative values */
        return true;
    case OPTION_FLAG:
        return set_flag(config, row, text, error);
    case OPTION_FILES:
        return add_capture(config, text, error);
    case OPTION_LIST:
        return add_to_list(config, row, text, error);
    case OPTION_URL:
        return set_url(config, row, text, error);
    case OPTION_PRIVACY:
        if (!choose(row, text, &choice, error))
            return false;
        set_privacy(config, (enum privacy_mode)choice);
        return true;
    case OPTION_ACTION:
        break;
    }
    return true;
}

void option_show(const struct config *config, const struct option_row *row, char *to, size_t size)
{
    const char *text = NULL;
    unsigned choice;
    to[0] = '\0';
    switch (row->type) {
    case OPTION_TEXT:
    case OPTION_URL:
        text = *(char **)place(config, row);
        if (text && row->type == OPTION_URL)
            redis_url_show(text, to, size);
        else if (text)
            text_copy(to, size, bytes_of_string(text));
        break;
    case OPTION_NUMBER:
    case OPTION_COUNT:
        snprintf(to, size, "%" PRIu64, *(uint64_t *)place(config, row));
        break;
    case OPTION_CHOICE:
        memcpy(&choice, place(config, row), sizeof choice);
        text_copy(to, size, bytes_of_string(row->choices[choice]));
        break;
    case OPTION_FLAG:
        text_copy(to, size, bytes_of_string(*(bool *)place(config, row) ? "yes" : "no"));
        break;
    case OPTION_FILES:
    case OPTION_LIST:
    case OPTION_PRIVACY:
    case OPTION_ACTION:
        break;
    }
}

/* The words of a list's default. */
static bool preset_list(struct config *config, const struct option_row *row)
{
    struct text_list *list = place(config, row);
    struct bytes rest = bytes_of_string(row->preset), word;
    char text[64];
    bool whole = true;
    while ((word = text_next_word(&rest)).len > 0) {
        text_copy(text, sizeof text, word);
        whole = whole && text_list_add(list, text);
    }
    list->preset = true;
    return whole;
}

bool option_presets(struct config *config)
{
    char error[CONFIG_ERROR_MAX];
    bool whole = true;
    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_rows[i];
        if (!row->preset)
            continue;
        whole &= row->type == OPTION_LIST ? preset_list(config, row)
                                          : option_set(config, row, row->preset, error);
    }
    return whole;
}

bool config_consistent(const struct config *config, char error[CONFIG_ERROR_MAX])
{
    struct redis_url url = { .db = "0" };
    const char *problem = NULL;
    if (!config->redis.url)
        return true;
    redis_url_parse(config->redis.url, &url, &problem);
    if (url.password[0] && config->redis.password_file)
        problem = "the password for Redis is given twice, in output.redis.url and in "
                  "output.redis.password_file";
    else if (url.user[0] && !url.password[0] && !config->redis.password_file)
        problem = "output.redis.url names a user, but neither it nor output.redis.password_file "
                  "gives a password";
    explicit_bzero(&url, sizeof url);
    snprintf(error, CONFIG_ERROR_MAX, "%s", problem ? problem : "");
    return !problem;
}
