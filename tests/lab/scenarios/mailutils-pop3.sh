# POP3 in clear with GNU Mailutils: USER and PASS, right and wrong ones; it knows no AUTH, and nobody's APOP. A mail that quotes
# dialogues and has lines with dots comes by RETR and TOP.
# An analyst should see: the passwords of alice, bob and carol exposed, carol's mistakes too; APOP shows none. Nothing of what eve
# does in the quoted mail happened here.
about="POP3 of GNU Mailutils: USER and PASS, refused ones, AUTH and APOP refused, CAPA, LIST, UIDL, TOP and RETR of a mail that quotes dialogues, pipelining"
made_with="mailutils-pop3d poplib curl mpop"
people alice bob carol
start_mailutils pop3
quoting_mail "$(secret Fig-Quoted)" >"$work/logs.txt"
for name in alice bob carol; do mailutils_mail $name "$work/logs.txt"; done
capture_start pcap
in_client_python "$alice_password" "$bob_password" "$carol_password" "$(secret Plum-Mistake)" <<'PYTHON'
import base64
import poplib
import sys

from talk import Talk

alice, bob, carol, mistake = sys.argv[1:5]


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
client.user("carol@example.org")
refused(client.pass_, mistake)
client.user("carol@example.org")
client.pass_(carol)
client.retr(1)
client.quit()

client = Talk("192.0.2.25", 110, "+OK")
client.say("AUTH", "-ERR")
client.say("AUTH PLAIN " + base64.b64encode(f"\0carol@example.org\0{mistake}".encode()).decode(), "-ERR")
client.say("PASS " + mistake, "-ERR")
client.say("STLS", "-ERR")
client.say("USER bob@example.org", "+OK")
client.say("PASS " + bob, "+OK")
# Many at once.
client.send("STAT\r\nLIST\r\nLIST 1\r\nTOP 1 0\r\nRETR 1\r\nNOOP\r\nXTND\r\n")
client.until("-ERR Inv")
client.say("QUIT", "+OK")
client.close()
PYTHON
# The greeting has a timestamp, so curl tries APOP.
curl_reads alice "$alice_password" pop3://192.0.2.25/1
mpop_reads bob "$bob_password" --auth=user
mpop_reads carol "$(secret Grape-Mistake)" --auth=user
capture_stop
