# An IMAP server without any TLS. curl would use STARTTLS if it were offered, and goes on in clear; a client made by hand asks for it
# nonetheless, is refused, and logs in all the same; mutt is told to insist, and leaves.
# An analyst should see: the passwords of alice, bob and carol exposed, STARTTLS not on offer.
about="IMAP without TLS: LOGIN (imaplib), opportunistic TLS that finds none (curl), STARTTLS refused, then LOGIN; mutt, which insists, leaves"
made_with="dovecot-imapd imaplib curl mutt"
people alice bob carol
dovecot_start mailboxes imap </dev/null
wait_for_port 192.0.2.25 143
capture_start pcap
in_client_python "$alice_password" "$carol_password" <<'PYTHON'
import imaplib
import sys

from talk import Talk

with imaplib.IMAP4("192.0.2.25") as client:
    client.login("alice@example.org", sys.argv[1])
client = Talk("192.0.2.25", 143, "* OK")
client.say("a1 STARTTLS", "a1 BAD")
client.say(f"a2 LOGIN carol@example.org {sys.argv[2]}", "a2 OK")
client.say("a3 LOGOUT", "a3 OK")
client.close()
PYTHON
attempt curl -s --ssl -k -u "bob@example.org:$bob_password" imap://192.0.2.25/
mutt_reads imap://alice%40example.org@192.0.2.25/ "$alice_password" "set ssl_starttls = yes" "set ssl_force_tls = yes"
capture_stop
