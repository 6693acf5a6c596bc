/* mailtap: options in, threads up, report out. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "collector.h"
#include "config.h"
#include "doctor.h"
#include "json_lines.h"
#include "log.h"
#include "redis.h"
#include "rule_files.h"
#include "rules_command.h"
#include "session.h"
#include "worker.h"

#define RING_BYTES      (8 * 1024 * 1024)
#define PRIVACY_KEY_MAX 256
#define PROGRESS_MS     500

/* Everything that lives as long as the run. */
struct sensor {
    struct config config;
    /* The threads that read: each with a capture of its own, over the same input. */
    struct reader {
        struct capture *capture;
        struct ring *ring;
        struct worker *worker;
        pthread_t thread;
        bool running;
    } reader[WORKERS_MAX];
    unsigned readers;
    bool live;
    const char *file_name[CONFIG_FILES]; /* base names */
    bool reports;                        /* for people: a report at the end */
    struct doorbell bell;
    struct rule_set *rules; /* until the collector takes them over */
    struct rules_trial *trial;
    struct report *report;
    struct counters counters; /* of all readers, in the end */
    struct collector *collector;
    struct sink_thread *sink[SINKS_MAX];
    unsigned sinks;
    uint8_t privacy_key[PRIVACY_KEY_MAX];
    bool failed;
};

/* --- before the first packet --------------------------------------------------------------------
 */

/* Packets hold passwords: they must not end up in a core file or in another process's hands. */
static void protect_memory(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    prctl(PR_SET_DUMPABLE, 0);
    signal(SIGPIPE, SIG_IGN);
}

/* Sessions come and go by the thousand: memory given back to the kernel would be asked for again at
 * once. One heap, reserved in one piece, can have huge pages; a page fault costs more than all that
 * is then done in the page. The beginning stays small, for runs with little to do. */
static void keep_memory(void)
{
    const size_t heap = (size_t)256 << 20, small = (size_t)2 << 20;
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TRIM_THRESHOLD, 512 << 20);
    mallopt(M_TOP_PAD, (int)heap);
    /* What there is already may hold one such block, not two: so the heap grows here. */
    void *volatile block[2] = { malloc(100 * 1024), malloc(100 * 1024) };
    uintptr_t start = ((uintptr_t)block[1] + 2 * small) & ~(small - 1), end = (uintptr_t)sbrk(0);
    if (block[1] && start < end)                            /* a sanitizer's malloc is elsewhere */
        madvise((void *)start, end - start, MADV_HUGEPAGE); /* a wish: without it all works too */
    free(block[1]);
    free(block[0]);
    mallopt(M_TOP_PAD, (int)small);
}

static bool read_privacy_key(struct sensor *sensor)
{
    const char *path = sensor->config.privacy_key_file;
    if (!path)
        return true;
    int in = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = in < 0 ? -1 : read(in, sensor->privacy_key, sizeof sensor->privacy_key);
    int reason = errno;
    if (in >= 0)
        close(in);
    if (n < 16) {
        log_error("privacy.key_file %s %s", path,
                  n < 0 ? strerror(reason) : "holds fewer than 16 bytes");
        return false;
    }
    sensor->config.privacy.key = bytes_over(sensor->privacy_key, (size_t)n);
    return true;
}

/* Live, no sink may ever make the capture wait. */
static bool add_sink(struct sensor *sensor, const struct sink_type *type, const void *options)
{
    struct sink_status status;
    struct sink_thread *sink = sink_thread_start(
        &(struct sink_thread_options){ .type = type, .options = options, .wait = !sensor->live },
        &status);
    if (!sink) {
        log_error("%s", status.error);
        return false;
    }
    sensor->sink[sensor->sinks++] = sink;
    return true;
}

static bool open_sinks(struct sensor *sensor)
{
    const struct config *config = &sensor->config;
    if (config->redis.url && !add_sink(sensor, &redis_sink, &config->redis))
        return false;
    config_forget_secrets(&sensor->config);
    /* A report is for the end; who watches an interface wants to see findings as they come. */
    bool lines = !sensor->trial && (config->format == FORMAT_JSON || sensor->live);
    const struct json_lines_options options = { .fd = STDOUT_FILENO,
                                                .findings_only = config->format != FORMAT_JSON };
    return !lines || add_sink(sensor, &json_lines_sink, &options);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* "a.pcap", "eth1", "a.pcap and 3 more". */
static const char *input_name(const struct sensor *sensor)
{
    static char text[PATH_MAX + 32];
    const struct config *config = &sensor->config;
    if (sensor->live)
        return config->interface;
    if (config->files == 1)
        return config->file[0];
    snprintf(text, sizeof text, "%s and %u more", config->file[0], config->files - 1);
    return text;
}

static size_t bytes_at_most(const struct sensor *sensor)
{
    size_t bytes = collector_bytes(sensor->collector) + report_bytes(sensor->report);
    for (unsigned i = 0; i < sensor->readers; i++)
        bytes += worker_bytes(sensor->reader[i].worker);
    return bytes;
}

static bool build_readers(struct sensor *sensor)
{
    struct siphash_key secrets = siphash_random_key();
    bool built = true;
    for (unsigned i = 0; i < sensor->readers; i++) {
        struct reader *reader = &sensor->reader[i];
        reader->ring = ring_new(RING_BYTES, &sensor->bell);
        reader->worker = worker_new(&(struct worker_options){
            .capture = reader->capture,
            .index = i,
            .count = sensor->readers,
            .secrets = secrets,
            .ring = reader->ring,
            .config = &sensor->config,
            .live = sensor->live,
            .trace = sensor->config.trace ? (sensor->report ? stdout : stderr) : NULL,
        });
        built &= reader->ring && reader->worker;
    }
    return built;
}

static bool build(struct sensor *sensor)
{
    struct collector_options options = {
        .bell = &sensor->bell,
        .sinks = sensor->sinks,
        .rings = sensor->readers,
        .live = sensor->live,
        .envelope = { .observer = sensor->config.observer ? sensor->config.observer : "mailtap",
                      .file = sensor->file_name,
                      .files = sensor->config.files,
                      .privacy = sensor->config.privacy },
    };
    doorbell_init(&sensor->bell);
    if (sensor->reports)
        sensor->report = report_new();
    if (sensor->trial)
        options.watch = rules_trial_watch(sensor->trial);
    bool built = build_readers(sensor);
    for (unsigned i = 0; i < sensor->readers; i++)
        options.ring[i] = sensor->reader[i].ring;
    options.report = sensor->report;
    memcpy(options.sink, sensor->sink, sizeof options.sink);
    options.rules = sensor->rules;
    sensor->rules = NULL;
    sensor->collector = collector_new(&options);
    if (!built || !sensor->collector || (sensor->reports && !sensor->report)) {
        log_error("out of memory");
        return false;
    }
    log_info("%s %s, at most %zu MiB for what traffic makes grow",
             sensor->live ? "listening on" : "reading", input_name(sensor),
             (bytes_at_most(sensor) >> 20) + 1);
    return true;
}

/* --- the run ------------------------------------------------------------------------------------
 */

static void *work(void *arg)
{
    worker_run(((struct reader *)arg)->worker);
    return NULL;
}

static void *collect(void *arg)
{
    collector_run(((struct sensor *)arg)->collector);
    return NULL;
}

static volatile sig_atomic_t reload_wanted;

static void on_hangup(int number)
{
    (void)number;
    reload_wanted = 1;
}

/* Other rules, if they are all well; what is read meanwhile waits for nothing. */
static void reload_if_wanted(struct sensor *sensor)
{
    struct problems problems = { 0 };
    if (!reload_wanted)
        return;
    reload_wanted = 0;
    if (!config_reload_lists(&sensor->config, stderr)) {
        log_error("the rules stay as they were");
        return;
    }
    struct rule_set *set = rule_files_load(&sensor->config, &problems);
    if (set && rule_files_good(&problems)) {
        collector_offer_rules(sensor->collector, set);
        return;
    }
    log_error("the rules stay as they were%s", set ? "" : ": out of memory");
    if (set)
        arena_free(set->arena);
}

static void soon(struct timespec *when)
{
    clock_gettime(CLOCK_REALTIME, when);
    when->tv_nsec += PROGRESS_MS * 1000000;
    when->tv_sec += when->tv_nsec / 1000000000;
    when->tv_nsec %= 1000000000;
}

/* Waits for the readers. Long work shows how far it is, to people only. */
static void join(struct sensor *sensor)
{
    const struct reader *first = &sensor->reader[0];
    uint64_t size = capture_size(first->capture);
    bool person = isatty(STDERR_FILENO) && !sensor->config.trace && size > 0, shown = false;
    struct timespec when;
    for (unsigned i = 0; i < sensor->readers; i++) {
        struct reader *reader = &sensor->reader[i];
        if (!reader->running)
            continue;
        for (soon(&when); pthread_timedjoin_np(reader->thread, NULL, &when) == ETIMEDOUT;
             soon(&when)) {
            reload_if_wanted(sensor);
            if (!person)
                continue;
            fprintf(stderr, "\rmailtap: %3llu %% read",
                    (unsigned long long)(worker_progress(first->worker) * 100 / size));
            shown = true;
        }
    }
    if (shown)
        fputs("\r                      \r", stderr);
}

static void no_thread(struct sensor *sensor)
{
    log_error("cannot start a thread");
    sensor->failed = true;
}

static void run(struct sensor *sensor)
{
    pthread_t collector;
    if (pthread_create(&collector, NULL, collect, sensor) != 0) {
        no_thread(sensor);
        return;
    }
    for (unsigned i = 0; i < sensor->readers; i++) {
        struct reader *reader = &sensor->reader[i];
        reader->running = pthread_create(&reader->thread, NULL, work, reader) == 0;
        if (reader->running)
            continue;
        no_thread(sensor);
        records_put_watermark(&(struct record_writer){ .ring = reader->ring, .wait = true },
                              WATERMARK_END, 0);
    }
    join(sensor);
    pthread_join(collector, NULL);
}

/* --- after the last -----------------------------------------------------------------------------
 */

static void close_sinks(struct sensor *sensor)
{
    for (unsigned i = 0; i < sensor->sinks; i++) {
        struct sink_status status;
        sink_thread_stop(sensor->sink[i], &status);
        if (status.error[0]) {
            log_error("%s", status.error);
            sensor->failed = true;
        }
        log_info("sink %u: %llu events delivered, %llu dropped, %llu rejected", i,
                 (unsigned long long)status.written, (unsigned long long)status.dropped,
                 (unsigned long long)status.rejected);
    }
    sensor->sinks = 0;
}

static void print_report(struct sensor *sensor)
{
    if (!sensor->report)
        return;
    for (unsigned i = 0; i < sensor->readers; i++)
        counters_add(&sensor->counters, worker_counters(sensor->reader[i].worker));
    const struct worker *first = sensor->reader[0].worker; /* each has seen every packet */
    report_print(sensor->report,
                 &(struct report_input){
                     .file = input_name(sensor),
                     .first_ns = worker_first_ns(first),
                     .last_ns = worker_last_ns(first),
                     .counters = &sensor->counters,
                     .fault = worker_fault(first),
                     .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
                 },
                 stdout);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        log_error("standard output: %s", strerror(errno));
        sensor->failed = true;
    }
}

static void clean_up(struct sensor *sensor)
{
    close_sinks(sensor);
    collector_free(sensor->collector);
    if (sensor->rules)
        arena_free(sensor->rules->arena);
    report_free(sensor->report);
    for (unsigned i = 0; i < sensor->readers; i++) {
        worker_free(sensor->reader[i].worker);
        if (sensor->reader[i].ring)
            ring_free(sensor->reader[i].ring);
        capture_close(sensor->reader[i].capture);
    }
    if (sensor->collector)
        doorbell_destroy(&sensor->bell);
    explicit_bzero(sensor->privacy_key, sizeof sensor->privacy_key);
}

/* --- signals ------------------------------------------------------------------------------------
 */

static struct capture *stopped_by_signal[WORKERS_MAX + 1]; /* ends with NULL */

/* The first one ends the capture; what was read so far is still delivered. A second one ends all.
 */
static void on_signal(int number)
{
    for (int i = 0; stopped_by_signal[i]; i++)
        capture_stop(stopped_by_signal[i]);
    signal(number, SIG_DFL);
}

static void stop_on_signals(const struct sensor *sensor)
{
    for (unsigned i = 0; i < sensor->readers; i++)
        stopped_by_signal[i] = sensor->reader[i].capture;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    if (sensor->live)
        signal(SIGHUP, on_hangup);
}

/* --- all of it ----------------------------------------------------------------------------------
 */

static bool open_capture(struct sensor *sensor)
{
    char error[1024];
    const struct config *config = &sensor->config;
    sensor->live = config->files == 0;
    for (unsigned i = 0; i < config->files; i++)
        sensor->file_name[i] = base_name(config->file[i]);
    sensor->readers = (unsigned)config->workers;
    if (sensor->live)
        sensor->reader[0].capture = capture_open_interface(
            &(struct capture_interface_options){
                .names = config->interface,
                .filter = config->filter,
                .snap_len = (uint32_t)config->snap_len,
                .buffer_mib = (uint32_t)config->buffer_mib,
                .promiscuous = config->promiscuous,
            },
            error, sizeof error);
    for (unsigned i = 0; !sensor->live && i < sensor->readers; i++) {
        sensor->reader[i].capture =
            capture_open_files(config->file, config->files, config->filter, error, sizeof error);
        if (!sensor->reader[i].capture)
            sensor->readers = i;
    }
    if (!sensor->reader[0].capture || sensor->readers < config->workers)
        log_error("%s", error);
    return sensor->reader[0].capture && sensor->readers == config->workers;
}

/* `mailtap rules test` runs as -r does, but tells of rules instead of findings. */
static bool begin_trial(struct sensor *sensor)
{
    const struct config *config = &sensor->config;
    sensor->reports = config->format == FORMAT_PRETTY && config->rules_verb != RULES_TEST;
    if (config->rules_verb != RULES_TEST)
        return true;
    sensor->trial = rules_trial_new(
        sensor->rules, config->words.count > 1 ? config->words.items[1] : NULL, stdout);
    return sensor->trial != NULL;
}

/* The rules, without which nothing is found: none but good ones. */
static enum exit_code load_rules(struct sensor *sensor)
{
    struct problems problems = { 0 };
    sensor->rules = rule_files_load(&sensor->config, &problems);
    if (!sensor->rules) {
        log_error("out of memory");
        return EXIT_INCOMPLETE;
    }
    return rule_files_good(&problems) ? EXIT_OK : EXIT_CONFIG;
}

static enum exit_code read_capture(struct sensor *sensor)
{
    if (!read_privacy_key(sensor))
        return EXIT_CONFIG;
    enum exit_code rules = sensor->config.doctor ? EXIT_OK : load_rules(sensor);
    if (rules != EXIT_OK)
        return rules;
    if (!open_capture(sensor))
        return EXIT_INCOMPLETE;
    stop_on_signals(sensor);
    if (sensor->config.doctor)
        return doctor(sensor->reader[0].capture, &sensor->config, input_name(sensor), stdout)
                   ? EXIT_OK
                   : EXIT_INCOMPLETE;
    if (!begin_trial(sensor))
        return EXIT_USAGE;
    if (!open_sinks(sensor) || !build(sensor))
        return EXIT_INCOMPLETE;
    run(sensor);
    close_sinks(sensor);
    print_report(sensor);
    if (sensor->trial)
        rules_trial_end(sensor->trial);
    const char *fault = worker_fault(sensor->reader[0].worker);
    if (fault) {
        log_error("%s", fault);
        sensor->failed = true;
    }
    return sensor->failed ? EXIT_INCOMPLETE : EXIT_OK;
}

static bool reads_standard_input(const struct config *config)
{
    for (unsigned i = 0; i < config->files; i++) {
        if (strcmp(config->file[i], "-") == 0)
            return true;
    }
    return false;
}

static enum exit_code test(struct sensor *sensor)
{
    enum exit_code code = load_rules(sensor);
    if (code == EXIT_OK)
        puts("mailtap: the configuration is ok");
    return code;
}

/* What the configuration's parser cannot know. */
static bool usable(const struct config *config)
{
    char error[1024];
    if (config->workers > 1 &&
        (config->files == 0 || config->trace || reads_standard_input(config))) {
        config_usage_error(stderr,
                           "--workers is for capture files, without --trace: what comes from "
                           "an interface or from standard input is read by one worker");
        return false;
    }
    if (config->trace && strcmp(config->trace, "all") != 0 && !session_knows(config->trace)) {
        config_usage_error(stderr, "no dissector is called %s: --trace takes one of those, or all",
                           config->trace);
        return false;
    }
    if (!config->filter || capture_filter_compiles(config->filter, error, sizeof error))
        return true;
    config_usage_error(stderr, "%s", error);
    return false;
}

int main(int argc, char **argv)
{
    struct sensor sensor = { .failed = false };
    protect_memory();
    keep_memory();
    struct config_outcome outcome = config_parse(&sensor.config, argc, argv, stdout, stderr);
    enum exit_code code = outcome.code;
    log_verbosity((unsigned)sensor.config.verbosity);
    if (outcome.action != CONFIG_EXIT && !usable(&sensor.config))
        code = EXIT_USAGE;
    else if (outcome.action == CONFIG_TEST)
        code = test(&sensor);
    else if (outcome.action == CONFIG_RUN && sensor.config.rules_verb != RULES_NONE &&
             sensor.config.rules_verb != RULES_TEST)
        code = rules_command(&sensor.config, stdout);
    else if (outcome.action == CONFIG_RUN)
        code = read_capture(&sensor);
    clean_up(&sensor);
    config_free(&sensor.config);
    return (int)code;
}
