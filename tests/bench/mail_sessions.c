/* Sessions in clear. */
#include <string.h>

#include "login.h"
#include "mail.h"
#include "plan.h"
#include "sessions.h"

/* greeting: a number; hello: "" or the line that offers STARTTLS; recipient_refused: the address;
 * chunk_ok: its size; queued: a number. */
struct server_style {
    const char *greeting, *hello, *accepted, *refused, *needs_login, *sender_ok, *recipient_ok,
        *recipient_refused, *go_ahead, *chunk_ok, *queued, *bye;
};

static const struct server_style styles[] = {
#include "server_styles.def"
};

enum outcome { SUCCESS, FAILURE, FAILURE_THEN_SUCCESS, OUTCOMES };

/* What the tables say of one session. */
struct plan {
    const struct server_style *style;
    const struct login_form *form;
    bool pipelining;
    enum outcome outcome;
    char user[PLAN_USER];
};

static struct plan plan_of(struct script *script, uint32_t index)
{
    uint32_t number =
        plan_number(index, login_forms() * plan_cuts() * 2 * OUTCOMES * LENGTH(styles));
    struct plan plan = { .form = login_form(plan_digit(&number, login_forms())) };
    script->cut = plan_cut(&number);
    plan.pipelining = plan_digit(&number, 2);
    plan.outcome = (enum outcome)plan_digit(&number, OUTCOMES);
    plan.style = &styles[plan_digit(&number, LENGTH(styles))];
    plan_user(plan.user, index);
    return plan;
}

static void set_ends(struct script *script, uint32_t index)
{
    static const uint16_t ports[] = { 587, 25, 587, 2525 };
    plan_ends(script, index, ports, LENGTH(ports));
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
    static const struct login_framing framing = { "AUTH", "334 ", "334 " };
    strcpy(login->user, plan->user);
    login->form = plan->form;
    login->at_once = plan->pipelining && login_can_be_at_once(plan->form);
    login_say(script, login, &framing);
    plan_plant(script, login_mechanism(login->form), login->user, login->success, truth);
}

/* --- a mail -------------------------------------------------------------------------------------
 */

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
        mail_say_stuffed(script, CLIENT, mail);
    }
    say(script, SERVER, plan->style->queued, chance_below(script->chance, 0xFFFFFF));
}

/* --- sessions -----------------------------------------------------------------------------------
 */

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
    plan_loss(script);
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
