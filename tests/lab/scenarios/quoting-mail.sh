# A mail that quotes a whole dialogue, and a second one on the same connection: text is text, there is no login here.
# The quoted password is made up, and so is listed: what a mail says must not show either.
about="a mail in clear whose body quotes an SMTP dialogue with AUTH, 235, STARTTLS and dots; then a second transaction"
made_with="postfix smtplib"
start_relay
quoted_password=$(secret Fig-Quoted)
capture_start pcap
in_client_python "$quoted_password" <<'PYTHON'
import base64
import smtplib
import sys

plain = base64.b64encode(b"\0eve@example.com\0" + sys.argv[1].encode()).decode()
quoted = f"""Subject: a log

220 mx.example.com ESMTP
EHLO pc.example.com
250-mx.example.com
250-STARTTLS
250 AUTH PLAIN
AUTH PLAIN {plain}
235 2.7.0 Authentication successful
STARTTLS
220 go ahead
MAIL FROM:<eve@example.com>
RCPT TO:<mallory@example.com>
DATA
354 go
a line
.
..two dots
. a dot and a space
250 2.0.0 Ok: queued as 4Zb
QUIT
"""
with smtplib.SMTP("192.0.2.25", 25, local_hostname="pc.example.net") as client:
    client.sendmail("alice@example.net", ["bob@example.org"], quoted)
    client.sendmail("", ["carol@example.org"], "Subject: second\n\ntext\n")
PYTHON
capture_stop
