/* Where a Redis is and as whom to log in:
 *
 *   redis://[user[:password]@]host[:port][/db]      redis://:password@host is the default user
 *   unix:///path/to.sock[?db=N]                     also redis+unix://, with user and password */
#ifndef MAILTAP_REDIS_URL_H
#define MAILTAP_REDIS_URL_H

#include <stdbool.h>
#include <stddef.h>

struct redis_url {
    bool unix_socket;
    char host[256];      /* or the path of the socket */
    char port[6];        /* digits; empty for a socket */
    char db[6];          /* digits */
    char user[128];      /* empty: the default user */
    char password[1024]; /* empty: none given */
};

/* False with the reason in *problem, which never quotes the URL. User and password may use %XX. */
bool redis_url_parse(const char *text, struct redis_url *, const char **problem);

/* "host:port" or the path, as messages name it. */
void redis_url_name(const struct redis_url *, char *to, size_t size);

/* The URL for people: its password is shown as ***, also where the rest is not a good URL. */
void redis_url_show(const char *text, char *to, size_t size);

/* Overwrites the password in place, for a URL that others can see (the command line in `ps`). */
void redis_url_blank(char *text);

#endif
