# Offload left on: segments larger than the MTU and checksums that are not filled in, as a sensor on the host itself sees them.
about="a mail of 60 kB with segmentation and checksum offload on"
start_relay
offload on
seq -f 'This is line number %06g of a long mail.' 1450 >"$work/long.txt"
capture_start pcap
mail 192.0.2.10 192.0.2.25:25 --from news@example.net --body "@$work/long.txt"
capture_stop
