# STARTTLS offered, and a mail goes in clear all the same. No password is exposed: the mail itself is.
about="STARTTLS offered, mail sent in clear without a login; one of two recipients refused"
start_relay
capture_start pcap
mail 192.0.2.10 192.0.2.25:25 --from news@example.net --to bob@example.org,nobody@example.org
capture_stop
