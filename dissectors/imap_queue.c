/* Commands of IMAP that wait for their tagged reply: an array, the oldest first. */
#include "imap_queue.h"

#include <string.h>

bool imap_queue_full(const struct imap_queue *queue)
{
    return queue->count == IMAP_QUEUE_MAX;
}

static uint16_t length_of(struct bytes tag)
{
    return tag.len < UINT16_MAX ? (uint16_t)tag.len : UINT16_MAX;
}

bool imap_entry_has_tag(const struct imap_entry *entry, struct bytes tag)
{
    struct bytes kept = bytes_first(tag, IMAP_TAG_KEPT);
    return entry->tag_len == length_of(tag) && bytes_equal(kept, bytes_over(entry->tag, kept.len));
}

/* An older command with this tag whose reply may have been lost makes both of them doubtful. */
struct imap_entry *imap_queue_push(struct imap_queue *queue, struct bytes tag, enum imap_verb verb)
{
    struct imap_entry *entry = &queue->entry[queue->count];
    struct bytes kept = bytes_first(tag, IMAP_TAG_KEPT);
    *entry = (struct imap_entry){ .serial = ++queue->serial,
                                  .verb = (uint8_t)verb,
                                  .tag_len = length_of(tag) };
    memcpy(entry->tag, kept.data, kept.len);
    for (unsigned i = 0; i < queue->count; i++) {
        struct imap_entry *older = &queue->entry[i];
        if (older->doubtful && imap_entry_has_tag(older, tag))
            older->ambiguous = entry->ambiguous = true;
    }
    queue->count++;
    return entry;
}

struct imap_entry *imap_queue_find(struct imap_queue *queue, struct bytes tag)
{
    for (unsigned i = 0; i < queue->count; i++) {
        if (imap_entry_has_tag(&queue->entry[i], tag))
            return &queue->entry[i];
    }
    return NULL;
}

struct imap_entry *imap_queue_newest(struct imap_queue *queue)
{
    return queue->count > 0 ? &queue->entry[queue->count - 1] : NULL;
}

static void remove_at(struct imap_queue *queue, unsigned i)
{
    queue->count--;
    memmove(&queue->entry[i], &queue->entry[i + 1], (queue->count - i) * sizeof queue->entry[0]);
    explicit_bzero(&queue->entry[queue->count], sizeof queue->entry[0]);
}

void imap_queue_answered(struct imap_queue *queue, struct imap_entry *entry)
{
    unsigned at = (unsigned)(entry - queue->entry);
    remove_at(queue, at);
    while (at > 0) {
        if (queue->entry[--at].may_be_ignored)
            remove_at(queue, at);
    }
}

bool imap_queue_drop_doubtful(struct imap_queue *queue, bool any)
{
    const struct imap_entry *oldest = &queue->entry[0];
    if (!any && !oldest->doubtful && !oldest->may_be_ignored)
        return false;
    remove_at(queue, 0);
    return true;
}

void imap_queue_revoke(struct imap_queue *queue)
{
    if (queue->count > 0)
        remove_at(queue, queue->count - 1);
}

void imap_queue_clear(struct imap_queue *queue)
{
    explicit_bzero(queue->entry, queue->count * sizeof queue->entry[0]);
    queue->count = 0;
}

bool imap_queue_holds(const struct imap_queue *queue, enum imap_verb verb)
{
    for (unsigned i = 0; i < queue->count; i++) {
        if (queue->entry[i].verb == verb)
            return true;
    }
    return false;
}

bool imap_queue_changes_user(const struct imap_queue *queue)
{
    return imap_queue_holds(queue, IMAP_LOGIN) || imap_queue_holds(queue, IMAP_AUTHENTICATE) ||
           imap_queue_holds(queue, IMAP_UNAUTHENTICATE);
}
