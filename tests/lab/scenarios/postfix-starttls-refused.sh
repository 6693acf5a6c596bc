# The certificate is broken: Postfix still offers STARTTLS and answers 454. The clients go on in clear, one with its password.
about="STARTTLS offered and refused with 454 (broken certificate); a mail, then a login, go on in clear"
echo "not a certificate" >"$work/broken.pem"
start_relay "$work/broken.pem" yes no
capture_start "$out/postfix-starttls-refused.pcap"
mail 192.0.2.10 192.0.2.25:25 --tls-optional --from news@example.net
mail 192.0.2.11 192.0.2.25:25 --tls-optional --auth PLAIN $bob
capture_stop
