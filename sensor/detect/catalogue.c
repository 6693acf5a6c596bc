/* The rules of this version. */
#include "finding.h"

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
                       "465, then replace "
                       "each of these passwords: others may have read them. A refused login leaks "
                       "the password too.",
    },
    { .id = NULL },
};
