/* One connection to a Redis, logged in. hiredis is the codec, the socket is ours: nothing blocks
 * longer than the time limit, and a reply of any size needs a bounded amount of memory. */
#ifndef MAILTAP_REDIS_CONNECTION_H
#define MAILTAP_REDIS_CONNECTION_H

#include "buffer.h"
#include "redis_url.h"

struct redis_connection;

struct redis_reply {
    bool is_error;
    char text[256]; /* of an error or a status; cut */
};

/* Who takes the replies, in the order of the commands. */
struct redis_answers {
    /* False: this reply is no answer to the command, the connection is of no use any more. */
    bool (*answer)(void *arg, const struct redis_reply *);
    void *arg;
};

/* Appends one command. Arguments may hold any bytes. False if there is no room. */
bool redis_command(struct buffer *, size_t count, const struct bytes arguments[]);

/* Connects, logs in, selects the database and sees that Redis answers. NULL with one line in
 * `error`, which never holds the password. */
struct redis_connection *redis_connect(const struct redis_url *, char *error, size_t size);
void redis_disconnect(struct redis_connection *); /* NULL is fine */

/* Sends whole commands and takes their replies until `count` have come. 0, or -errno; the
 * connection is then broken: -ETIMEDOUT if nothing moved for the time limit, -ECANCELED if a reply
 * was not taken. */
int redis_exchange(struct redis_connection *, struct bytes commands, size_t count,
                   const struct redis_answers *);

#endif
