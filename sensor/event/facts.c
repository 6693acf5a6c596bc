/* The append-only typed record. */
#include "facts.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

void facts_init(struct facts *facts, struct pool *pool)
{
    buffer_init(&facts->records, FACTS_MAX_BYTES, pool);
    facts->full = false;
}

void facts_free(struct facts *facts)
{
    buffer_free(&facts->records);
}

void facts_clear(struct facts *facts)
{
    buffer_clear(&facts->records);
    facts->full = false;
}

bool facts_reserve(struct facts *facts, size_t bytes)
{
    return buffer_room(&facts->records, bytes) != NULL;
}

static void append(struct facts *facts, uint8_t row, enum field field, struct bytes value)
{
    uint8_t *to = buffer_room(&facts->records, FACT_HEAD + value.len);
    if (!to) {
        facts->full = true;
        return;
    }
    uint16_t number = (uint16_t)field;
    uint16_t len = (uint16_t)value.len;
    memcpy(to, &number, 2);
    to[2] = row;
    to[3] = 0;
    memcpy(to + 4, &len, 2);
    if (len > 0)
        memcpy(to + FACT_HEAD, value.data, len);
    facts->records.len += FACT_HEAD + value.len;
}

void facts_row_text(struct facts *facts, uint8_t row, enum field field, struct bytes text)
{
    append(facts, row, field, text_cut(text, FACTS_TEXT_MAX));
}

void facts_row_number(struct facts *facts, uint8_t row, enum field field, uint64_t number)
{
    append(facts, row, field, bytes_over(&number, sizeof number));
}

void facts_text(struct facts *facts, enum field field, struct bytes text)
{
    facts_row_text(facts, 0, field, text);
}

void facts_string(struct facts *facts, enum field field, const char *string)
{
    facts_text(facts, field, bytes_of_string(string));
}

void facts_number(struct facts *facts, enum field field, uint64_t number)
{
    facts_row_number(facts, 0, field, number);
}

void facts_claim(struct facts *facts, enum field field, enum claim claim)
{
    uint8_t byte = (uint8_t)claim;
    append(facts, 0, field, bytes_over(&byte, 1));
}

void facts_bool(struct facts *facts, enum field field, bool value)
{
    uint8_t byte = value;
    append(facts, 0, field, bytes_over(&byte, 1));
}

void facts_ip(struct facts *facts, enum field field, struct bytes address)
{
    append(facts, 0, field, address);
}

void facts_copy(struct facts *facts, const struct fact *fact)
{
    append(facts, fact->row, fact->field, fact->value);
}

void facts_join(struct facts *facts, struct bytes records)
{
    if (!buffer_append(&facts->records, records))
        facts->full = true;
}

bool facts_next(struct bytes records, size_t *at, struct fact *fact)
{
    if (*at + FACT_HEAD > records.len)
        return false;
    const uint8_t *from = records.data + *at;
    uint16_t number, len;
    memcpy(&number, from, 2);
    memcpy(&len, from + 4, 2);
    if (number >= FIELDS || records.len - *at - FACT_HEAD < len)
        return false;
    fact->field = (enum field)number;
    fact->row = from[2];
    fact->value = bytes_over(from + FACT_HEAD, len);
    *at += FACT_HEAD + (size_t)len;
    return true;
}

bool facts_find(struct bytes records, enum field field, struct fact *found)
{
    struct fact fact;
    bool any = false;
    for (size_t at = 0; facts_next(records, &at, &fact);) {
        if (fact.field == field) {
            *found = fact;
            any = true;
        }
    }
    return any;
}

void facts_index(struct facts_index *index, struct bytes records)
{
    struct fact fact;
    memset(index->place, 0, sizeof index->place);
    index->records = records;
    for (size_t at = 0, start = 0; facts_next(records, &at, &fact); start = at)
        index->place[fact.field] = (uint32_t)start + 1;
}

bool facts_lookup(const struct facts_index *index, enum field field, struct fact *fact)
{
    if (index->place[field] == 0)
        return false;
    size_t at = index->place[field] - 1;
    return facts_next(index->records, &at, fact);
}

void facts_unset(struct facts *facts, enum field field)
{
    struct fact fact;
    uint8_t *data = facts->records.data;
    size_t kept = 0, start = 0;
    for (size_t at = 0; facts_next(buffer_view(&facts->records), &at, &fact); start = at) {
        if (fact.field == field)
            continue;
        if (kept != start)
            memmove(data + kept, data + start, at - start);
        kept += at - start;
    }
    if (data)
        explicit_bzero(data + kept, facts->records.len - kept);
    facts->records.len = kept;
}

bool facts_has(struct bytes records, enum field field, struct bytes value)
{
    struct fact fact;
    for (size_t at = 0; facts_next(records, &at, &fact);) {
        if (fact.field == field && bytes_equal(fact.value, value))
            return true;
    }
    return false;
}

uint64_t fact_number(const struct fact *fact)
{
    uint64_t number = 0;
    if (fact->value.len == sizeof number)
        memcpy(&number, fact->value.data, sizeof number);
    else if (fact->value.len == 1)
        number = fact->value.data[0];
    return number;
}

/* Days since 1970 to the civil calendar, counted in eras of 400 years that begin on 1 March. */
static void civil_date(uint64_t days, unsigned *year, unsigned *month, unsigned *day)
{
    uint64_t z = days + 719468;
    uint64_t era = z / 146097;
    unsigned day_of_era = (unsigned)(z - era * 146097);
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned shifted = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = (unsigned)(year_of_era + era * 400) + (*month <= 2);
}

static char *put_digits(char *to, uint64_t number, int digits)
{
    for (int i = digits; i > 0; i--) {
        to[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
    return to + digits;
}

void time_print(uint64_t ns, char to[TIME_TEXT_LEN + 1])
{
    uint64_t seconds = ns / 1000000000;
    unsigned year, month, day, of_day = (unsigned)(seconds % 86400);
    civil_date(seconds / 86400, &year, &month, &day);
    const struct {
        uint64_t number;
        int digits;
        char after;
    } parts[] = { { year, 4, '-' },
                  { month, 2, '-' },
                  { day, 2, 'T' },
                  { of_day / 3600, 2, ':' },
                  { of_day / 60 % 60, 2, ':' },
                  { of_day % 60, 2, '.' },
                  { ns % 1000000000, 9, 'Z' } };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        to = put_digits(to, parts[i].number, parts[i].digits);
        *to++ = parts[i].after;
    }
    *to = '\0';
}

void fact_print(const struct fact *fact, char *to, size_t size)
{
    static const char *const claims[] = { "unknown", "no", "yes" };
    char text[INET6_ADDRSTRLEN > TIME_TEXT_LEN ? INET6_ADDRSTRLEN + 1 : TIME_TEXT_LEN + 1] = "";
    switch (schema_field(fact->field)->type) {
    case TYPE_TEXT:
    case TYPE_KEYWORD:
        text_copy(to, size, fact->value);
        return;
    case TYPE_NUMBER:
        snprintf(text, sizeof text, "%llu", (unsigned long long)fact_number(fact));
        break;
    case TYPE_IP:
        if (fact->value.len == 4 || fact->value.len == 16)
            inet_ntop(fact->value.len == 4 ? AF_INET : AF_INET6, fact->value.data, text,
                      sizeof text);
        break;
    case TYPE_TIME:
        time_print(fact_number(fact), text);
        break;
    case TYPE_BOOL:
        text_copy(text, sizeof text, bytes_of_string(fact_number(fact) ? "true" : "false"));
        break;
    case TYPE_CLAIM:
        text_copy(text, sizeof text, bytes_of_string(claims[fact_number(fact) % 3]));
        break;
    }
    text_copy(to, size, bytes_of_string(text));
}
