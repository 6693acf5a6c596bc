# As starttls-mail-clients, but TLS from the first byte.
# An analyst should see: nothing but good TLS.
about="implicit TLS by all kinds of clients, who all trust the certificate: 465 (msmtp, curl, smtplib), 993 (mutt, imaplib, mbsync, curl) and 995 (mpop, fetchmail, poplib); TLS 1.3, with curl and fetchmail 1.2"
made_with="postfix dovecot-imapd dovecot-pop3d curl msmtp smtplib imaplib poplib mutt isync fetchmail mpop"
people alice bob carol
start_good_tls
capture_start pcap
with_msmtp 465 --tls-starttls=off
curl_mail --cacert "$trust" smtps://192.0.2.25:465/pc.example.net -u "bob@example.org:$bob_password"
in_client_python "$trust" "$alice_password" <<'PYTHON'
import imaplib
import poplib
import smtplib
import ssl
import sys

context = ssl.create_default_context(cafile=sys.argv[1])
server, who = "192.0.2.25", ("alice@example.org", sys.argv[2])
with smtplib.SMTP_SSL(server, local_hostname="pc.example.net", context=context) as client:
    client.login(*who)
    client.sendmail(who[0], "bob@example.org", "Subject: inside\r\n\r\ntext\r\n")
with imaplib.IMAP4_SSL(server, ssl_context=context) as client:
    client.login(*who)
    client.select()
client = poplib.POP3_SSL(server, context=context)
client.user(who[0])
client.pass_(who[1])
client.quit()
PYTHON
mutt_reads imaps://bob@example.org@192.0.2.25/ "$bob_password" "set certificate_file = $trust"
mbsync_reads carol "$carol_password" "SSLType IMAPS" "CertificateFile $work/server.pem"
curl_reads alice "$alice_password" imaps://mx.example.org/ --resolve mx.example.org:993:192.0.2.25 --cacert "$trust" --tls-max 1.2
mpop_reads bob "$bob_password" --tls=on --tls-starttls=off --tls-trust-file="$trust"
fetchmail_reads pop3 carol "$carol_password" --ssl --sslproto tls1.2 --sslcertck --sslcertfile "$trust" --sslcommonname mx.example.org
capture_stop
