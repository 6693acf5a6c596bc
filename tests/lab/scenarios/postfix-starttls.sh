# STARTTLS offered and used, with TLS 1.3 and with TLS 1.2; logins inside. Nothing is exposed.
about="STARTTLS used with TLS 1.3 (swaks) and TLS 1.2 (curl), AUTH inside"
made_with="postfix dovecot-core swaks curl openssl"
people alice bob
start_users
start_relay "smtpd_sasl_auth_enable = yes" "smtpd_tls_auth_only = yes"
printf 'Subject: inside\r\n\r\ntext\r\n' >"$work/mail.txt"
capture_start pcap
mail 192.0.2.10 192.0.2.25:25 --tls --auth PLAIN $alice
curl_mail --ssl-reqd -k --tls-max 1.2 smtp://192.0.2.25:25/pc.example.net -u "bob@example.org:$bob_password"
capture_stop
