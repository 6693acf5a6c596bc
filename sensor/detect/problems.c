/* Complaints, collected and printed in the order in which an editor would show them. */
#include "problems.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define LINE_MAX_LEN 512

bool problems_init(struct problems *problems, struct arena *arena)
{
    *problems = (struct problems){ .arena = arena };
    problems->list = arena_take(arena, PROBLEMS_MAX, sizeof problems->list[0]);
    return problems->list != NULL;
}

/* Words of the file are quoted: what a terminal would obey is not passed on. */
static void tame(char *text)
{
    for (char *at = text; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    }
}

static void add(struct problems *problems, enum problem_kind kind, struct place place,
                const char *format, va_list arguments)
{
    char line[LINE_MAX_LEN];
    if (problems->count == PROBLEMS_MAX || !problems->list)
        return;
    vsnprintf(line, sizeof line, format, arguments);
    tame(line);
    const char *text = arena_text(problems->arena, bytes_of_string(line));
    problems->list[problems->count++] =
        (struct problem){ .kind = kind, .place = place, .text = text ? text : "no memory" };
}

void problem_error(struct problems *problems, struct place place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(problems, PROBLEM_ERROR, place, format, arguments);
    va_end(arguments);
    problems->errors++;
}

void problem_warning(struct problems *problems, struct place place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(problems, PROBLEM_WARNING, place, format, arguments);
    va_end(arguments);
    problems->warnings++;
}

static int compare_numbers(unsigned a, unsigned b)
{
    return (a > b) - (a < b);
}

static int compare(const void *left, const void *right)
{
    const struct problem *a = left, *b = right;
    int order = strcmp(a->place.file ? a->place.file : "", b->place.file ? b->place.file : "");
    if (order == 0)
        order = compare_numbers(a->place.line, b->place.line);
    if (order == 0)
        order = compare_numbers(a->place.column, b->place.column);
    return order != 0 ? order : strcmp(a->text, b->text);
}

void problems_sort(struct problems *problems)
{
    if (problems->count > 1)
        qsort(problems->list, problems->count, sizeof problems->list[0], compare);
}

void problems_print(const struct problems *problems, FILE *out)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->list[i];
        if (problem->place.file)
            fprintf(out, "%s:", problem->place.file);
        if (problem->place.line > 0)
            fprintf(out, "%u:%u:", problem->place.line, problem->place.column);
        fprintf(out, "%s%s%s\n", problem->place.file ? " " : "",
                problem->kind == PROBLEM_WARNING ? "warning: " : "", problem->text);
    }
    size_t more = problems->errors + problems->warnings - problems->count;
    if (more > 0)
        fprintf(out, "%zu more\n", more);
}

struct nearest nearest_to(const char *word)
{
    /* text_distance() does not look at long words: nothing is near to them. */
    size_t len = strlen(word);
    static const unsigned char near[] = { 0, 1, 2, 2, 3, 3 }; /* two letters may change places */
    unsigned least = len < sizeof near ? near[len] : len < 64 ? (unsigned)len / 3 + 1 : 0;
    return (struct nearest){ .word = word, .least = least };
}

void nearest_consider(struct nearest *nearest, const char *candidate)
{
    size_t one = strlen(nearest->word), other = strlen(candidate);
    if ((one > other ? one - other : other - one) >= nearest->least)
        return; /* so many letters are missing at least */
    unsigned distance = text_distance(nearest->word, candidate);
    if (distance < nearest->least) {
        nearest->least = distance;
        nearest->best = candidate;
    }
}

/* "id, name, title"; what has no room is left out, and "..." says so. */
static void list_words(const char *const *words, char *to, size_t size)
{
    const size_t dots = sizeof ", ...";
    size_t len = 0;
    to[0] = '\0';
    for (int i = 0; words[i]; i++) {
        if (len + strlen(words[i]) + 2 + dots > size) {
            snprintf(to + len, size - len, "%s...", i > 0 ? ", " : "");
            return;
        }
        len += (size_t)snprintf(to + len, size - len, "%s%s", i > 0 ? ", " : "", words[i]);
    }
}

void problem_unknown(struct problems *problems, enum problem_kind kind, struct place place,
                     const char *what, const char *word, const char *const *words)
{
    void (*say)(struct problems *, struct place, const char *, ...)
        __attribute__((format(printf, 3, 4))) =
            kind == PROBLEM_WARNING ? problem_warning : problem_error;
    char list[256];
    struct nearest nearest = nearest_to(word);
    for (int i = 0; words[i]; i++)
        nearest_consider(&nearest, words[i]);
    list_words(words, list, sizeof list);
    if (nearest.best)
        say(problems, place, "unknown %s \"%.100s\", did you mean \"%s\"?", what, word,
            nearest.best);
    else
        say(problems, place, "unknown %s \"%.100s\": there %s %s", what, word,
            words[0] && !words[1] ? "is only" : "are", list);
}
