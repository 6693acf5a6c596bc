/* Redis URLs: parsing them, and showing them without their password. */
#include "redis_url.h"

#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "text.h"

static const struct {
    const char *prefix;
    bool unix_socket;
} schemes[] = {
    { "redis://", false },
    { "unix://", true },
    { "redis+unix://", true },
};

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes %XX. False if it does not fit or is not well-formed; a NUL is not. */
static bool decode(struct bytes from, char *to, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < from.len; i++) {
        int c = from.data[i];
        if (c == '%') {
            if (from.len - i < 3)
                return false;
            int high = hex_value(from.data[i + 1]), low = hex_value(from.data[i + 2]);
            if (high < 0 || low < 0)
                return false;
            c = high * 16 + low;
            i += 2;
        }
        if (c == '\0' || len + 1 >= size)
            return false;
        to[len++] = (char)c;
    }
    to[len] = '\0';
    return true;
}

static bool copy_number(struct bytes from, uint64_t max, char *to, size_t size)
{
    uint64_t value;
    if (!text_to_u64(from, &value) || value > max)
        return false;
    snprintf(to, size, "%u", (unsigned)value);
    return true;
}

/* User and password with their @, 0 if there are none. The last @ counts, as a password may hold
 * one; a slash in a password must be written %2F. */
static size_t login_length(struct bytes rest)
{
    size_t end = 0, slash = bytes_index(rest, '/');
    for (size_t i = 0; i < slash; i++) {
        if (rest.data[i] == '@')
            end = i + 1;
    }
    return end;
}

static const char *parse_login(struct bytes login, struct redis_url *url)
{
    size_t colon = bytes_index(login, ':');
    if (!decode(bytes_first(login, colon), url->user, sizeof url->user))
        return "the user name is too long or not well-formed";
    if (!decode(bytes_after(login, colon + 1), url->password, sizeof url->password))
        return "the password is too long or not well-formed (use %XX for special characters)";
    return NULL;
}

static const char *parse_socket(struct bytes rest, struct redis_url *url)
{
    size_t question = bytes_index(rest, '?');
    struct bytes path = bytes_first(rest, question), query = bytes_after(rest, question + 1);
    if (path.len == 0 || path.data[0] != '/')
        return "a socket needs an absolute path, as in unix:///run/redis/redis.sock";
    if (path.len >= sizeof((struct sockaddr_un *)0)->sun_path)
        return "the path of the socket is too long";
    if (!decode(path, url->host, sizeof url->host))
        return "the path is not well-formed";
    if (query.len == 0)
        return NULL;
    if (!bytes_starts_nocase(query, "db="))
        return "after the path only ?db=NUMBER is known";
    return copy_number(bytes_after(query, 3), 65535, url->db, sizeof url->db)
               ? NULL
               : "the database is not a number";
}

static const char *parse_host(struct bytes rest, struct redis_url *url)
{
    size_t slash = bytes_index(rest, '/');
    struct bytes host = bytes_first(rest, slash), db = bytes_after(rest, slash + 1), port;
    if (host.len > 0 && host.data[0] == '[') { /* an IPv6 address */
        size_t end = bytes_index(host, ']');
        if (end == host.len)
            return "the IPv6 address is not closed by ]";
        port = bytes_after(host, end + 1);
        host = bytes_after(bytes_first(host, end), 1);
    } else {
        size_t colon = bytes_index(host, ':');
        port = bytes_after(host, colon);
        host = bytes_first(host, colon);
    }
    if (host.len == 0)
        return "the host is missing";
    if (!decode(host, url->host, sizeof url->host))
        return "the host is too long or not well-formed";
    if (port.len > 0 && (port.data[0] != ':' ||
                         !copy_number(bytes_after(port, 1), 65535, url->port, sizeof url->port)))
        return "the port is not a number";
    if (db.len > 0 && !copy_number(db, 65535, url->db, sizeof url->db))
        return "the database is not a number";
    return NULL;
}

static const char *parse(struct bytes text, struct redis_url *url)
{
    size_t scheme = 0, known = sizeof schemes / sizeof schemes[0];
    while (scheme < known && !bytes_starts_nocase(text, schemes[scheme].prefix))
        scheme++;
    if (bytes_starts_nocase(text, "rediss://"))
        return "Redis over TLS is not supported";
    if (scheme == known)
        return "it must begin with redis:// or unix://";
    url->unix_socket = schemes[scheme].unix_socket;
    snprintf(url->port, sizeof url->port, "%s", url->unix_socket ? "" : "6379");
    struct bytes rest = bytes_after(text, strlen(schemes[scheme].prefix));
    size_t login = login_length(rest);
    if (login > 0) {
        const char *problem = parse_login(bytes_first(rest, login - 1), url);
        if (problem)
            return problem;
    }
    rest = bytes_after(rest, login);
    return url->unix_socket ? parse_socket(rest, url) : parse_host(rest, url);
}

bool redis_url_parse(const char *text, struct redis_url *url, const char **problem)
{
    *url = (struct redis_url){ .db = "0" };
    *problem = parse(bytes_of_string(text), url);
    return !*problem;
}

void redis_url_name(const struct redis_url *url, char *to, size_t size)
{
    if (url->unix_socket)
        snprintf(to, size, "%s", url->host);
    else
        snprintf(to, size, strchr(url->host, ':') ? "[%s]:%s" : "%s:%s", url->host, url->port);
}

/* Where the password stands: from behind the login's colon to the last @. Without a scheme the
 * whole beginning is taken for a login, so that a mistyped URL gives nothing away. */
static struct bytes password_in(const char *text)
{
    const char *start = strstr(text, "://");
    start = start ? start + 3 : text;
    const char *end = strrchr(start, '@');
    const char *colon = strchr(start, ':');
    if (!end || !colon || colon > end)
        return BYTES_NONE;
    return bytes_over(colon + 1, (size_t)(end - colon - 1));
}

void redis_url_show(const char *text, char *to, size_t size)
{
    struct bytes password = password_in(text);
    if (password.len == 0) {
        text_copy(to, size, bytes_of_string(text));
        return;
    }
    size_t before = (size_t)((const char *)password.data - text);
    snprintf(to, size, "%.*s***%s", (int)before, text, text + before + password.len);
}

void redis_url_blank(char *text)
{
    struct bytes password = password_in(text);
    if (password.len > 0)
        memset(text + ((const char *)password.data - text), '*', password.len);
}
