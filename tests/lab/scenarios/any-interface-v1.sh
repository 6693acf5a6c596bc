# The same with the older link type: Linux cooked capture, version 1.
about="AUTH LOGIN in clear, captured on all interfaces (Linux cooked v1)"
start_submission
capture_start "$out/any-interface-v1.pcap" -i any -y LINUX_SLL
mail 192.0.2.11 192.0.2.25:587 --auth LOGIN $bob --quit-after AUTH
capture_stop
