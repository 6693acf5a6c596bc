# A login captured on "any": Linux cooked capture, version 2.
about="AUTH LOGIN in clear, captured on all interfaces (Linux cooked v2)"
made_with="postfix dovecot-core swaks tcpdump"
people bob
start_users
start_submission
capture_start pcap -i any
mail 192.0.2.11 192.0.2.25:587 --auth LOGIN $bob
capture_stop
