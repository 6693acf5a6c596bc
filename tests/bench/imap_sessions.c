/* Sessions of IMAP in clear (RFC 9051, RFC 3501). */
#include <string.h>

#include "login.h"
#include "mail.h"
#include "plan.h"
#include "sessions.h"

enum { TAG = 16, FIRST_UID = 100, RUN = 16384, MAILS_MAX = 4 };

enum refusal { WRONG_PASSWORD, POLICY, SYNTAX, REFUSALS };

/* What formats take: greeting, accepted: the tag, or "*", and the capabilities; refused,
 * needs_login, done, appended: the tag; fetched: number, UID, octets; fetched_end: UID. */
struct imap_style {
    const char *greeting, *capabilities, *accepted, *refused[REFUSALS], *needs_login,
        *not_a_command, *go_ahead, *empty_challenge, *done, *appended, *fetched, *fetched_end;
};

static const struct imap_style styles[] = {
#include "imap_styles.def"
};

/* How a string is written: RFC 9051 section 4. */
enum written { ATOM, QUOTED, LITERAL, LITERAL_AT_ONCE };

static const struct login_strings {
    enum written user, password;
} login_strings[] = {
#define STRINGS(user, password) { user, password },
#include "imap_logins.def"
#undef STRINGS
};

static const struct {
    const char *command, *answer;
} chatter[] = {
#define CHATTER(command, answer) { command, answer },
#include "imap_chatter.def"
#undef CHATTER
};

static const struct imap_outcome {
    bool refused, at_once, accepted; /* at_once: instead of leave; accepted: at last */
    enum refusal refusal;
} outcomes[] = {
    { .accepted = true },
    { .refused = true, .refusal = WRONG_PASSWORD },
    { .refused = true, .refusal = WRONG_PASSWORD, .accepted = true },
    { .refused = true, .refusal = POLICY },
    { .refused = true, .refusal = SYNTAX, .accepted = true },
    { .refused = true, .refusal = SYNTAX, .at_once = true, .accepted = true },
};

static const char *const tag_shapes[] = { "a%u", "A%04u", "%u", "x%u.Tb" };

/* One session. */
struct talk {
    struct script *script;
    const struct imap_style *style;
    const struct imap_outcome *outcome;
    const struct login_strings *strings; /* of the command LOGIN; NULL: form is that of SASL */
    const struct login_form *form;
    bool pipelining;
    const char *tag_shape;
    uint32_t tags;
    char user[PLAN_USER];
    FILE *truth;
};

struct tag {
    char text[TAG];
};

static struct tag next_tag(struct talk *t)
{
    struct tag tag;
    snprintf(tag.text, sizeof tag.text, t->tag_shape, ++t->tags);
    return tag;
}

/* A command on one line. */
static struct tag ask(struct talk *t, const char *command)
{
    struct tag tag = next_tag(t);
    say(t->script, CLIENT, "%s %s\r\n", tag.text, command);
    return tag;
}

static void done(struct talk *t, struct tag tag)
{
    say(t->script, SERVER, t->style->done, tag.text);
}

/* --- logins -------------------------------------------------------------------------------------
 */

/* The first attempt, or the last. */
struct attempt {
    bool success, at_once; /* at_once: refused instead of leave */
    bool goes_ahead;       /* another command stands behind it */
    const char *user;      /* what of it goes over the wire; "": nothing */
    struct tag tag, ahead;
    int too_many;
};

static void say_quoted(struct talk *t, const char *text)
{
    char room[2 * PLAN_USER + 3], *to = room;
    *to++ = '"';
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            *to++ = '\\';
        *to++ = *text;
    }
    *to++ = '"';
    *to = '\0';
    say(t->script, CLIENT, " %s", room);
}

/* False if the server would not let it come. */
static bool say_string(struct talk *t, enum written written, const char *text, bool refused)
{
    switch (written) {
    case ATOM:
        say(t->script, CLIENT, " %s", text);
        return true;
    case QUOTED:
        say_quoted(t, text);
        return true;
    case LITERAL:
        say(t->script, CLIENT, " {%zu}\r\n", strlen(text));
        if (refused)
            return false;
        say(t->script, SERVER, "%s", t->style->go_ahead);
        break;
    case LITERAL_AT_ONCE:
        say(t->script, CLIENT, " {%zu+}\r\n", strlen(text));
        break;
    }
    say(t->script, CLIENT, "%s", text);
    return true;
}

static void say_login_command(struct talk *t, struct attempt *attempt)
{
    char password[PLAN_USER];
    /* What an atom cannot hold, and what looks like the end of a line with a literal. */
    snprintf(password, sizeof password,
             t->strings->password == ATOM ? "Bench-%08X" : "Bench-\"\\ %08X {9}",
             chance_below(t->script->chance, UINT32_MAX));
    say(t->script, CLIENT, "%s LOGIN", attempt->tag.text);
    attempt->user = "";
    if (!say_string(t, t->strings->user, t->user, attempt->at_once))
        return;
    attempt->user = t->user;
    if (say_string(t, t->strings->password, password, attempt->at_once))
        say(t->script, CLIENT, "\r\n");
}

static struct login sasl_login(const struct talk *t, const struct attempt *attempt)
{
    struct login login = { .form = t->form, .success = attempt->success };
    login.at_once = t->pipelining && login_can_be_at_once(t->form);
    login.refused_at_once = attempt->at_once && login_is_awaited(t->form);
    strcpy(login.user, t->user);
    return login;
}

static void say_authenticate(struct talk *t, struct attempt *attempt)
{
    struct login login = sasl_login(t, attempt);
    char command[TAG + sizeof " AUTHENTICATE"];
    snprintf(command, sizeof command, "%s AUTHENTICATE", attempt->tag.text);
    attempt->too_many = login_say(
        t->script, &login, &(struct login_framing){ command, "+ ", t->style->empty_challenge });
    attempt->user = login.refused_at_once && !login.at_once ? "" : t->user;
}

static bool is_one_line(const struct talk *t, const struct attempt *attempt)
{
    struct login login;
    if (t->strings)
        return t->strings->user != LITERAL && t->strings->password != LITERAL;
    login = sasl_login(t, attempt);
    return login_is_one_line(&login);
}

static struct attempt say_attempt(struct talk *t, bool success, bool may_go_ahead)
{
    struct attempt attempt = { .success = success,
                               .at_once = !success && t->outcome->at_once,
                               .tag = next_tag(t) };
    (t->strings ? say_login_command : say_authenticate)(t, &attempt);
    plan_plant(t->script, t->strings ? "LOGIN" : login_mechanism(t->form), attempt.user, success,
               t->truth);
    attempt.goes_ahead = may_go_ahead && is_one_line(t, &attempt);
    if (attempt.goes_ahead)
        attempt.ahead = ask(t, "NAMESPACE");
    return attempt;
}

static void answer_attempt(struct talk *t, const struct attempt *attempt)
{
    const struct imap_style *style = t->style;
    say(t->script, SERVER, attempt->success ? style->accepted : style->refused[t->outcome->refusal],
        attempt->tag.text, style->capabilities);
    for (int i = 0; i < attempt->too_many; i++)
        say(t->script, SERVER, "%s", style->not_a_command);
    if (attempt->goes_ahead)
        say(t->script, SERVER, attempt->success ? style->done : style->needs_login,
            attempt->ahead.text);
}

/* True if it succeeds at last. */
static bool log_in(struct talk *t)
{
    struct attempt refused = { .success = false }, accepted = { .success = true };
    bool both = t->outcome->refused && t->outcome->accepted && t->pipelining &&
                is_one_line(t, &refused) && is_one_line(t, &accepted);
    if (t->outcome->refused) {
        refused = say_attempt(t, false, t->pipelining && !both);
        if (!both)
            answer_attempt(t, &refused);
    }
    if (t->outcome->accepted) {
        accepted = say_attempt(t, true, t->pipelining);
        if (both)
            answer_attempt(t, &refused);
        answer_attempt(t, &accepted);
    }
    return t->outcome->accepted;
}

/* --- mails --------------------------------------------------------------------------------------
 */

static void say_fetched(struct talk *t, uint32_t number)
{
    const struct mail *mail = mail_any(t->script->chance);
    say(t->script, SERVER, t->style->fetched, number, FIRST_UID + number, mail->len);
    say_bytes(t->script, SERVER, mail->text, mail->len);
    say(t->script, SERVER, t->style->fetched_end, FIRST_UID + number);
}

static struct tag ask_for_mail(struct talk *t, uint32_t first, uint32_t last)
{
    char command[64];
    snprintf(command, sizeof command, "UID FETCH %u:%u (FLAGS BODY.PEEK[])", FIRST_UID + first,
             FIRST_UID + last);
    return ask(t, command);
}

/* All with one command, or one each: then a client that pipelines asks for all of them at once. */
static void fetch(struct talk *t, uint32_t mails)
{
    struct tag tags[MAILS_MAX];
    bool one_command = chance_one_in(t->script->chance, 2);
    if (one_command) {
        tags[0] = ask_for_mail(t, 1, mails);
    } else {
        for (uint32_t i = 0; t->pipelining && i < mails; i++)
            tags[i] = ask_for_mail(t, i + 1, i + 1);
    }
    for (uint32_t i = 0; i < mails; i++) {
        if (!one_command && !t->pipelining)
            tags[i] = ask_for_mail(t, i + 1, i + 1);
        say_fetched(t, i + 1);
        if (!one_command)
            done(t, tags[i]);
    }
    if (one_command)
        done(t, tags[0]);
}

/* As some clients fetch what is large. */
static void fetch_in_runs(struct talk *t)
{
    const struct mail *mail = mail_any(t->script->chance);
    for (size_t at = 0; at < mail->len; at += RUN) {
        size_t len = mail->len - at < RUN ? mail->len - at : RUN;
        char command[64];
        snprintf(command, sizeof command, "UID FETCH 109 (BODY.PEEK[]<%zu.%d>)", at, RUN);
        struct tag tag = ask(t, command);
        say(t->script, SERVER, "* 9 FETCH (UID 109 BODY[]<%zu> {%zu}\r\n", at, len);
        say_bytes(t->script, SERVER, mail->text + at, len);
        say(t->script, SERVER, ")\r\n");
        done(t, tag);
    }
}

static void append(struct talk *t)
{
    const struct mail *mail = mail_any(t->script->chance);
    struct tag tag = next_tag(t);
    say(t->script, CLIENT, "%s APPEND \"Sent\" (\\Seen) {%zu%s}\r\n", tag.text, mail->len,
        t->pipelining ? "+" : "");
    if (!t->pipelining)
        say(t->script, SERVER, "%s", t->style->go_ahead);
    say_bytes(t->script, CLIENT, mail->text, mail->len);
    say(t->script, CLIENT, "\r\n");
    say(t->script, SERVER, t->style->appended, tag.text);
}

static void idle(struct talk *t)
{
    struct tag tag = ask(t, "IDLE");
    say(t->script, SERVER, "+ idling\r\n");
    say(t->script, SERVER, "* %u EXISTS\r\n* OK Still here\r\n",
        chance_between(t->script->chance, 10, 99));
    say(t->script, CLIENT, "DONE\r\n");
    done(t, tag);
}

static void talk_much(struct talk *t)
{
    for (size_t i = 0; i < LENGTH(chatter); i++) {
        struct tag tag = ask(t, chatter[i].command);
        say(t->script, SERVER, "%s", chatter[i].answer);
        done(t, tag);
    }
}

static void use_mailbox(struct talk *t)
{
    struct chance *chance = t->script->chance;
    talk_much(t);
    fetch(t, chance_between(chance, 1, MAILS_MAX));
    if (chance_one_in(chance, 6))
        fetch_in_runs(t);
    if (chance_one_in(chance, 3))
        append(t);
    if (chance_one_in(chance, 4))
        idle(t);
    if (chance_one_in(chance, 3))
        fetch(t, chance_between(chance, 1, 2));
}

/* --- sessions -----------------------------------------------------------------------------------
 */

static struct talk talk_of(struct script *script, uint32_t index, FILE *truth)
{
    size_t forms = LENGTH(login_strings) + login_forms();
    uint32_t number =
        plan_number(index, forms * plan_cuts() * 2 * LENGTH(outcomes) * LENGTH(styles));
    struct talk t = { .script = script, .truth = truth };
    uint32_t form = plan_digit(&number, forms);
    if (form < LENGTH(login_strings))
        t.strings = &login_strings[form];
    else
        t.form = login_form(form - LENGTH(login_strings));
    script->cut = plan_cut(&number);
    t.pipelining = plan_digit(&number, 2);
    t.outcome = &outcomes[plan_digit(&number, LENGTH(outcomes))];
    t.style = &styles[plan_digit(&number, LENGTH(styles))];
    t.tag_shape = tag_shapes[chance_below(script->chance, LENGTH(tag_shapes))];
    plan_user(t.user, index);
    if (t.strings && t.strings->user != ATOM && index % 4 == 0)
        memcpy(t.user, "E\\\"", 3); /* escapes, in quotes */
    return t;
}

static void greet(struct talk *t)
{
    script_open(t->script);
    say(t->script, SERVER, t->style->greeting, "*", t->style->capabilities);
    if (chance_one_in(t->script->chance, 2)) {
        struct tag tag = ask(t, "CAPABILITY");
        say(t->script, SERVER, "* CAPABILITY %s\r\n", t->style->capabilities);
        done(t, tag);
    }
    if (chance_one_in(t->script->chance, 3)) {
        struct tag tag = ask(t, "ID (\"name\" \"Thunderbird\" \"version\" \"128.3.1\")");
        say(t->script, SERVER, "* ID (\"name\" \"server\")\r\n");
        done(t, tag);
    }
}

void write_imap(struct script *script, uint32_t index, FILE *truth)
{
    static const uint16_t ports[] = { 143, 143, 143, 1143 };
    plan_loss(script);
    plan_ends(script, index, ports, LENGTH(ports));
    struct talk t = talk_of(script, index, truth);
    greet(&t);
    if (log_in(&t))
        use_mailbox(&t);
    if (chance_one_in(script->chance, 16)) {
        script_reset(script);
    } else {
        struct tag tag = ask(&t, "LOGOUT");
        say(script, SERVER, "* BYE Logging out\r\n");
        done(&t, tag);
        script_close(script);
    }
    script_end(script);
}
