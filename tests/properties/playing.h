/* Packets through the whole network floor. */
#ifndef MAILTAP_PLAYING_H
#define MAILTAP_PLAYING_H

#include "packet.h"
#include "recording.h"

/* Plays packets, lets so much time pass behind the last one, and ends. The caller frees the
 * recording. */
void play_packets(int link_type, const struct packet *, size_t count, uint64_t silence_ns,
                  bool traced, struct recording *);

#endif
