/* Messages for the operator, one line each on standard error. Only this floor logs. */
#ifndef MAILTAP_LOG_H
#define MAILTAP_LOG_H

#include <stdarg.h>
#include <stdio.h>

/* 0: errors and warnings; 1 and more: information too. Set once, before threads start. */
void log_verbosity(unsigned);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same to any stream: "mailtap: ", the text with control characters and what is not UTF-8
 * escaped as \xNN (file names and answers of servers are not ours), a newline. */
void log_line(FILE *, const char *format, va_list) __attribute__((format(printf, 2, 0)));

#endif
