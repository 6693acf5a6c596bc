/* Law 3: whatever is lost, facts may vanish but never change, and no event appears that was not
 * there. Compares a recording with losses to the recording of the same traffic seen whole; and,
 * for the other laws, facts with facts. */
#ifndef MAILTAP_SUBSET_H
#define MAILTAP_SUBSET_H

#include "recording.h"

/* What breaks the law; `why` is NULL if nothing does. */
struct subset_fault {
    const char *why;
    size_t event; /* of the lossy recording */
};

/* Each lossy event must fit into a whole one of the same kind and between the same ends: each of
 * its facts is there too, or says "not seen". Totals may differ where coverage is partial; ids,
 * times, and how much of a flow was seen may always. */
struct subset_fault subset_check(const struct recording *whole, const struct recording *lossy);

/* Whether two facts records belong to the same pair of client and server. */
bool subset_same_ends(struct bytes a, struct bytes b);

/* A fact that says how often and how large packets were: more packets have more headers. */
bool counts_packets(const struct fact *);

/* Whether two records have the same facts in the same order, but for the values of those that
 * may be others. */
bool same_facts(struct bytes, struct bytes, bool (*other)(const struct fact *));

#endif
