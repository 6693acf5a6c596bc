/* What a tracker remembers of one client. */
#include "tracker_list.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 8
#define MALLOC_HEAD    32 /* of two blocks: what an allocator adds, and rounds up to */

static size_t bytes_of(uint32_t capacity)
{
    return capacity > 0
               ? capacity * (sizeof(uint64_t) + sizeof(struct tracked)) + 2 * (size_t)MALLOC_HEAD
               : 0;
}

static uint32_t room_of(const struct tracker_list *list)
{
    return list->capacity > 0 ? list->capacity : TRACKED_INSIDE;
}

static uint64_t *names_of(struct tracker_list *list)
{
    return list->capacity > 0 ? list->outside_names : list->inside_names;
}

static struct tracked *things_of(struct tracker_list *list)
{
    return list->capacity > 0 ? list->outside_things : list->inside_things;
}

const struct tracked *tracker_list_things(const struct tracker_list *list)
{
    return list->capacity > 0 ? list->outside_things : list->inside_things;
}

static uint32_t next_capacity(const struct tracker_list *list)
{
    uint32_t doubled = list->capacity > 0 ? list->capacity * 2 : FIRST_CAPACITY;
    return doubled < TRACKED_MAX ? doubled : TRACKED_MAX;
}

void tracker_list_free(struct tracker_list *list, struct pool *pool)
{
    pool_give(pool, bytes_of(list->capacity));
    free(list->outside_names);
    free(list->outside_things);
    *list = (struct tracker_list){ 0 };
}

size_t tracker_list_needs(const struct tracker_list *list)
{
    if (list->count < room_of(list) || list->capacity == TRACKED_MAX)
        return 0;
    return bytes_of(next_capacity(list)); /* while it is copied, both are there */
}

bool tracker_list_grow(struct tracker_list *list, struct pool *pool)
{
    struct tracker_list larger = { .count = list->count,
                                   .capacity = next_capacity(list),
                                   .floor_ns = list->floor_ns,
                                   .next = list->next };
    if (!pool_take(pool, bytes_of(larger.capacity)))
        return false;
    larger.outside_names = malloc(larger.capacity * sizeof *larger.outside_names);
    larger.outside_things = malloc(larger.capacity * sizeof *larger.outside_things);
    if (!larger.outside_names || !larger.outside_things) {
        tracker_list_free(&larger, pool);
        return false;
    }
    memcpy(larger.outside_names, names_of(list), list->count * sizeof *larger.outside_names);
    memcpy(larger.outside_things, things_of(list), list->count * sizeof *larger.outside_things);
    tracker_list_free(list, pool);
    *list = larger;
    return true;
}

void tracker_list_forget(struct tracker_list *list, uint64_t oldest)
{
    uint64_t *names = names_of(list);
    struct tracked *things = things_of(list);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        if (things[i].at[0] < oldest)
            continue;
        if (kept != i) {
            names[kept] = names[i];
            things[kept] = things[i];
        }
        kept++;
    }
    list->count = kept;
}

static uint32_t place_of(struct tracker_list *list, uint64_t name)
{
    const uint64_t *names = names_of(list);
    uint32_t i = 0;
    while (i < list->count && names[i] != name)
        i++;
    return i;
}

/* Times only grow, so the first one found at the floor will do: of many things seen at once, each
 * search for the next takes up where the last one ended. */
static uint32_t seen_longest_ago(struct tracker_list *list)
{
    const struct tracked *things = things_of(list);
    uint32_t longest = list->next % list->count;
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t place = (list->next + i) % list->count;
        if (things[place].at[0] < things[longest].at[0])
            longest = place;
        if (things[longest].at[0] <= list->floor_ns)
            break;
    }
    list->floor_ns = things[longest].at[0];
    list->next = longest + 1;
    return longest;
}

struct tracked *tracker_list_see(struct tracker_list *list, uint64_t name, uint64_t now_ns)
{
    uint32_t place = place_of(list, name);
    bool known = place < list->count;
    if (!known && list->count == room_of(list))
        place = seen_longest_ago(list);
    else if (!known)
        list->count++;
    struct tracked *thing = &things_of(list)[place];
    if (!known) {
        *thing = (struct tracked){ 0 };
        names_of(list)[place] = name;
    }
    memmove(&thing->at[1], &thing->at[0], sizeof thing->at - sizeof thing->at[0]);
    thing->at[0] = now_ns;
    if (thing->times < TRACKED_TIMES)
        thing->times++;
    return thing;
}
