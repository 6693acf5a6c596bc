/* From the workers' rings to the sinks. */
#include "collector.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "health.h"
#include "json.h"
#include "log.h"

#define IDLE_WAIT_MS  100
#define JSON_MAX      (256 * 1024)
#define BLOCK_STEP    256
#define BLOCK_CLASSES 8
#define FREE_BLOCKS   1024

/* A place for an event that is not needed now. */
struct block {
    struct block *next;
};

struct collector {
    struct collector_options options;
    struct watermark watermark[WORKERS_MAX];
    struct event *
        *held; /* a heap by event_compare(); each event with its facts behind it in one block */
    size_t held_count, held_capacity;
    struct block *free_blocks[BLOCK_CLASSES];
    unsigned free_count;
    bool lost[WORKERS_MAX]; /* events, since the ring's last watermark */
    struct detect *detect;
    _Atomic(struct rule_set *) offered;
    struct event minute;      /* the stats event that is being added up */
    unsigned minute_from;     /* so many workers' numbers are in it; 0: there is none */
    struct health_sum health; /* these numbers */
    struct facts judged;
    struct facts tracked;  /* an event with what was counted about it */
    struct facts complete; /* of the event being published */
    struct buffer json;
    bool clear; /* nothing is hidden from anyone */
};

/* --- publishing ---------------------------------------------------------------------------------
 */

/* The report needs no envelope; and of other events than findings only facts that nobody's privacy
 * is about. */
static void report(struct collector *c, const struct event *event, const struct facts_index *own)
{
    struct facts_index shown;
    if (event->kind != EVENT_FINDING || c->clear) {
        report_event(c->options.report, event->kind, own);
        return;
    }
    struct fact fact;
    facts_clear(&c->complete);
    for (size_t at = 0; facts_next(own->records, &at, &fact);)
        privacy_copy(&c->options.envelope.privacy, &fact, &c->complete);
    facts_index(&shown, buffer_view(&c->complete.records));
    report_event(c->options.report, event->kind, &shown);
}

static void publish(struct collector *c, const struct event *event, const struct facts_index *own)
{
    struct facts_index facts;
    if (c->options.report)
        report(c, event, own);
    if (c->options.sinks == 0)
        return;
    struct rendered rendered = { .stream = schema_event(event->kind)->stream };
    struct column_text columns;
    envelope_complete(&c->options.envelope, event, own, &c->complete);
    facts_index(&facts, buffer_view(&c->complete.records));
    rendered_columns(&rendered, &facts, &columns);
    envelope_message(event->kind, &facts, &c->complete);
    buffer_clear(&c->json);
    if (!json_write(&c->json, buffer_view(&c->complete.records)))
        return;
    struct fact message;
    rendered.json = buffer_view(&c->json);
    if (facts_find(buffer_view(&c->complete.records), FIELD_MESSAGE, &message))
        rendered.message = message.value;
    for (unsigned i = 0; i < c->options.sinks; i++)
        sink_thread_put(c->options.sink[i], &rendered);
}

static void publish_finding(void *arg, const struct event *event)
{
    struct facts_index facts;
    facts_index(&facts, event->facts);
    publish(arg, event, &facts);
}

static void copy_shown(void *arg, const struct fact *fact, struct facts *to)
{
    const struct collector *c = arg;
    privacy_copy(&c->options.envelope.privacy, fact, to);
}

static void tell(struct collector *c, const struct event *event)
{
    struct event tracked = *event;
    struct facts_index facts;
    facts_index(&facts, tracked.facts);
    detect_track(c->detect, &tracked, &facts, &c->tracked);
    publish(c, &tracked, &facts);
    detect_event(c->detect, &tracked, &facts);
}

/* All workers have told of that minute. Of a file only what is wrong is worth an event. */
static void end_minute(struct collector *c)
{
    if (c->minute_from == 0)
        return;
    c->minute_from = 0;
    if (!health_judge(&c->health, &c->judged) || !(c->options.live || health_is_bad(&c->judged)))
        return;
    c->minute.facts = buffer_view(&c->judged.records);
    tell(c, &c->minute);
}

/* Numbers of the same minute, one worker's behind the other's. */
static void add_to_minute(struct collector *c, const struct event *event)
{
    if (c->minute_from > 0 && c->minute.time_ns != event->time_ns)
        end_minute(c);
    if (c->minute_from++ == 0) {
        c->minute = (struct event){ .kind = EVENT_STATS, .time_ns = event->time_ns };
        c->health = (struct health_sum){ 0 };
    }
    health_add(&c->health, event->facts);
    if (c->minute_from == c->options.rings)
        end_minute(c);
}

static void release(struct collector *c, const struct event *event)
{
    if (event->kind == EVENT_STATS) {
        add_to_minute(c, event);
    } else {
        end_minute(c);
        tell(c, event);
    }
}

/* --- order --------------------------------------------------------------------------------------
 */

static void swap(struct collector *c, size_t a, size_t b)
{
    struct event *kept = c->held[a];
    c->held[a] = c->held[b];
    c->held[b] = kept;
}

static bool earlier(const struct collector *c, size_t a, size_t b)
{
    return event_compare(c->held[a], c->held[b]) < 0;
}

/* Blocks of few sizes, used again instead of asking malloc, which the worker asks at the same time.
 */
static struct event *new_block(struct collector *c, size_t size)
{
    size_t class = (size - 1) / BLOCK_STEP;
    if (class >= BLOCK_CLASSES)
        return malloc(size);
    struct block *block = c->free_blocks[class];
    if (!block)
        return malloc((class + 1) * BLOCK_STEP);
    c->free_blocks[class] = block->next;
    c->free_count--;
    return (struct event *)(void *)block;
}

static void free_block(struct collector *c, struct event *event)
{
    struct block *block = (struct block *)(void *)event;
    size_t class = (sizeof *event + event_packed_len(event) - 1) / BLOCK_STEP;
    if (class >= BLOCK_CLASSES || c->free_count >= FREE_BLOCKS) {
        free(event);
        return;
    }
    block->next = c->free_blocks[class];
    c->free_blocks[class] = block;
    c->free_count++;
}

static bool hold(struct collector *c, struct bytes packed)
{
    struct event *event = new_block(c, sizeof *event + packed.len);
    if (!event)
        return false;
    uint8_t *copy = (uint8_t *)(event + 1);
    memcpy(copy, packed.data, packed.len);
    if (!event_unpack(bytes_over(copy, packed.len), event)) {
        free(event);
        return false;
    }
    if (c->held_count == c->held_capacity) {
        size_t capacity = c->held_capacity ? c->held_capacity * 2 : 1024;
        struct event **held = realloc(c->held, capacity * sizeof(struct event *));
        if (!held) {
            free(event);
            return false;
        }
        c->held = held;
        c->held_capacity = capacity;
    }
    size_t at = c->held_count++;
    c->held[at] = event;
    for (; at > 0 && earlier(c, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(c, at, (at - 1) / 2);
    return true;
}

static struct event *take_first(struct collector *c)
{
    struct event *first = c->held[0];
    c->held[0] = c->held[--c->held_count];
    for (size_t at = 0;;) {
        size_t child = 2 * at + 1;
        if (child >= c->held_count)
            break;
        if (child + 1 < c->held_count && earlier(c, child + 1, child))
            child++;
        if (!earlier(c, child, at))
            break;
        swap(c, at, child);
        at = child;
    }
    return first;
}

static bool is_before(const struct watermark *a, const struct watermark *b)
{
    return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->flow_uid < b->flow_uid;
}

static bool is_released(const struct event *event, const struct watermark *until)
{
    return is_before(&(struct watermark){ event->time_ns, event->flow_uid }, until);
}

static struct watermark smallest_watermark(const struct collector *c)
{
    struct watermark smallest = { WATERMARK_END, 0 };
    for (unsigned i = 0; i < c->options.rings; i++) {
        if (is_before(&c->watermark[i], &smallest))
            smallest = c->watermark[i];
    }
    return smallest;
}

/* --- rings --------------------------------------------------------------------------------------
 */

static bool readable(void *arg)
{
    struct collector *c = arg;
    struct bytes record;
    for (unsigned i = 0; i < c->options.rings; i++) {
        if (ring_peek(c->options.ring[i], &record))
            return true;
    }
    return false;
}

static void read_record(struct collector *c, unsigned ring, struct bytes record)
{
    uint64_t type;
    memcpy(&type, record.data, sizeof type);
    record = bytes_after(record, sizeof type);
    if (type == RECORD_EVENT) {
        hold(c, record);
        return;
    }
    if (type == RECORD_LOST) { /* how many, the worker's counters tell */
        c->lost[ring] = true;
        return;
    }
    memcpy(&c->watermark[ring], record.data, sizeof c->watermark[ring]);
    if (c->lost[ring])
        detect_lost(c->detect, c->watermark[ring].time_ns);
    c->lost[ring] = false;
}

/* Up to the next watermark of each ring: more would only have to wait. */
static bool read_rings(struct collector *c)
{
    bool any = false;
    for (unsigned i = 0; i < c->options.rings; i++) {
        struct bytes record;
        struct watermark before = c->watermark[i];
        while (!is_before(&before, &c->watermark[i]) && ring_peek(c->options.ring[i], &record)) {
            read_record(c, i, record);
            ring_release(c->options.ring[i]);
            any = true;
        }
    }
    return any;
}

/* --- rules --------------------------------------------------------------------------------------
 */

void collector_offer_rules(struct collector *c, struct rule_set *set)
{
    struct rule_set *before = atomic_exchange(&c->offered, set);
    if (before)
        arena_free(before->arena);
}

static void take_offered_rules(struct collector *c)
{
    struct rule_set *set = atomic_exchange(&c->offered, NULL);
    if (!set)
        return;
    size_t count = set->count;
    if (detect_swap(c->detect, set))
        log_info("%zu rules from now on", count);
    else
        log_error("the rules stay as they were: out of memory");
}

void collector_run(struct collector *c)
{
    for (;;) {
        take_offered_rules(c);
        if (!read_rings(c))
            doorbell_wait(c->options.bell, readable, c, IDLE_WAIT_MS);
        struct watermark until = smallest_watermark(c);
        bool over = until.time_ns == WATERMARK_END;
        while (c->held_count > 0 && (over || is_released(c->held[0], &until))) {
            struct event *event = take_first(c);
            release(c, event);
            free_block(c, event);
        }
        if (over)
            break;
    }
    end_minute(c);
    detect_end(c->detect);
}

struct collector *collector_new(const struct collector_options *options)
{
    struct collector *c = calloc(1, sizeof *c);
    if (!c) {
        arena_free(options->rules->arena);
        return NULL;
    }
    c->options = *options;
    c->clear = privacy_is_clear(&options->envelope.privacy);
    facts_init(&c->complete, NULL);
    facts_init(&c->judged, NULL);
    c->complete.records.max = 2 * FACTS_MAX_BYTES;
    buffer_init(&c->json, JSON_MAX, NULL);
    facts_init(&c->tracked, NULL);
    c->detect = detect_new(options->rules, &(struct event_receiver){ publish_finding, c });
    if (c->detect)
        detect_watch(c->detect, options->watch);
    if (c->detect)
        detect_privacy(c->detect, (struct detect_privacy){ copy_shown, c });
    if (!c->detect || !facts_reserve(&c->tracked, FACTS_MAX_BYTES) ||
        !facts_reserve(&c->complete, c->complete.records.max) ||
        !facts_reserve(&c->judged, FACTS_MAX_BYTES) || !buffer_room(&c->json, JSON_MAX)) {
        collector_free(c);
        return NULL;
    }
    return c;
}

size_t collector_bytes(const struct collector *c)
{
    return detect_bytes(c->detect);
}

void collector_free(struct collector *c)
{
    if (!c)
        return;
    detect_free(c->detect);
    collector_offer_rules(c, NULL);
    facts_free(&c->tracked);
    facts_free(&c->complete);
    facts_free(&c->judged);
    buffer_free(&c->json);
    for (size_t i = 0; i < BLOCK_CLASSES; i++) {
        for (struct block *block; (block = c->free_blocks[i]) != NULL; free(block))
            c->free_blocks[i] = block->next;
    }
    free(c->held);
    free(c);
}
