/* How severities are called. */
#include "severity.h"

#include <stddef.h>

static const struct row {
    enum severity at_least;
    const char *level, *label;
} rows[] = {
    { SEVERITY_CRITICAL, "critical", "CRITICAL" }, { SEVERITY_HIGH, "high", "HIGH" },
    { SEVERITY_MEDIUM, "medium", "MEDIUM" },       { SEVERITY_LOW, "low", "LOW" },
    { SEVERITY_NONE, "informational", "INFO" },
};

static const struct row *row_of(uint64_t severity)
{
    size_t i = 0;
    while (severity < rows[i].at_least)
        i++;
    return &rows[i];
}

const char *severity_level(uint64_t severity)
{
    return row_of(severity)->level;
}

const char *severity_label(uint64_t severity)
{
    return row_of(severity)->label;
}
