# Two network namespaces joined by a veth pair, and tcpdump in the server's. Sourced by record.
#
#   client 192.0.2.10 .11 .12, 198.51.100.7, 2001:db8::10  <-- veth -->  server 192.0.2.25 .26, 2001:db8::25

client_ns=mt-client-$$
server_ns=mt-server-$$
tcpdump_pid=""

in_client() { ip netns exec "$client_ns" "$@"; }
in_server() { ip netns exec "$server_ns" "$@"; }

# wait_for WHAT COMMAND...: runs the command until it succeeds; no sleep guesses when a server is ready.
wait_for() {
    local what=$1 tries=400
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "waited 20 seconds in vain for $what"
        sleep 0.05
    done
}

# wait_for_port ADDRESS PORT: asks for the listening socket; a connection would be one more session in the capture.
wait_for_port() { wait_for "a server on port $2" listens "$@"; }
listens() { [ -n "$(in_server ss -Hltn "sport = :$2")" ]; }

# Starts a server in the server's namespace; it ends with the lab. No function in between: $! is the server itself.
serve() {
    ip netns exec "$server_ns" "$@" >>"$work/serve.log" 2>&1 &
}

lab_up() {
    local ns address
    ip netns add "$client_ns"
    ip netns add "$server_ns"
    ip link add mtc$$ type veth peer name mts$$
    ip link set mtc$$ netns "$client_ns" name eth0
    ip link set mts$$ netns "$server_ns" name eth0
    for ns in "$client_ns" "$server_ns"; do
        ip -n "$ns" link set lo up
        ip -n "$ns" link set eth0 up
    done
    offload off
    for address in 10 11 12; do ip -n "$client_ns" addr add 192.0.2.$address/24 dev eth0; done
    for address in 25 26; do ip -n "$server_ns" addr add 192.0.2.$address/24 dev eth0; done
    ip -n "$client_ns" addr add 198.51.100.7/32 dev eth0
    ip -n "$server_ns" route add 198.51.100.0/24 dev eth0
    ip -n "$client_ns" addr add 2001:db8::10/64 dev eth0 nodad
    ip -n "$server_ns" addr add 2001:db8::25/64 dev eth0 nodad
}

# offload on|off: off gives real segments and checksums, as they cross a wire.
offload() {
    local ns
    for ns in "$client_ns" "$server_ns"; do
        ip netns exec "$ns" ethtool -K eth0 tso $1 gso $1 gro $1 tx $1 rx $1 >/dev/null 2>&1 || fail "ethtool: offload $1"
    done
}

# Whatever runs in the two namespaces was started by this scenario, also daemons that left their parent.
lab_pids() { { ip netns pids "$client_ns"; ip netns pids "$server_ns"; } 2>/dev/null || true; }
lab_empty() { [ -z "$(lab_pids)" ]; }

lab_down() {
    local tries=60
    set +e # whatever fails here, go on with the rest
    kill $(lab_pids) 2>/dev/null || true
    until lab_empty || [ $tries = 0 ]; do tries=$((tries - 1)); sleep 0.05; done
    kill -KILL $(lab_pids) 2>/dev/null || true
    wait 2>/dev/null || true
    ip netns del "$client_ns" 2>/dev/null || true
    ip netns del "$server_ns" 2>/dev/null || true
    rm -rf "$work"
}

# capture_start SUFFIX [TCPDUMP OPTION...]: returns once tcpdump listens. ip6[6] == 0 are multicast reports, which icmp6 alone
# misses. $filter narrows what is kept; with $joins_late
# it does not wait for earlier connections to end.
capture_start() {
    capture=$work/$scenario.$1
    shift
    [ $# -gt 0 ] || set -- -i eth0
    [ -n "${joins_late:-}" ] || wait_for "the end of what came before" no_connections
    ip netns exec "$server_ns" tcpdump -U --immediate-mode -Z root -w "$capture" "$@" \
        "${filter:-not arp and not icmp6 and not ip6[6] == 0}" 2>"$work/tcpdump.log" &
    tcpdump_pid=$!
    wait_for tcpdump grep -q 'listening on' "$work/tcpdump.log"
    [ -z "${sensor:-}" ] || sensor_start
}

# With --sensor MAILTAP it listens beside tcpdump; what it says is kept beside the capture.
sensor_start() {
    ip netns exec "$server_ns" "$sensor" -v -i eth0 -o json --observer mailtap \
        >"$work/$scenario.live.jsonl" 2>"$work/sensor.log" &
    sensor_pid=$!
    wait_for mailtap grep -q 'listening on' "$work/sensor.log"
}

sensor_stop() {
    kill -INT "$sensor_pid"
    wait "$sensor_pid" || fail "mailtap: $(tail -1 "$work/sensor.log")"
    cp "$work/$scenario.live.jsonl" "$out/"
}

# Ends the capture once no connection is open or closing on either side any more, so the last FIN is in it.
capture_stop() {
    wait_for "the end of all connections" no_connections
    kill -INT "$tcpdump_pid"
    wait "$tcpdump_pid" || fail "tcpdump: $(tail -1 "$work/tcpdump.log")"
    tcpdump_pid=""
    grep -q '^0 packets dropped' "$work/tcpdump.log" || fail "tcpdump lost packets"
    [ -z "${sensor:-}" ] || sensor_stop
}

no_connections() {
    local ns
    for ns in "$server_ns" "$client_ns"; do
        [ -z "$(ip netns exec "$ns" ss -Htn state connected exclude time-wait | grep -v '127.0.0.1\|\[::1\]')" ] || return 1
    done
}
