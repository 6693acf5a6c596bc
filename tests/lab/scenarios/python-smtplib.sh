# One wrong login of Python's smtplib is three attempts: CRAM-MD5, PLAIN, LOGIN. Then the right password with CRAM-MD5.
# An analyst should see: carol's wrong password exposed by PLAIN and LOGIN; CRAM-MD5 shows no password, right or wrong.
about="Python smtplib: a wrong password tried with CRAM-MD5, PLAIN and LOGIN, then the right one with CRAM-MD5"
made_with="postfix dovecot-core smtplib"
mechanisms="plain login cram-md5"
people carol
start_users
start_submission
capture_start pcap
in_client_python "$(secret Cherry-Mistake)" "$carol_password" <<'PYTHON'
import smtplib
import sys

with smtplib.SMTP("192.0.2.25", 587, local_hostname="pc.example.net") as client:
    try:
        client.login("carol@example.org", sys.argv[1])
    except smtplib.SMTPAuthenticationError:
        pass
    client.login("carol@example.org", sys.argv[2])
PYTHON
capture_stop
