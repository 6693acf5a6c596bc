# A little company. An analyst should see: alice, bob and carol log in in clear on 587 (carol first with a wrong password, which
# leaks too); one mail goes to the relay by STARTTLS, one in clear although STARTTLS was offered; one client uses port 465.
about="a submission server without TLS used by three people, a relay with STARTTLS used and unused, implicit TLS, HTTP and DNS beside"
start_submission
start_relay
echo "a page" >"$work/index.html"
serve python3 -m http.server --directory "$work" 80
serve dnsmasq -k -p 53 --no-resolv --no-hosts --address=/example.org/192.0.2.25 --pid-file= --user=root
wait_for_port 192.0.2.25 80
capture_start "$out/demo.pcap"
mail 192.0.2.10 192.0.2.25:587 --auth PLAIN $alice
in_client curl -s http://192.0.2.25/ >/dev/null
mail 192.0.2.11 192.0.2.25:587 --auth LOGIN $bob --from bob@example.org --to carol@example.org,alice@example.org
mail 192.0.2.12 192.0.2.25:587 --auth LOGIN $carol_wrong
mail 192.0.2.12 192.0.2.25:587 --auth LOGIN $carol --from carol@example.org --to nobody@example.org,bob@example.org
in_client dig +short @192.0.2.25 mx.example.org >/dev/null
mail 192.0.2.10 192.0.2.25:25 --tls
mail 192.0.2.11 192.0.2.25:25 --from news@example.net
mail 192.0.2.10 192.0.2.25:465 --tlsc --auth PLAIN $alice
capture_stop
