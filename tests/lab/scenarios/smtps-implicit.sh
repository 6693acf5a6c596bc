# Implicit TLS on 465: no STARTTLS is to be expected, nothing is exposed. One client speaks TLS 1.2, where more is to be seen.
about="implicit TLS on 465 with TLS 1.3 (swaks) and TLS 1.2 (curl), AUTH inside"
made_with="postfix dovecot-core swaks curl openssl"
people alice bob
start_users
start_relay
printf 'Subject: inside\r\n\r\ntext\r\n' >"$work/mail.txt"
capture_start pcap
mail 192.0.2.10 192.0.2.25:465 --tlsc --auth PLAIN $alice
curl_mail -k --tls-max 1.2 smtps://192.0.2.25:465/pc.example.net -u "bob@example.org:$bob_password"
capture_stop
