# IMAP in clear with GNU Mailutils: LOGIN with atoms, quoted strings and literals, AUTHENTICATE with and without an initial
# response, cancelled, refused. A mail that quotes dialogues goes in by APPEND and comes out by FETCH.
# An analyst should see: the passwords of alice and bob exposed, carol's mistake too; CRAM-MD5 and SCRAM show none. Nothing of
# what eve does in the quoted mail happened here.
about="IMAP of GNU Mailutils: LOGIN (atoms, quoted, literals), AUTHENTICATE PLAIN, LOGIN, CRAM-MD5 and SCRAM-SHA-256, refused ones, APPEND and FETCH of a mail that quotes dialogues"
made_with="mailutils-imap4d imaplib gsasl"
people alice bob carol
start_mailutils imap
quoting_mail "$(secret Fig-Quoted)" >"$work/logs.txt"
# gsasl_reads MECHANISM PASSWORD: logs in and leaves; each of its commands has the tag ".".
gsasl_reads() {
    attempt gsasl --imap --connect 192.0.2.25:143 --no-starttls --mechanism "$1" --authentication-id alice@example.org \
        --authorization-id "" --password "$2" --no-cb
}
capture_start pcap
in_client_python "$alice_password" "$bob_password" "$carol_password" "$(secret Plum-Mistake)" "$work/logs.txt" <<'PYTHON'
import base64
import imaplib
import sys

from talk import Talk

alice, bob, carol, mistake = sys.argv[1:5]
with open(sys.argv[5], "rb") as file:
    logs = file.read().replace(b"\n", b"\r\n")


def coded(text):
    return base64.b64encode(text.encode()).decode()


def connect():
    return Talk("192.0.2.25", 143, "* OK")


def refused(command, *arguments):
    try:
        command(*arguments)
    except imaplib.IMAP4.error:
        pass


with imaplib.IMAP4("192.0.2.25") as client:
    client.login("alice@example.org", alice)
    client.select()
    client.append("INBOX", None, None, logs)
    client.select()
    client.fetch("1", "(FLAGS BODY[])")
with imaplib.IMAP4("192.0.2.25") as client:
    refused(client.login, "carol@example.org", mistake)
    refused(client.login_cram_md5, "carol@example.org", mistake)
    # The OK to an AUTHENTICATE ends with LF alone, imaplib does not take it and closes.
    refused(client.login_cram_md5, "carol@example.org", carol)

# Atoms; tags like those that the mail quotes.
client = connect()
client.say("a0 CAPABILITY", "a0 OK")
client.say(f"a1 LOGIN alice@example.org {alice}", "a1 OK")
client.say("a2 SELECT INBOX", "a2 OK")
client.say("a3 FETCH 1 (BODY[])", "a3 OK FETCH")
client.say("a4 LOGOUT", "a4 OK LOGOUT Comp")
client.close()

# Literals: the server is asked for each, then not. A mailbox that nobody has opened yet takes no mail.
client = connect()
client.say(f"a1 LOGIN {{{len('bob@example.org')}}}", "+ ")
client.say(f"bob@example.org {{{len(bob)}}}", "+ ")
client.say(bob, "a1 OK")
client.say("a2 LOGOUT", "a2 OK")
client.close()
client = connect()
client.say(f"a1 LOGIN {{{len('bob@example.org')}+}}\r\nbob@example.org {{{len(bob)}+}}\r\n{bob}", "a1 OK")
client.say(f"a2 APPEND INBOX {{{len(logs)}+}}\r\n{logs.decode()}", "a2 NO")
client.say("a3 SELECT INBOX", "a3 OK")
client.say(f"a4 APPEND INBOX {{{len(logs)}+}}\r\n{logs.decode()}", "a4 OK")
client.say("a5 FETCH 1 BODY[TEXT]<100.300>", "a5 OK FETCH")
client.say("a6 LOGOUT", "a6 OK")
client.close()

client = connect()
client.say("a1 AUTHENTICATE PLAIN " + coded(f"\0carol@example.org\0{mistake}"), "a1 BAD")
client.say("a2 AUTHENTICATE PLAIN", "+ ")
client.say("*", "a2 NO")
client.say("a3 AUTHENTICATE X-NEVER-HEARD-OF", "a3 NO")
client.say("a4 AUTHENTICATE LOGIN", "+ ")
client.say(coded("carol@example.org"), "+ ")
client.say(coded(mistake), "a4 NO")
client.say("a5 LOGIN carol@example.org", "a5 BAD")
client.say("a6 AUTHENTICATE PLAIN", "+ ")
client.say(coded(f"\0bob@example.org\0{bob}"), "a6 OK")
client.say("a7 LOGOUT", "a7 OK")
client.close()
PYTHON
gsasl_reads CRAM-MD5 "$alice_password"
gsasl_reads SCRAM-SHA-256 "$alice_password"
gsasl_reads SCRAM-SHA-256 "$(secret Grape-Mistake)"
gsasl_reads LOGIN "$alice_password"
capture_stop
