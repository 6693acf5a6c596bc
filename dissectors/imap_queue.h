/* Commands of IMAP that wait for their tagged reply. Tags need not be unique (RFC 9051 section
 * 2.2.1 asks for it, clients differ): a reply belongs to the oldest command with its tag. */
#ifndef MAILTAP_IMAP_QUEUE_H
#define MAILTAP_IMAP_QUEUE_H

#include "imap_syntax.h"

#define IMAP_QUEUE_MAX 64
#define IMAP_TAG_KEPT  30 /* bytes of a tag; of a longer one also its length counts */

struct imap_entry {
    uint32_t serial; /* from 1; names the command for as long as the session lives */
    uint16_t tag_len;
    uint8_t verb;
    bool may_be_ignored; /* hardly a command: servers answer it with its tag, with "*", or not */
    bool doubtful;       /* its reply may have been lost */
    bool ambiguous;      /* and another command may have its tag: no reply is surely its own */
    uint8_t tag[IMAP_TAG_KEPT];
};

struct imap_queue {
    struct imap_entry entry[IMAP_QUEUE_MAX];
    unsigned count;
    uint32_t serial; /* of the newest command that ever was */
};

bool imap_queue_full(const struct imap_queue *);
/* The new entry; there must be room. */
struct imap_entry *imap_queue_push(struct imap_queue *, struct bytes tag, enum imap_verb);
/* The oldest command with this tag, NULL if there is none. */
struct imap_entry *imap_queue_find(struct imap_queue *, struct bytes tag);
/* NULL if there is none. */
struct imap_entry *imap_queue_newest(struct imap_queue *);
bool imap_entry_has_tag(const struct imap_entry *, struct bytes tag);
/* Also removes older ones that may be ignored: they were. */
void imap_queue_answered(struct imap_queue *, struct imap_entry *);
/* Makes room: drops the oldest if its reply may have been lost, `any` or not. False if it waits for
 * one. */
bool imap_queue_drop_doubtful(struct imap_queue *, bool any);
/* The newest is none after all. */
void imap_queue_revoke(struct imap_queue *);
void imap_queue_clear(struct imap_queue *);
bool imap_queue_holds(const struct imap_queue *, enum imap_verb);
/* Whether it holds a command behind which the session may be somebody else's. */
bool imap_queue_changes_user(const struct imap_queue *);

#endif
