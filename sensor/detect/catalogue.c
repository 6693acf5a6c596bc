/* The rules of this version. A rule with several bands of severity stands once for each. */
#include "finding.h"

/* mail.auth.crackable: the bands differ in how long the answer withstands an attack. */
#define CRACKABLE(uuid_, field_, values_, severity_, title_)                                       \
    {                                                                                              \
        .id = "mail.auth.crackable", .uuid = uuid_, .title = title_, .on = EVENT_AUTH,             \
        .all = { { FIELD_AUTH_CLEARTEXT, "yes" },                                                  \
                 { FIELD_AUTH_EXPOSED, "response" },                                               \
                 { field_, values_ } },                                                            \
        .severity = severity_, .confidence = "confirmed",                                          \
        .group = { FIELD_SERVER_IP, FIELD_SERVER_PORT, FIELD_CLIENT_IP, FIELD_USER_NAME,           \
                   FIELD_AUTH_MECHANISM },                                                         \
        .techniques = { "T1040", "T1110.002", "T1557.001" },                                       \
        .remediation = "Use TLS, and behind it SCRAM or tokens. Take CRAM-MD5, DIGEST-MD5, APOP "  \
                       "and NTLM off the list of mechanisms: whoever read this answer can try "    \
                       "passwords on it without the server noticing.",                             \
    }

#define SCRAM_NAMES                                                                                \
    "SCRAM-SHA-1|SCRAM-SHA-1-PLUS|SCRAM-SHA-256|SCRAM-SHA-256-PLUS|SCRAM-SHA-512|"                 \
    "SCRAM-SHA-512-PLUS"

const struct finding_rule finding_rules[] = {
    {
        .id = "smtp.auth.cleartext",
        .uuid = "6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a01",
        .title = "Password or token sent by SMTP AUTH without TLS",
        .on = EVENT_AUTH,
        .all = { { FIELD_EVENT_ACTION, "smtp-auth" },
                 { FIELD_AUTH_CLEARTEXT, "yes" },
                 { FIELD_AUTH_EXPOSED, "password|token" } },
        .severity = SEVERITY_HIGH,
        .worse = { FIELD_EVENT_OUTCOME, "success" },
        .worse_severity = SEVERITY_CRITICAL,
        .confidence = "confirmed",
        .group = { FIELD_SERVER_IP, FIELD_SERVER_PORT, FIELD_CLIENT_IP, FIELD_USER_NAME, FIELDS },
        .techniques = { "T1040", "T1552", "T1078" },
        .remediation = "Allow AUTH only after TLS (Postfix: smtpd_tls_auth_only=yes), offer port "
                       "465, then replace each of these passwords: others may have read them. A "
                       "refused login leaks the password too.",
    },
    {
        .id = "pop3.auth.cleartext",
        .uuid = "6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a10",
        .title = "Password or token sent by POP3 without TLS",
        .on = EVENT_AUTH,
        .all = { { FIELD_EVENT_ACTION, "pop3-user-pass|pop3-apop|pop3-auth" },
                 { FIELD_AUTH_CLEARTEXT, "yes" },
                 { FIELD_AUTH_EXPOSED, "password|token" } },
        .severity = SEVERITY_HIGH,
        .worse = { FIELD_EVENT_OUTCOME, "success" },
        .worse_severity = SEVERITY_CRITICAL,
        .confidence = "confirmed",
        .group = { FIELD_SERVER_IP, FIELD_SERVER_PORT, FIELD_CLIENT_IP, FIELD_USER_NAME, FIELDS },
        .techniques = { "T1040", "T1552", "T1078" },
        .remediation = "Let nobody log in before TLS (Dovecot 2.3: disable_plaintext_auth=yes and "
                       "ssl=required, 2.4: auth_allow_cleartext=no), have clients use port 995, "
                       "then replace each of these passwords: others may have read them. A refused "
                       "login leaks the password too.",
    },
    {
        .id = "sieve.auth.cleartext",
        .uuid = "6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a11",
        .title = "Password or token sent by ManageSieve without TLS",
        .on = EVENT_AUTH,
        .all = { { FIELD_EVENT_ACTION, "sieve-authenticate" },
                 { FIELD_AUTH_CLEARTEXT, "yes" },
                 { FIELD_AUTH_EXPOSED, "password|token" } },
        .severity = SEVERITY_HIGH,
        .confidence = "confirmed",
        .group = { FIELD_SERVER_IP, FIELD_SERVER_PORT, FIELD_CLIENT_IP, FIELD_USER_NAME, FIELDS },
        .techniques = { "T1040", "T1552" },
        .remediation = "Require STARTTLS on the Sieve service (Dovecot 2.3: "
                       "disable_plaintext_auth=yes and ssl=required, 2.4: "
                       "auth_allow_cleartext=no). The password is that of the mailbox: replace it.",
    },
    CRACKABLE("6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a02", FIELD_AUTH_NTLM_VERSION, "1|2", SEVERITY_HIGH,
              "NTLM login without TLS: its answer can be cracked or relayed"),
    CRACKABLE("6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a03", FIELD_AUTH_MECHANISM,
              "CRAM-MD5|DIGEST-MD5|OTP|APOP", SEVERITY_MEDIUM,
              "Challenge-response login without TLS: its answer can be cracked off line"),
    CRACKABLE("6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a04", FIELD_AUTH_MECHANISM, SCRAM_NAMES,
              SEVERITY_LOW, "SCRAM login without TLS: its answer can be cracked off line, slowly"),
    {
        .id = "mail.auth.offered_clear",
        .uuid = "6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a05",
        .title = "Server offers plaintext login before TLS",
        .on = EVENT_STARTTLS,
        .all = { { FIELD_SESSION_AUTH_OFFERED, "PLAIN|LOGIN|XOAUTH2|OAUTHBEARER|USER/PASS" } },
        .severity = SEVERITY_MEDIUM,
        .confidence = "confirmed",
        .group = { FIELD_SERVER_IP, FIELD_SERVER_PORT, FIELDS },
        .techniques = { "T1040" },
        .remediation = "Announce logins only once TLS is up (Postfix: smtpd_tls_auth_only=yes, "
                       "Exim: server_advertise_condition, Dovecot 2.3: disable_plaintext_auth=yes "
                       "and ssl=required, 2.4: auth_allow_cleartext=no). That alone keeps most "
                       "clients from sending the password.",
    },
    { .id = NULL },
};
