/* The rules of this version. A rule with several bands of severity stands once for each. */
#include "finding.h"

/* A password or token that passed in clear. `actions` are those of one protocol. */
#define CLEARTEXT(uuid_, id_, protocol_, actions_)                                                 \
    .id = id_, .uuid = uuid_, .title = "Password or token sent by " protocol_ " without TLS",      \
    .on = EVENT_AUTH,                                                                              \
    .all = { { FIELD_EVENT_ACTION, actions_ },                                                     \
             { FIELD_AUTH_CLEARTEXT, "yes" },                                                      \
             { FIELD_AUTH_EXPOSED, "password|token" } },                                           \
    .severity = SEVERITY_HIGH, .confidence = "confirmed",                                          \
    .group = { FIELD_SERVER_IP, FIELD_SERVER_PORT, FIELD_CLIENT_IP, FIELD_USER_NAME, FIELDS }
#define WORSE_IF_ACCEPTED                                                                          \
    .worse = { FIELD_EVENT_OUTCOME, "success" }, .worse_severity = SEVERITY_CRITICAL

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

/* What the sensor says of its own view, once for each sensor. */
#define SENSOR(number_, id_, title_, claim_, evidence_, remediation_)                              \
    .id = id_, .uuid = "6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7b" number_, .title = title_,              \
    .on = EVENT_STATS, .all = { { claim_, "yes" } }, .confidence = "confirmed",                    \
    .group = { FIELDS }, .evidence = evidence_, .remediation = remediation_
#define PLAINTEXT_NAMES "PLAIN|LOGIN|XOAUTH2|OAUTHBEARER"

/* mail.auth.offered_clear, by the conditions; and of IMAP. */
#define OFFERED(uuid_, ...)                                                                        \
    .id = "mail.auth.offered_clear", .uuid = uuid_,                                                \
    .title = "Server offers plaintext login before TLS", .on = EVENT_STARTTLS,                     \
    .all = { __VA_ARGS__ }, .severity = SEVERITY_MEDIUM, .confidence = "confirmed",                \
    .group = { FIELD_SERVER_IP, FIELD_SERVER_PORT, FIELDS }, .techniques = { "T1040" }
#define OFFERED_BY_IMAP(uuid_, ...)                                                                \
    {                                                                                              \
        OFFERED(uuid_, __VA_ARGS__),                                                               \
            .remediation =                                                                         \
                "Announce LOGINDISABLED and no plaintext mechanism until TLS is up "               \
                "(Dovecot: auth_allow_cleartext=no, before 2.4 "                                   \
                "disable_plaintext_auth=yes). That alone keeps most clients from sending "         \
                "the password.",                                                                   \
    }

const struct finding_rule finding_rules[] = {
    {
        CLEARTEXT("6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a01", "smtp.auth.cleartext", "SMTP AUTH",
                  "smtp-auth"),
        WORSE_IF_ACCEPTED,
        .techniques = { "T1040", "T1552", "T1078" },
        .remediation = "Allow AUTH only after TLS (Postfix: smtpd_tls_auth_only=yes), offer port "
                       "465, then replace each of these passwords: others may have read them. A "
                       "refused login leaks the password too.",
    },
    {
        CLEARTEXT("6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a10", "pop3.auth.cleartext", "POP3",
                  "pop3-user-pass|pop3-apop|pop3-auth"),
        WORSE_IF_ACCEPTED,
        .techniques = { "T1040", "T1552", "T1078" },
        .remediation = "Let nobody log in before TLS (Dovecot 2.3: disable_plaintext_auth=yes and "
                       "ssl=required, 2.4: auth_allow_cleartext=no), have clients use port 995, "
                       "then replace each of these passwords: others may have read them. A refused "
                       "login leaks the password too.",
    },
    {
        CLEARTEXT("6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a11", "sieve.auth.cleartext", "ManageSieve",
                  "sieve-authenticate"),
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
        OFFERED("6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a05",
                { FIELD_NETWORK_PROTOCOL, "smtp|pop3|managesieve" },
                { FIELD_SESSION_AUTH_OFFERED, PLAINTEXT_NAMES "|USER/PASS" }),
        .remediation = "Announce logins only once TLS is up (Postfix: smtpd_tls_auth_only=yes, "
                       "Exim: server_advertise_condition, Dovecot 2.3: disable_plaintext_auth=yes "
                       "and ssl=required, 2.4: auth_allow_cleartext=no). That alone keeps most "
                       "clients from sending the password.",
    },
    {
        SENSOR("01", "sensor.capture_loss", "Packets were lost before the sensor read them",
               FIELD_SENSOR_CAPTURE_LOSS,
               "{mailtap.stats.capture.dropped_kernel} dropped by the kernel and "
               "{mailtap.stats.capture.dropped_interface} by the interface, "
               "{mailtap.stats.capture.packets} read",
               "Give the kernel a bigger buffer (-B), capture less with a filter, or use a faster "
               "machine. Until then absence proves little: a login may have been in what was "
               "lost."),
        .severity = SEVERITY_MEDIUM,
    },
    {
        SENSOR("02", "sensor.tcp.gap", "Bytes of mail flows were sent and not captured",
               FIELD_SENSOR_GAP,
               "{mailtap.stats.mail.gap} of {mailtap.stats.mail.flows} mail flows",
               "Look for drops at the mirror port of the switch (it carries two directions in "
               "one), at the tap and in the kernel (mailtap doctor shows them)."),
        .severity = SEVERITY_LOW,
        .worse = { FIELD_SENSOR_GAP_OFTEN, "yes" },
        .worse_severity = SEVERITY_MEDIUM,
    },
    {
        SENSOR("03", "sensor.truncated", "Packets were cut by the snap length",
               FIELD_SENSOR_TRUNCATED,
               "{mailtap.stats.capture.truncated} of {mailtap.stats.capture.packets} packets",
               "Capture with a snap length of 262144 (-s 262144), and switch off GRO and LRO on "
               "the interface (ethtool -K IFACE gro off lro off)."),
        .severity = SEVERITY_MEDIUM,
    },
    {
        SENSOR("04", "sensor.partial_view",
               "Mail flows are seen in part: one direction, or no start", FIELD_SENSOR_PARTIAL_VIEW,
               "{mailtap.stats.mail.one_sided} of {mailtap.stats.mail.flows} mail flows with one "
               "direction only, {mailtap.stats.mail.midstream} without a start",
               "Tap both directions: mirror both receive and transmit, or join two interfaces "
               "(-i eth1+eth2). With asymmetric routing, move the tap to where both ways meet."),
        .severity = SEVERITY_MEDIUM,
    },
    {
        SENSOR("05", "sensor.desync", "Mail flows broke the rules of their protocol",
               FIELD_SENSOR_DESYNC_OFTEN,
               "{mailtap.stats.mail.desync} of {mailtap.stats.mail.flows} mail flows",
               "Save such a flow and look at it with --trace: either something else speaks on a "
               "mail port, or mailtap reads it wrongly, which is worth a report."),
        .severity = SEVERITY_LOW,
    },
    {
        SENSOR("06", "sensor.lost_events", "The sensor dropped events of its own",
               FIELD_SENSOR_LOST_EVENTS,
               "{mailtap.stats.events.lost} of {mailtap.stats.events.made} events",
               "Ask for fewer events (--flows none), or let the outputs be faster. Logins, TLS, "
               "messages and findings have a reserved share and go last."),
        .severity = SEVERITY_MEDIUM,
    },
    {
        .id = "sensor.tcp.ambiguous",
        .uuid = "6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7b07",
        .title = "A stream can be read in two ways",
        .on = EVENT_WEIRD,
        .all = { { FIELD_WEIRD_NAME, "sensor.tcp.ambiguous" } },
        .severity = SEVERITY_MEDIUM,
        .confidence = "likely",
        .group = { FIELD_CLIENT_IP, FIELD_SERVER_IP, FIELD_SERVER_PORT, FIELDS },
        .remediation = "The same bytes of a connection were sent twice and differ: the receiver "
                       "may have read the other copy. Look at both in the capture. Somebody hides "
                       "from sensors, or a device in the path rewrites packets: normalise at the "
                       "border.",
    },
    /* IMAP's LOGIN is on offer wherever a list does not say LOGINDISABLED; where it does, a
     * mechanism may still be. */
    OFFERED_BY_IMAP("6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a06", { FIELD_SESSION_LOGIN_OFFERED, "yes" }),
    OFFERED_BY_IMAP("6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a07", { FIELD_SESSION_LOGIN_OFFERED, "no" },
                    { FIELD_SESSION_AUTH_OFFERED, PLAINTEXT_NAMES }),
    {
        CLEARTEXT("6f0c3a52-6b5e-4d0b-9a53-2f6f0d1c7a08", "imap.auth.cleartext", "IMAP",
                  "imap-login|imap-authenticate"),
        WORSE_IF_ACCEPTED,
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
