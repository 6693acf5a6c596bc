# The same login captured on "any": Linux cooked capture, version 2.
about="AUTH LOGIN in clear, captured on all interfaces (Linux cooked v2)"
start_submission
capture_start "$out/any-interface.pcap" -i any
mail 192.0.2.11 192.0.2.25:587 --auth LOGIN $bob --quit-after AUTH
capture_stop
