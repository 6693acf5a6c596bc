# Bearer tokens over IMAP and POP3 in clear, right and wrong, with and without an initial response. A token is a password that
# expires. A refusal takes two steps: a challenge with an explanation in base64, an answer of the client, then NO or -ERR.
# An analyst should see: alice's token exposed, and the one that is no longer good; it is worth telling that from a password.
about="OAUTHBEARER and XOAUTH2 over IMAP and POP3 without TLS (curl, imaplib, by hand), right and wrong tokens, with and without an initial response"
made_with="dovecot-imapd dovecot-pop3d curl imaplib"
token=$(secret Papaya-Token)
wrong=$(secret Papaya-Mistake)
start_tokens alice@example.org "$token"
dovecot_start mailboxes "imap pop3" </dev/null
wait_for_port 192.0.2.25 143
wait_for_port 192.0.2.25 110
capture_start pcap
for url in imap://192.0.2.25/ pop3://192.0.2.25/; do
    curl_reads alice "" $url --login-options AUTH=OAUTHBEARER --oauth2-bearer "$token"
    curl_reads alice "" $url --login-options AUTH=OAUTHBEARER --oauth2-bearer "$wrong" --sasl-ir
done
in_client_python "$token" "$wrong" <<'PYTHON'
import base64
import imaplib
import sys

from talk import Talk

for token in sys.argv[:0:-1]:
    first = f"user=alice@example.org\1auth=Bearer {token}\1\1".encode()

    with imaplib.IMAP4("192.0.2.25") as client:
        try:
            client.authenticate("XOAUTH2", lambda challenge: b"" if challenge else first)
        except imaplib.IMAP4.error:
            pass
    client = Talk("192.0.2.25", 110, "+OK")
    if client.say("AUTH XOAUTH2 " + base64.b64encode(first).decode(), "+")[-1].startswith("+ "):
        client.say("", "-ERR")
    client.say("QUIT", "+OK")
    client.close()
PYTHON
capture_stop
