/* Records into a ring, with or without waiting for room. */
#include "records.h"

#include <string.h>

/* Kinds that may use the whole ring. */
static bool is_important(enum event_kind kind)
{
    return kind != EVENT_FLOW && kind != EVENT_WEIRD;
}

static uint8_t *reserve(struct record_writer *writer, enum record_type type, size_t len, bool wait)
{
    uint64_t tag = type;
    uint8_t *to = wait ? ring_reserve_wait(writer->ring, sizeof tag + len)
                       : ring_reserve(writer->ring, sizeof tag + len);
    if (!to)
        return NULL;
    memcpy(to, &tag, sizeof tag);
    return to + sizeof tag;
}

static bool put(struct record_writer *writer, enum record_type type, const void *what, size_t len,
                bool wait)
{
    uint8_t *to = reserve(writer, type, len, wait);
    if (!to)
        return false;
    memcpy(to, what, len);
    ring_commit(writer->ring);
    return true;
}

/* The place where events are missing is marked before the next one. */
static bool mark_lost(struct record_writer *writer)
{
    if (writer->lost == 0)
        return true;
    if (!put(writer, RECORD_LOST, &writer->lost, sizeof writer->lost, false))
        return false;
    writer->lost = 0;
    return true;
}

static bool has_share(const struct record_writer *writer, const struct event *event)
{
    return writer->wait || is_important(event->kind) ||
           ring_free_bytes(writer->ring) > ring_size(writer->ring) / 4;
}

bool records_put_event(struct record_writer *writer, const struct event *event)
{
    uint8_t *to = NULL;
    if (has_share(writer, event) && mark_lost(writer))
        to = reserve(writer, RECORD_EVENT, event_packed_len(event), writer->wait);
    if (!to) {
        writer->lost++;
        return false;
    }
    event_pack(event, to);
    ring_commit(writer->ring);
    return true;
}

void records_put_watermark(struct record_writer *writer, uint64_t time_ns, uint64_t flow_uid)
{
    const struct watermark mark = { time_ns, flow_uid };
    bool last = time_ns == WATERMARK_END, wait = writer->wait || last;
    if (last && writer->lost > 0)
        put(writer, RECORD_LOST, &writer->lost, sizeof writer->lost, true);
    put(writer, RECORD_WATERMARK, &mark, sizeof mark, wait);
    if (last || !writer->wait)
        ring_wake(writer->ring);
}
