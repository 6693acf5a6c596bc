/* A binary heap of deadlines with lazy postponement. */
#include "deadlines.h"

#include <assert.h>
#include <stdlib.h>

bool deadlines_init(struct deadlines *all, uint32_t max)
{
    *all = (struct deadlines){ .capacity = max };
    all->heap = calloc(max, sizeof(struct deadline *));
    return all->heap != NULL;
}

void deadlines_free(struct deadlines *all)
{
    free(all->heap);
    *all = (struct deadlines){ 0 };
}

static void put(struct deadlines *all, uint32_t place, struct deadline *deadline)
{
    all->heap[place - 1] = deadline;
    deadline->place = place;
}

static void sift_up(struct deadlines *all, struct deadline *deadline)
{
    uint32_t place = deadline->place;
    while (place > 1) {
        struct deadline *parent = all->heap[place / 2 - 1];
        if (parent->scheduled_ns <= deadline->scheduled_ns)
            break;
        put(all, place, parent);
        place /= 2;
    }
    put(all, place, deadline);
}

static void sift_down(struct deadlines *all, struct deadline *deadline)
{
    uint32_t place = deadline->place;
    for (;;) {
        uint32_t child = place * 2;
        if (child > all->count)
            break;
        if (child < all->count &&
            all->heap[child]->scheduled_ns < all->heap[child - 1]->scheduled_ns)
            child++;
        if (all->heap[child - 1]->scheduled_ns >= deadline->scheduled_ns)
            break;
        put(all, place, all->heap[child - 1]);
        place = child;
    }
    put(all, place, deadline);
}

void deadline_set(struct deadlines *all, struct deadline *deadline, uint64_t due_ns)
{
    deadline->due_ns = due_ns;
    if (deadline->place == 0) {
        assert(all->count < all->capacity);
        deadline->scheduled_ns = due_ns;
        deadline->place = ++all->count;
        sift_up(all, deadline);
    } else if (due_ns < deadline->scheduled_ns) {
        deadline->scheduled_ns = due_ns;
        sift_up(all, deadline);
    }
}

void deadline_cancel(struct deadlines *all, struct deadline *deadline)
{
    uint32_t place = deadline->place;
    if (place == 0)
        return;
    deadline->place = 0;
    struct deadline *last = all->heap[--all->count];
    if (last == deadline)
        return;
    put(all, place, last);
    sift_up(all, last);
    sift_down(all, last);
}

struct deadline *deadlines_next(struct deadlines *all, uint64_t now_ns)
{
    while (all->count > 0 && all->heap[0]->scheduled_ns <= now_ns) {
        struct deadline *first = all->heap[0];
        if (first->due_ns <= first->scheduled_ns) {
            deadline_cancel(all, first);
            return first;
        }
        first->scheduled_ns = first->due_ns;
        sift_down(all, first);
    }
    return NULL;
}
