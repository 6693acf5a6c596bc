# Only what the server sends is captured: that a login succeeded is to be seen, whose it was is not.
about="AUTH LOGIN and a mail, only the server's direction captured"
made_with="postfix dovecot-core swaks"
people bob
start_users
start_submission
filter="not arp and not icmp6 and src host 192.0.2.25"
capture_start pcap
mail 192.0.2.11 192.0.2.25:587 --auth LOGIN $bob
capture_stop
