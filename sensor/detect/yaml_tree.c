/* Events of libyaml, made a tree. */
#include "yaml_tree.h"

#include <string.h>
#include <yaml.h>

struct reader {
    yaml_parser_t parser;
    struct bytes text;
    const char *file;
    struct arena *arena;
    struct problems *problems;
    size_t nodes;
    /* What is open: the document at the bottom. */
    struct {
        struct yaml_node *node, *last;
        const char *key; /* of a map: read, its value comes next */
        struct place key_place;
        bool key_quoted;
    } open[YAML_NESTING_MAX + 1];
    size_t depth;
    struct yaml_node *first, *last; /* documents */
};

static struct place place_of(const struct reader *reader, yaml_mark_t mark)
{
    return (struct place){ .file = reader->file,
                           .line = (unsigned)mark.line + 1,
                           .column = (unsigned)mark.column + 1 };
}

/* libyaml tells only the offset of a byte that is no UTF-8. */
static struct place place_of_offset(const struct reader *reader, size_t offset)
{
    struct place place = { reader->file, 1, 1 };
    for (size_t i = 0; i < offset && i < reader->text.len; i++) {
        bool end = reader->text.data[i] == '\n';
        place.line += end;
        place.column = end ? 1 : place.column + 1;
    }
    return place;
}

/* libyaml counts characters: where the byte is. */
static size_t byte_of(struct bytes text, size_t characters)
{
    size_t i = 0;
    for (; i < text.len; i++) {
        bool starts = (text.data[i] & 0xc0) != 0x80;
        if (starts && characters-- == 0)
            break;
    }
    return i;
}

/* Where the blanks before that place begin. */
static size_t before_blanks(struct bytes text, size_t at)
{
    while (at > 0 && (text.data[at - 1] == ' ' || text.data[at - 1] == '\t'))
        at--;
    return at;
}

/* Whether the line is KEY: ... up to there. */
static bool is_first_colon(struct bytes text, size_t at)
{
    size_t from = at;
    while (from > 0 && text.data[from - 1] != '\n')
        from--;
    return !memchr(text.data + from, ':', at - from);
}

/* What people most often meant, by the byte at which libyaml gave up; or "". */
static const char *hint(const struct reader *reader)
{
    size_t at = byte_of(reader->text, reader->parser.problem_mark.index);
    const uint8_t *text = reader->text.data;
    if (at > 0 && at <= reader->text.len && text[at - 1] == '*')
        return " (a value that begins with * needs quotes)";
    if (at >= reader->text.len)
        return "";
    if (text[at] == '\t')
        return " (a tab: indent with spaces)";
    if (text[at] == '%' || text[at] == '@' || text[at] == '`')
        return " (a value that begins with %, @ or ` needs quotes)";
    const char *indented = " (this line is indented differently from those before it)";
    if (text[at] == ':')
        return is_first_colon(reader->text, at) ? indented
                                                : " (a text with a colon and a space needs quotes)";
    const char *context = reader->parser.context ? reader->parser.context : "";
    if (!strstr(context, "while parsing a block"))
        return "";
    size_t before = before_blanks(reader->text, at);
    if (before == 0 || text[before - 1] == '\n')
        return indented;
    return strchr("'\"]}", text[before - 1])
               ? " (something stands behind the closing quote or bracket)"
               : "";
}

static void parser_failed(const struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *what = parser->problem ? parser->problem : "cannot be read";
    if (parser->error == YAML_READER_ERROR) {
        problem_error(reader->problems, place_of_offset(reader, parser->problem_offset),
                      "not YAML: %s", what);
        return;
    }
    problem_error(reader->problems, place_of(reader, parser->problem_mark), "not YAML: %s%s%s%s",
                  what, parser->context ? " " : "", parser->context ? parser->context : "",
                  hint(reader));
}

static bool refuse(const struct reader *reader, yaml_mark_t mark, const char *what)
{
    problem_error(reader->problems, place_of(reader, mark), "%s", what);
    return false;
}

static bool key_is_new(const struct reader *reader, const struct yaml_node *map, const char *key,
                       struct place place)
{
    for (const struct yaml_node *node = map->first; node; node = node->next) {
        if (strcmp(node->key, key) == 0) {
            problem_error(reader->problems, place, "\"%.100s\" stands here twice, first in line %u",
                          key, node->key_place.line);
            return false;
        }
    }
    return true;
}

static struct yaml_node *new_node(struct reader *reader, enum yaml_kind kind,
                                  const yaml_event_t *event)
{
    if (++reader->nodes > YAML_NODES_MAX) {
        refuse(reader, event->start_mark, "too much in one file: more than 100000 values");
        return NULL;
    }
    struct yaml_node *node = arena_take(reader->arena, 1, sizeof *node);
    if (!node) {
        refuse(reader, event->start_mark, "no memory");
        return NULL;
    }
    node->kind = kind;
    node->place = place_of(reader, event->start_mark);
    return node;
}

/* Hangs a node into what is open, or makes it a document. */
static void hang(struct reader *reader, struct yaml_node *node)
{
    if (reader->depth == 0) {
        if (reader->last)
            reader->last->next = node;
        else
            reader->first = node;
        reader->last = node;
        return;
    }
    size_t top = reader->depth - 1;
    struct yaml_node *parent = reader->open[top].node;
    node->key = reader->open[top].key;
    node->key_place = reader->open[top].key_place;
    node->key_quoted = reader->open[top].key_quoted;
    reader->open[top].key = NULL;
    if (reader->open[top].last)
        reader->open[top].last->next = node;
    else
        parent->first = node;
    reader->open[top].last = node;
    parent->count++;
}

static bool key_is_due(const struct reader *reader)
{
    return reader->depth > 0 && reader->open[reader->depth - 1].node->kind == YAML_MAP &&
           !reader->open[reader->depth - 1].key;
}

static bool take_key(struct reader *reader, const yaml_event_t *event)
{
    size_t len = event->data.scalar.length, top = reader->depth - 1;
    const char *value = (const char *)event->data.scalar.value;
    struct place place = place_of(reader, event->start_mark);
    if (memchr(value, '\0', len))
        return refuse(reader, event->start_mark, "a NUL in a name");
    if (reader->open[top].node->count >= YAML_MEMBERS_MAX)
        return refuse(reader, event->start_mark, "more than 2000 entries in one map");
    const char *key = arena_text(reader->arena, bytes_over(value, len));
    if (!key)
        return refuse(reader, event->start_mark, "no memory");
    reader->open[top].key = key;
    reader->open[top].key_place = place;
    reader->open[top].key_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return key_is_new(reader, reader->open[top].node, key, place);
}

static bool take_scalar(struct reader *reader, const yaml_event_t *event)
{
    const char *tag = (const char *)event->data.scalar.tag;
    bool text_tag = tag && (strcmp(tag, YAML_STR_TAG) == 0 || strcmp(tag, "!") == 0);
    yaml_scalar_style_t style = event->data.scalar.style;
    if (tag && !text_tag)
        return refuse(reader, event->start_mark, "tags (!) have no meaning here");
    if (key_is_due(reader))
        return take_key(reader, event);
    struct yaml_node *node = new_node(reader, YAML_TEXT, event);
    if (!node)
        return false;
    node->plain = style == YAML_PLAIN_SCALAR_STYLE && !text_tag;
    node->escaped = (style != YAML_PLAIN_SCALAR_STYLE && style != YAML_SINGLE_QUOTED_SCALAR_STYLE &&
                     style != YAML_DOUBLE_QUOTED_SCALAR_STYLE) ||
                    event->start_mark.line != event->end_mark.line;
    node->len = event->data.scalar.length;
    node->text = arena_text(reader->arena, bytes_over(event->data.scalar.value, node->len));
    if (!node->text)
        return refuse(reader, event->start_mark, "no memory");
    hang(reader, node);
    return true;
}

static bool open_node(struct reader *reader, enum yaml_kind kind, const yaml_event_t *event)
{
    if (key_is_due(reader))
        return refuse(reader, event->start_mark, "the name of an entry must be a word");
    if (reader->depth >= YAML_NESTING_MAX)
        return refuse(reader, event->start_mark, "nested too deeply: more than 32 levels");
    struct yaml_node *node = new_node(reader, kind, event);
    if (!node)
        return false;
    hang(reader, node);
    reader->open[reader->depth].node = node;
    reader->open[reader->depth].last = NULL;
    reader->open[reader->depth].key = NULL;
    reader->depth++;
    return true;
}

static bool has_anchor(const yaml_event_t *event)
{
    return (event->type == YAML_SCALAR_EVENT && event->data.scalar.anchor) ||
           (event->type == YAML_SEQUENCE_START_EVENT && event->data.sequence_start.anchor) ||
           (event->type == YAML_MAPPING_START_EVENT && event->data.mapping_start.anchor);
}

static bool take(struct reader *reader, const yaml_event_t *event)
{
    if (has_anchor(event))
        return refuse(reader, event->start_mark,
                      "anchors (&) are not supported: write it out, or quote the value");
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return refuse(reader, event->start_mark,
                      "aliases (*) are not supported: a value that begins with * needs quotes");
    case YAML_SCALAR_EVENT:
        return take_scalar(reader, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_node(reader, YAML_LIST, event);
    case YAML_MAPPING_START_EVENT:
        return open_node(reader, YAML_MAP, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        reader->depth--;
        return true;
    default:
        return true;
    }
}

static void read_events(struct reader *reader)
{
    for (bool going = true; going;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&reader->parser, &event)) {
            parser_failed(reader);
            return;
        }
        going = take(reader, &event) && event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
}

static struct yaml_node *without_empty(struct yaml_node *documents)
{
    struct yaml_node **at = &documents;
    while (*at) {
        if (yaml_is_null(*at))
            *at = (*at)->next;
        else
            at = &(*at)->next;
    }
    return documents;
}

struct yaml_node *yaml_read(struct bytes text, const char *file, struct arena *arena,
                            struct problems *problems)
{
    struct reader reader = { .text = text, .file = file, .arena = arena, .problems = problems };
    struct place whole = { .file = file };
    if (text.len > YAML_FILE_MAX) {
        problem_error(problems, whole, "too large: more than 1 MiB");
        return NULL;
    }
    if (!yaml_parser_initialize(&reader.parser)) {
        problem_error(problems, whole, "no memory");
        return NULL;
    }
    yaml_parser_set_input_string(&reader.parser, text.data ? text.data : (const uint8_t *)"",
                                 text.len);
    size_t errors = problems->errors;
    read_events(&reader);
    yaml_parser_delete(&reader.parser);
    /* A document that broke off is not judged any further. */
    return problems->errors == errors ? without_empty(reader.first) : NULL;
}

const struct yaml_node *yaml_member(const struct yaml_node *map, const char *key)
{
    if (!map || map->kind != YAML_MAP)
        return NULL;
    for (const struct yaml_node *node = map->first; node; node = node->next) {
        if (strcmp(node->key, key) == 0)
            return node;
    }
    return NULL;
}

bool yaml_is_null(const struct yaml_node *node)
{
    return node->kind == YAML_TEXT && node->plain &&
           (node->len == 0 || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0 ||
            strcmp(node->text, "Null") == 0 || strcmp(node->text, "NULL") == 0);
}

struct place yaml_place_in(const struct yaml_node *node, size_t offset)
{
    struct place place = node->place;
    if (node->kind == YAML_TEXT && !node->escaped)
        place.column += (unsigned)offset + !node->plain;
    return place;
}

struct place yaml_place_in_key(const struct yaml_node *node, size_t offset)
{
    struct place place = node->key_place;
    place.column += (unsigned)offset + node->key_quoted;
    return place;
}
