# Offload left on: segments larger than the MTU and checksums that are not filled in, as a sensor on the host itself sees them.
about="a mail of 60 kB with segmentation and checksum offload on"
start_relay
for ns in "$client_ns" "$server_ns"; do ip netns exec "$ns" ethtool -K eth0 tx on rx on tso on gso on gro on >/dev/null 2>&1 || true; done
capture_start "$out/super-frames.pcap"
seq -f 'This is line number %06g of a long mail.' 1500 >"$work/long.txt"
mail 192.0.2.10 192.0.2.25:25 --body "@$work/long.txt"
capture_stop
