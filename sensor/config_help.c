/* --help. */
#include <string.h>

#include "config_options.h"

#define HELP_COLUMN 26
#define HELP_WIDTH  80

/* Words from HELP_COLUMN on, as many to a line as fit. */
static void print_wrapped(const char *text, FILE *to)
{
    size_t column = HELP_COLUMN;
    while (*text) {
        size_t len = strcspn(text, " ");
        if (column + len > HELP_WIDTH) {
            fprintf(to, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        }
        fprintf(to, "%.*s", (int)len, text);
        column += len + 1;
        text += len;
        if (*text == ' ') {
            text++;
            if (column + strcspn(text, " ") <= HELP_WIDTH)
                putc(' ', to);
        }
    }
    putc('\n', to);
}

static void print_option(const struct option_row *row, FILE *to)
{
    char names[64], letter[5] = "    ";
    if (row->letter)
        snprintf(letter, sizeof letter, "-%c, ", row->letter);
    int len = snprintf(names, sizeof names, "  %s--%s%s%s", letter, row->name,
                       row->argument ? " " : "", row->argument ? row->argument : "");
    if (len < HELP_COLUMN)
        fprintf(to, "%-*s", HELP_COLUMN, names);
    else
        fprintf(to, "%s\n%*s", names, HELP_COLUMN, "");
    print_wrapped(row->help, to);
}

void config_help(FILE *to)
{
    static const char *const groups[] = { "Input",   "Output", "Rules",
                                          "Privacy", "Other",  "Instead of running" };
    fputs("Usage: mailtap -r FILE [OPTION]... [FILTER]\n"
          "       mailtap -i IFACE [OPTION]... [FILTER]\n"
          "       mailtap doctor -i IFACE\n"
          "       mailtap rules list|check|explain|test [ARGUMENT]...\n\n"
          "Reads mail traffic from a capture file or from a network tap and tells who sends\n"
          "passwords in the clear, who could have used TLS and did not, and what else is odd.\n"
          "FILTER is a BPF expression, as for tcpdump. The doctor looks at an interface for a\n"
          "minute and says whether it sees what it should, and what to fix.\n"
          "\"rules list\" shows the rules there are, \"rules check [FILE|DIR]...\" what is wrong\n"
          "with them, \"rules explain ID\" what one looks for and what to do about it, \"rules\n"
          "test CAPTURE [ID]\" which rules fire on which events, and why that one does not.\n",
          to);
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        fprintf(to, "\n%s:\n", groups[i]);
        for (size_t k = 0; k < option_count; k++) {
            if (option_rows[k].name && strcmp(option_rows[k].group, groups[i]) == 0)
                print_option(&option_rows[k], to);
        }
    }
    fputs("\nExamples:\n"
          "  mailtap -r evidence.pcap\n"
          "  mailtap -i eth1+eth2 --redis redis://127.0.0.1:6379/0\n"
          "  mailtap doctor -i eth1\n"
          "  mailtap -r evidence.pcap -o json host 192.0.2.25 | jq .\n"
          "\nExit codes:\n"
          "  0  all went well, whatever was found\n"
          "  1  a fault while running, or the input or the output is not complete\n"
          "  2  a wrong command line\n"
          "  78 a wrong or unreadable configuration file or rule\n",
          to);
}
