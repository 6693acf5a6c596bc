/* Dialogues: sessions as text files, played into the dissectors without any packet. README.md has
 * the format. */
#ifndef MAILTAP_DIALOGUE_H
#define MAILTAP_DIALOGUE_H

#include "recording.h"

#define TURNS_MAX   512
#define SECRETS_MAX 16

struct turn {
    enum direction direction;
    uint64_t gap;      /* bytes missing; 0: data */
    uint64_t wait_s;   /* before it, beyond the millisecond between segments */
    struct bytes data; /* owned by the dialogue */
};

struct dialogue {
    char *text;     /* the file */
    char *expected; /* its expected events: from the first "=>" on; points into text */
    struct turn turn[TURNS_MAX];
    size_t turns;
    uint8_t *bytes; /* what the turns show */
    struct bytes secret[SECRETS_MAX];
    size_t secrets;
    bool midstream;
    bool hidden[DIRECTIONS];
    uint16_t port;
    enum ending ending;
    enum direction closer; /* of `close` and `reset` */
};

/* Exits with a message if the file cannot be read or is malformed: a broken test must not pass. */
struct dialogue *dialogue_read(const char *path);
void dialogue_free(struct dialogue *);

/* How the bytes reach the session: sizes of the segments, in order, from this function; at least 1.
 */
struct segmentation {
    size_t (*next)(void *arg, size_t left);
    void *arg;
    bool merge; /* consecutive turns of one side are one run of bytes */
};

/* Plays turns (the dialogue's own, or an altered copy) and records the events. The
 * caller frees the recording. */
void dialogue_play(const struct dialogue *, const struct turn *, size_t turns,
                   const struct segmentation *, bool traced, struct recording *);

/* One turn at a time, whole. */
extern const struct segmentation whole_turns;

#endif
