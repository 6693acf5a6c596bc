# A POP3 server that wants TLS before a login. Two clients log in all the same; USER is refused already, but AUTH PLAIN brings the
# password with it, and one client sends USER and PASS at once. Others use STLS or implicit TLS; one asks what there is and goes;
# one sends a login in the packet of STLS.
# An analyst should see: the passwords of alice and bob exposed, though the server did what it could; carol's are not.
about="POP3 with TLS required: USER, PASS and AUTH in clear refused; STLS with TLS 1.3 and 1.2, implicit TLS, clear text behind STLS"
made_with="dovecot-pop3d poplib curl openssl"
people alice bob carol
dovecot_tls required | dovecot_start mailboxes pop3
wait_for_port 192.0.2.25 110
wait_for_port 192.0.2.25 995
capture_start pcap
in_client_python "$alice_password" "$bob_password" "$carol_password" <<'PYTHON'
import base64
import poplib
import ssl
import sys

from talk import Talk

alice, bob, carol = sys.argv[1:4]
context = ssl._create_unverified_context()

client = poplib.POP3("192.0.2.25")
try:
    client.user("alice@example.org")
except poplib.error_proto:
    client.quit()
client = Talk("192.0.2.25", 110, "+OK")
client.say("AUTH PLAIN " + base64.b64encode(f"\0alice@example.org\0{alice}".encode()).decode(), "-ERR")
client.say("QUIT", "+OK")
client.close()
client = Talk("192.0.2.25", 110, "+OK")
client.send(f"USER bob@example.org\r\nPASS {bob}\r\nQUIT\r\n")
client.until("+OK")
client.close()
client = poplib.POP3("192.0.2.25")
client.capa()
client.stls(context)
client.user("carol@example.org")
client.pass_(carol)
client.quit()
client = poplib.POP3_SSL("192.0.2.25", context=context)
client.user("carol@example.org")
client.pass_(carol)
client.quit()
client = poplib.POP3("192.0.2.25")
client.capa()
client.quit()
client = Talk("192.0.2.25", 110, "+OK")
client.say("STLS\r\nUSER mallory@example.com\r\nPASS nothing", "+OK")
client.close()
PYTHON
curl_reads carol "$carol_password" pop3://192.0.2.25/ --ssl-reqd -k --tls-max 1.2
capture_stop
