# One wrong login of Python's smtplib is three attempts: CRAM-MD5, PLAIN, LOGIN. Then the right password with CRAM-MD5.
about="Python smtplib: a wrong password tried with CRAM-MD5, PLAIN and LOGIN, then the right one"
mechanisms="plain login cram-md5"
start_submission
capture_start "$out/python-smtplib.pcap"
in_client python3 - <<'PYTHON'
import smtplib

with smtplib.SMTP("192.0.2.25", 587, local_hostname="pc.example.net") as client:
    try:
        client.login("carol@example.org", "Cherry-Mistake-Carol-6634")
    except smtplib.SMTPAuthenticationError:
        pass
    client.login("carol@example.org", "Peach-Lantern-Carol-5513")
PYTHON
capture_stop
