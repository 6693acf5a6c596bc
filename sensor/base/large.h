/* Large zeroed blocks that fill up slowly, as tables do: pages come as they are touched, huge ones
 * where the kernel has them, which costs a fraction of the page faults. */
#ifndef MAILTAP_LARGE_H
#define MAILTAP_LARGE_H

#include <stddef.h>

/* NULL if there is no memory. To be freed by large_free() with the same size. */
void *large_new(size_t size);
void large_free(void *, size_t size); /* NULL is fine */

#endif
