# POP3 in clear with a Cyrus: USER and PASS, APOP, AUTH with and without an initial response, cancelled, refused. A mail that quotes
# dialogues and has lines with dots comes by RETR and TOP.
# An analyst should see: the passwords of alice, bob and carol exposed, carol's mistakes too; APOP and CRAM-MD5 show none. Nothing of
# what eve does in the quoted mail happened here.
about="POP3 of Cyrus: USER and PASS, APOP, AUTH PLAIN, LOGIN and CRAM-MD5, refused ones, CAPA, LIST, UIDL, TOP and RETR of a mail that quotes dialogues, pipelining"
made_with="cyrus poplib curl"
people alice bob carol
start_cyrus imap pop3 <<<"allowapop: yes"
quoting_mail "$(secret Fig-Quoted)" >"$work/logs.txt"
cyrus_mailboxes "$work/logs.txt"
capture_start pcap
in_client_python "$alice_password" "$bob_password" "$carol_password" "$(secret Plum-Mistake)" <<'PYTHON'
import base64
import poplib
import sys

from talk import Talk

alice, bob, carol, mistake = sys.argv[1:5]


def coded(text):
    return base64.b64encode(text.encode()).decode()


def refused(command, *arguments):
    try:
        command(*arguments)
    except poplib.error_proto:
        pass


client = poplib.POP3("192.0.2.25")
client.capa()
client.user("alice@example.org")
client.pass_(alice)
client.stat()
client.list()
client.uidl()
client.top(1, 5)
client.retr(1)
refused(client.retr, 9)
client.quit()

client = poplib.POP3("192.0.2.25")
refused(client.apop, "carol@example.org", mistake)
client.close()
client = poplib.POP3("192.0.2.25")
client.apop("bob@example.org", bob)
client.quit()

client = poplib.POP3("192.0.2.25")
client.user("carol@example.org")
refused(client.pass_, mistake)
client.user("carol@example.org")
client.pass_(carol)
client.retr(1)
client.quit()

client = Talk("192.0.2.25", 110, "+OK")
client.say("AUTH", ".", "-ERR")
client.say("AUTH PLAIN " + coded(f"\0carol@example.org\0{mistake}"), "-ERR")
client.say("AUTH LOGIN", "+ ")
client.say("*", "-ERR")
client.say("AUTH X-NEVER-HEARD-OF", "-ERR")
client.say("PASS " + mistake, "-ERR")
client.say("AUTH LOGIN", "+ ")
client.say(coded("bob@example.org"), "+ ")
client.say(coded(bob), "+OK")
# Many at once.
client.send("STAT\r\nLIST\r\nLIST 1\r\nTOP 1 0\r\nRETR 1\r\nNOOP\r\nXTND\r\n")
client.until("-ERR")
client.say("QUIT", "+OK")
client.close()
PYTHON
curl_reads bob "$bob_password" pop3://192.0.2.25/ --login-options AUTH=CRAM-MD5
curl_reads alice "$alice_password" pop3://192.0.2.25/1 --login-options AUTH=PLAIN --sasl-ir
curl_reads alice "$alice_password" pop3://192.0.2.25/1 --login-options AUTH=PLAIN
capture_stop
