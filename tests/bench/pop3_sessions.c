/* Sessions of POP3 in clear (RFC 1939, RFC 2449, RFC 5034). */
#include <string.h>

#include "login.h"
#include "mail.h"
#include "plan.h"
#include "sessions.h"

enum { MAILS_MAX = 6 };

enum refusal { WRONG_PASSWORD, NO_REASON, IN_USE, REFUSALS };

/* greeting takes two numbers, for the time stamp; stat: mails and octets. */
struct pop3_style {
    const char *greeting, *capabilities, *mechanisms, *user_ok, *accepted, *refused[REFUSALS],
        *needs_login, *empty_challenge, *ok, *stat, *mail_follows, *bye;
};

static const struct pop3_style styles[] = {
#include "pop3_styles.def"
};

/* What POP3 has besides SASL. */
enum own_login { USER_PASS, USER_PASS_BLANKS, APOP, OWN_LOGINS };

static const char *const own_names[] = { "USER/PASS", "USER/PASS", "APOP" };

static const struct pop3_outcome {
    bool refused, at_once, accepted; /* at_once: instead of a challenge, or at USER */
    enum refusal refusal;
} outcomes[] = {
    { .accepted = true },
    { .refused = true, .refusal = WRONG_PASSWORD },
    { .refused = true, .refusal = WRONG_PASSWORD, .accepted = true },
    { .refused = true, .refusal = NO_REASON },
    { .refused = true, .refusal = IN_USE, .accepted = true },
    { .refused = true, .refusal = NO_REASON, .at_once = true, .accepted = true },
};

/* One session. */
struct talk {
    struct script *script;
    const struct pop3_style *style;
    const struct pop3_outcome *outcome;
    enum own_login own;
    const struct login_form *form; /* of SASL; NULL: it is one of POP3's own */
    bool pipelining;
    char user[PLAN_USER];
    FILE *truth;
};

/* --- logins -------------------------------------------------------------------------------------
 */

struct attempt {
    bool success;
    bool goes_ahead; /* STAT stands behind it */
    int too_many;
};

static const char *refusal_of(const struct talk *t)
{
    return t->style->refused[t->outcome->refusal];
}

static void plant(const struct talk *t, const char *user, bool success)
{
    plan_plant(t->script, t->form ? login_mechanism(t->form) : own_names[t->own], user, success,
               t->truth);
}

/* USER alone is no attempt: a client that waits for its answer stops when it is refused. */
static bool say_user_pass(struct talk *t, const struct attempt *attempt)
{
    bool at_once = !attempt->success && t->outcome->at_once;
    say(t->script, CLIENT, "USER %s\r\n", t->user);
    if (!t->pipelining)
        say(t->script, SERVER, "%s", at_once ? refusal_of(t) : t->style->user_ok);
    if (!t->pipelining && at_once)
        return false;
    say(t->script, CLIENT, t->own == USER_PASS ? "PASS Bench-%08X\r\n" : "PASS  Bench %08X \r\n",
        chance_below(t->script->chance, UINT32_MAX));
    if (t->pipelining)
        say(t->script, SERVER, "%s", at_once ? refusal_of(t) : t->style->user_ok);
    plant(t, t->user, attempt->success);
    return true;
}

static void say_apop(struct talk *t, const struct attempt *attempt)
{
    struct chance *chance = t->script->chance;
    say(t->script, CLIENT, "APOP %s %08x%08x%08x%08x\r\n", t->user, chance_below(chance, 1U << 31),
        chance_below(chance, 1U << 31), chance_below(chance, 1U << 31),
        chance_below(chance, 1U << 31));
    plant(t, t->user, attempt->success);
}

static struct login sasl_login(const struct talk *t, const struct attempt *attempt)
{
    struct login login = { .form = t->form, .success = attempt->success };
    login.at_once = t->pipelining && login_can_be_at_once(t->form);
    login.refused_at_once = !attempt->success && t->outcome->at_once && login_is_awaited(t->form);
    strcpy(login.user, t->user);
    return login;
}

static void say_auth(struct talk *t, struct attempt *attempt)
{
    struct login login = sasl_login(t, attempt);
    struct login_framing framing = { "AUTH", "+ ", t->style->empty_challenge };
    attempt->too_many = login_say(t->script, &login, &framing);
    plant(t, login.refused_at_once && !login.at_once ? "" : t->user, attempt->success);
}

static bool is_one_line(const struct talk *t, const struct attempt *attempt)
{
    struct login login;
    if (!t->form)
        return t->own == APOP;
    login = sasl_login(t, attempt);
    return login_is_one_line(&login);
}

static void attempt(struct talk *t, bool success)
{
    struct attempt attempt = { .success = success };
    attempt.goes_ahead = t->pipelining && is_one_line(t, &attempt);
    if (t->form)
        say_auth(t, &attempt);
    else if (t->own == APOP)
        say_apop(t, &attempt);
    else if (!say_user_pass(t, &attempt))
        return;
    if (attempt.goes_ahead)
        say(t->script, CLIENT, "STAT\r\n");
    say(t->script, SERVER, "%s", success ? t->style->accepted : refusal_of(t));
    for (int i = 0; i < attempt.too_many; i++)
        say(t->script, SERVER, "%s", t->style->needs_login);
    if (attempt.goes_ahead && success)
        say(t->script, SERVER, t->style->stat, 3, 4711);
    else if (attempt.goes_ahead)
        say(t->script, SERVER, "%s", t->style->needs_login);
}

/* --- mails --------------------------------------------------------------------------------------
 */

/* A text of many lines, up to a lone dot. */
static void say_list(struct talk *t, const char *command, uint32_t lines, const char *line)
{
    say(t->script, CLIENT, "%s\r\n", command);
    say(t->script, SERVER, "%s", t->style->ok);
    for (uint32_t i = 1; i <= lines; i++)
        say(t->script, SERVER, line, i, 700 + 97 * i);
    say(t->script, SERVER, ".\r\n");
}

static void say_mail(struct talk *t)
{
    say(t->script, SERVER, "%s", t->style->mail_follows);
    mail_say_stuffed(t->script, SERVER, mail_any(t->script->chance));
}

static void delete_mail(struct talk *t, uint32_t number)
{
    say(t->script, CLIENT, "DELE %u\r\n", number);
    if (!t->pipelining)
        say(t->script, SERVER, "%s", t->style->ok);
}

static void fetch(struct talk *t, uint32_t mails)
{
    bool deletes = chance_one_in(t->script->chance, 2);
    for (uint32_t i = 1; i <= mails; i++) {
        say(t->script, CLIENT, "RETR %u\r\n", i);
        if (!t->pipelining)
            say_mail(t);
        if (deletes)
            delete_mail(t, i);
    }
    for (uint32_t i = 1; t->pipelining && i <= mails; i++) {
        say_mail(t);
        if (deletes)
            say(t->script, SERVER, "%s", t->style->ok);
    }
}

static void look_at_top(struct talk *t)
{
    say(t->script, CLIENT, "TOP 1 2\r\n");
    say(t->script, SERVER, "%s", t->style->mail_follows);
    say(t->script, SERVER,
        "From: Writer <writer@example.net>\r\nSubject: x\r\n\r\n+OK\r\n..\r\n.\r\n");
}

static void use_mailbox(struct talk *t)
{
    struct chance *chance = t->script->chance;
    uint32_t mails = chance_between(chance, 1, MAILS_MAX);
    say(t->script, CLIENT, "STAT\r\n");
    say(t->script, SERVER, t->style->stat, mails, 4711 * mails);
    say_list(t, "UIDL", mails, "%u 000%u5f2a\r\n");
    say_list(t, "LIST", mails, "%u %u\r\n");
    if (chance_one_in(chance, 3))
        look_at_top(t);
    fetch(t, mails);
    if (chance_one_in(chance, 3)) {
        say(t->script, CLIENT, "LIST 1\r\nNOOP\r\n");
        say(t->script, SERVER, "+OK 1 700\r\n%s", t->style->ok);
    }
}

/* --- sessions -----------------------------------------------------------------------------------
 */

static struct talk talk_of(struct script *script, uint32_t index, FILE *truth)
{
    size_t forms = OWN_LOGINS + login_forms();
    uint32_t number =
        plan_number(index, forms * plan_cuts() * 2 * LENGTH(outcomes) * LENGTH(styles));
    struct talk t = { .script = script, .truth = truth };
    uint32_t form = plan_digit(&number, forms);
    if (form < OWN_LOGINS)
        t.own = (enum own_login)form;
    else
        t.form = login_form(form - OWN_LOGINS);
    script->cut = plan_cut(&number);
    t.pipelining = plan_digit(&number, 2);
    t.outcome = &outcomes[plan_digit(&number, LENGTH(outcomes))];
    t.style = &styles[plan_digit(&number, LENGTH(styles))];
    plan_user(t.user, index);
    return t;
}

static void greet(struct talk *t)
{
    struct chance *chance = t->script->chance;
    script_open(t->script);
    say(t->script, SERVER, t->style->greeting, chance_below(chance, 32768),
        chance_below(chance, 1U << 31));
    if (chance_one_in(chance, 2)) {
        say(t->script, CLIENT, "CAPA\r\n");
        say(t->script, SERVER, "%s", t->style->capabilities);
    }
    if (chance_one_in(chance, 6)) {
        say(t->script, CLIENT, "AUTH\r\n");
        say(t->script, SERVER, "%s", t->style->mechanisms);
    }
}

void write_pop3(struct script *script, uint32_t index, FILE *truth)
{
    static const uint16_t ports[] = { 110, 110, 110, 1110 };
    plan_loss(script);
    plan_ends(script, index, ports, LENGTH(ports));
    struct talk t = talk_of(script, index, truth);
    greet(&t);
    if (t.outcome->refused)
        attempt(&t, false);
    if (t.outcome->accepted) {
        attempt(&t, true);
        use_mailbox(&t);
    }
    if (chance_one_in(script->chance, 16)) {
        script_reset(script);
    } else {
        say(script, CLIENT, "QUIT\r\n");
        say(script, SERVER, "%s", t.style->bye);
        script_close(script);
    }
    script_end(script);
}
