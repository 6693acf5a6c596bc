/* Login attempts: counted, ended, told. */
#include "login.h"

#include "starttls.h"

void login_init(struct login *login, struct pool *pool)
{
    *login = (struct login){ 0 };
    sasl_init(&login->sasl, pool);
}

void login_free(struct login *login)
{
    sasl_free(&login->sasl);
}

static void begin(struct session *s, struct login *login)
{
    const char *name = sasl_mechanism_name(&login->sasl);
    login->open = true;
    login->decided = starttls_is_answered(s);
    login->attempts++;
    session_explain(s, "login %u begins with %s", login->attempts,
                    name ? name : "a word that is not known for a mechanism");
}

void login_begin(struct session *s, struct login *login, struct bytes mechanism)
{
    sasl_start(&login->sasl, mechanism);
    if (facts_has(buffer_view(&starttls_hello(s)->records), FIELD_SESSION_AUTH_OFFERED,
                  bytes_of_string(login->sasl.name)))
        sasl_vouch(&login->sasl);
    begin(s, login);
}

void login_begin_command(struct session *s, struct login *login, const char *name)
{
    sasl_start_command(&login->sasl, name);
    begin(s, login);
}

/* The session's user is who logged in before: an attempt that names nobody must not be given his
 * name. */
static void emit_without_user(struct session *s)
{
    struct fact fact;
    struct facts kept;
    facts_init(&kept, NULL);
    if (facts_find(buffer_view(&session_facts(s)->records), FIELD_USER_NAME, &fact)) {
        facts_copy(&kept, &fact);
        facts_unset(session_facts(s), FIELD_USER_NAME);
    }
    session_emit(s, EVENT_AUTH);
    facts_join(session_facts(s), buffer_view(&kept.records));
    facts_free(&kept);
}

void login_end(struct session *s, struct login *login, const char *action,
               const struct login_answer *answer, bool whole)
{
    struct facts *own = session_own_facts(s);
    struct bytes user;
    if (!login->open)
        return;
    login->open = false;
    bool decided = login->decided || login->sasl.decided;
    starttls_used(s, CLEAR_LOGIN, decided);
    if (login->sasl.exposed != EXPOSED_NONE)
        starttls_used(s, CLEAR_SECRET, decided);
    sasl_facts(s, &login->sasl, whole);
    facts_string(own, FIELD_EVENT_ACTION, action);
    facts_string(own, FIELD_EVENT_OUTCOME, answer->outcome);
    if (answer->code.len > 0)
        facts_text(own, FIELD_EVENT_CODE, answer->code);
    facts_claim(own, FIELD_AUTH_CLEARTEXT, CLAIM_YES); /* we could read it */
    facts_string(own, FIELD_AUTH_CHANNEL, "none");
    if (!session_is_partial(s))
        facts_number(own, FIELD_AUTH_ATTEMPT, login->attempts);
    session_explain(s, "login %u ends: %s, exposed: %s", login->attempts, answer->outcome,
                    sasl_exposed_name(login->sasl.exposed));
    if (sasl_user(&login->sasl, &user))
        session_emit(s, EVENT_AUTH);
    else
        emit_without_user(s);
}

void login_promote(struct session *s, const struct login *login)
{
    struct bytes user;
    facts_unset(session_facts(s), FIELD_USER_NAME);
    if (sasl_user(&login->sasl, &user))
        session_user(s, session_facts(s), FIELD_USER_NAME, user);
}
