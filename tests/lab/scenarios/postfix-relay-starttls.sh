# Postfix as an opportunistic client: STARTTLS with whatever the server has, here without checking its certificate.
about="Postfix relays to Postfix over opportunistic STARTTLS"
start_relay
start_outbound "smtp_tls_security_level = may"
capture_start pcap
hand_over bob@example.org
outbound_done 1
capture_stop
