# The certificate is broken: Postfix still offers STARTTLS and answers 454. The clients go on in clear, one with its password.
# An analyst should see: STARTTLS was asked for and refused twice, and bob's password is exposed although he wanted TLS.
about="STARTTLS offered and refused with 454 (broken certificate); a mail, then a login with a mail, go on in clear"
made_with="postfix dovecot-core swaks"
people bob
start_users
echo "not a certificate" >"$work/broken.pem"
start_relay "smtpd_tls_cert_file = $work/broken.pem" "smtpd_sasl_auth_enable = yes"
capture_start pcap
mail 192.0.2.10 192.0.2.25:25 --tls-optional --from news@example.net
mail 192.0.2.11 192.0.2.25:25 --tls-optional --auth PLAIN $bob
capture_stop
