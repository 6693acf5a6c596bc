/* The vocabulary keeps its own rules: names, the order that JSON needs, what ECS wants as arrays,
 * and the lists and message templates of the event kinds. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static const char *name_of(unsigned field)
{
    return schema_field((enum field)field)->name;
}

TEST(names_are_well_formed)
{
    for (unsigned i = 0; i < FIELDS; i++) {
        const char *name = name_of(i);
        const char *start = *name == '@' ? name + 1 : name;
        assert_true(islower((unsigned char)*start));
        unsigned depth = 0;
        for (const char *c = start; *c; c++) {
            if (*c == '.') {
                depth++;
                assert_true(islower((unsigned char)c[1])); /* no empty part */
            } else if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_') {
                fail_msg("%s", name);
            }
        }
        assert_true(depth < 8); /* the JSON writer opens no more objects */
        assert_true(strlen(schema_field((enum field)i)->doc) > 5);
    }
}

TEST(names_are_unique_and_found)
{
    for (unsigned i = 0; i < FIELDS; i++) {
        assert_int_equal(schema_find(bytes_of_string(name_of(i))), i);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(name_of(i), name_of(k));
    }
    assert_int_equal(schema_find(BYTES_LITERAL("")), FIELDS);
    assert_int_equal(schema_find(BYTES_NONE), FIELDS);
    assert_int_equal(schema_find(BYTES_LITERAL("smtp.ehlo")), FIELDS);
    assert_int_equal(schema_find(BYTES_LITERAL("user.nam")), FIELDS);
    assert_int_equal(schema_find(BYTES_LITERAL("user.name.")), FIELDS);
    assert_int_equal(schema_find(BYTES_LITERAL("USER.NAME")), FIELDS);
}

/* Whether this name lies inside the object of that path ("a.b" holds "a.b.c" and not "a.bc"). */
static bool inside(const char *name, const char *object, size_t len)
{
    return strncmp(name, object, len) == 0 && name[len] == '.';
}

/* JSON opens each object once: whatever lies in an object stands in one run of rows. And no name is
 * a value in one row and an object in another. */
TEST(rows_stand_in_tree_order)
{
    for (unsigned i = 0; i < FIELDS; i++) {
        const char *name = name_of(i);
        for (unsigned k = 0; k < FIELDS; k++) {
            if (inside(name_of(k), name, strlen(name)))
                fail_msg("%s is a value, %s makes it an object", name, name_of(k));
        }
        for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.')) {
            size_t len = (size_t)(dot - name);
            bool left = false;
            for (unsigned k = i + 1; k < FIELDS; k++) {
                if (!inside(name_of(k), name, len))
                    left = true;
                else if (left)
                    fail_msg("%s stands apart from %s", name_of(k), name);
            }
        }
    }
}

/* An object of an array has no fields but its members, few enough for the writer. */
TEST(objects_of_arrays)
{
    for (unsigned i = 0; i < FIELDS; i++) {
        const struct field_row *row = schema_field((enum field)i);
        if (row->arity != ARITY_ROWS)
            continue;
        const char *dot = strrchr(row->name, '.');
        assert_non_null(dot);
        unsigned members = 0;
        for (unsigned k = 0; k < FIELDS; k++) {
            if (!inside(name_of(k), row->name, (size_t)(dot - row->name)))
                continue;
            members++;
            assert_int_equal(schema_field((enum field)k)->arity, ARITY_ROWS);
            assert_null(strchr(name_of(k) + (dot - row->name) + 1, '.'));
        }
        assert_true(members <= 16);
    }
}

/* Fields that ECS defines as arrays ("Note: this field should contain an array of values"). */
TEST(arrays_of_ecs_are_lists)
{
    static const char *const arrays[] = {
        "event.category",
        "event.type",
        "related.ip",
        "related.user",
        "related.hash",
        "related.hosts",
        "threat.technique.id",
        "threat.tactic.id",
        "tags",
        "email.to.address",
        "email.cc.address",
        "email.attachments",
        "dns.answers",
        "dns.resolved_ip",
        "host.ip",
        "host.mac",
        "observer.ip",
        "x509.alternative_names",
        "tls.client.supported_ciphers",
        "rule.author",
    };
    unsigned present = 0;
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        enum field field = schema_find(bytes_of_string(arrays[i]));
        if (field == FIELDS)
            continue;
        present++;
        assert_true(schema_field(field)->arity != ARITY_ONE);
    }
    assert_true(present >= 4);
}

TEST(types_fit_the_names)
{
    for (unsigned i = 0; i < FIELDS; i++) {
        const struct field_row *row = schema_field((enum field)i);
        size_t len = strlen(row->name);
        if (len > 3 && strcmp(row->name + len - 3, ".ip") == 0)
            assert_int_equal(row->type, TYPE_IP);
        if (len > 5 && strcmp(row->name + len - 5, ".port") == 0)
            assert_int_equal(row->type, TYPE_NUMBER);
        /* Names of people and secrets stay inside or are marked for privacy. */
        if (strstr(row->name, "secret_hash"))
            assert_int_equal(row->visibility, VISIBILITY_INTERNAL);
    }
    assert_int_equal(schema_field(FIELD_USER_NAME)->visibility, VISIBILITY_USER);
    assert_int_equal(schema_field(FIELD_RELATED_USER)->visibility, VISIBILITY_USER);
    assert_int_equal(schema_field(FIELD_TIMESTAMP)->type, TYPE_TIME);
}

/* a,b,c: lower case, no blanks, no empty part, nothing twice. */
static void assert_list(const char *list)
{
    assert_true(*list != '\0');
    assert_non_null(strchr("abcdefghijklmnopqrstuvwxyz", *list));
    for (const char *c = list; *c; c++) {
        assert_true(islower((unsigned char)*c) || *c == '_' || *c == ',');
        if (*c == ',')
            assert_true(islower((unsigned char)c[1]));
    }
    for (const char *a = list; a; a = strchr(a, ',') ? strchr(a, ',') + 1 : NULL) {
        size_t len = strcspn(a, ",");
        for (const char *b = a + len; *b == ','; b += 1 + strcspn(b + 1, ","))
            assert_false(strcspn(b + 1, ",") == len && strncmp(a, b + 1, len) == 0);
    }
}

/* ECS 9.4 allows these and no others. */
static void assert_each_in(const char *list, const char *allowed)
{
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        char word[64];
        snprintf(word, sizeof word, " %.*s ", (int)strcspn(at, ","), at);
        if (!strstr(allowed, word))
            fail_msg("not an ECS value:%s", word);
    }
}

TEST(event_kinds)
{
    for (unsigned i = 0; i < EVENT_KINDS; i++) {
        const struct event_row *row = schema_event((enum event_kind)i);
        bool metric = strcmp(row->kind, "metric") == 0; /* has neither */
        if (metric) {
            assert_true(*row->categories == '\0' && *row->types == '\0');
        } else {
            assert_list(row->categories);
            assert_list(row->types);
            assert_each_in(
                row->categories,
                " authentication email network intrusion_detection malware threat session "
                "configuration database file host iam library package process registry "
                "vulnerability web api driver ");
            assert_each_in(
                row->types,
                " start end info connection protocol allowed denied access admin change creation "
                "deletion device error group indicator installation user ");
        }
        assert_memory_equal(row->dataset, "mailtap.", 8);
        assert_string_equal(row->dataset + 8, row->name);
        assert_true(row->stream < STREAMS);
        assert_int_equal(row->stream == STREAM_FINDINGS, strcmp(row->kind, "alert") == 0);
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(row->name, schema_event((enum event_kind)k)->name);
            assert_string_not_equal(row->action, schema_event((enum event_kind)k)->action);
        }
    }
}

/* Every {field} exists and may be shown; brackets pair and do not nest. */
TEST(message_templates)
{
    for (unsigned i = 0; i < EVENT_KINDS; i++) {
        bool optional = false;
        unsigned pieces = 0;
        for (const char *c = schema_event((enum event_kind)i)->message; *c; pieces++) {
            assert_true(*c != '}');
            if (*c == '[' || *c == ']') {
                assert_true(optional == (*c == ']'));
                optional = *c++ == '[';
            } else if (*c == '{') {
                const char *end = strchr(c, '}');
                assert_non_null(end);
                enum field field = schema_find(bytes_over(c + 1, (size_t)(end - c - 1)));
                if (field == FIELDS)
                    fail_msg("no such field: %s", c);
                assert_true(schema_field(field)->visibility != VISIBILITY_INTERNAL);
                c = end + 1;
            } else {
                c += strcspn(c, "[]{}");
            }
        }
        assert_false(optional);
        assert_true(pieces < 40); /* event.c keeps no more */
    }
}

TEST(weirds)
{
    for (unsigned i = 0; i < WEIRDS; i++) {
        const char *name = schema_weird((enum weird)i);
        assert_non_null(strchr(name, '.'));
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_."), strlen(name));
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(name, schema_weird((enum weird)k));
    }
}

/* --fields: a line for each field that may be shown, in order, and not a word about the others. */
TEST(printed)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    schema_print(out);
    assert_int_equal(fclose(out), 0);
    const char *line = text;
    for (unsigned i = 0; i < FIELDS; i++) {
        const struct field_row *row = schema_field((enum field)i);
        if (row->visibility == VISIBILITY_INTERNAL) {
            assert_null(strstr(text, row->name));
            continue;
        }
        size_t name_len = strlen(row->name);
        assert_memory_equal(line, row->name, name_len);
        assert_true(line[name_len] == ' ');
        const char *end = strchr(line, '\n');
        assert_non_null(end);
        size_t doc_len = strlen(row->doc);
        assert_true((size_t)(end - line) > doc_len &&
                    memcmp(end - doc_len, row->doc, doc_len) == 0);
        line = end + 1;
    }
    assert_true(*line == '\0');
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_well_formed),
        cmocka_unit_test(names_are_unique_and_found),
        cmocka_unit_test(rows_stand_in_tree_order),
        cmocka_unit_test(objects_of_arrays),
        cmocka_unit_test(arrays_of_ecs_are_lists),
        cmocka_unit_test(types_fit_the_names),
        cmocka_unit_test(event_kinds),
        cmocka_unit_test(message_templates),
        cmocka_unit_test(weirds),
        cmocka_unit_test(printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
