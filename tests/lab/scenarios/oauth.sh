# Bearer tokens in clear: XOAUTH2 and OAUTHBEARER, each with a token that holds and one that does not. A token is a password
# that expires. A refusal takes two steps: 334 with an explanation in base64, an answer of the client, then 535.
about="OAUTHBEARER (curl) and XOAUTH2 (smtplib) without TLS, right and wrong tokens, mails after the right ones"
made_with="postfix dovecot-core curl smtplib"
token=$(secret Papaya-Token)
wrong=$(secret Papaya-Mistake)
start_tokens alice@example.org "$token"
start_users
start_submission
printf 'Subject: from curl\r\n\r\ntext\r\n' >"$work/mail.txt"
server=smtp://192.0.2.25:587/pc.example.net
capture_start pcap
curl_mail $server --login-options AUTH=OAUTHBEARER -u alice@example.org: --oauth2-bearer "$token"
curl_mail $server --login-options AUTH=OAUTHBEARER --sasl-ir -u alice@example.org: --oauth2-bearer "$wrong"
in_client_python "$token" "$wrong" <<'PYTHON'
import smtplib
import sys

for token in sys.argv[:0:-1]:
    def answer(challenge=None):
        return f"user=alice@example.org\1auth=Bearer {token}\1\1" if challenge is None else ""

    with smtplib.SMTP("192.0.2.25", 587, local_hostname="pc.example.net") as client:
        client.ehlo()
        try:
            client.auth("XOAUTH2", answer)
        except smtplib.SMTPAuthenticationError:
            continue
        client.sendmail("alice@example.org", ["bob@example.org"], "Subject: from smtplib\n\ntext\n")
PYTHON
capture_stop
