# Postfix wants TLS before a login and does not even offer AUTH in clear. A careless client sends its password all the same: it
# is refused, too late. Then it says AUTH LOGIN and stops at the refusal, so nothing more leaks.
# An analyst should see: alice's password exposed by a login that failed; it is the right one, so it must be changed.
about="AUTH PLAIN sent in clear to a server that offers none before TLS: refused, but sent; then AUTH LOGIN, refused before any secret"
made_with="postfix dovecot-core smtplib"
people alice
start_users
start_relay "smtpd_sasl_auth_enable = yes" "smtpd_tls_auth_only = yes"
capture_start pcap
in_client_python "$alice_password" <<'PYTHON'
import base64
import smtplib
import sys

with smtplib.SMTP("192.0.2.25", 25, local_hostname="pc.example.net") as client:
    client.ehlo()
    client.docmd("AUTH PLAIN " + base64.b64encode(b"\0alice@example.org\0" + sys.argv[1].encode()).decode())
    client.docmd("AUTH LOGIN")
PYTHON
capture_stop
