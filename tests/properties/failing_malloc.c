/* Linked into the program in place of malloc and its kin (--wrap): the allocation whose number
 * MAILTAP_FAIL_AT names is refused, once, whichever thread asks for it. At the end the number of
 * allocations is written to the file that MAILTAP_COUNT names. */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
void *__real_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_strdup(const char *text);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);

static _Atomic unsigned long allocations;
static unsigned long fail_at;

static void tell(void)
{
    const char *path = getenv("MAILTAP_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file)
        return;
    fprintf(file, "%lu\n", atomic_load(&allocations));
    fclose(file);
}

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("MAILTAP_FAIL_AT");
    fail_at = at ? strtoul(at, NULL, 10) : 0;
    atexit(tell);
}

static bool refused(void)
{
    if (atomic_fetch_add(&allocations, 1) + 1 != fail_at)
        return false;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return refused() ? NULL : __real_realloc(block, size);
}

char *__wrap_strdup(const char *text)
{
    return refused() ? NULL : __real_strdup(text);
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset)
{
    return refused() ? MAP_FAILED : __real_mmap(at, size, protection, flags, file, offset);
}
