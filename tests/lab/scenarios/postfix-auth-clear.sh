# AUTH without TLS: PLAIN accepted, with a mail of which one recipient is refused; LOGIN refused; LOGIN accepted.
# An analyst should see: three passwords exposed, of alice and twice of carol, one of them a wrong one; no TLS was on offer.
about="AUTH PLAIN right, LOGIN wrong, LOGIN right without TLS; one of two recipients refused"
made_with="postfix dovecot-core swaks"
people alice carol
start_users
start_submission
capture_start pcap
mail 192.0.2.10 192.0.2.25:587 --auth PLAIN $alice --to nobody@example.org,bob@example.org
mail 192.0.2.12 192.0.2.25:587 --auth LOGIN $(carol_mistakes Plum)
mail 192.0.2.12 192.0.2.25:587 --auth LOGIN $carol
capture_stop
