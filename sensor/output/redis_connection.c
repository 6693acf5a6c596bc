/* A non-blocking socket with poll(), and hiredis to write commands and read replies. */
#include "redis_connection.h"

#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

#define ANSWER_MS     5000 /* nothing moved for so long: broken, be it stopped or unreachable */
#define UNREAD_MAX    ((size_t)1024 * 1024)
#define ARGUMENTS_MAX 32

struct redis_connection {
    int fd;
    redisReader *reader;
    struct redis_reply reply; /* filled by the reader's callbacks */
};

/* hiredis builds replies through these. Ours keep the outermost one as text and allocate nothing,
 * whatever the other side claims about the size of its arrays. */
static void *keep(const redisReadTask *task, struct bytes text)
{
    struct redis_reply *reply = task->privdata;
    if (!task->parent) {
        reply->is_error = task->type == REDIS_REPLY_ERROR;
        text_copy(reply->text, sizeof reply->text, text);
    }
    return reply;
}

static void *keep_string(const redisReadTask *task, char *text, size_t len)
{
    return keep(task, bytes_over(text, len));
}

static void *keep_array(const redisReadTask *task, int elements)
{
    (void)elements;
    return keep(task, BYTES_NONE);
}

static void *keep_integer(const redisReadTask *task, long long value)
{
    (void)value;
    return keep(task, BYTES_NONE);
}

static void *keep_nil(const redisReadTask *task)
{
    return keep(task, BYTES_NONE);
}

static void free_nothing(void *reply)
{
    (void)reply;
}

static redisReplyObjectFunctions reply_functions = {
    .createString = keep_string,
    .createArray = keep_array,
    .createInteger = keep_integer,
    .createNil = keep_nil,
    .freeObject = free_nothing,
};

bool redis_command(struct buffer *to, size_t count, const struct bytes arguments[])
{
    const char *data[ARGUMENTS_MAX];
    size_t len[ARGUMENTS_MAX];
    char *command = NULL;
    if (count > ARGUMENTS_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        data[i] = arguments[i].len > 0 ? (const char *)arguments[i].data : "";
        len[i] = arguments[i].len;
    }
    int n = redisFormatCommandArgv(&command, (int)count, data, len);
    if (n < 0)
        return false;
    bool fits = buffer_append(to, bytes_over(command, (size_t)n));
    explicit_bzero(command, (size_t)n); /* AUTH passes here */
    redisFreeCommand(command);
    return fits;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Waits for events on the socket: 0, or -errno. */
static int wait_for(int fd, short events, uint64_t until_ms, short *happened)
{
    struct pollfd wanted = { .fd = fd, .events = events };
    for (;;) {
        uint64_t now = now_ms();
        if (now >= until_ms)
            return -ETIMEDOUT;
        int n = poll(&wanted, 1, (int)(until_ms - now));
        *happened = wanted.revents;
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
}

static int connect_to(const struct sockaddr *address, socklen_t len)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int error = 0, on = 1;
    socklen_t size = sizeof error;
    short happened;
    if (address->sa_family != AF_UNIX) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    }
    if (connect(fd, address, len) < 0) {
        error = errno;
        if (error == EINPROGRESS || error == EINTR) {
            error = -wait_for(fd, POLLOUT, now_ms() + ANSWER_MS, &happened);
            if (error == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
                error = errno;
        }
    }
    if (error == 0)
        return fd;
    close(fd);
    return -error;
}

/* The socket, or -errno; *problem is set where errno does not say it. */
static int open_socket(const struct redis_url *url, const char **problem)
{
    if (url->unix_socket) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        text_copy(address.sun_path, sizeof address.sun_path, bytes_of_string(url->host));
        return connect_to((const struct sockaddr *)&address, sizeof address);
    }
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
    int result = getaddrinfo(url->host, url->port, &hints, &found);
    if (result != 0) {
        *problem = gai_strerror(result);
        return -EHOSTUNREACH;
    }
    int fd = -EHOSTUNREACH;
    for (struct addrinfo *at = found; at && fd < 0; at = at->ai_next)
        fd = connect_to(at->ai_addr, at->ai_addrlen);
    freeaddrinfo(found);
    return fd;
}

/* Sends what the socket takes now. */
static int send_some(struct redis_connection *connection, struct bytes *left)
{
    ssize_t n = send(connection->fd, left->data, left->len, MSG_NOSIGNAL);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    *left = bytes_after(*left, (size_t)n);
    return 0;
}

static int receive_some(struct redis_connection *connection)
{
    char data[16 * 1024];
    redisReader *reader = connection->reader;
    ssize_t n = recv(connection->fd, data, sizeof data, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    if (n == 0)
        return -ECONNRESET;
    if (reader->len - reader->pos > UNREAD_MAX)
        return -EPROTO;
    return redisReaderFeed(reader, data, (size_t)n) == REDIS_OK ? 0 : -EPROTO;
}

/* Hands on the replies that are complete. Returns how many, or -errno. */
static int take_replies(struct redis_connection *connection, size_t most,
                        const struct redis_answers *answers)
{
    int taken = 0;
    while ((size_t)taken < most) {
        void *reply = NULL;
        if (redisReaderGetReply(connection->reader, &reply) != REDIS_OK)
            return -EPROTO;
        if (!reply)
            break;
        if (!answers->answer(answers->arg, &connection->reply))
            return -ECANCELED;
        taken++;
    }
    return taken;
}

int redis_exchange(struct redis_connection *connection, struct bytes commands, size_t count,
                   const struct redis_answers *answers)
{
    uint64_t until = now_ms() + ANSWER_MS;
    while (count > 0) {
        short happened, wanted = commands.len > 0 ? POLLIN | POLLOUT : POLLIN;
        int result = wait_for(connection->fd, wanted, until, &happened);
        if (result == 0 && (happened & POLLOUT))
            result = send_some(connection, &commands);
        /* Also after a failed send: Redis may have said why it closed the connection. */
        if (happened & (POLLIN | POLLHUP | POLLERR)) {
            int received = receive_some(connection);
            result = result < 0 ? result : received;
            int taken = take_replies(connection, count, answers);
            if (taken < 0)
                return taken;
            count -= (size_t)taken;
        }
        if (result < 0 && count > 0)
            return result;
        until = now_ms() + ANSWER_MS;
    }
    return 0;
}

struct handshake {
    const struct redis_url *url;
    bool auth, refused;
    unsigned answered;
    char text[256];
};

/* Old servers quote the arguments of a command they do not know: the text of an unexpected answer
 * to AUTH may hold the password, so only its first word is kept. */
static void keep_refusal(struct handshake *shake, const struct redis_reply *reply)
{
    static const char *const harmless[] = {
        "WRONGPASS",           "NOAUTH", "NOPERM", "ERR AUTH <password>", "ERR Client sent AUTH",
        "ERR invalid password"
    };
    struct bytes text = bytes_of_string(reply->text), rest = text;
    bool shown = !(shake->auth && shake->answered == 0);
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        shown = shown || bytes_starts_nocase(text, harmless[i]);
    shake->refused = true;
    text_copy(shake->text, sizeof shake->text, shown ? text : text_next_word(&rest));
}

static bool handshake_answer(void *arg, const struct redis_reply *reply)
{
    struct handshake *shake = arg;
    if (reply->is_error)
        keep_refusal(shake, reply);
    shake->answered++;
    return !reply->is_error;
}

static size_t handshake_commands(struct handshake *shake, struct buffer *commands)
{
    const struct redis_url *url = shake->url;
    struct bytes auth[3] = { BYTES_LITERAL("AUTH") };
    struct bytes select[] = { BYTES_LITERAL("SELECT"), bytes_of_string(url->db) };
    struct bytes ping[] = { BYTES_LITERAL("PING") };
    size_t n = 1, count = 0;
    if (url->user[0])
        auth[n++] = bytes_of_string(url->user);
    auth[n++] = bytes_of_string(url->password);
    shake->auth = url->password[0] != '\0';
    if (shake->auth)
        count += redis_command(commands, n, auth);
    if (strcmp(url->db, "0") != 0)
        count += redis_command(commands, 2, select);
    return count + redis_command(commands, 1, ping);
}

static int shake_hands(struct redis_connection *connection, struct handshake *shake)
{
    struct buffer commands;
    buffer_init(&commands, 8192, NULL);
    size_t count = handshake_commands(shake, &commands);
    int result = redis_exchange(connection, buffer_view(&commands), count,
                                &(struct redis_answers){ handshake_answer, shake });
    buffer_free(&commands); /* wipes */
    return result;
}

struct redis_connection *redis_connect(const struct redis_url *url, char *error, size_t size)
{
    char name[sizeof url->host + sizeof url->port + 4];
    struct redis_connection *connection = calloc(1, sizeof *connection);
    struct handshake shake = { .url = url };
    const char *problem = NULL;
    int result = -ENOMEM;
    redis_url_name(url, name, sizeof name);
    if (connection) {
        connection->fd = result = open_socket(url, &problem);
        connection->reader = redisReaderCreateWithFunctions(&reply_functions);
        if (connection->reader)
            connection->reader->privdata = &connection->reply;
        else if (result >= 0)
            result = -ENOMEM;
    }
    if (result < 0) {
        snprintf(error, size, "cannot connect to %s: %s", name,
                 problem ? problem : strerror(-result));
    } else {
        result = shake_hands(connection, &shake);
        if (shake.refused)
            snprintf(error, size, "%s refuses: %s", name, shake.text);
        else if (result < 0)
            snprintf(error, size, "%s does not answer: %s", name, strerror(-result));
    }
    if (result >= 0)
        return connection;
    redis_disconnect(connection);
    return NULL;
}

void redis_disconnect(struct redis_connection *connection)
{
    if (!connection)
        return;
    if (connection->fd >= 0)
        close(connection->fd);
    if (connection->reader)
        redisReaderFree(connection->reader);
    free(connection);
}
