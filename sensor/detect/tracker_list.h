/* What a tracker remembers of one client: things by the hash of their name, each with the times at
 * which it was seen last. Bounded: the thing seen longest ago makes way. */
#ifndef MAILTAP_TRACKER_LIST_H
#define MAILTAP_TRACKER_LIST_H

#include "pool.h"

#define TRACKED_MAX    1024 /* things in one list */
#define TRACKED_TIMES  4    /* "at most three tries" needs the fourth */
#define TRACKED_INSIDE 2    /* most clients do little: so many need no memory but the list's own */

enum answer { ANSWER_NONE, ANSWER_OTHER, ANSWER_UNKNOWN, ANSWER_DENIED };

struct tracked {
    uint64_t at[TRACKED_TIMES]; /* latest first */
    uint8_t times;              /* how many of those are known */
    uint8_t answer;             /* enum answer: the latest one */
};

struct tracker_list {
    /* Names are hashes, beside each other: they are searched. */
    uint64_t inside_names[TRACKED_INSIDE], *outside_names;
    struct tracked inside_things[TRACKED_INSIDE], *outside_things;
    uint32_t count, capacity; /* capacity: outside; 0: all are inside */
    uint64_t floor_ns;        /* nothing was last seen before this */
    uint32_t next;            /* where the search for what makes way goes on */
};

/* Frees and gives the bytes back; the list is empty and usable again. */
void tracker_list_free(struct tracker_list *, struct pool *);
/* Bytes that room for one more thing costs; 0 if there is room, or the list is as long as it gets.
 */
size_t tracker_list_needs(const struct tracker_list *);
/* Takes them. False if the budget or malloc says no: then the list stays as it is. */
bool tracker_list_grow(struct tracker_list *, struct pool *);

/* Forgets what was last seen before `oldest`. */
void tracker_list_forget(struct tracker_list *, uint64_t oldest);
/* The things, for those who count them. */
const struct tracked *tracker_list_things(const struct tracker_list *);
/* The thing of this name, seen now; a new one takes the place of the one seen longest ago if there
 * is no room. */
struct tracked *tracker_list_see(struct tracker_list *, uint64_t name, uint64_t now_ns);

#endif
