/* Commands that wait for their reply: a ring of entries, their arguments in one buffer. */
#include "smtp_queue.h"

#define ARGUMENTS_MAX (32 * 1024)

void smtp_queue_init(struct smtp_queue *queue, struct pool *pool)
{
    buffer_init(&queue->arguments, ARGUMENTS_MAX, pool);
}

void smtp_queue_free(struct smtp_queue *queue)
{
    buffer_free(&queue->arguments);
    queue->count = 0;
}

bool smtp_queue_full(const struct smtp_queue *queue)
{
    return queue->count == SMTP_QUEUE_MAX;
}

bool smtp_queue_push(struct smtp_queue *queue, enum smtp_command command, struct bytes argument)
{
    if (smtp_queue_full(queue) || argument.len > UINT16_MAX ||
        !buffer_append(&queue->arguments, argument))
        return false;
    unsigned last = (queue->first + queue->count++) % SMTP_QUEUE_MAX;
    queue->entry[last].command = (uint8_t)command;
    queue->entry[last].marked = false;
    queue->entry[last].argument_len = (uint16_t)argument.len;
    return true;
}

void smtp_queue_mark(struct smtp_queue *queue)
{
    queue->entry[(queue->first + queue->count - 1) % SMTP_QUEUE_MAX].marked = true;
}

bool smtp_queue_head_marked(const struct smtp_queue *queue)
{
    return queue->count > 0 && queue->entry[queue->first].marked;
}

enum smtp_command smtp_queue_head(const struct smtp_queue *queue, bool *any, struct bytes *argument)
{
    *any = queue->count > 0;
    if (!*any)
        return SMTP_UNKNOWN;
    *argument =
        bytes_first(buffer_view(&queue->arguments), queue->entry[queue->first].argument_len);
    return (enum smtp_command)queue->entry[queue->first].command;
}

void smtp_queue_pop(struct smtp_queue *queue)
{
    buffer_consume(&queue->arguments, queue->entry[queue->first].argument_len);
    queue->first = (queue->first + 1) % SMTP_QUEUE_MAX;
    queue->count--;
}

void smtp_queue_head_becomes(struct smtp_queue *queue, enum smtp_command command)
{
    queue->entry[queue->first].command = (uint8_t)command;
}

void smtp_queue_clear(struct smtp_queue *queue)
{
    buffer_clear(&queue->arguments);
    queue->count = 0;
}
