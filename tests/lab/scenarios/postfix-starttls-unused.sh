# STARTTLS offered, and a mail goes in clear all the same: state unused, no password exposed.
about="STARTTLS offered, mail sent in clear without a login"
start_relay
capture_start "$out/postfix-starttls-unused.pcap"
mail 192.0.2.10 192.0.2.25:25 --from news@example.net --to bob@example.org,nobody@example.org
capture_stop
