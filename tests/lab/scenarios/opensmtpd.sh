# OpenSMTPD as the server. It offers logins only in TLS; here something in front of it (socat) takes the TLS off on port 587, so
# that what is recorded are OpenSMTPD's own words in clear. On port 25 it is reached directly: AUTH is not on offer there, a login
# is refused with 503, and its password is exposed all the same.
# An analyst should see: the passwords of alice, bob and carol exposed, one wrong password of carol and one of alice.
about="OpenSMTPD: AUTH PLAIN and LOGIN right and wrong, recipients refused; on port 25 an AUTH that is not on offer"
made_with="opensmtpd socat swaks curl smtplib"
people alice bob carol
make_certificate
for user in alice bob carol; do
    password=${user}_password
    printf '%s@example.org %s\n' $user "$(openssl passwd -6 -salt lab "${!password}")"
done >"$work/credentials"
printf '%s@example.org nobody\n' alice bob carol >"$work/recipients"
chmod 644 "$work/credentials" "$work/recipients"
# Debian's OpenSMTPD 6.8 and OpenSSL 3 do not agree on how to sign with a certificate's key, so this TLS does without.
start_opensmtpd <<CF
smtp ciphers "AECDH-AES256-SHA:@SECLEVEL=0"
pki lab cert "$work/cert.pem"
pki lab key "$work/key.pem"
table credentials file:$work/credentials
table recipients file:$work/recipients
listen on 127.0.0.1 port 465 smtps pki lab auth <credentials> hostname mx.example.org
listen on 192.0.2.25 port 25 tls pki lab hostname mx.example.org
action sink mda "cat >/dev/null" virtual <recipients>
match from any for domain example.org action sink
match auth from any for any reject
CF
wait_for_port 127.0.0.1 465
wait_for_port 192.0.2.25 25
serve socat TCP-LISTEN:587,bind=192.0.2.25,fork,reuseaddr \
    OPENSSL:127.0.0.1:465,verify=0,openssl-max-proto-version=TLS1.2,cipher=AECDH-AES256-SHA:@SECLEVEL=0
wait_for_port 192.0.2.25 587
printf 'Subject: from curl\r\n\r\ntext\r\n' >"$work/mail.txt"
server=smtp://192.0.2.25:587/pc.example.net
capture_start pcap
mail 192.0.2.10 192.0.2.25:587 --auth PLAIN $alice --to bob@example.org,nobody@example.org,dave@example.com
mail 192.0.2.11 192.0.2.25:587 --auth LOGIN $bob
mail 192.0.2.12 192.0.2.25:587 --auth LOGIN $(carol_mistakes Plum)
curl_mail $server --login-options AUTH=PLAIN -u "carol@example.org:$carol_password"
curl_mail $server --login-options AUTH=PLAIN --sasl-ir -u "alice@example.org:$(secret Cherry-Mistake)"
curl_mail $server --login-options AUTH=LOGIN --mail-rcpt nobody@example.org -u "alice@example.org:$alice_password"
mail 192.0.2.11 192.0.2.25:25 --to nobody@example.org
in_client_python "$bob_password" <<'PYTHON'
import base64
import smtplib
import sys

with smtplib.SMTP("192.0.2.25", 25, local_hostname="pc.example.net") as client:
    client.ehlo()
    client.docmd("AUTH", "PLAIN " + base64.b64encode(b"\0bob@example.org\0" + sys.argv[1].encode()).decode())
PYTHON
capture_stop
