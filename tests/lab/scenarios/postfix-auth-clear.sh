# AUTH without TLS: PLAIN accepted with a mail of which one recipient is refused; LOGIN refused; LOGIN accepted.
about="AUTH PLAIN right, LOGIN wrong, LOGIN right without TLS; one of two recipients refused"
start_submission
capture_start "$out/postfix-auth-clear.pcap"
mail 192.0.2.10 192.0.2.25:587 --auth PLAIN $alice --to nobody@example.org,bob@example.org
mail 192.0.2.12 192.0.2.25:587 --auth LOGIN $carol_wrong
mail 192.0.2.12 192.0.2.25:587 --auth LOGIN $carol
capture_stop
