/* Turns, their cuts, and the packets that come of them. */
#include "script.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    MSS = 1460,
    /* So much of a turn is cut as the table says; behind it whole segments come, as a client's
     * buffer would send them. Otherwise long mails in lines would be all there is. */
    CUT_SO_FAR = 2048
};

static void *grown(void *old, size_t *room, size_t needed, size_t size)
{
    if (needed <= *room)
        return old;
    *room = needed > 2 * *room ? needed : 2 * *room;
    void *bigger = realloc(old, *room * size);
    if (!bigger)
        abort();
    return bigger;
}

void script_begin(struct script *script, struct chance *chance)
{
    *script = (struct script){ .chance = chance, .cut = CUT_MSS };
    script->seq[CLIENT] = (uint32_t)chance_bits(chance);
    script->seq[SERVER] = (uint32_t)chance_bits(chance);
}

void script_free(struct script *script)
{
    free(script->steps);
    free(script->text);
}

static void add_step(struct script *script, enum side side, uint8_t flags, size_t at, size_t len)
{
    script->steps = grown(script->steps, &script->room, script->count + 1, sizeof *script->steps);
    script->steps[script->count++] = (struct step){
        .side = (uint8_t)side, .flags = flags, .at = (uint32_t)at, .len = (uint16_t)len
    };
}

/* --- the cuts: how long the next segment is -----------------------------------------------------
 */

static size_t cut_lines(const uint8_t *data, size_t len, uint32_t lines)
{
    size_t end = 0;
    while (lines-- > 0 && end < len) {
        const uint8_t *found = memchr(data + end, '\n', len - end);
        end = found ? (size_t)(found - data) + 1 : len;
    }
    return end;
}

static size_t next_cut(const struct script *script, const uint8_t *data, size_t len)
{
    switch (script->cut) {
    case CUT_LINE:
        return cut_lines(data, len, 1);
    case CUT_LINES:
        return cut_lines(data, len, chance_between(script->chance, 2, 6));
    case CUT_RANDOM:
        return chance_between(script->chance, 1, 300);
    case CUT_1400:
        return 1400;
    default:
        return MSS;
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Every second segment is acknowledged, and the last of a turn; now and then the answer comes so
 * quickly that it carries that itself. */
static void end_turn(struct script *script)
{
    unsigned unacknowledged = 0;
    for (size_t at = script->turn, cut; at < script->len; at += cut) {
        const uint8_t *data = script->text + at;
        size_t left = script->len - at;
        cut = at - script->turn < CUT_SO_FAR || script->cut == CUT_1400
                  ? next_cut(script, data, left)
                  : MSS;
        cut = least(least(cut, left), MSS);
        if (script->transport == OVER_TCP) {
            add_step(script, script->side, at + cut < script->len ? ACK : PSH | ACK, at, cut);
            bool last = at + cut == script->len;
            if (++unacknowledged == 2 || (last && !chance_one_in(script->chance, 3))) {
                add_step(script, !script->side, ACK, 0, 0);
                unacknowledged = 0;
            }
        } else {
            add_step(script, script->side, 0, at, cut);
        }
    }
    script->turn = script->len;
}

void say_bytes(struct script *script, enum side side, const void *data, size_t len)
{
    if (side != script->side)
        end_turn(script);
    script->side = side;
    script->text = grown(script->text, &script->text_room, script->len + len, 1);
    if (len > 0)
        memcpy(script->text + script->len, data, len);
    script->len += len;
}

void say(struct script *script, enum side side, const char *format, ...)
{
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= sizeof text)
        abort();
    say_bytes(script, side, text, (size_t)len);
}

void script_open(struct script *script)
{
    add_step(script, CLIENT, SYN, 0, 0);
    add_step(script, SERVER, SYN | ACK, 0, 0);
    add_step(script, CLIENT, ACK, 0, 0);
}

void script_close(struct script *script)
{
    end_turn(script);
    add_step(script, CLIENT, FIN | ACK, 0, 0);
    add_step(script, SERVER, FIN | ACK, 0, 0);
    add_step(script, CLIENT, ACK, 0, 0);
}

void script_reset(struct script *script)
{
    end_turn(script);
    add_step(script, CLIENT, RST | ACK, 0, 0);
}

void script_end(struct script *script)
{
    end_turn(script);
    if (!script->lossy)
        return;
    size_t with_data = 0;
    for (size_t i = 0; i < script->count; i++)
        with_data += script->steps[i].len > 0;
    size_t chosen = chance_below(script->chance, (uint32_t)with_data);
    for (size_t i = 0; i < script->count; i++) {
        if (script->steps[i].len > 0 && chosen-- == 0)
            script->steps[i].lost = true;
    }
}

static struct ends reversed(const struct ends *ends)
{
    return (struct ends){ ends->to_ip, ends->from_ip, ends->to_port, ends->from_port };
}

bool script_play(struct script *script, struct wire *wire)
{
    if (script->next == script->count)
        return false;
    const struct step *step = &script->steps[script->next++];
    struct ends ends = step->side == CLIENT ? script->ends : reversed(&script->ends);
    const uint8_t *data = step->len > 0 ? script->text + step->at : NULL;
    if (step->lost) {
        /* It was sent; the sensor does not get to see it. */
    } else if (script->transport == OVER_TCP) {
        wire_tcp(wire, &ends, script->seq[step->side], script->seq[!step->side], step->flags, data,
                 step->len);
    } else if (script->transport == OVER_UDP) {
        wire_udp(wire, &ends, data, step->len);
    } else {
        wire_arp(wire, &ends);
    }
    script->seq[step->side] += step->len + (step->flags & (SYN | FIN) ? 1u : 0u);
    return true;
}
