/* Commands that wait for their reply, with their arguments: with pipelining, "the last RCPT" is the
 * wrong recipient. */
#ifndef MAILTAP_SMTP_QUEUE_H
#define MAILTAP_SMTP_QUEUE_H

#include "buffer.h"
#include "smtp_syntax.h"

#define SMTP_QUEUE_MAX 128

struct smtp_queue {
    struct {
        uint8_t command;
        bool marked;
        uint16_t argument_len;
    } entry[SMTP_QUEUE_MAX];
    unsigned first, count;
    struct buffer arguments; /* those of all entries, in order */
};

void smtp_queue_init(struct smtp_queue *, struct pool *);
void smtp_queue_free(struct smtp_queue *);

/* False if there is no room: the caller leaves the command unread until a reply makes some. */
bool smtp_queue_push(struct smtp_queue *, enum smtp_command, struct bytes argument);
bool smtp_queue_full(const struct smtp_queue *);

/* Marks the newest command: its argument said more than the queue keeps. There must be one. */
void smtp_queue_mark(struct smtp_queue *);
bool smtp_queue_head_marked(const struct smtp_queue *);

/* The oldest command and its argument, valid until the next call; SMTP_UNKNOWN with *any false if
 * there is none. */
enum smtp_command smtp_queue_head(const struct smtp_queue *, bool *any, struct bytes *argument);
void smtp_queue_pop(struct smtp_queue *);
/* The oldest command stays, as another one that is answered again. There must be one. */
void smtp_queue_head_becomes(struct smtp_queue *, enum smtp_command);
void smtp_queue_clear(struct smtp_queue *);

#endif
