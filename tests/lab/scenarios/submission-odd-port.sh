# AUTH PLAIN in clear over IPv6 on a port that is nobody's: found all the same.
about="AUTH PLAIN in clear over IPv6 on port 10587, a mail of two lines"
made_with="postfix dovecot-core swaks"
people alice
start_users
start_submission 10587
capture_start pcap
mail 2001:db8::10 '[2001:db8::25]:10587' --auth PLAIN $alice --body 'one\ntwo'
capture_stop
