# A pcapng of dumpcap with two interfaces: a login from the network on eth0, one of a program on the server itself on lo.
about="pcapng with two interfaces: AUTH PLAIN in clear on eth0, AUTH LOGIN in clear on lo"
made_with="postfix dovecot-core swaks wireshark-common"
people alice bob
start_users
start_submission
capture=$work/$scenario.pcapng
ip netns exec "$server_ns" dumpcap -q -i eth0 -i lo -f "tcp port 587" -w "$capture" 2>"$work/dumpcap.log" &
dumpcap_pid=$!
wait_for dumpcap grep -q '^File:' "$work/dumpcap.log"
mail 192.0.2.10 192.0.2.25:587 --auth PLAIN $alice
in_server swaks --server 192.0.2.25:587 --ehlo app.example.org --from bob@example.org --to carol@example.org --auth LOGIN $bob \
    --header "Subject: report" >>"$work/swaks.log" 2>&1 || true
wait_for "the end of all connections" no_connections
sleep 1 # dumpcap reads its ring in blocks and leaves what is in the last one when it is told to stop
kill -INT "$dumpcap_pid"
wait "$dumpcap_pid" || fail "dumpcap: $(tail -1 "$work/dumpcap.log")"
