# An IMAP server that wants TLS before a login (LOGINDISABLED). Two clients log in all the same and are refused, too late: the
# passwords were on the wire. Others use STARTTLS or implicit TLS; one asks what there is and goes; one sends a login in the
# packet of STARTTLS.
# An analyst should see: the passwords of alice and bob exposed, though the server did what it could; carol's are not.
about="IMAP with TLS required: LOGIN and AUTHENTICATE in clear refused with PRIVACYREQUIRED; STARTTLS with TLS 1.3 and 1.2, implicit TLS, clear text behind STARTTLS"
made_with="dovecot-imapd imaplib curl openssl"
mechanisms="plain login cram-md5"
people alice bob carol
dovecot_tls required | dovecot_start mailboxes imap
wait_for_port 192.0.2.25 143
wait_for_port 192.0.2.25 993
capture_start pcap
in_client_python "$alice_password" "$bob_password" "$carol_password" <<'PYTHON'
import base64
import imaplib
import ssl
import sys

from talk import Talk

alice, bob, carol = sys.argv[1:4]
server = ("192.0.2.25", 143)
context = ssl._create_unverified_context()

with imaplib.IMAP4(*server) as client:
    for log_in in (client.login, client.login_cram_md5):
        try:
            log_in("alice@example.org", alice)
        except imaplib.IMAP4.error:
            pass
client = Talk(*server, "* OK")
client.say("a1 AUTHENTICATE PLAIN " + base64.b64encode(f"\0bob@example.org\0{bob}".encode()).decode(), "a1 NO")
client.say(f"a2 LOGIN {{{len('bob@example.org')}+}}\r\nbob@example.org {{{len(bob)}+}}\r\n{bob}", "a2 NO")
client.say("a3 LOGOUT", "a3 OK")
client.close()
with imaplib.IMAP4(*server) as client:
    client.starttls(context)
    client.login("carol@example.org", carol)
with imaplib.IMAP4_SSL("192.0.2.25", ssl_context=context) as client:
    client.login("carol@example.org", carol)
client = Talk(*server, "* OK")
client.say("a1 CAPABILITY", "a1 OK")
client.say("a2 LOGOUT", "a2 OK")
client.close()
client = Talk(*server, "* OK")
client.say("a1 STARTTLS\r\na2 LOGIN mallory@example.com nothing", "a1 OK")
client.close()
PYTHON
attempt curl -s --ssl-reqd -k --tls-max 1.2 -u "carol@example.org:$carol_password" imap://192.0.2.25/
capture_stop
