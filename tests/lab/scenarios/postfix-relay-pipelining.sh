# Postfix as the client: it pipelines MAIL, RCPT, RCPT, RCPT and DATA into one packet; one recipient is refused.
about="Postfix relays to Postfix with pipelining, three recipients, one refused"
cat >"$work/wanted-sink" <<CF
inet_interfaces = 192.0.2.25
--
25       inet  n - n - - smtpd
CF
postfix_start sink
cat >"$work/wanted-outbound" <<CF
myhostname = out.example.net
mydestination =
inet_interfaces = 192.0.2.26
default_transport = smtp
relayhost = [192.0.2.25]
mynetworks = 192.0.2.0/24
smtpd_recipient_restrictions = permit_mynetworks, reject
smtp_tls_security_level = none
smtp_bind_address = 192.0.2.26
--
2526     inet  n - n - - smtpd
CF
postfix_start outbound
wait_for_port 192.0.2.25 25
wait_for_port 192.0.2.26 2526
# Between two addresses of one host packets cross the loopback device.
capture_start "$out/postfix-relay-pipelining.pcap" -i lo
mail 192.0.2.10 192.0.2.26:2526 --to bob@example.org,nobody@example.org,carol@example.org
wait_for "the relayed mail" grep -q 'status=sent.*192.0.2.25\|relay=192.0.2.25.*status=sent' "$work/postfix-outbound/log/mail"
capture_stop
