# People send and read their mail as they should: behind STARTTLS, with a certificate that their programs check. Some of the programs
# use OpenSSL, some GnuTLS.
# An analyst should see: nothing but good TLS.
about="STARTTLS by all kinds of clients, who all trust the certificate: 587 (swaks, curl, msmtp, smtplib), 143 (imaplib, mutt, mbsync, fetchmail), 110 (poplib, mpop, curl) and 4190 (sieve-connect); TLS 1.3, with curl on 587 and mbsync 1.2"
made_with="postfix dovecot-imapd dovecot-pop3d dovecot-managesieved swaks curl msmtp smtplib imaplib poplib mutt isync fetchmail mpop sieve-connect"
people alice bob carol
start_good_tls
# by_name PORT: curl finds the server by its name there.
by_name() { echo "--resolve mx.example.org:$1:192.0.2.25 --cacert $trust --ssl-reqd"; }
capture_start pcap
mail 192.0.2.10 192.0.2.25:587 --tls --tls-verify --tls-ca-path "$trust" --tls-sni mx.example.org --auth PLAIN $alice
curl_mail $(by_name 587) --tls-max 1.2 smtp://mx.example.org:587/pc.example.net -u "bob@example.org:$bob_password"
with_msmtp 587 --tls-starttls=on
in_client_python "$trust" "$alice_password" <<'PYTHON'
import imaplib
import poplib
import smtplib
import ssl
import sys

context = ssl.create_default_context(cafile=sys.argv[1])
server, who = "192.0.2.25", ("alice@example.org", sys.argv[2])
with smtplib.SMTP(server, 587, local_hostname="pc.example.net") as client:
    client.starttls(context=context)
    client.login(*who)
    client.sendmail(who[0], "bob@example.org", "Subject: inside\r\n\r\ntext\r\n")
with imaplib.IMAP4(server) as client:
    client.starttls(context)
    client.login(*who)
    client.select()
client = poplib.POP3(server)
client.stls(context)
client.user(who[0])
client.pass_(who[1])
client.quit()
PYTHON
mutt_reads imap://bob@example.org@192.0.2.25/ "$bob_password" "set ssl_starttls = yes" "set ssl_force_tls = yes" \
    "set certificate_file = $trust"
mbsync_reads carol "$carol_password" "SSLType STARTTLS" "SSLVersions TLSv1.2" "CertificateFile $work/server.pem"
fetchmail_reads imap carol "$carol_password" --sslproto auto --sslcertck --sslcertfile "$trust" --sslcommonname mx.example.org
mpop_reads bob "$bob_password" --tls=on --tls-starttls=on --tls-trust-file="$trust" --auth=plain
curl_reads alice "$alice_password" pop3://mx.example.org/ $(by_name 110)
printf 'keep;\n' >"$work/keep.sieve"
echo "$bob_password" | in_client env HOME="$work" sieve-connect --nosrv --server 192.0.2.25 --user bob@example.org --passwordfd 0 \
    --tlscafile "$trust" --localsieve "$work/keep.sieve" --upload >>"$work/sieve-connect.log" 2>&1 || true
capture_stop
