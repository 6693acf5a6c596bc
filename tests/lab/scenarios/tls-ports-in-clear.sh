# On 192.0.2.25 the ports of implicit TLS, 465, 993 and 995, are served without TLS by mistake; Postfix offers STARTTLS there, Dovecot
# nothing. On 192.0.2.26 they are as they should be, but there clients begin in clear.
# An analyst should see: clear text on three ports where nobody expects it, the passwords of alice, bob and carol exposed, and one
# STARTTLS on 465; clients that come with TLS get nowhere on .25. On .26 nothing came about.
about="clear text on 465, 993 and 995: logins, STARTTLS used on 465, clients that begin with TLS all the same; on .26 servers with TLS whose clients begin in clear"
made_with="postfix dovecot-imapd dovecot-pop3d swaks curl python openssl"
people alice bob carol
make_certificate
start_users
postfix_start submission <<CF
smtpd_sasl_auth_enable = yes
smtpd_tls_cert_file = $work/cert.pem
smtpd_tls_key_file = $work/key.pem
smtpd_tls_security_level = may
--
192.0.2.25:465 inet n - n - - smtpd
192.0.2.26:465 inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
CF
dovecot_start open "imap pop3" 192.0.2.25 <<CF
service imap-login {
  inet_listener imaps {
    port = 993
    ssl = no
  }
}
service pop3-login {
  inet_listener pop3s {
    port = 995
    ssl = no
  }
}
CF
dovecot_tls yes | dovecot_start good "imap pop3" 192.0.2.26
for there in 192.0.2.25:465 192.0.2.25:993 192.0.2.25:995 192.0.2.26:465 192.0.2.26:993 192.0.2.26:995; do
    wait_for "a server on $there" bound $there
done
capture_start pcap
mail 192.0.2.10 192.0.2.25:465 --auth PLAIN $alice
mail 192.0.2.10 192.0.2.25:465 --tls --auth PLAIN $alice
curl_reads bob "$bob_password" imap://192.0.2.25:993/
curl_reads carol "$carol_password" pop3://192.0.2.25:995/
for port in 465 993 995; do openssl_says $port; done
in_client_python <<'PYTHON'
from talk import Talk

for port, line in (465, "EHLO pc.example.net"), (993, "a1 CAPABILITY"), (995, "CAPA"):
    client = Talk("192.0.2.26", port)
    client.send(line + "\r\n")
    client.close()
PYTHON
capture_stop
