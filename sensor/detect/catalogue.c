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
        .remediation = "Use TLS, and behind it SCRAM or tokens. Take CRAM-MD5, DIGEST-MD5 and "    \
                       "NTLM off the list of mechanisms: whoever read this answer can try "        \
                       "passwords on it without the server noticing.",                             \
    }

#define SCRAM_NAMES                                                                                \
    "SCRAM-SHA-1|SCRAM-SHA-1-PLUS|SCRAM-SHA-256|SCRAM-SHA-256-PLUS|SCRAM-SHA-512|"                 \
    "SCRAM-SHA-512-PLUS"

#define PLAINTEXT_NAMES "PLAIN|LOGIN|XOAUTH2|OAUTHBEARER"

/* mail.auth.offered_clear of IMAP. */
#define OFFERED_BY_IMAP(uuid_, ...)                                                                \
    {                                                                                              \
        .id = "mail.auth.offered_clear", .uuid = uuid_,                                            \
        .title = "Server offers plaintext login before TLS", .on = EVENT_STARTTLS,                 \
        .all = { __VA_ARGS__ }, .severity = SEVERITY_MEDIUM, .confidence = "confirmed",            \
        .group = { FIELD_SERVER_IP, FIELD_SERVER_PORT, FIELDS }, .techniques = { "T1040" },        \
        .remediation = "Announce LOGINDISABLED and no plaintext mechanism until TLS is up "        \
                       "(Dovecot: auth_allow_cleartext=no, before 2.4 "                            \
                       "disable_plaintext_auth=yes). That alone keeps most clients from sending "  \
                       "the password.",                                                            \
    }

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
    CRACKABLE("6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a02", FIELD_AUTH_NTLM_VERSION, "1|2", SEVERITY_HIGH,
              "NTLM login without TLS: its answer can be cracked or relayed"),
    CRACKABLE("6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a03", FIELD_AUTH_MECHANISM,
              "CRAM-MD5|DIGEST-MD5|OTP", SEVERITY_MEDIUM,
              "Challenge-response login without TLS: its answer can be cracked off line"),
    CRACKABLE("6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a04", FIELD_AUTH_MECHANISM, SCRAM_NAMES,
              SEVERITY_LOW, "SCRAM login without TLS: its answer can be cracked off line, slowly"),
    {
        .id = "mail.auth.offered_clear",
        .uuid = "6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a05",
        .title = "Server offers plaintext login before TLS",
        .on = EVENT_STARTTLS,
        .all = { { FIELD_NETWORK_PROTOCOL, "smtp" },
                 { FIELD_SESSION_AUTH_OFFERED, PLAINTEXT_NAMES } },
        .severity = SEVERITY_MEDIUM,
        .confidence = "confirmed",
        .group = { FIELD_SERVER_IP, FIELD_SERVER_PORT, FIELDS },
        .techniques = { "T1040" },
        .remediation = "Announce AUTH only once TLS is up (Postfix: smtpd_tls_auth_only=yes, Exim: "
                       "server_advertise_condition). That alone keeps most clients from sending "
                       "the password.",
    },
    /* IMAP's LOGIN is on offer wherever a list does not say LOGINDISABLED; where it does, a
     * mechanism may still be. */
    OFFERED_BY_IMAP("6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a06", { FIELD_SESSION_LOGIN_OFFERED, "yes" }),
    OFFERED_BY_IMAP("6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a07", { FIELD_SESSION_LOGIN_OFFERED, "no" },
                    { FIELD_SESSION_AUTH_OFFERED, PLAINTEXT_NAMES }),
    {
        .id = "imap.auth.cleartext",
        .uuid = "6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a08",
        .title = "Password or token sent by IMAP without TLS",
        .on = EVENT_AUTH,
        .all = { { FIELD_EVENT_ACTION, "imap-login|imap-authenticate" },
                 { FIELD_AUTH_CLEARTEXT, "yes" },
                 { FIELD_AUTH_EXPOSED, "password|token" } },
        .severity = SEVERITY_HIGH,
        .worse = { FIELD_EVENT_OUTCOME, "success" },
        .worse_severity = SEVERITY_CRITICAL,
        .confidence = "confirmed",
        .group = { FIELD_SERVER_IP, FIELD_SERVER_PORT, FIELD_CLIENT_IP, FIELD_USER_NAME, FIELDS },
        .techniques = { "T1040", "T1552", "T1078" },
        .remediation = "Allow logins only after TLS (Dovecot: auth_allow_cleartext=no, before 2.4 "
                       "disable_plaintext_auth=yes, or ssl=required), move clients to port 993, "
                       "then replace each of these passwords: others may have read them. A refused "
                       "login leaks the password too.",
    },
    {
        .id = "imap.login.ignores_disabled",
        .uuid = "6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a09",
        .title = "Client sends LOGIN although the server says LOGINDISABLED",
        .on = EVENT_AUTH,
        .all = { { FIELD_EVENT_ACTION, "imap-login" }, { FIELD_AUTH_LOGIN_DISABLED, "yes" } },
        .severity = SEVERITY_HIGH,
        .confidence = "confirmed",
        .group = { FIELD_SERVER_IP, FIELD_SERVER_PORT, FIELD_CLIENT_IP, FIELD_USER_NAME, FIELDS },
        .techniques = { "T1040", "T1552" },
        .remediation = "Repair or replace this client: it must not send LOGIN before TLS here. The "
                       "server refuses too late, so replace the password that was sent.",
    },
    {
        .id = "imap.preauth.clear",
        .uuid = "6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a0a",
        .title = "IMAP session without TLS begins logged in (PREAUTH)",
        .on = EVENT_STARTTLS,
        .all = { { FIELD_SESSION_GREETING, "PREAUTH" } },
        .severity = SEVERITY_HIGH,
        .confidence = "confirmed",
        .group = { FIELD_SERVER_IP, FIELD_SERVER_PORT, FIELD_CLIENT_IP, FIELDS },
        .techniques = { "T1557", "T1562.010" },
        .remediation =
            "Treat it as an attack or a broken set-up, unless the connection is a tunnel "
            "of your own: a session that begins logged in cannot use STARTTLS any more. "
            "Make clients insist on TLS from the first byte (port 993).",
    },
    { .id = NULL },
};
