/* What the operator wants: the command line over a YAML file over defaults. */
#ifndef MAILTAP_CONFIG_H
#define MAILTAP_CONFIG_H

#include <stdio.h>

#include "privacy.h"
#include "redis.h"

enum output_format { FORMAT_PRETTY, FORMAT_JSON };
enum config_flows { FLOWS_MAIL, FLOWS_ALL, FLOWS_NONE };
/* Whether segments whose checksum does not fit are read all the same. */
enum config_checksums { CHECKSUMS_IGNORE, CHECKSUMS_ENFORCE };

#define CONFIG_FILES 1024
#define WORKERS_MAX  64

/* Texts that the operator lists. */
struct text_list {
    char **items; /* ends with NULL; NULL itself while there are none */
    unsigned count;
    unsigned given; /* so many at the end came from the command line */
    bool preset;    /* still as the default says: what is set takes its place */
};

/* Adds a copy of the text. False if there is no memory. */
bool text_list_add(struct text_list *, const char *text);
void text_list_clear(struct text_list *);

/* What `mailtap rules` is asked for. */
enum rules_verb { RULES_NONE, RULES_LIST, RULES_CHECK, RULES_EXPLAIN, RULES_TEST };

/* Texts are NULL where the operator wants none. */
struct config {
    char *file[CONFIG_FILES]; /* -r, in the order given */
    unsigned files;
    char *interface; /* -i: one, or two joined by '+' */
    uint64_t snap_len, buffer_mib;
    bool promiscuous, doctor;
    uint64_t doctor_seconds;
    enum config_checksums checksums;
    char *filter; /* a BPF expression */
    char *observer;
    enum output_format format;
    struct redis_options redis; /* url NULL: no Redis */
    struct privacy privacy;     /* its key is still to be read from privacy_key_file */
    char *privacy_key_file;
    enum config_flows flows;
    uint64_t workers;
    uint64_t flows_max, streams_mib, tables_mib, fragments_mib;
    char *trace; /* name of a protocol, or "all" */
    /* Rules: those that come with mailtap, or others in their place (-S), and more (-s). */
    struct text_list rules_replace, rules_add;
    char *rules_folder; /* rules.d beside the file of -c, be it there or not; NULL: no -c */
    /* What rules call %own_networks% and so on. */
    struct text_list own_networks, own_domains, own_trusted_clear;
    struct text_list own_tls_required_domains, own_tls_required_servers;
    struct text_list own_access, own_submission, own_relay; /* servers */
    struct text_list own_smtp_ports, own_imap_ports, own_pop3_ports, own_sieve_ports;
    enum rules_verb rules_verb;
    bool foreign;
    char *config_file;      /* NULL: none */
    struct text_list words; /* behind the verb */
    uint64_t verbosity;
};

/* What mailtap's exit code says. */
enum exit_code {
    EXIT_OK = 0,
    EXIT_INCOMPLETE = 1, /* failed while running, or the input was not read to its end */
    EXIT_USAGE = 2,
    EXIT_CONFIG = 78, /* EX_CONFIG of sysexits.h */
};

enum config_action {
    CONFIG_RUN,
    CONFIG_TEST, /* -T: see that the filter compiles, say "ok", exit with 0 */
    CONFIG_EXIT, /* all was said; exit with the code */
};

struct config_outcome {
    enum config_action action;
    enum exit_code code;
};

/* Reads the command line and the file it names. Texts that were asked for go to `out`, an error is
 * one line on `err`. A Redis password in argv is overwritten, so that `ps` does not show it. Call
 * config_free() whatever the outcome. */
struct config_outcome config_parse(struct config *, int argc, char **argv, FILE *out, FILE *err);

/* Reads the lists anew from the file of -c, if there is one: what rules judge by. False, with one
 * line on `err` and nothing changed, if something in it is wrong. */
bool config_reload_lists(struct config *, FILE *err);

/* Wipes the Redis URL's password: for once the sinks are open. */
void config_forget_secrets(struct config *);
void config_free(struct config *);

/* One line for an error that only its finder knows to be the operator's, with the hint that usage
 * errors carry: a filter that does not compile, an unknown protocol to trace. */
void config_usage_error(FILE *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
