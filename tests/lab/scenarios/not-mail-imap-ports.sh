# Other protocols on the ports of IMAP, POP3 and ManageSieve: SSH on 143, Redis on 110, which says +OK as POP3 does, also after
# AUTH, HTTP on 4190 and 993, NNTP on 143 and 110, which has CAPABILITIES and LIST too. The port does not make it mail.
about="SSH and NNTP on port 143, Redis with AUTH and NNTP on 110, HTTP on 4190 and 993"
made_with="openssh-server redis-server leafnode python curl"
redis_password=$(secret Quince-Redis)
echo "a page" >"$work/index.html"
mkdir -p /run/sshd
ssh-keygen -q -t ed25519 -N "" -f "$work/host_key"
serve /usr/sbin/sshd -D -f /dev/null -h "$work/host_key" -o ListenAddress=192.0.2.25:143 -o PidFile=none
serve redis-server --port 110 --bind 192.0.2.25 --protected-mode no --save "" --dir "$work" --requirepass "$redis_password"
serve /usr/bin/python3 -m http.server --directory "$work" --bind 192.0.2.25 4190
serve /usr/bin/python3 -m http.server --directory "$work" --bind 192.0.2.25 993
start_leafnode 192.0.2.26 143
start_leafnode 192.0.2.26 110
for port in 143 110 4190 993; do wait_for_port 192.0.2.25 $port; done
capture_start pcap
in_client ssh -p 143 -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null nobody@192.0.2.25 2>/dev/null || true
printf '%s\n' "AUTH wrong-$redis_password" "AUTH $redis_password" "SET mail text" "GET mail" "PING" QUIT |
    in_client redis-cli -h 192.0.2.25 -p 110 >/dev/null
in_client_python "$redis_password" <<'PYTHON'
import sys

from talk import Talk

# Redis by hand: without the lengths that its own client sends first.
client = Talk("192.0.2.25", 110)
client.say(f"AUTH {sys.argv[1]}", "+OK")
client.say("PING", "+PONG")
client.say("QUIT", "+OK")
client.close()
for port in (143, 110):
    client = Talk("192.0.2.26", port, "20")
    client.say("CAPABILITIES", ".\r\n", "5")
    client.say("AUTHINFO USER alice@example.org", "3", "4", "5", "2")
    client.say(f"AUTHINFO PASS {sys.argv[1]}", "3", "4", "5", "2")
    client.say("LIST", ".\r\n")
    client.say("GROUP example.test", "211")
    client.say("ARTICLE 1", ".\r\n")
    client.say("QUIT", "205")
    client.close()
PYTHON
in_client curl -s -u "web:$(secret Damson-Web)" http://192.0.2.25:4190/ >/dev/null
in_client curl -s http://192.0.2.25:993/index.html >/dev/null
capture_stop
