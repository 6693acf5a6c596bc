/* Files and folders of rules, in the order of their names. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader.h"

#define FOLDERS_DEEP 8
#define FILES_MAX    10000
#define BYTES_MAX    ((size_t)64 * 1024 * 1024) /* of all files */
#define TREE_MAX     ((size_t)64 * 1024 * 1024) /* of one file, while it is read */
#define PATH_MAX_LEN 4096

void load_text(struct loader *loader, const char *name, struct bytes text)
{
    struct arena *arena = arena_new(TREE_MAX);
    const char *file = arena_text(loader->arena, bytes_of_string(name));
    if (arena && file) {
        const struct yaml_node *document = yaml_read(text, file, arena, loader->problems);
        for (; document; document = document->next)
            load_document(loader, document);
    } else {
        loader->no_memory = true;
    }
    arena_free(arena);
}

static void complain(struct loader *loader, const char *path, const char *what)
{
    struct place whole = { .file = arena_text(loader->arena, bytes_of_string(path)) };
    problem_error(loader->problems, whole, "%s", what);
}

static bool may_read(struct loader *loader, const char *path, const struct stat *status)
{
    size_t size = status->st_size > 0 ? (size_t)status->st_size : 0;
    const char *what = NULL;
    if (!S_ISREG(status->st_mode))
        what = "not a file";
    else if (size > YAML_FILE_MAX)
        what = "too large: more than 1 MiB";
    else if (loader->files == FILES_MAX || size > BYTES_MAX - loader->bytes)
        what = "too many rules: more than 10000 files or 64 MiB";
    if (what)
        complain(loader, path, what);
    else
        loader->bytes += size;
    loader->files += !what;
    return !what;
}

/* Reads at most `size` bytes; returns how many, or -1. */
static ssize_t read_all(int file, uint8_t *to, size_t size)
{
    size_t len = 0;
    while (len < size) {
        ssize_t n = read(file, to + len, size - len);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return -1;
        len += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)len;
}

static void load_file(struct loader *loader, const char *path)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 || fstat(file, &status) != 0) {
        complain(loader, path, strerror(errno));
    } else if (may_read(loader, path, &status)) {
        size_t size = (size_t)status.st_size;
        uint8_t *text = malloc(size + 1);
        ssize_t len = text ? read_all(file, text, size) : 0;
        if (!text)
            loader->no_memory = true;
        else if (len < 0)
            complain(loader, path, strerror(errno));
        else
            load_text(loader, path, bytes_over(text, (size_t)len));
        free(text);
    }
    if (file >= 0)
        close(file);
}

static bool has_ending(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && (strcmp(dot, ".yml") == 0 || strcmp(dot, ".yaml") == 0);
}

/* By bytes, not by the language of whoever starts the program. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void load_folder(struct loader *loader, const char *path, unsigned depth);

static void load_entry(struct loader *loader, const char *folder, const char *name, unsigned depth)
{
    char path[PATH_MAX_LEN];
    struct stat status;
    size_t len = strlen(folder);
    bool slash = len > 0 && folder[len - 1] == '/';
    int n = snprintf(path, sizeof path, "%s%s%s", folder, slash ? "" : "/", name);
    if (n < 0 || (size_t)n >= sizeof path)
        complain(loader, folder, "a path that is too long");
    else if (stat(path, &status) != 0)
        complain(loader, path, strerror(errno));
    else if (S_ISDIR(status.st_mode))
        load_folder(loader, path, depth + 1);
    else if (has_ending(name))
        load_file(loader, path);
}

static void load_folder(struct loader *loader, const char *path, unsigned depth)
{
    struct dirent **entries;
    if (depth > FOLDERS_DEEP) {
        complain(loader, path, "folders are nested too deeply");
        return;
    }
    int count = scandir(path, &entries, is_visible, by_name);
    if (count < 0) {
        complain(loader, path, strerror(errno));
        return;
    }
    for (int i = 0; i < count; i++) {
        load_entry(loader, path, entries[i]->d_name, depth);
        free(entries[i]);
    }
    free(entries);
}

void load_paths(struct loader *loader, const char *const *paths, bool shipped)
{
    loader->shipped = shipped;
    for (size_t i = 0; paths && paths[i]; i++) {
        struct stat status;
        if (stat(paths[i], &status) != 0)
            complain(loader, paths[i], strerror(errno));
        else if (S_ISDIR(status.st_mode))
            load_folder(loader, paths[i], 0);
        else
            load_file(loader, paths[i]);
    }
}
