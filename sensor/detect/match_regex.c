/* Regular expressions by pcre2: Sigma's part of them, with limits, and without memory of the heap
 * while matching.
 *
 * Text that is UTF-8 is matched by character, other text by byte: each expression is compiled for
 * both. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "match_internal.h"
#include "text.h"

#define PATTERN_MAX  4096 /* bytes of an expression */
#define NESTING_MAX  50
#define FRAMES_KIB   512 /* what pcre2 may use for going back */
#define FRAMES_BYTES ((size_t)FRAMES_KIB * 1024)
#define DEPTH_LIMIT  5000
/* Steps that one search may take. pcre2 counts them anew for each place where a match might start,
 * so that each gets its share. */
#define STEPS_MAX    1000000
#define STEPS_LEAST  1000
#define STEPS_MOST   50000

struct regex_code {
    struct regex_code *next;
    pcre2_code *by_character, *by_byte;
};

/* pcre2 asks for twice the room, copies, and gives back what it had: it never holds more than two
 * blocks, and these are they. */
struct regexes {
    uint8_t *block[2];
    bool taken[2], ready;
    pcre2_general_context *memory;
    pcre2_compile_context *compile;
    pcre2_match_context *limits;
    pcre2_match_data *data;
    struct regex_code *codes;
    size_t bytes;
};

static void *take_block(size_t size, void *arg)
{
    struct regexes *regexes = arg;
    if (!regexes->ready)
        return malloc(size);
    for (int i = 0; i < 2; i++) {
        if (!regexes->taken[i] && size <= FRAMES_BYTES) {
            regexes->taken[i] = true;
            return regexes->block[i];
        }
    }
    return NULL;
}

static void give_block(void *block, void *arg)
{
    struct regexes *regexes = arg;
    for (int i = 0; i < 2; i++) {
        if (block && block == regexes->block[i]) {
            regexes->taken[i] = false;
            return;
        }
    }
    free(block);
}

struct regexes *regexes_new(void)
{
    struct regexes *regexes = calloc(1, sizeof *regexes);
    if (!regexes)
        return NULL;
    regexes->block[0] = malloc(FRAMES_BYTES);
    regexes->block[1] = malloc(FRAMES_BYTES);
    regexes->memory = pcre2_general_context_create(take_block, give_block, regexes);
    regexes->compile = pcre2_compile_context_create(NULL);
    regexes->limits = pcre2_match_context_create(NULL);
    if (regexes->memory)
        regexes->data = pcre2_match_data_create(1, regexes->memory);
    if (!regexes->block[0] || !regexes->block[1] || !regexes->compile || !regexes->limits ||
        !regexes->data) {
        regexes_free(regexes);
        return NULL;
    }
    pcre2_set_max_pattern_length(regexes->compile, PATTERN_MAX);
    pcre2_set_parens_nest_limit(regexes->compile, NESTING_MAX);
    pcre2_set_heap_limit(regexes->limits, FRAMES_KIB);
    pcre2_set_depth_limit(regexes->limits, DEPTH_LIMIT);
    regexes->bytes = sizeof *regexes + 2 * FRAMES_BYTES;
    regexes->ready = true;
    return regexes;
}

void regexes_free(struct regexes *regexes)
{
    if (!regexes)
        return;
    for (struct regex_code *code; (code = regexes->codes) != NULL; free(code)) {
        regexes->codes = code->next;
        pcre2_code_free(code->by_character);
        pcre2_code_free(code->by_byte);
    }
    pcre2_match_data_free(regexes->data);
    pcre2_match_context_free(regexes->limits);
    pcre2_compile_context_free(regexes->compile);
    pcre2_general_context_free(regexes->memory);
    free(regexes->block[0]);
    free(regexes->block[1]);
    free(regexes);
}

/* --- what Sigma allows --------------------------------------------------------------------------
 */

/* What is wrong with "(?...", or NULL: groups that are not kept and options are allowed. */
static const char *odd_group(const char *behind)
{
    size_t options = strspn(behind, "imsxJUn-");
    if (behind[options] == ':' || (options > 0 && behind[options] == ')'))
        return NULL;
    return strchr("=!<", behind[0]) && behind[0] ? "look-around or a named group"
                                                 : "a special group";
}

/* What Sigma's appendix does not allow, although pcre2 could; NULL if there is nothing of it. */
static const char *not_in_sigma(const char *text)
{
    bool set = false; /* within [] */
    for (; *text; text++) {
        if (*text == '\\') {
            text++;
            if (!*text)
                return NULL; /* pcre2 complains */
            if (!set && strchr("123456789gk", *text))
                return "a back reference";
        } else if (set) {
            set = *text != ']';
        } else if (*text == '[') {
            set = true;
            text += text[1] == '^';
            text += text[1] == ']'; /* the first one is a member */
        } else if (text[0] == '(' && text[1] == '*') {
            return "a verb of pcre";
        } else if (text[0] == '(' && text[1] == '?') {
            const char *odd = odd_group(text + 2);
            if (odd)
                return odd;
        }
    }
    return NULL;
}

static pcre2_code *compile(struct regexes *regexes, const struct regex *regex, uint32_t more,
                           struct place place, struct problems *problems)
{
    int error;
    PCRE2_SIZE at, size = 0;
    uint32_t options = PCRE2_NEVER_BACKSLASH_C | more;
    options |= regex->ignore_case ? PCRE2_CASELESS : 0;
    options |= regex->multiline ? PCRE2_MULTILINE : 0;
    options |= regex->dot_all ? PCRE2_DOTALL : 0;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)regex->text, PCRE2_ZERO_TERMINATED, options,
                                     &error, &at, regexes->compile);
    if (!code) {
        PCRE2_UCHAR text[128] = "";
        pcre2_get_error_message(error, text, sizeof text);
        problem_error(problems, place, "the regular expression is wrong at character %zu: %s",
                      (size_t)at + 1, (const char *)text);
        return NULL;
    }
    pcre2_pattern_info(code, PCRE2_INFO_SIZE, &size);
    regexes->bytes += size;
    return code;
}

const struct regex_code *regexes_add(struct regexes *regexes, const struct regex *regex,
                                     struct place place, struct problems *problems)
{
    const char *odd = not_in_sigma(regex->text);
    if (odd) {
        problem_error(problems, place, "the regular expression has %s, which Sigma does not allow",
                      odd);
        return NULL;
    }
    struct regex_code *code = calloc(1, sizeof *code);
    if (!code)
        return NULL;
    code->next = regexes->codes;
    regexes->codes = code;
    regexes->bytes += sizeof *code;
    code->by_character = compile(regexes, regex, PCRE2_UTF, place, problems);
    if (code->by_character)
        code->by_byte = compile(regexes, regex, PCRE2_NEVER_UTF, place, problems);
    return code->by_byte ? code : NULL;
}

/* --- matching -----------------------------------------------------------------------------------
 */

static bool is_utf8(struct bytes text)
{
    for (size_t i = 0; i < text.len;) {
        size_t len = text.data[i] < 0x80 ? 1 : text_utf8_length(bytes_after(text, i));
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

static uint32_t steps_for(size_t len)
{
    size_t steps = STEPS_MAX / (len + 1);
    return (uint32_t)(steps < STEPS_LEAST ? STEPS_LEAST : steps > STEPS_MOST ? STEPS_MOST : steps);
}

enum regex_answer regex_search(struct regexes *regexes, const struct regex_code *code,
                               struct bytes text)
{
    static const uint8_t nothing[1];
    bool characters = is_utf8(text);
    pcre2_set_match_limit(regexes->limits, steps_for(text.len));
    int found = pcre2_match(characters ? code->by_character : code->by_byte,
                            text.len > 0 ? text.data : nothing, text.len, 0,
                            characters ? PCRE2_NO_UTF_CHECK : 0, regexes->data, regexes->limits);
    if (found >= 0)
        return REGEX_YES;
    return found == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_GAVE_UP;
}

size_t regexes_bytes(const struct regexes *regexes)
{
    return regexes ? regexes->bytes : 0;
}
