/* Packets through the whole network floor, and whether two runs say the same. */
#ifndef MAILTAP_PLAYING_H
#define MAILTAP_PLAYING_H

#include "packet.h"
#include "recording.h"

/* Plays packets, lets so much time pass behind the last one, and ends. The caller frees the
 * recording. */
void play_packets(int link_type, const struct packet *, size_t count, uint64_t silence_ns,
                  bool traced, struct recording *);

/* Whether two records have the same facts in the same order, but for the values of those that may
 * differ. */
bool same_facts(struct bytes, struct bytes, bool (*may_differ)(const struct fact *));

#endif
