# A mail that quotes a whole dialogue, and a second one on the same connection: text is text, there is no login here.
about="a mail in clear whose body quotes an SMTP dialogue with AUTH and STARTTLS, then a second transaction"
start_relay
capture_start "$out/quoting-mail.pcap"
in_client python3 - <<'PYTHON'
import smtplib

quoted = """Subject: a log

220 mx.example.com ESMTP
EHLO pc.example.com
250-mx.example.com
250 AUTH PLAIN
AUTH PLAIN AGV2ZUBleGFtcGxlLmNvbQBxdW90ZWQtbm90LXNlbnQ=
235 2.7.0 Authentication successful
STARTTLS
220 go ahead
MAIL FROM:<eve@example.com>
RCPT TO:<mallory@example.com>
DATA
354 go
.
..two dots
QUIT
"""
with smtplib.SMTP("192.0.2.25", 25, local_hostname="pc.example.net") as client:
    client.sendmail("alice@example.net", ["bob@example.org"], quoted)
    client.sendmail("", ["carol@example.org"], "Subject: second\n\ntext\n")
PYTHON
capture_stop
