# IMAP in clear with logins of every form: LOGIN with atoms, quoted strings and literals, AUTHENTICATE with and without an
# initial response, cancelled, refused. A mail that quotes dialogues goes in by APPEND and comes out by FETCH; a second client
# hears of it in IDLE.
# An analyst should see: the passwords of alice, bob and dave exposed, carol's mistakes too; CRAM-MD5 shows none. Nothing of what
# eve does in the quoted mail happened here.
about="IMAP: LOGIN (atoms, quoted, literals), AUTHENTICATE PLAIN, LOGIN and CRAM-MD5, refused ones, APPEND, FETCH and IDLE with a mail that quotes dialogues, ID"
made_with="dovecot-imapd imaplib"
mechanisms="plain login cram-md5"
people alice bob carol
# To be escaped in a quoted string.
dave_password=$(secret 'Date"Palm\Grove')
printf 'dave@example.org:{PLAIN}%s\n' "$dave_password" >>"$work/passwords"
dovecot_start mailboxes imap </dev/null
wait_for_port 192.0.2.25 143
quoting_mail "$(secret Fig-Quoted)" >"$work/logs.txt"
capture_start pcap
in_client_python "$alice_password" "$bob_password" "$carol_password" "$dave_password" "$(secret Plum-Mistake)" "$work/logs.txt" <<'PYTHON'
import imaplib
import sys

alice, bob, carol, dave, mistake = sys.argv[1:6]
with open(sys.argv[6], "rb") as file:
    logs = file.read().replace(b"\n", b"\r\n")
server = ("192.0.2.25", 143)


def plain(user, password):
    return lambda _: f"\0{user}\0{password}".encode()


with imaplib.IMAP4(*server) as client:
    client.login("alice@example.org", alice)
    client.append("INBOX", None, None, logs)
    client.select()
    client.fetch("1", "(FLAGS BODY[])")
with imaplib.IMAP4(*server) as client:
    client.login_cram_md5("bob@example.org", bob)
with imaplib.IMAP4(*server) as client:
    client.authenticate("PLAIN", plain("bob@example.org", bob))
with imaplib.IMAP4(*server) as client:
    client.login("dave@example.org", dave)
with imaplib.IMAP4(*server) as client:
    for attempt in (lambda: client.login("carol@example.org", mistake), lambda: client.login_cram_md5("carol@example.org", mistake),
                    lambda: client.authenticate("PLAIN", plain("carol@example.org", mistake))):
        try:
            attempt()
        except imaplib.IMAP4.error:
            pass
    client.login("carol@example.org", carol)
PYTHON
in_client_python "$alice_password" "$bob_password" "$carol_password" "$(secret Cherry-Mistake)" "$work/logs.txt" <<'PYTHON'
import base64
import sys

from talk import Talk

alice, bob, carol, mistake = sys.argv[1:5]
with open(sys.argv[5]) as file:
    logs = file.read().replace("\n", "\r\n")


def connect():
    return Talk("192.0.2.25", 143, "* OK")


def coded(text):
    return base64.b64encode(text.encode()).decode()


# Literals: the server is asked for each, then not; then a mix. A mail that is read with tags like those that it quotes.
client = connect()
client.say('a0 ID ("name" "by hand" "version" "1")', "a0 OK")
client.say(f"a1 LOGIN {{{len('alice@example.org')}}}", "+ ")
client.say(f"alice@example.org {{{len(alice)}}}", "+ ")
client.say(alice, "a1 OK")
client.say("a2 SELECT INBOX", "a2 OK")
client.say("a3 FETCH 1 (BODY[])", "a3 OK Fetch")
client.say("a4 LOGOUT", "a4 OK Logout")
client.close()

client = connect()
client.say(f"a1 LOGIN {{{len('bob@example.org')}+}}\r\nbob@example.org {{{len(bob)}+}}\r\n{bob}", "a1 OK")
client.say("a2 SELECT INBOX", "a2 OK")
client.say("a3 IDLE", "+ ")
other = connect()
other.say(f'b1 login "bob@example.org" {{{len(bob)}+}}\r\n{bob}', "b1 OK")
other.say(f"b2 APPEND INBOX {{{len(logs)}+}}\r\n{logs}", "b2 OK")
client.until("* 1 EXISTS")
client.say("DONE", "a3 OK")
client.say("a4 FETCH 1 BODY[TEXT]<100.300>", "a4 OK Fetch")
other.say("b3 LOGOUT", "b3 OK")
other.close()
client.say("a5 LOGOUT", "a5 OK")
client.close()

# An initial response; one refused, one cancelled; a mechanism nobody knows; a LOGIN whose literal is refused; commands of no sense.
client = connect()
client.say("a1 AUTHENTICATE PLAIN " + coded(f"\0carol@example.org\0{mistake}"), "a1 NO")
client.say("a2 AUTHENTICATE PLAIN", "+ ")
client.say("*", "a2 BAD")
client.say("a3 AUTHENTICATE X-NEVER-HEARD-OF", "a3 NO")
client.say("a4 AUTHENTICATE LOGIN", "+ ")
client.say(coded("carol@example.org"), "+ ")
client.say(coded(mistake), "a4 NO")
client.say("a5 LOGIN carol@example.org", "a5 BAD")
client.say(f'a6 LOGIN "carol@example.org" "{mistake}"', "a6 NO")
client.say("a7 AUTHENTICATE PLAIN " + coded(f"\0carol@example.org\0{carol}"), "a7 OK")
client.say("a8 LOGOUT", "a8 OK")
client.close()
PYTHON
capture_stop
