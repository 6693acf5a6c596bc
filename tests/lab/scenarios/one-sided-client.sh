# Only what the client sends is captured, as behind a tap of one direction: what the server said can only be guessed, so the
# outcome of a login is unknown, and whether STARTTLS was on offer too.
about="AUTH LOGIN and a mail, only the client's direction captured"
made_with="postfix dovecot-core swaks"
people bob
start_users
start_submission
filter="not arp and not icmp6 and dst host 192.0.2.25"
capture_start pcap
mail 192.0.2.11 192.0.2.25:587 --auth LOGIN $bob
capture_stop
