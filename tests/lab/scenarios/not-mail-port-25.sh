# HTTP and SSH on the ports of mail: the port does not make it mail, nor does a password in an HTTP header.
about="HTTP and SSH servers on ports 25 and 587"
made_with="python openssh-server curl openssh-client"
echo "a page" >"$work/index.html"
mkdir -p /run/sshd
ssh-keygen -q -t ed25519 -N "" -f "$work/host_key"
serve /usr/bin/python3 -m http.server --directory "$work" --bind 192.0.2.25 25
serve /usr/bin/python3 -m http.server --directory "$work" --bind 192.0.2.26 587
serve /usr/sbin/sshd -D -f /dev/null -h "$work/host_key" -o ListenAddress=192.0.2.26:25 -o ListenAddress=192.0.2.25:587 -o PidFile=none
for port in 25 587; do wait_for_port 192.0.2.25 $port; wait_for_port 192.0.2.26 $port; done
capture_start pcap
in_client curl -s http://192.0.2.25:25/ >/dev/null
in_client curl -s -u "web:$(secret Damson-Web)" http://192.0.2.26:587/ >/dev/null
for place in 192.0.2.26:25 192.0.2.25:587; do
    in_client ssh -p "${place#*:}" -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
        "nobody@${place%:*}" 2>/dev/null || true
done
capture_stop
