/* POP3: which file sees which bytes, what a gap does, what the end does. */
#include "pop3.h"

#include "pop3_internal.h"

/* --- commands that wait -------------------------------------------------------------------------
 */

bool pop3_push(struct pop3 *pop3, enum pop3_command command)
{
    struct pop3_queue *queue = &pop3->queue;
    if (queue->count == POP3_QUEUE_MAX)
        return false;
    queue->command[(queue->first + queue->count++) % POP3_QUEUE_MAX] = (uint8_t)command;
    return true;
}

enum pop3_command pop3_head(const struct pop3 *pop3, bool *any)
{
    *any = pop3->queue.count > 0;
    return *any ? (enum pop3_command)pop3->queue.command[pop3->queue.first] : POP3_UNKNOWN;
}

void pop3_pop(struct pop3 *pop3)
{
    pop3->queue.first = (pop3->queue.first + 1) % POP3_QUEUE_MAX;
    pop3->queue.count--;
}

static bool waits_for(const struct pop3 *pop3, enum pop3_command command)
{
    for (unsigned i = 0; i < pop3->queue.count; i++) {
        if (pop3->queue.command[(pop3->queue.first + i) % POP3_QUEUE_MAX] == command)
            return true;
    }
    return false;
}

/* --- loss ---------------------------------------------------------------------------------------
 */

bool pop3_alone(const struct session *s, const struct pop3 *pop3)
{
    return pop3->unpaired || session_peer_visible(s, FROM_SERVER) == CLAIM_NO;
}

void pop3_unpair(struct session *s, struct pop3 *pop3, enum pop3_server_mode mode)
{
    session_explain(s, "lost track: no answer is paired until the server's own word");
    bool asked_tls = waits_for(pop3, POP3_STLS);
    if (pop3->server == POP3_IN_MAIL)
        pop3_mail_end(s, pop3, false);
    pop3->queue.count = 0;
    pop3->unpaired = true;
    pop3->server = mode;
    pop3->open_ended = false;
    pop3->listing.of = POP3_UNKNOWN;
    pop3->lone_lines = POP3_UNTRUSTED;
    pop3->logged_in |= !pop3->client_whole;
    if (!session_is_partial(s))
        session_partial(s, COVERAGE_DESYNC);
    pop3_follow_alone(s, pop3);
    if (asked_tls)
        session_expect_tls(s);
}

void pop3_client_lost(struct session *s, struct pop3 *pop3)
{
    pop3_login_proved(s, pop3, false);
    pop3->user_named = false;
    pop3->client_whole = false;
    pop3->logged_in = true;
    pop3->lone_lines = POP3_UNTRUSTED;
    pop3->listing.of = pop3->unpaired ? POP3_UNKNOWN : pop3->listing.of;
    bool was_blind = pop3->client == POP3_BLIND;
    pop3->client = POP3_BLIND;
    if (pop3->unpaired)
        pop3_login_unanswered(s, pop3);
    else if (pop3->queue.count == 0 && pop3->server == POP3_AT_STATUS && !pop3->open_ended)
        pop3_unpair(s, pop3, POP3_AT_STATUS);
    else if (pop3->doubtful || (!was_blind && !pop3_push(pop3, POP3_LOST)))
        pop3_unpair(s, pop3, POP3_ANYWHERE);
}

void pop3_paired_again(struct session *s, struct pop3 *pop3, enum pop3_client_mode mode)
{
    session_explain(s, "the server's word brings the session back");
    pop3->unpaired = false;
    pop3->open_ended = false;
    pop3->client = mode;
}

/* Answers are missing. In a mail that is all that was asked for they are part of it. */
static void server_gap(struct session *s, struct pop3 *pop3, uint64_t missing)
{
    if (pop3->server == POP3_IN_MAIL && pop3->queue.count == 0) {
        dot_stuffing_gap(&pop3->body);
        pop3->body.size += missing;
        pop3->doubtful = true;
        return;
    }
    pop3->line[FROM_SERVER].skipping = true;
    pop3_unpair(s, pop3, POP3_ANYWHERE);
}

void pop3_wrapped(struct session *s, struct pop3 *pop3)
{
    pop3->client = POP3_BLIND; /* no answer so far was the last word */
    session_partial(s, COVERAGE_LAYER);
    session_ignore_rest(s);
}

/* --- the dissector ------------------------------------------------------------------------------
 */

static void begin(struct session *s, struct pop3 *pop3)
{
    if (pop3->begun)
        return;
    pop3->begun = true;
    facts_init(&pop3->listing.facts, session_pool(s));
    login_init(&pop3->login, session_pool(s));
    buffer_init(&pop3->user, SASL_WHO_MAX + 1, session_pool(s));
    starttls_track(s);
    if (session_from_start(s)) {
        pop3->client_whole = true;
        pop3_push(pop3, POP3_GREETING);
        return;
    }
    pop3->client = POP3_BLIND;
    pop3->line[FROM_CLIENT].skipping = pop3->line[FROM_SERVER].skipping = true;
    pop3_unpair(s, pop3, POP3_ANYWHERE);
    pop3->lone_lines = 0; /* nothing was lost: what comes is seen */
}

static size_t pop3_data(struct session *s, void *state, enum direction d, struct bytes unread,
                        size_t shown)
{
    struct pop3 *pop3 = state;
    begin(s, pop3);
    return d == FROM_CLIENT ? pop3_client_data(s, pop3, unread, shown)
                            : pop3_server_data(s, pop3, unread, shown);
}

static void pop3_gap(struct session *s, void *state, enum direction d, uint64_t missing)
{
    struct pop3 *pop3 = state;
    begin(s, pop3);
    if (d == FROM_SERVER) {
        server_gap(s, pop3, missing);
        return;
    }
    pop3->line[FROM_CLIENT].skipping = true;
    pop3_client_lost(s, pop3);
}

static void pop3_end(struct session *s, void *state, enum ending ending)
{
    struct pop3 *pop3 = state;
    begin(s, pop3);
    bool final = ending == ENDED_CLOSED || ending == ENDED_RESET || ending == ENDED_UPGRADED;
    pop3_login_proved(s, pop3, false);
    if (final && pop3->client != POP3_BLIND)
        pop3_login_over(s, pop3);
    else
        pop3_login_unanswered(s, pop3);
    if (pop3->server == POP3_IN_MAIL)
        pop3_mail_end(s, pop3, false);
    facts_free(&pop3->listing.facts);
    buffer_free(&pop3->user);
    login_free(&pop3->login);
}

static const uint16_t pop3_ports[] = { 110, 995, 0 };

const struct dissector pop3_dissector = {
    .name = "pop3",
    .ports = pop3_ports,
    .state_size = sizeof(struct pop3),
    .probe = pop3_probe,
    .data = pop3_data,
    .gap = pop3_gap,
    .end = pop3_end,
    .is_command = pop3_is_command,
};
