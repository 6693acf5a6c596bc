/* The state of an IMAP session, shared by the imap_*.c files.
 *
 *   imap.c              the dissector: which file sees which bytes, gaps, the end; the rules of
 * loss imap_client.c       commands, their literals, SASL responses, IDLE: what the client sends
 *   imap_server.c       replies and data: they, not the commands, move the session
 *   imap_auth.c         login attempts
 *   imap_message.c      messages that APPEND and FETCH carry
 *   imap_capability.c   what the server announces before anybody has logged in
 *   imap_before_login.c what else it says then, and should not
 *   imap_queue.c, imap_syntax.c, imap_tokens.c, imap_part.c, imap_probe.c  on their own feet */
#ifndef MAILTAP_IMAP_INTERNAL_H
#define MAILTAP_IMAP_INTERNAL_H

#include "dissector.h"
#include "http_line.h"
#include "imap_part.h"
#include "imap_queue.h"
#include "login.h"
#include "starttls.h"

/* What the next client bytes are. */
enum imap_client_mode {
    CLIENT_COMMANDS,
    CLIENT_ARGUMENTS, /* behind a literal the same command goes on */
    CLIENT_LITERAL,   /* so many octets */
    CLIENT_WAITS,     /* nothing until the server speaks */
    CLIENT_SASL,      /* one line of SASL */
    CLIENT_IDLE,      /* one line, DONE */
};

enum imap_server_mode { SERVER_LINES, SERVER_REST, SERVER_LITERAL };

/* What a tagged reply says: "NO [AUTHENTICATIONFAILED]". */
struct imap_answer {
    enum imap_status status;
    char code[40];
};

/* The command whose parts are being read. */
struct imap_command {
    uint32_t serial;
    enum imap_verb verb;
    unsigned arguments;             /* complete ones so far, those in parentheses not counted */
    bool catenate;                  /* APPEND puts a message together: RFC 4469 */
    bool waits_not;                 /* the literal came without leave */
    bool is_message, kept, assumed; /* the literal: a message; an argument of LOGIN; of which
                                       nobody saw that the server let it come */
};

#define IMAP_APPENDED_MAX 32

/* A message that APPEND carried, waiting for the answer. */
struct imap_appended {
    uint32_t serial;
    uint64_t size;
};

/* The response that is being read, and the message in it. */
struct imap_fetch {
    bool is_fetch, at_message; /* the last word was an item that is a message */
    bool literal_is_message;
    unsigned depth; /* of parentheses */
    uint64_t number, size;
    struct imap_message_item item;
};

/* A message that is being fetched, maybe in several runs. */
struct imap_fetched {
    bool open;
    uint64_t number, size, next; /* its octets so far, and the one that would follow */
};

struct imap {
    bool begun, greeted;
    enum imap_client_mode client, granted; /* granted: what CLIENT_WAITS becomes when "+" comes */
    enum imap_server_mode server;
    struct imap_part_reader part[DIRECTIONS];
    uint64_t left[DIRECTIONS]; /* octets of the literal under way */
    struct imap_queue queue;
    struct imap_command command;

    /* Loss: imap.c says what these mean. */
    bool client_blind, server_blind;
    bool server_gap;      /* and nothing of the server was seen since */
    bool wait_doubtful;   /* what the client waits for may have been in it */
    bool candidate;       /* the newest in the queue was read blindly */
    bool answered;        /* server_blind: its last line answers the newest in the queue */
    unsigned blind_lines; /* of the client since the last tagged reply */

    bool login_asked; /* LOGIN or AUTHENTICATE was sent, or somebody is logged in from the start */
    bool logged_in;   /* with success, or from the start */
    bool told_referral, told_alert, told_mailbox; /* before that: imap_before_login.c */
    struct http_lines http;

    bool lists_count;     /* nobody has logged in, for certain */
    bool listed_literals; /* the server says that it knows literals that need no leave, or it said
                             nothing yet */
    unsigned announced;   /* words that are kept */
    enum claim login_disabled; /* by the latest list */

    struct login login;
    uint32_t login_serial;            /* whose login is open */
    enum claim disabled_then;         /* login_disabled when it began */
    struct imap_answer login_refused; /* and more of it may be on its way */
    bool login_cancelled, login_whole;
    bool may_wrap; /* a login succeeded whose mechanism may have a security layer */

    struct imap_appended appended[IMAP_APPENDED_MAX];
    unsigned appended_count;
    struct imap_fetch fetch;
    struct imap_fetched fetched;
};

#define BLIND_UNTRUSTED 1000 /* blind_lines while replies to lost commands may be on their way */

/* imap.c: nothing of the client is claimed until the server's own word. */
void imap_lose_client(struct session *, struct imap *);
/* The server's word: the client stands behind the candidate. */
void imap_resume(struct session *, struct imap *);
/* Who logged in, nobody knows now. */
void imap_forget_identity(struct session *, struct imap *);
bool imap_server_hidden(const struct session *);

/* imap_client.c */
size_t imap_client_data(struct session *, struct imap *, struct bytes unread, size_t shown);
/* "+": the server lets the octets come. */
void imap_literal_begins(struct session *, struct imap *);
/* The octets are over; the command goes on. */
void imap_literal_over(struct session *, struct imap *);
/* The line that was read blindly is no command after all. */
void imap_withdraw(struct session *, struct imap *);

/* imap_server.c */
size_t imap_server_data(struct session *, struct imap *, struct bytes unread, size_t shown);

/* imap_auth.c */
void imap_login_begins(struct session *, struct imap *, uint32_t serial);
void imap_login_argument(struct session *, struct imap *, unsigned number, struct bytes value);
void imap_authenticate_begins(struct session *, struct imap *, uint32_t serial,
                              struct bytes arguments);
void imap_sasl_line(struct session *, struct imap *, struct bytes line);
/* A line behind the refusal of a login, which may belong to it. */
void imap_login_overrun(struct session *, struct imap *, enum imap_verb, struct bytes line);
/* NULL: there was an answer, but whose is not certain. */
void imap_login_answered(struct session *, struct imap *, const struct imap_answer *);
/* Nothing more will come of it: it was seen to its end, or its end was not seen. */
void imap_login_over(struct session *, struct imap *);
void imap_login_unanswered(struct session *, struct imap *);
/* From here on the bytes are in a security layer of SASL. */
void imap_wrapped(struct session *, struct imap *);

/* imap_message.c */
void imap_append_begins(struct session *, struct imap *);
void imap_append_answered(struct session *, struct imap *, uint32_t serial,
                          const struct imap_answer *);
/* Whatever waits will not be answered. */
void imap_append_unanswered(struct session *, struct imap *);
void imap_fetch_line(struct session *, struct imap *, struct bytes line);
void imap_fetch_rest(struct session *, struct imap *, struct bytes part);
void imap_fetch_literal(struct imap *, uint64_t size);
void imap_fetch_literal_over(struct session *, struct imap *);
/* What was fetched in runs is over. */
void imap_fetch_over(struct session *, struct imap *);
/* The session ends, in the middle of a literal maybe. */
void imap_messages_end(struct session *, struct imap *);

/* imap_capability.c: the words of a list that is whole. */
void imap_listed(struct session *, struct imap *, struct bytes words);

/* imap_before_login.c: what the server says in clear and may mislead clients that believe it before
 * anybody has logged in. A status reply, tagged or not, and an untagged line that is none. */
void imap_status_said(struct session *, struct imap *, const struct imap_reply *);
void imap_data_said(struct session *, struct imap *, struct bytes line);

#endif
