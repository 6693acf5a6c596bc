# Postfix as the client: it pipelines MAIL, RCPT, RCPT and DATA, and keeps the connection for the next mail.
# Mail 1 has three recipients, one of them refused. Mail 2 has one, refused: its DATA is answered by 554. Mail 3 is plain.
about="Postfix relays to Postfix with pipelining: refused recipients, a mail with none left, several mails on one connection"
start_relay
start_outbound "smtp_tls_security_level = none" "notify_classes =" "bounce_notice_recipient = nobody@example.com"
capture_start pcap
hand_over bob@example.org nobody@example.org carol@example.org
hand_over nobody@example.org
hand_over bob@example.org
outbound_done 3
capture_stop
