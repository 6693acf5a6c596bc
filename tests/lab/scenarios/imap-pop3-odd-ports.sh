# IMAP, POP3 and ManageSieve on ports that are nobody's, and on each other's: found by what is said, over IPv6 too.
# An analyst should see: the passwords of alice, bob and carol exposed, wherever the servers hide.
about="IMAP on 10143 and 110, POP3 on 10110 and 143, ManageSieve on 14190, logins in clear, some over IPv6"
made_with="dovecot-imapd dovecot-pop3d dovecot-managesieved imaplib poplib"
people alice bob carol
# listeners IMAP-PORT POP3-PORT [SIEVE-PORT]
listeners() {
    printf 'service imap-login {\n inet_listener imap {\n  port = %s\n }\n}\n' "$1"
    printf 'service pop3-login {\n inet_listener pop3 {\n  port = %s\n }\n}\n' "$2"
    [ $# -lt 3 ] || printf 'service managesieve-login {\n inet_listener sieve {\n  port = %s\n }\n}\n' "$3"
}
listeners 10143 10110 14190 | dovecot_start mailboxes "imap pop3 sieve"
listeners 110 143 | dovecot_start crossed "imap pop3" 192.0.2.26
for port in 10143 10110 14190 110 143; do wait_for_port 192.0.2.25 $port; done
capture_start pcap
in_client_python "$alice_password" "$bob_password" "$carol_password" <<'PYTHON'
import base64
import imaplib
import poplib
import sys

from talk import Talk

alice, bob, carol = sys.argv[1:4]
for server in (("2001:db8::25", 10143), ("192.0.2.26", 110)):
    with imaplib.IMAP4(*server) as client:
        client.login("alice@example.org", alice)
        client.select()
for server in (("2001:db8::25", 10110), ("192.0.2.26", 143)):
    client = poplib.POP3(*server)
    client.user("bob@example.org")
    client.pass_(bob)
    client.stat()
    client.quit()
client = Talk("192.0.2.25", 14190, "OK")
client.say('AUTHENTICATE "PLAIN" "' + base64.b64encode(f"\0carol@example.org\0{carol}".encode()).decode() + '"', "OK")
client.say("LISTSCRIPTS", "OK")
client.say("LOGOUT", "OK")
client.close()
PYTHON
capture_stop
