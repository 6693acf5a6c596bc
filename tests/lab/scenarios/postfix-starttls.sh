# STARTTLS offered and used, with TLS 1.3 and with TLS 1.2; logins inside. Nothing is exposed.
about="STARTTLS used with TLS 1.3 (swaks) and TLS 1.2 (curl), AUTH inside"
start_relay "" yes yes
capture_start "$out/postfix-starttls.pcap"
mail 192.0.2.10 192.0.2.25:25 --tls --auth PLAIN $alice
printf 'Subject: inside\r\n\r\ntext\r\n' >"$work/mail.txt"
in_client curl -s --ssl-reqd -k --tls-max 1.2 smtp://192.0.2.25:25/pc.example.net --mail-from alice@example.org \
    --mail-rcpt bob@example.org -T "$work/mail.txt" -u 'bob@example.org:Mango-Station-Bob-2290' || fail "curl"
capture_stop
