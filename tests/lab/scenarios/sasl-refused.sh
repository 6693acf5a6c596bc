# Logins refused: DIGEST-MD5, SCRAM-SHA-1 and CRAM-MD5 with a wrong password; a mechanism that is not on offer; EXTERNAL, which
# is on offer, though there is no certificate that says who it is. ANONYMOUS is accepted: it has no password, only a word of the
# client's choice. GNU SASL, then swaks, which sends each line whole.
# An analyst should see: no password exposed.
about="GNU SASL and swaks: DIGEST-MD5, SCRAM-SHA-1, CRAM-MD5, EXTERNAL and an unknown mechanism refused, ANONYMOUS accepted"
made_with="postfix dovecot-core gsasl swaks"
mechanisms="cram-md5 digest-md5 scram-sha-1 external anonymous"
people alice carol
start_users
start_submission 587 "smtpd_sasl_security_options ="
log_in() {
    in_client gsasl --smtp --connect 192.0.2.25:587 --no-starttls --hostname mx.example.org --service smtp --mechanism "$@" \
        --no-cb --quiet >>"$work/gsasl.log" 2>&1 </dev/null || true
}
wrong=$(secret Cherry-Mistake)
capture_start pcap
for mechanism in DIGEST-MD5 SCRAM-SHA-1 CRAM-MD5; do
    log_in $mechanism --authentication-id alice@example.org --password "$wrong"
done
log_in EXTERNAL --authorization-id alice@example.org
log_in EXTERNAL --authorization-id ""
log_in ANONYMOUS --anonymous-token guest@example.net
mail 192.0.2.12 192.0.2.25:587 --auth DIGEST-MD5 $carol
mail 192.0.2.12 192.0.2.25:587 --auth DIGEST-MD5 $(carol_mistakes Plum)
in_client_python <<'PYTHON'
import smtplib

with smtplib.SMTP("192.0.2.25", 587, local_hostname="pc.example.net") as client:
    client.ehlo()
    client.docmd("AUTH", "X-NEVER-HEARD-OF")
    client.docmd("AUTH", "PLAIN")
    client.docmd("AUTH", "ANONYMOUS")
    client.docmd("Z3Vlc3Q=")
PYTHON
capture_stop
