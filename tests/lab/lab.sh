# Two network namespaces joined by a veth pair, and tcpdump in the server's. Sourced by record.
#
#   client 192.0.2.10 .11 .12, 2001:db8::10  <-- veth -->  server 192.0.2.25 .26, 2001:db8::25

client_ns=mt-client-$$
server_ns=mt-server-$$
started=""   # process ids to end
tcpdump_pid=""

in_client() { ip netns exec "$client_ns" "$@"; }
in_server() { ip netns exec "$server_ns" "$@"; }

fail() { echo "record: $*" >&2; exit 1; }

# Runs a command until it succeeds; the servers say when they are ready, no sleep guesses it.
wait_for() {
    local what=$1 tries=200
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "$what did not come up"
        sleep 0.05
    done
}

# wait_for_port ADDRESS PORT
wait_for_port() { wait_for "port $2 of $1" in_server bash -c "exec 3<>/dev/tcp/$1/$2"; }

# Starts a server in the server's namespace; it ends with the lab.
serve() {
    in_server "$@" >"$work/serve.log" 2>&1 &
    started="$started $!"
}

lab_up() {
    ip netns add "$client_ns"
    ip netns add "$server_ns"
    ip link add mtc$$ type veth peer name mts$$
    ip link set mtc$$ netns "$client_ns" name eth0
    ip link set mts$$ netns "$server_ns" name eth0
    local ns address
    for ns in "$client_ns" "$server_ns"; do
        ip -n "$ns" link set lo up
        ip -n "$ns" link set eth0 up
        # Real segments and checksums, as they cross a wire.
        ip netns exec "$ns" ethtool -K eth0 tso off gso off gro off tx off rx off >/dev/null 2>&1 || true
    done
    for address in 10 11 12; do ip -n "$client_ns" addr add 192.0.2.$address/24 dev eth0; done
    for address in 25 26; do ip -n "$server_ns" addr add 192.0.2.$address/24 dev eth0; done
    ip -n "$client_ns" addr add 2001:db8::10/64 dev eth0 nodad
    ip -n "$server_ns" addr add 2001:db8::25/64 dev eth0 nodad
}

lab_down() {
    local pid
    [ -z "$tcpdump_pid" ] || kill "$tcpdump_pid" 2>/dev/null || true
    postfix_stop_all
    for pid in $started; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    ip netns del "$client_ns" 2>/dev/null || true
    ip netns del "$server_ns" 2>/dev/null || true
    rm -rf "$work"
}

# capture_start FILE [TCPDUMP OPTION...]: returns once tcpdump listens.
capture_start() {
    local file=$1
    shift
    [ $# -gt 0 ] || set -- -i eth0
    in_server tcpdump -U --immediate-mode -Z root -w "$file" "$@" 'not arp and not icmp6' 2>"$work/tcpdump.log" &
    tcpdump_pid=$!
    wait_for tcpdump grep -q 'listening on' "$work/tcpdump.log"
}

# Ends the capture once no connection is open or closing on the server's side any more.
capture_stop() {
    wait_for "the end of all connections" no_connections
    kill "$tcpdump_pid" # SIGTERM: a background job of a script ignores SIGINT
    wait "$tcpdump_pid" || true
    tcpdump_pid=""
}

no_connections() { [ -z "$(in_server ss -Htn state established state fin-wait-1 state fin-wait-2 state close-wait state last-ack state closing)" ]; }
