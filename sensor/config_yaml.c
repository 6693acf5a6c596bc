/* The configuration as YAML: reading it with exact complaints, and writing it with its help. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "config_options.h"
#include "text.h"

#define FILE_MAX       ((size_t)1024 * 1024)
#define PATH_MAX_BYTES 128

struct loader {
    struct config *config;
    const char *file;
    yaml_document_t document;
    char *error;
    bool seen[128]; /* by row */
};

static bool complain(struct loader *loader, yaml_mark_t mark, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool complain(struct loader *loader, yaml_mark_t mark, const char *format, ...)
{
    va_list arguments;
    int len = snprintf(loader->error, CONFIG_ERROR_MAX, "%.250s:%zu:%zu: ", loader->file,
                       mark.line + 1, mark.column + 1);
    va_start(arguments, format);
    vsnprintf(loader->error + len, CONFIG_ERROR_MAX - (size_t)len, format, arguments);
    va_end(arguments);
    return false;
}

/* Whether `path` is a section, that is, options stand below it: its length in `option`. */
static bool is_below(const char *option, const char *path)
{
    size_t len = strlen(path);
    return option && strncmp(option, path, len) == 0 && option[len] == '.';
}

static const struct option_row *find_row(const char *path)
{
    for (size_t i = 0; i < option_count; i++) {
        if (option_rows[i].path && strcmp(option_rows[i].path, path) == 0)
            return &option_rows[i];
    }
    return NULL;
}

static bool is_section(const char *path)
{
    for (size_t i = 0; i < option_count; i++) {
        if (is_below(option_rows[i].path, path))
            return true;
    }
    return false;
}

static void consider(const char *candidate, size_t len, const char *path, char best[PATH_MAX_BYTES],
                     unsigned *least)
{
    char name[PATH_MAX_BYTES];
    text_copy(name, sizeof name, bytes_over(candidate, len));
    unsigned distance = text_distance(name, path);
    if (distance < *least) {
        *least = distance;
        memcpy(best, name, sizeof name);
    }
}

/* The nearest option or section, if it is near: at most a third of its letters away. */
static bool suggest(const char *path, char best[PATH_MAX_BYTES])
{
    unsigned least = (unsigned)strlen(path) / 3 + 1;
    best[0] = '\0';
    for (size_t i = 0; i < option_count; i++) {
        const char *option = option_rows[i].path;
        if (!option)
            continue;
        for (const char *dot = strchr(option, '.'); dot; dot = strchr(dot + 1, '.'))
            consider(option, (size_t)(dot - option), path, best, &least);
        consider(option, strlen(option), path, best, &least);
    }
    return best[0] != '\0';
}

static bool unknown_key(struct loader *loader, yaml_mark_t mark, const char *path)
{
    char best[PATH_MAX_BYTES];
    if (suggest(path, best))
        return complain(loader, mark, "unknown key \"%s\", did you mean \"%s\"?", path, best);
    return complain(loader, mark, "unknown key \"%s\"", path);
}

static bool is_null(const yaml_node_t *node)
{
    const char *text = (const char *)node->data.scalar.value;
    return node->type == YAML_SCALAR_NODE && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (!text[0] || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

/* A list in the file takes the place of the default. */
static bool load_list(struct loader *loader, const struct option_row *row, yaml_node_t *node)
{
    char reason[CONFIG_ERROR_MAX];
    option_clear_list(loader->config, row);
    for (yaml_node_item_t *at = node->data.sequence.items.start; at < node->data.sequence.items.top;
         at++) {
        yaml_node_t *item = yaml_document_get_node(&loader->document, *at);
        if (item->type != YAML_SCALAR_NODE || is_null(item) ||
            strlen((const char *)item->data.scalar.value) != item->data.scalar.length)
            return complain(loader, item->start_mark, "%s: must be a list of words", row->path);
        if (!option_set(loader->config, row, (const char *)item->data.scalar.value, reason))
            return complain(loader, item->start_mark, "%s: %s", row->path, reason);
    }
    return true;
}

static bool load_value(struct loader *loader, const struct option_row *row, yaml_node_t *node)
{
    char reason[CONFIG_ERROR_MAX];
    if (row->type == OPTION_LIST && node->type == YAML_SEQUENCE_NODE)
        return load_list(loader, row, node);
    if (row->type == OPTION_LIST && node->type == YAML_SCALAR_NODE) {
        option_clear_list(loader->config, row);
        if (is_null(node))
            return true;
    }
    if (node->type != YAML_SCALAR_NODE)
        return complain(loader, node->start_mark, "%s: must be one value, not a %s", row->path,
                        node->type == YAML_SEQUENCE_NODE ? "list" : "section");
    const char *text = is_null(node) ? "" : (const char *)node->data.scalar.value;
    if (strlen(text) != node->data.scalar.length && !is_null(node))
        return complain(loader, node->start_mark, "%s: must not hold a NUL", row->path);
    if (!option_set(loader->config, row, text, reason))
        return complain(loader, node->start_mark, "%s: %s", row->path, reason);
    return true;
}

static bool load_section(struct loader *, const char *path, yaml_node_t *);

static bool load_pair(struct loader *loader, const char *section, yaml_node_t *key,
                      yaml_node_t *value)
{
    char path[PATH_MAX_BYTES];
    if (key->type != YAML_SCALAR_NODE)
        return complain(loader, key->start_mark, "a key must be a word");
    snprintf(path, sizeof path, "%s%s%.60s", section, section[0] ? "." : "",
             (const char *)key->data.scalar.value);
    const struct option_row *row = find_row(path);
    if (row) {
        size_t place = (size_t)(row - option_rows);
        if (loader->seen[place])
            return complain(loader, key->start_mark, "%s: is set twice", path);
        loader->seen[place] = true;
        return load_value(loader, row, value);
    }
    if (!is_section(path))
        return unknown_key(loader, key->start_mark, path);
    return load_section(loader, path, value);
}

/* Whether an earlier pair of the mapping has the same key. Options are looked after by `seen`; this
 * is for sections, of which a mapping can only have a few before something else is wrong. */
static bool repeated(struct loader *loader, yaml_node_t *mapping, const yaml_node_pair_t *pair)
{
    yaml_node_t *key = yaml_document_get_node(&loader->document, pair->key);
    for (yaml_node_pair_t *at = mapping->data.mapping.pairs.start; at < pair; at++) {
        yaml_node_t *earlier = yaml_document_get_node(&loader->document, at->key);
        if (key->type == YAML_SCALAR_NODE && earlier->type == YAML_SCALAR_NODE &&
            strcmp((const char *)key->data.scalar.value,
                   (const char *)earlier->data.scalar.value) == 0)
            return true;
    }
    return false;
}

static bool load_section(struct loader *loader, const char *path, yaml_node_t *node)
{
    if (is_null(node))
        return true; /* "output:" with nothing below it */
    if (node->type != YAML_MAPPING_NODE)
        return complain(loader, node->start_mark,
                        path[0] ? "%s: must be a section" : "%sthe file must be a map of sections",
                        path);
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        yaml_node_t *key = yaml_document_get_node(&loader->document, pair->key);
        yaml_node_t *value = yaml_document_get_node(&loader->document, pair->value);
        if (repeated(loader, node, pair))
            return complain(loader, key->start_mark, "%s%s%s: is set twice", path,
                            path[0] ? "." : "", (const char *)key->data.scalar.value);
        if (!load_pair(loader, path, key, value))
            return false;
    }
    return true;
}

static bool load_document(struct loader *loader, yaml_parser_t *parser)
{
    if (!yaml_parser_load(parser, &loader->document)) {
        yaml_mark_t mark = parser->problem_mark;
        if (parser->error == YAML_READER_ERROR)
            return complain(loader, parser->mark, "%s", parser->problem);
        return complain(loader, mark, "%s", parser->problem ? parser->problem : "out of memory");
    }
    yaml_node_t *root = yaml_document_get_root_node(&loader->document);
    bool good = !root || load_section(loader, "", root);
    yaml_document_delete(&loader->document);
    if (!good || !root)
        return good;
    /* A second document would be ignored without a word. */
    if (!yaml_parser_load(parser, &loader->document))
        return complain(loader, parser->problem_mark, "%s",
                        parser->problem ? parser->problem : "not well-formed");
    root = yaml_document_get_root_node(&loader->document);
    if (root)
        complain(loader, root->start_mark, "there is a second document");
    yaml_document_delete(&loader->document);
    return !root;
}

/* The whole file, or NULL with the reason. */
static char *read_file(const char *path, size_t *len, char error[CONFIG_ERROR_MAX])
{
    FILE *file = fopen(path, "re");
    char *text = malloc(FILE_MAX + 1);
    const char *problem = NULL;
    errno = 0;
    if (!file || !text) {
        problem = strerror(errno ? errno : ENOENT);
    } else {
        *len = fread(text, 1, FILE_MAX + 1, file);
        if (ferror(file))
            problem = strerror(errno);
        else if (*len > FILE_MAX)
            problem = "it is larger than 1 MiB";
    }
    if (file)
        fclose(file);
    if (!problem)
        return text;
    snprintf(error, CONFIG_ERROR_MAX, "cannot read %.250s: %s", path, problem);
    free(text);
    return NULL;
}

bool config_load(struct config *config, const char *path, char error[CONFIG_ERROR_MAX])
{
    struct loader loader = { .config = config, .file = path, .error = error };
    yaml_parser_t parser;
    size_t len = 0;
    char *text = read_file(path, &len, error);
    if (!text)
        return false;
    bool good = yaml_parser_initialize(&parser);
    if (good) {
        yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
        good = load_document(&loader, &parser);
        yaml_parser_delete(&parser);
    } else {
        snprintf(error, CONFIG_ERROR_MAX, "out of memory");
    }
    explicit_bzero(text, len); /* it may hold a password */
    free(text);
    return good && config_consistent(config, error);
}

static void print_quoted(struct bytes text, FILE *to)
{
    putc('"', to);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '"' || c == '\\')
            fprintf(to, "\\%c", c);
        else if (c < 0x20 || c == 0x7F)
            fprintf(to, "\\x%02X", c);
        else
            putc(c, to);
    }
    putc('"', to);
}

static void print_list(const struct text_list *list, FILE *to)
{
    putc('[', to);
    for (unsigned i = 0; i < list->count; i++) {
        fputs(i > 0 ? ", " : "", to);
        print_quoted(bytes_of_string(list->items[i]), to);
    }
    putc(']', to);
}

/* Opens the sections of `path` that `before` was not in; returns the depth of the option. */
static int print_sections(const char *path, const char *before, FILE *to)
{
    int depth = 0;
    for (const char *dot = strchr(path, '.'), *start = path; dot; dot = strchr(start, '.')) {
        size_t len = (size_t)(dot - path) + 1;
        if (strncmp(path, before, len) != 0)
            fprintf(to, "%s%*s%.*s:\n", depth == 0 && before[0] ? "\n" : "", depth * 2, "",
                    (int)(dot - start), start);
        start = dot + 1;
        depth++;
    }
    return depth;
}

void config_print(const struct config *config, FILE *to)
{
    const char *before = "";
    char value[8192];
    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_rows[i];
        if (!row->path)
            continue;
        int indent = 2 * print_sections(row->path, before, to);
        fprintf(to, "%*s# %s\n", indent, "", row->help);
        const char *name = strrchr(row->path, '.') + 1;
        option_show(config, row, value, sizeof value);
        fprintf(to, "%*s%s: ", indent, "", name);
        if (row->type == OPTION_LIST)
            print_list(option_list(config, row), to);
        else if (row->type == OPTION_TEXT || row->type == OPTION_URL)
            print_quoted(bytes_of_string(value), to);
        else
            fputs(value, to);
        putc('\n', to);
        before = row->path;
    }
}
