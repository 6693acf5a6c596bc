# AUTH PLAIN in clear over IPv6 on a port that is nobody's: found all the same.
about="AUTH PLAIN in clear over IPv6 on port 10587, a short mail"
start_submission 10587
wait_for_port 2001:db8::25 10587
capture_start "$out/submission-odd-port.pcap"
mail 2001:db8::10 '[2001:db8::25]:10587' --auth PLAIN $alice
capture_stop
