/* The options, and what their values may be. */
#include "config_options.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "redis_url.h"
#include "text.h"

#define TEXT_MAX 4095

static const char *const formats[] = { "pretty", "json", NULL };
/* In the order of enum config_checksums; the words are Suricata's. */
static const char *const checksum_choices[] = { "none", "all", NULL };
static const char *const flow_choices[] = { "mail", "all", "none", NULL };
/* In the order of enum privacy_mode; only user names can be masked. */
static const char *const user_modes[] = { "clear", "mask", "hash", "drop", NULL };
static const char *const modes[] = { "clear", "", "hash", "drop", NULL };

#define AT(member)  offsetof(struct config, member)
#define MODE(class) AT(privacy.mode[VISIBILITY_##class])

const struct option_row option_rows[] = {
    { .name = "read",
      .letter = 'r',
      .group = "Input",
      .type = OPTION_FILES,
      .offset = AT(file),
      .argument = "FILE",
      .help =
          "Read packets from this pcap or pcapng file, gzip'd or not; - is standard input. Several "
          "-r are read one after the other as one capture" },
    { .path = "capture.interface",
      .name = "interface",
      .letter = 'i',
      .group = "Input",
      .type = OPTION_TEXT,
      .offset = AT(interface),
      .max = 128,
      .preset = "",
      .argument = "IFACE",
      .help = "Capture from this interface until interrupted; eth1+eth2 is a tap that has one for "
              "each direction. Needs CAP_NET_RAW" },
    { .path = "capture.snap_len",
      .name = "snaplen",
      .letter = 's',
      .group = "Input",
      .type = OPTION_NUMBER,
      .offset = AT(snap_len),
      .min = 64,
      .max = 262144,
      .preset = "262144",
      .argument = "BYTES",
      .help = "Capture at most so many bytes of a packet" },
    { .path = "capture.buffer_mib",
      .name = "buffer",
      .letter = 'B',
      .group = "Input",
      .type = OPTION_NUMBER,
      .offset = AT(buffer_mib),
      .min = 1,
      .max = 2047,
      .preset = "64",
      .argument = "MIB",
      .help = "The kernel's buffer for each interface" },
    { .path = "capture.promiscuous",
      .name = "no-promiscuous",
      .letter = 'p',
      .group = "Input",
      .type = OPTION_FLAG,
      .offset = AT(promiscuous),
      .preset = "yes",
      .help = "Do not put the interface into promiscuous mode" },
    { .path = "capture.checksums",
      .name = "checksums",
      .letter = 'k',
      .group = "Input",
      .type = OPTION_CHOICE,
      .offset = AT(checksums),
      .choices = checksum_choices,
      .preset = "none",
      .argument = "WHICH",
      .help = "none: TCP checksums are not believed, as the sender's card may fill them in later; "
              "all: segments with a wrong one are left out" },
    { .path = "capture.filter",
      .type = OPTION_TEXT,
      .offset = AT(filter),
      .preset = "",
      .help = "Look only at packets that match this BPF filter; empty: all. On the command line it "
              "stands behind the options" },
    { .path = "capture.workers",
      .name = "workers",
      .group = "Input",
      .type = OPTION_NUMBER,
      .offset = AT(workers),
      .min = 1,
      .max = WORKERS_MAX,
      .preset = "1",
      .argument = "N",
      .help = "Threads that read a capture file, each all packets for its share of the flows; the "
              "output is the same" },
    { .path = "sensor.name",
      .name = "observer",
      .group = "Output",
      .type = OPTION_TEXT,
      .offset = AT(observer),
      .min = 1,
      .max = 255,
      .preset = "mailtap",
      .argument = "NAME",
      .help = "Name of this sensor in every event (observer.name)" },
    { .path = "output.format",
      .name = "output",
      .letter = 'o',
      .group = "Output",
      .type = OPTION_CHOICE,
      .offset = AT(format),
      .choices = formats,
      .preset = "pretty",
      .argument = "FORMAT",
      .help = "Standard output: pretty, a report for people, or json, one event on each line" },
    { .path = "output.redis.url",
      .name = "redis",
      .group = "Output",
      .type = OPTION_URL,
      .offset = AT(redis.url),
      .preset = "",
      .argument = "URL",
      .help = "Publish events to this Redis: redis://[user[:password]@]host[:port][/db] or "
              "unix:///path[?db=N]; empty: none" },
    { .path = "output.redis.password_file",
      .type = OPTION_TEXT,
      .offset = AT(redis.password_file),
      .preset = "",
      .help = "File whose first line is the password for Redis; empty: none" },
    { .path = "output.redis.prefix",
      .type = OPTION_TEXT,
      .offset = AT(redis.prefix),
      .min = 1,
      .max = 100,
      .preset = "mailtap",
      .help = "Keys begin with this: <prefix>:events, <prefix>:findings, <prefix>:stats" },
    { .path = "output.redis.events_maxlen",
      .type = OPTION_NUMBER,
      .offset = AT(redis.events_maxlen),
      .min = 1,
      .max = INT64_MAX,
      .preset = "100000",
      .help = "About how many entries the stream of events keeps" },
    { .path = "output.redis.findings_maxlen",
      .type = OPTION_NUMBER,
      .offset = AT(redis.findings_maxlen),
      .min = 1,
      .max = INT64_MAX,
      .preset = "50000",
      .help = "About how many entries the stream of findings keeps" },
    { .path = "output.redis.stats_maxlen",
      .type = OPTION_NUMBER,
      .offset = AT(redis.stats_maxlen),
      .min = 1,
      .max = INT64_MAX,
      .preset = "10000",
      .help = "About how many entries the stream of the sensor's own figures keeps" },
    { .name = "privacy",
      .group = "Privacy",
      .type = OPTION_PRIVACY,
      .choices = modes,
      .argument = "MODE",
      .help = "Show user names, subjects, addresses and attachment names: clear, hash (needs "
              "privacy.key_file) or drop" },
    { .path = "privacy.usernames",
      .type = OPTION_CHOICE,
      .offset = MODE(USER),
      .choices = user_modes,
      .preset = "clear",
      .help = "User names: clear, mask, hash or drop" },
    { .path = "privacy.subjects",
      .type = OPTION_CHOICE,
      .offset = MODE(SUBJECT),
      .choices = modes,
      .preset = "clear",
      .help = "Subjects: clear, hash or drop" },
    { .path = "privacy.addresses",
      .type = OPTION_CHOICE,
      .offset = MODE(ADDRESS),
      .choices = modes,
      .preset = "clear",
      .help = "Mail addresses: clear, hash or drop" },
    { .path = "privacy.attachments",
      .type = OPTION_CHOICE,
      .offset = MODE(ATTACHMENT),
      .choices = modes,
      .preset = "clear",
      .help = "Attachment names: clear, hash or drop" },
    { .path = "privacy.key_file",
      .type = OPTION_TEXT,
      .offset = AT(privacy_key_file),
      .preset = "",
      .help = "File with the key of the hashes; the hash mode needs it with -r" },
    { .path = "flows.events",
      .name = "flows",
      .group = "Output",
      .type = OPTION_CHOICE,
      .offset = AT(flows),
      .choices = flow_choices,
      .preset = "mail",
      .argument = "WHICH",
      .help = "Which flows get an event at their end: mail, all or none" },
    { .path = "flows.max",
      .type = OPTION_NUMBER,
      .offset = AT(flows_max),
      .min = 64,
      .max = 1u << 26,
      .preset = "262144",
      .help = "How many flows are followed at one time" },
    { .path = "memory.streams_mib",
      .type = OPTION_NUMBER,
      .offset = AT(streams_mib),
      .min = 1,
      .max = 1u << 20,
      .preset = "256",
      .help = "Memory for data not yet read, in MiB" },
    { .path = "memory.tables_mib",
      .type = OPTION_NUMBER,
      .offset = AT(tables_mib),
      .min = 1,
      .max = 1u << 20,
      .preset = "256",
      .help = "Memory for flows and sessions, in MiB" },
    { .path = "memory.fragments_mib",
      .type = OPTION_NUMBER,
      .offset = AT(fragments_mib),
      .min = 1,
      .max = 1u << 14,
      .preset = "4",
      .help = "Memory for IP fragments whose packet is not yet complete, in MiB" },
    { .path = "log.verbosity",
      .name = "verbose",
      .letter = 'v',
      .group = "Other",
      .type = OPTION_COUNT,
      .offset = AT(verbosity),
      .max = VERBOSITY_MAX,
      .preset = "0",
      .help = "Say more on standard error; each use adds one" },
    { .name = "config",
      .letter = 'c',
      .group = "Input",
      .type = OPTION_ACTION,
      .argument = "FILE",
      .help = "Read this YAML file first; options win over it. See mailtap.yaml(5)" },
    { .name = "trace",
      .group = "Other",
      .type = OPTION_TEXT,
      .offset = AT(trace),
      .min = 1,
      .max = 64,
      .argument = "PROTOCOL",
      .help = "Print each call to this protocol's dissector, or with all of every one" },
    { .name = "seconds",
      .group = "Other",
      .type = OPTION_NUMBER,
      .offset = AT(doctor_seconds),
      .min = 1,
      .max = 3600,
      .preset = "60",
      .argument = "N",
      .help = "How long \"mailtap doctor\" looks at most" },
    { .name = "test",
      .letter = 'T',
      .group = "Instead of running",
      .type = OPTION_ACTION,
      .help = "Test the configuration: say ok, or what is wrong and where" },
    { .name = "print-config",
      .group = "Instead of running",
      .type = OPTION_ACTION,
      .help = "Print the configuration in effect, as a file for -c (passwords hidden)" },
    { .name = "fields",
      .group = "Instead of running",
      .type = OPTION_ACTION,
      .help = "Print every field an event can have, its type and meaning" },
    { .name = "version",
      .letter = 'V',
      .group = "Instead of running",
      .type = OPTION_ACTION,
      .help = "Print the version" },
    { .name = "help",
      .letter = 'h',
      .group = "Instead of running",
      .type = OPTION_ACTION,
      .help = "Print this" },
};

const size_t option_count = sizeof option_rows / sizeof option_rows[0];

static void *place(const struct config *config, const struct option_row *row)
{
    return (char *)config + row->offset;
}

static bool set_text(struct config *config, const struct option_row *row, const char *text,
                     char error[CONFIG_ERROR_MAX])
{
    size_t len = strlen(text), max = row->max > 0 ? (size_t)row->max : TEXT_MAX;
    char **value = place(config, row);
    char *copy = NULL;
    if (len < row->min || len > max) {
        snprintf(error, CONFIG_ERROR_MAX,
                 len > 0 ? "must be at most %zu bytes long" : "must not be empty", max);
        return false;
    }
    if (len > 0 && !(copy = strdup(text))) {
        snprintf(error, CONFIG_ERROR_MAX, "out of memory");
        return false;
    }
    free(*value);
    *value = copy;
    return true;
}

static bool add_file(struct config *config, const char *text, char error[CONFIG_ERROR_MAX])
{
    if (!text[0] || config->files == CONFIG_FILES) {
        snprintf(error, CONFIG_ERROR_MAX,
                 text[0] ? "stands more than %d times" : "must not be empty", CONFIG_FILES);
        return false;
    }
    char *copy = strdup(text);
    if (!copy) {
        snprintf(error, CONFIG_ERROR_MAX, "out of memory");
        return false;
    }
    config->file[config->files++] = copy;
    return true;
}

/* On the command line a flag has no text. */
static bool set_flag(struct config *config, const struct option_row *row, const char *text,
                     char error[CONFIG_ERROR_MAX])
{
    bool *value = place(config, row);
    bool yes = text && (strcmp(text, "yes") == 0 || strcmp(text, "true") == 0);
    bool no = text && (strcmp(text, "no") == 0 || strcmp(text, "false") == 0);
    if (text && !yes && !no) {
        snprintf(error, CONFIG_ERROR_MAX, "\"%.100s\" is neither yes nor no", text);
        return false;
    }
    *value = text ? yes : !*value;
    return true;
}

static bool set_number(struct config *config, const struct option_row *row, const char *text,
                       char error[CONFIG_ERROR_MAX])
{
    uint64_t value;
    if (!text_to_u64(bytes_of_string(text), &value) || value < row->min || value > row->max) {
        snprintf(error, CONFIG_ERROR_MAX, "\"%.100s\" is not a number from %" PRIu64 " to %" PRIu64,
                 text, row->min, row->max);
        return false;
    }
    *(uint64_t *)place(config, row) = value;
    return true;
}

/* The place of a word among the choices, or their number. */
static unsigned find_choice(const char *const *choices, const char *text)
{
    unsigned i = 0;
    while (choices[i] && (!text[0] || strcmp(choices[i], text) != 0))
        i++;
    return i;
}

static bool choose(const struct option_row *row, const char *text, unsigned *choice,
                   char error[CONFIG_ERROR_MAX])
{
    *choice = find_choice(row->choices, text);
    if (row->choices[*choice])
        return true;
    int len = snprintf(error, CONFIG_ERROR_MAX, "\"%.100s\" is not one of", text);
    const char *before = " ";
    for (size_t i = 0; row->choices[i]; i++) {
        if (!row->choices[i][0])
            continue;
        len +=
            snprintf(error + len, CONFIG_ERROR_MAX - (size_t)len, "%s%s", before, row->choices[i]);
        before = ", ";
    }
    return false;
}

static bool set_url(struct config *config, const struct option_row *row, const char *text,
                    char error[CONFIG_ERROR_MAX])
{
    struct redis_url url;
    const char *problem;
    char shown[256];
    char **value = place(config, row);
    if (text[0] && !redis_url_parse(text, &url, &problem)) {
        redis_url_show(text, shown, sizeof shown);
        snprintf(error, CONFIG_ERROR_MAX, "\"%s\" is no URL of a Redis: %s", shown, problem);
        explicit_bzero(&url, sizeof url);
        return false;
    }
    explicit_bzero(&url, sizeof url);
    if (*value)
        explicit_bzero(*value, strlen(*value));
    return set_text(config, row, text, error);
}

static void set_privacy(struct config *config, enum privacy_mode mode)
{
    for (size_t i = 0; i < VISIBILITY_INTERNAL; i++)
        config->privacy.mode[i] = i == VISIBILITY_PUBLIC ? PRIVACY_CLEAR : mode;
}

bool option_set(struct config *config, const struct option_row *row, const char *text,
                char error[CONFIG_ERROR_MAX])
{
    unsigned choice;
    switch (row->type) {
    case OPTION_TEXT:
        return set_text(config, row, text, error);
    case OPTION_NUMBER:
    case OPTION_COUNT:
        return set_number(config, row, text, error);
    case OPTION_CHOICE:
        if (!choose(row, text, &choice, error))
            return false;
        memcpy(place(config, row), &choice, sizeof choice); /* an enum of non-negative values */
        return true;
    case OPTION_FLAG:
        return set_flag(config, row, text, error);
    case OPTION_FILES:
        return add_file(config, text, error);
    case OPTION_URL:
        return set_url(config, row, text, error);
    case OPTION_PRIVACY:
        if (!choose(row, text, &choice, error))
            return false;
        set_privacy(config, (enum privacy_mode)choice);
        return true;
    case OPTION_ACTION:
        break;
    }
    return true;
}

void option_show(const struct config *config, const struct option_row *row, char *to, size_t size)
{
    const char *text = NULL;
    unsigned choice;
    to[0] = '\0';
    switch (row->type) {
    case OPTION_TEXT:
    case OPTION_URL:
        text = *(char **)place(config, row);
        if (text && row->type == OPTION_URL)
            redis_url_show(text, to, size);
        else if (text)
            text_copy(to, size, bytes_of_string(text));
        break;
    case OPTION_NUMBER:
    case OPTION_COUNT:
        snprintf(to, size, "%" PRIu64, *(uint64_t *)place(config, row));
        break;
    case OPTION_CHOICE:
        memcpy(&choice, place(config, row), sizeof choice);
        text_copy(to, size, bytes_of_string(row->choices[choice]));
        break;
    case OPTION_FLAG:
        text_copy(to, size, bytes_of_string(*(bool *)place(config, row) ? "yes" : "no"));
        break;
    case OPTION_FILES:
    case OPTION_PRIVACY:
    case OPTION_ACTION:
        break;
    }
}

void option_presets(struct config *config)
{
    char error[CONFIG_ERROR_MAX];
    for (size_t i = 0; i < option_count; i++) {
        if (option_rows[i].preset)
            option_set(config, &option_rows[i], option_rows[i].preset, error);
    }
}

bool config_consistent(const struct config *config, char error[CONFIG_ERROR_MAX])
{
    struct redis_url url = { .db = "0" };
    const char *problem = NULL;
    if (!config->redis.url)
        return true;
    redis_url_parse(config->redis.url, &url, &problem);
    if (url.password[0] && config->redis.password_file)
        problem = "the password for Redis is given twice, in output.redis.url and in "
                  "output.redis.password_file";
    else if (url.user[0] && !url.password[0] && !config->redis.password_file)
        problem = "output.redis.url names a user, but neither it nor output.redis.password_file "
                  "gives a password";
    explicit_bzero(&url, sizeof url);
    snprintf(error, CONFIG_ERROR_MAX, "%s", problem ? problem : "");
    return !problem;
}
