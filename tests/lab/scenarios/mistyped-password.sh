# alice mistypes her password twice, then gets it right: in one IMAP session, and again when her program sends.
# An analyst should see: passwords exposed, as there is no TLS; nobody guessed anything.
about="IMAP and SMTP: two wrong passwords of one person, then the right one"
made_with="dovecot-imapd imaplib postfix swaks"
people alice
start_users
start_submission
dovecot_start mailboxes imap </dev/null
wait_for_port 192.0.2.25 143
capture_start pcap
in_client_python $(guesses 2) "$alice_password" <<'PYTHON'
import imaplib
import sys

with imaplib.IMAP4("192.0.2.25", 143) as client:
    for password in sys.argv[1:-1]:
        try:
            client.login("alice@example.org", password)
        except imaplib.IMAP4.error:
            pass
    client.login("alice@example.org", sys.argv[-1])
PYTHON
for password in $(guesses 2) "$alice_password"; do
    mail 192.0.2.10 192.0.2.25:587 --auth PLAIN --auth-user alice@example.org --auth-password "$password"
done
capture_stop
