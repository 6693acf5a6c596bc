# curl logs in without TLS: PLAIN and LOGIN, with and without initial response, right and wrong.
# An analyst should see: six logins in clear, the last two refused; a mail follows each of the first four.
about="curl: AUTH PLAIN and LOGIN, each with and without an initial response and a mail; then two wrong passwords"
made_with="postfix dovecot-core curl"
people alice bob
start_users
start_submission
printf 'Subject: from curl\r\n\r\n.one dot\r\ntext\r\n' >"$work/mail.txt"
server=smtp://192.0.2.25:587/pc.example.net
capture_start pcap
curl_mail $server --login-options AUTH=PLAIN -u "alice@example.org:$alice_password"
curl_mail $server --login-options AUTH=PLAIN --sasl-ir -u "alice@example.org:$alice_password"
curl_mail $server --login-options AUTH=LOGIN -u "bob@example.org:$bob_password"
curl_mail $server --login-options AUTH=LOGIN --sasl-ir -u "bob@example.org:$bob_password"
curl_mail $server --login-options AUTH=PLAIN --sasl-ir -u "carol@example.org:$(secret Grape-Mistake)"
curl_mail $server --login-options AUTH=LOGIN -u "carol@example.org:$(secret Melon-Mistake)"
capture_stop
