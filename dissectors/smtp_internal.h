/* The state of an SMTP session, shared by the smtp_*.c files.
 *
 *   smtp.c              the dissector: which file sees which bytes, gaps, the end
 *   smtp_client.c       command lines, bodies, SASL responses: what the client sends
 *   smtp_server.c       replies: they, not the commands, move the session
 *   smtp_transaction.c  the envelope and the message events
 *   smtp_auth.c         login attempts
 *   smtp_queue.c, smtp_syntax.c, smtp_probe.c  on their own feet */
#ifndef MAILTAP_SMTP_INTERNAL_H
#define MAILTAP_SMTP_INTERNAL_H

#include "dissector.h"
#include "dot_stuffing.h"
#include "http_line.h"
#include "line.h"
#include "login.h"
#include "smtp_queue.h"
#include "starttls.h"

/* What the next client bytes are. */
enum smtp_client_mode {
    CLIENT_COMMANDS,
    CLIENT_WAITS, /* nothing until the reply: after DATA, STARTTLS, AUTH and each SASL response */
    CLIENT_SASL,  /* one line of SASL */
    CLIENT_BODY,  /* up to CRLF.CRLF */
    CLIENT_CHUNK, /* so many octets */
    CLIENT_BLIND, /* after a loss: consume and claim nothing */
};

/* A code with its enhanced code as text: "535 5.7.8". */
struct smtp_code {
    unsigned code;
    char text[16];
};

struct smtp_reply {
    struct smtp_code code; /* code and text of the last line */
    struct bytes text;
    unsigned lines;
};

struct smtp_transaction {
    bool active; /* MAIL was accepted (or, after a loss, a body began) */
    bool known;  /* its MAIL was seen */
    bool sent;   /* the body was read to its end */
    uint64_t rcpt_count, size;
    unsigned listed, accepted;
    uint64_t accepted_rows[2];  /* bit per listed recipient */
    unsigned answers, positive; /* to the end of the message: LMTP gives one per recipient */
    bool mail_refused, data_refused;
    struct smtp_code refused; /* the first refusal of MAIL, else of RCPT while none is accepted,
                                 else of the data */
};

struct smtp {
    bool begun;
    bool greeted, lmtp; /* a hello was accepted: LHLO or another */
    bool said_ehlo;     /* EHLO or HELO was sent, and nothing of the client was lost since */
    enum smtp_client_mode client;
    bool requires_tls; /* the MAIL that was just read: REQUIRETLS */
    struct http_lines http;
    struct line_reader line[DIRECTIONS];
    struct smtp_queue queue;
    struct smtp_reply reply; /* the one being read */
    struct facts listing;    /* capabilities of an EHLO reply that is not complete yet */
    bool listing_starttls, listing_masked;
    bool listing_anonymous, anonymous; /* X-ANONYMOUSTLS: offered to those who ask for it */
    bool listing_chunking, chunking;   /* it was in a whole list */
    bool listed;                       /* a whole list came at all */
    bool turned_away;                  /* the greeting said that nobody is served */
    unsigned listing_words, announced; /* how many of them are kept */
    bool head_stays;                   /* the command just answered gets another reply */
    unsigned replies;                  /* complete ones, the greeting included */

    /* While CLIENT_BLIND: client lines since the last whole reply. */
    unsigned blind_lines;
    enum smtp_command blind_hello; /* what the latest of them is */
    bool no_server;                /* after a loss: who should be the server says what none says */

    struct login login;
    bool auth_cancelled;
    struct smtp_code auth_refused; /* refused, and more of it may be on its way; code 0: not so */
    bool may_wrap;                 /* a login succeeded whose mechanism may have a security layer */

    struct smtp_transaction transaction;
    unsigned transactions;
    struct dot_stuffing body;
    bool body_met; /* its first line was judged: smtp_client.c */
    uint64_t chunk_left;
};

#define BLIND_UNTRUSTED 1000 /* blind_lines after a loss that may have taken replies with it */

/* smtp_client.c */
size_t smtp_client_data(struct session *, struct smtp *, struct bytes unread, size_t shown);
/* A body was read to its end: commands follow, or, if replies were lost meanwhile, nothing that we
 * could pair (false). */
bool smtp_body_done(struct smtp *);
/* Commands whose replies will never be seen take effect as far as anyone can tell from one side. */
void smtp_assume_replies(struct session *, struct smtp *);

/* From here on the bytes are in a security layer of SASL: nobody can read them. */
void smtp_wrapped(struct session *, struct smtp *);

/* A reply says what the client's next bytes are, unless they were lost. */
void smtp_client_reads(struct smtp *, enum smtp_client_mode);

/* smtp_server.c */
size_t smtp_server_data(struct session *, struct smtp *, struct bytes unread, size_t shown);

/* smtp.c: from here on nothing is paired until the server's own word. `trusted`: no reply can be
 * outstanding. */
void smtp_lose_track(struct session *, struct smtp *, bool trusted);

/* A command found no room to wait in: claim nothing rather than pair wrongly. */
void smtp_no_memory(struct session *, struct smtp *);

/* The loss is reached: what was said of who it is ends here. */
void smtp_forget_identity(struct session *);

/* smtp_transaction.c */
/* The queue's oldest is the MAIL with this path. */
void smtp_mail(struct session *, struct smtp *, struct bytes path);
void smtp_mail_refused(struct session *, struct smtp *, struct bytes path,
                       const struct smtp_code *);
/* `code` NULL: the reply was not seen. */
void smtp_rcpt(struct session *, struct smtp *, struct bytes path, const struct smtp_code *code);
/* DATA or BDAT was. */
void smtp_data_refused(struct smtp *, const struct smtp_code *);
/* A body begins and no envelope is known. */
void smtp_resume_transaction(struct session *, struct smtp *);
/* A reply to the message as a whole: whether it was the last. Emits the event if so. */
bool smtp_message_answered(struct session *, struct smtp *, const struct smtp_reply *);
/* The message was sent whole; `code` as above. */
void smtp_message_end(struct session *, struct smtp *, const struct smtp_code *code);
/* It ended without a whole message: RSET, EHLO, QUIT, a loss, the end. */
void smtp_transaction_end(struct session *, struct smtp *);
void smtp_verify(struct session *, struct smtp *, enum smtp_command, const struct smtp_code *);

/* smtp_auth.c */
void smtp_auth_command(struct session *, struct smtp *, struct bytes argument);
void smtp_auth_response(struct session *, struct smtp *, struct bytes line);
/* The line behind the refusal of a login, which may belong to it: `command` is what it means to the
 * server. */
void smtp_auth_overrun(struct session *, struct smtp *, enum smtp_command command,
                       struct bytes line);
void smtp_auth_reply(struct session *, struct smtp *, const struct smtp_reply *);
/* Nothing more will come of a login: it was seen whole, or its end was lost. */
void smtp_auth_over(struct session *, struct smtp *);
void smtp_auth_unanswered(struct session *, struct smtp *);

bool smtp_positive(const struct smtp_code *); /* 2xx */

#endif
