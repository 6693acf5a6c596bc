/* What a tracker remembers of one client. */
#include "tracker_list.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 4
#define MALLOC_HEAD    32 /* of two blocks: what an allocator adds, and rounds up to */

static size_t bytes_of(uint32_t capacity)
{
    return capacity > 0
               ? capacity * (sizeof(uint64_t) + sizeof(struct tracked)) + 2 * (size_t)MALLOC_HEAD
               : 0;
}

static uint32_t next_capacity(const struct tracker_list *list)
{
    uint32_t doubled = list->capacity > 0 ? list->capacity * 2 : FIRST_CAPACITY;
    return doubled < TRACKED_MAX ? doubled : TRACKED_MAX;
}

void tracker_list_free(struct tracker_list *list, struct pool *pool)
{
    pool_give(pool, bytes_of(list->capacity));
    free(list->names);
    free(list->things);
    *list = (struct tracker_list){ 0 };
}

size_t tracker_list_needs(const struct tracker_list *list)
{
    if (list->count < list->capacity || list->capacity == TRACKED_MAX)
        return 0;
    return bytes_of(next_capacity(list)); /* while it is copied, both are there */
}

bool tracker_list_grow(struct tracker_list *list, struct pool *pool)
{
    struct tracker_list larger = *list;
    larger.capacity = next_capacity(list);
    if (!pool_take(pool, bytes_of(larger.capacity)))
        return false;
    larger.names = malloc(larger.capacity * sizeof *larger.names);
    larger.things = malloc(larger.capacity * sizeof *larger.things);
    if (!larger.names || !larger.things) {
        tracker_list_free(&larger, pool);
        return false;
    }
    if (list->count > 0) {
        memcpy(larger.names, list->names, list->count * sizeof *list->names);
        memcpy(larger.things, list->things, list->count * sizeof *list->things);
    }
    tracker_list_free(list, pool);
    *list = larger;
    return true;
}

void tracker_list_forget(struct tracker_list *list, uint64_t oldest)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->things[i].at[0] < oldest)
            continue;
        if (kept != i) {
            list->names[kept] = list->names[i];
            list->things[kept] = list->things[i];
        }
        kept++;
    }
    list->count = kept;
}

static uint32_t place_of(const struct tracker_list *list, uint64_t name)
{
    uint32_t i = 0;
    while (i < list->count && list->names[i] != name)
        i++;
    return i;
}

/* Times only grow, so the first one found at the floor will do: of many things seen at once, each
 * search for the next takes up where the last one ended. */
static uint32_t seen_longest_ago(struct tracker_list *list)
{
    uint32_t longest = list->next % list->count;
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t place = (list->next + i) % list->count;
        if (list->things[place].at[0] < list->things[longest].at[0])
            longest = place;
        if (list->things[longest].at[0] <= list->floor_ns)
            break;
    }
    list->floor_ns = list->things[longest].at[0];
    list->next = longest + 1;
    return longest;
}

struct tracked *tracker_list_see(struct tracker_list *list, uint64_t name, uint64_t now_ns)
{
    if (list->capacity == 0)
        return NULL;
    uint32_t place = place_of(list, name);
    struct tracked *thing = &list->things[place];
    if (place == list->count) {
        if (list->count == list->capacity)
            place = seen_longest_ago(list);
        else
            list->count++;
        thing = &list->things[place];
        *thing = (struct tracked){ 0 };
        list->names[place] = name;
    }
    memmove(&thing->at[1], &thing->at[0], sizeof thing->at - sizeof thing->at[0]);
    thing->at[0] = now_ns;
    if (thing->times < TRACKED_TIMES)
        thing->times++;
    return thing;
}
