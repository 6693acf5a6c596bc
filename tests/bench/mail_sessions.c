/* Sessions in clear. */
#include <string.h>

#include "login.h"
#include "mail.h"
#include "sessions.h"

enum {
    PEOPLE = 4000, /* each with his own machine and his own server */
    SERVERS = 32,
    LOSSY_ONE_IN = 20
};

static const uint32_t client_net = 0x0A000001, server_net = 0xC0000219; /* 10.0.0.1, 192.0.2.25 */

/* greeting: a number; hello: "" or the line that offers STARTTLS; recipient_refused: the address;
 * chunk_ok: its size; queued: a number. */
struct server_style {
    const char *greeting, *hello, *accepted, *refused, *needs_login, *sender_ok, *recipient_ok,
        *recipient_refused, *go_ahead, *chunk_ok, *queued, *bye;
};

static const struct server_style styles[] = {
#include "server_styles.def"
};

static const char *const first_names[] = { "anna", "bela", "chidi", "dana",  "emre", "fatou",
                                           "goro", "hana", "ines",  "jorge", "kaja", "luis" };
static const char *const last_names[] = { "arslan", "berg",  "costa", "dubois", "egede",
                                          "fuchs",  "garza", "horak", "ito" };
/* First name, last name, number. */
static const char *const user_shapes[] = { "%s.%s%u@example.org", "%s%.1s%u",
                                           "%s_%s-%u@mail.example.net", "%.1s%s%u" };

/* Most stacks send full segments. */
static const enum cut cuts[] = { CUT_MSS, CUT_LINE,   CUT_MSS, CUT_LINES,
                                 CUT_MSS, CUT_RANDOM, CUT_MSS, CUT_LINES };

enum outcome { SUCCESS, FAILURE, FAILURE_THEN_SUCCESS, OUTCOMES };

/* What the tables say of one session. */
struct plan {
    const struct server_style *style;
    const struct login_form *form;
    bool pipelining;
    enum outcome outcome;
    char user[64];
};

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* The digits of a number, each to its own base: every combination comes once before any repeats. */
static uint32_t digit(uint32_t *number, size_t base)
{
    uint32_t chosen = *number % (uint32_t)base;
    *number /= (uint32_t)base;
    return chosen;
}

static struct plan plan_of(struct script *script, uint32_t index)
{
    /* 7919 is prime, so that neighbours differ in every column and all are met. */
    uint32_t all = (uint32_t)(login_forms() * LENGTH(cuts) * 2 * OUTCOMES * LENGTH(styles));
    uint32_t number = (uint32_t)((uint64_t)index * 7919 % all), who = index % PEOPLE;
    struct plan plan = { .form = login_form(digit(&number, login_forms())) };
    script->cut = cuts[digit(&number, LENGTH(cuts))];
    plan.pipelining = digit(&number, 2);
    plan.outcome = (enum outcome)digit(&number, OUTCOMES);
    plan.style = &styles[digit(&number, LENGTH(styles))];
    snprintf(plan.user, sizeof plan.user, user_shapes[who / 7 % LENGTH(user_shapes)],
             first_names[who % LENGTH(first_names)], last_names[who % LENGTH(last_names)], who);
    return plan;
}

static void set_ends(struct script *script, uint32_t index)
{
    static const uint16_t ports[] = { 587, 25, 587, 2525 };
    /* Divided, so that no port has only some of the forms of login. */
    uint32_t who = index % PEOPLE;
    script->ends = (struct ends){ .from_ip = client_net + who,
                                  .to_ip = server_net + who % SERVERS,
                                  .from_port = (uint16_t)(20000 + index / PEOPLE),
                                  .to_port = ports[who / 5 % LENGTH(ports)] };
}

static void plant(const struct script *script, const struct login *login, FILE *truth)
{
    const struct ends *ends = &script->ends;
    fprintf(truth, "%u.%u.%u.%u\t%u\t%u.%u.%u.%u\t%u\t%s\t%s\t%s\t%s\n", ends->from_ip >> 24,
            ends->from_ip >> 16 & 255, ends->from_ip >> 8 & 255, ends->from_ip & 255,
            ends->from_port, ends->to_ip >> 24, ends->to_ip >> 16 & 255, ends->to_ip >> 8 & 255,
            ends->to_ip & 255, ends->to_port, login_mechanism(login), login->user,
            login->success ? "success" : "failure", script->lossy ? "lossy" : "whole");
}

/* A session that begins: up to the answer to EHLO. */
static void begin(struct script *script, const struct server_style *style, const char *starttls)
{
    script_open(script);
    say(script, SERVER, style->greeting, chance_below(script->chance, 9));
    say(script, CLIENT, "EHLO pc-%u.example.net\r\n", chance_below(script->chance, 200));
    say(script, SERVER, style->hello, starttls);
}

static void log_in(struct script *script, const struct plan *plan, struct login *login, FILE *truth)
{
    strcpy(login->user, plan->user);
    login->form = plan->form;
    login->at_once = plan->pipelining && login_can_be_at_once(plan->form);
    login_say(script, login);
    plant(script, login, truth);
}

/* --- a mail --- */

static void say_recipients(struct script *script, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        say(script, CLIENT, "RCPT TO:<reader%u@example.org>\r\n", i);
}

/* The last of several is refused now and then. */
static void answer_recipients(struct script *script, const struct server_style *style,
                              uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0 && i + 1 == count && chance_one_in(script->chance, 4))
            say(script, SERVER, style->recipient_refused, "reader@example.org");
        else
            say(script, SERVER, "%s", style->recipient_ok);
    }
}

static void say_envelope(struct script *script, const struct plan *plan, uint32_t recipients)
{
    say(script, CLIENT, "MAIL FROM:<writer@example.net> SIZE=%u\r\n",
        chance_between(script->chance, 2000, 200000));
    if (!plan->pipelining)
        say(script, SERVER, "%s", plan->style->sender_ok);
    say_recipients(script, recipients);
    if (!plan->pipelining)
        answer_recipients(script, plan->style, recipients);
}

static void answer_envelope(struct script *script, const struct plan *plan, uint32_t recipients)
{
    if (!plan->pipelining)
        return;
    say(script, SERVER, "%s", plan->style->sender_ok);
    answer_recipients(script, plan->style, recipients);
}

static void say_in_chunks(struct script *script, const struct plan *plan, const struct mail *mail,
                          uint32_t recipients)
{
    size_t chunks = chance_between(script->chance, 1, 3), each = mail->len / chunks;
    for (size_t i = 0; i < chunks; i++) {
        bool last = i + 1 == chunks;
        size_t len = last ? mail->len - i * each : each;
        say(script, CLIENT, "BDAT %zu%s\r\n", len, last ? " LAST" : "");
        say_bytes(script, CLIENT, mail->text + i * each, len);
        if (i == 0)
            answer_envelope(script, plan, recipients);
        if (!last)
            say(script, SERVER, plan->style->chunk_ok, len);
    }
}

static void send_mail(struct script *script, const struct plan *plan)
{
    const struct mail *mail = mail_any(script->chance);
    uint32_t recipients = chance_between(script->chance, 1, 3);
    say_envelope(script, plan, recipients);
    if (chance_one_in(script->chance, 4)) {
        say_in_chunks(script, plan, mail, recipients);
    } else {
        say(script, CLIENT, "DATA\r\n");
        answer_envelope(script, plan, recipients);
        say(script, SERVER, "%s", plan->style->go_ahead);
        mail_say_data(script, mail);
    }
    say(script, SERVER, plan->style->queued, chance_below(script->chance, 0xFFFFFF));
}

/* --- sessions --- */

/* A client that did not wait for the refusal. */
static void refuse_envelope(struct script *script, const struct server_style *style)
{
    say(script, SERVER, "%s%s%s", style->needs_login, style->needs_login, style->needs_login);
}

static void attempt(struct script *script, const struct plan *plan, bool success, FILE *truth)
{
    struct login login = { .success = success };
    log_in(script, plan, &login, truth);
    bool runs_ahead = !success && plan->pipelining && login_is_one_line(&login);
    if (runs_ahead)
        say(script, CLIENT,
            "MAIL FROM:<writer@example.net>\r\nRCPT TO:<reader@example.org>\r\n"
            "DATA\r\n");
    say(script, SERVER, "%s", success ? plan->style->accepted : plan->style->refused);
    if (runs_ahead)
        refuse_envelope(script, plan->style);
}

static void write_session_of(struct script *script, uint32_t index, FILE *truth, uint32_t mails)
{
    struct plan plan = plan_of(script, index);
    if (mails == 0 && plan.outcome == FAILURE_THEN_SUCCESS)
        plan.outcome = SUCCESS; /* one login is all of a tiny session */
    set_ends(script, index);
    begin(script, plan.style, "");
    if (plan.outcome != SUCCESS)
        attempt(script, &plan, false, truth);
    if (plan.outcome != FAILURE)
        attempt(script, &plan, true, truth);
    for (uint32_t i = 0; plan.outcome != FAILURE && i < mails; i++)
        send_mail(script, &plan);
    if (mails > 0 && chance_one_in(script->chance, 16)) {
        script_reset(script);
    } else {
        say(script, CLIENT, "QUIT\r\n");
        say(script, SERVER, "%s", plan.style->bye);
        script_close(script);
    }
    script_end(script);
}

void write_mail(struct script *script, uint32_t index, FILE *truth)
{
    static const uint32_t mails[] = { 1, 1, 1, 1, 2, 2, 3 };
    script->lossy = chance_one_in(script->chance, LOSSY_ONE_IN);
    write_session_of(script, index, truth,
                     mails[chance_below(script->chance, (uint32_t)LENGTH(mails))]);
}

void write_tiny(struct script *script, uint32_t index, FILE *truth)
{
    write_session_of(script, index, truth, 0);
}

void write_idle(struct script *script, uint32_t index, FILE *truth)
{
    (void)truth;
    set_ends(script, index);
    begin(script, &styles[index % LENGTH(styles)], "");
    script_end(script);
}

void write_starttls(struct script *script, uint32_t index, FILE *truth)
{
    set_ends(script, index);
    begin(script, &styles[index % LENGTH(styles)], "250-STARTTLS\r\n");
    say(script, CLIENT, "STARTTLS\r\n");
    say(script, SERVER, "220 2.0.0 Ready to start TLS\r\n");
    write_tls_bytes(script);
    (void)truth;
}
