/* What one flow will send: who says what, cut into packets, played one packet at a time. */
#ifndef MAILTAP_BENCH_SCRIPT_H
#define MAILTAP_BENCH_SCRIPT_H

#include <stdbool.h>

#include "chance.h"
#include "wire.h"

enum side { CLIENT, SERVER };
enum transport { OVER_TCP, OVER_UDP, OVER_ARP };

/* How a turn becomes segments. */
enum cut { CUT_LINE, CUT_RANDOM, CUT_LINES, CUT_MSS, CUT_1400 };

struct step {
    uint8_t side, flags;
    bool lost;
    uint16_t len;
    uint32_t at; /* in text */
};

struct script {
    enum transport transport;
    enum cut cut;
    bool lossy;
    struct ends ends; /* from client to server */
    uint32_t seq[2];
    struct step *steps;
    size_t count, room, next;
    uint8_t *text;
    size_t len, text_room;
    size_t turn; /* where the turn begins that is being said */
    enum side side;
    struct chance *chance;
};

void script_begin(struct script *, struct chance *);
void script_free(struct script *);

/* More of this side's turn. When the other side speaks, the turn is over. */
void say(struct script *, enum side, const char *format, ...) __attribute__((format(printf, 3, 4)));
void say_bytes(struct script *, enum side, const void *data, size_t len);

void script_open(struct script *);  /* the handshake */
void script_close(struct script *); /* FINs */
void script_reset(struct script *);
void script_end(struct script *); /* nothing more is said; loses a packet if it is lossy */

/* Writes the next packet; false if there is none. */
bool script_play(struct script *, struct wire *);

#endif
