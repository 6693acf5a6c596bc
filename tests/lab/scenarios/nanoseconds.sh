# A pcap with time stamps in nanoseconds has another magic number.
about="AUTH LOGIN refused and accepted, pcap with nanoseconds"
made_with="postfix dovecot-core swaks tcpdump"
people carol
start_users
start_submission
capture_start pcap -i eth0 --time-stamp-precision=nano
mail 192.0.2.12 192.0.2.25:587 --auth LOGIN $(carol_mistakes Plum)
mail 192.0.2.12 192.0.2.25:587 --auth LOGIN $carol --quit-after AUTH
capture_stop
