# XCLIENT: a mail filter in front of the server tells it who the client really is. The session begins anew after each XCLIENT,
# with a banner and EHLO. alice's login comes with it, so no AUTH is needed; bob logs in after it himself. From 198.51.100.7 it is
# not on offer and refused.
# An analyst should see: bob's password exposed; the addresses in XCLIENT are only what the client says.
about="XCLIENT accepted with a client's name, address and login, and before AUTH LOGIN; refused from elsewhere"
made_with="postfix dovecot-core swaks smtplib"
people alice bob
start_users
start_submission 587 "smtpd_authorized_xclient_hosts = 192.0.2.0/24"
capture_start pcap
mail 192.0.2.10 192.0.2.25:587 --xclient-addr 203.0.113.7 --xclient-name pc.example.com --xclient-helo laptop.example.com \
    --xclient-login alice@example.org --to carol@example.com
mail 192.0.2.11 192.0.2.25:587 --xclient-addr 203.0.113.8 --xclient-port 40000 --auth LOGIN $bob --to carol@example.com
in_client_python <<'PYTHON'
import smtplib

with smtplib.SMTP("192.0.2.25", 587, local_hostname="out.example.net", source_address=("198.51.100.7", 0)) as client:
    client.ehlo()
    client.docmd("XCLIENT", "ADDR=203.0.113.9 LOGIN=alice@example.org")
PYTHON
capture_stop
