# tcpdump cut each packet to 96 bytes: long lines have lost their ends. What is missing must count as lost, not as said.
about="AUTH PLAIN and a mail, each packet cut to 96 bytes (tcpdump -s 96)"
made_with="postfix dovecot-core swaks tcpdump"
people alice
start_users
start_submission
capture_start pcap -i eth0 -s 96
mail 192.0.2.10 192.0.2.25:587 --auth PLAIN $alice
capture_stop
