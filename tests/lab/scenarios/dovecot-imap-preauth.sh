# PREAUTH over the network: Dovecot's imap behind socat takes everybody for alice, as it does behind ssh. There is no login and no
# way to TLS any more: what a client that wants STARTTLS should be careful with (mutt leaves, curl goes on).
# An analyst should see: a mailbox that is open without a login; no password.
about="IMAP with PREAUTH in clear: imaplib reads a mail, curl wants TLS and goes on without, mutt wants TLS and leaves, STARTTLS and LOGIN refused"
made_with="dovecot-imapd imaplib curl mutt socat"
quoting_mail "$(secret Fig-Quoted)" >"$work/logs.txt"
put_mail alice "$work/logs.txt"
cat >"$work/dovecot.conf" <<CF
base_dir = $work/run
mail_location = maildir:$work/mail/alice/Mail
log_path = $work/dovecot.log
ssl = no
CF
chmod 644 "$work/dovecot.conf"
serve socat TCP-LISTEN:143,bind=192.0.2.25,fork,reuseaddr \
    "EXEC:setpriv --reuid nobody --regid nogroup --clear-groups env USER=alice HOME=$work/mail/alice /usr/lib/dovecot/imap -c $work/dovecot.conf"
wait_for_port 192.0.2.25 143
capture_start pcap
in_client_python "$(secret Kiwi-Useless)" <<'PYTHON'
import imaplib
import sys

from talk import Talk

with imaplib.IMAP4("192.0.2.25") as client:
    client.select()
    client.fetch("1", "(BODY[])")
client = Talk("192.0.2.25", 143, "* PREAUTH")
client.say("a1 CAPABILITY", "a1 OK")
client.say("a2 STARTTLS", "a2 BAD")
client.say(f"a3 LOGIN bob@example.org {sys.argv[1]}", "a3 BAD")
client.say("a4 LOGOUT", "a4 OK")
client.close()
PYTHON
attempt curl -s --ssl -k -u "alice:$(secret Mango-Unused)" imap://192.0.2.25/INBOX
mutt_reads imap://alice@192.0.2.25/ "$(secret Peach-Unused)" "set ssl_starttls = yes" "set ssl_force_tls = yes"
capture_stop
