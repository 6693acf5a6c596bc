# The PROXY protocol: a load balancer says in the connection's first bytes whom it stands for, in words (version 1) or binary
# (version 2), then hands through what the client says. Port 587 expects it; port 2525 does not, and answers it as commands it does
# not know (the signature of version 2 holds a QUIT). At last one comes to 587 without it and is let go after a second.
# An analyst should see: the passwords of alice and bob exposed, alice's on 2525 too; whom PROXY names is only what is said.
about="PROXY protocol versions 1 and 2 before AUTH; to a server that does not expect them; to one that misses it"
made_with="postfix dovecot-core swaks smtplib"
people alice bob
start_users
printf '%s\n' "smtpd_sasl_auth_enable = yes" "smtpd_upstream_proxy_timeout = 1s" -- \
    "587 inet n - n - - smtpd -o smtpd_upstream_proxy_protocol=haproxy" "2525 inet n - n - - smtpd" | postfix_start proxied
wait_for_port 192.0.2.25 587
wait_for_port 192.0.2.25 2525
# through VERSION FAMILY CLIENT-ADDRESS SERVER-ADDRESS: the options of swaks.
through() {
    echo "--proxy-version $1 --proxy-family $2 --proxy-source $3 --proxy-source-port 40000"
    echo "--proxy-dest $4 --proxy-dest-port 587"
    [ "$1" = 1 ] || echo "--proxy-command PROXY --proxy-protocol STREAM"
}
v1=$(through 1 TCP4 203.0.113.7 192.0.2.25)
v2=$(through 2 AF_INET 203.0.113.8 192.0.2.25)
capture_start pcap
mail 192.0.2.10 192.0.2.25:587 $v1 --auth PLAIN $alice
mail 192.0.2.11 192.0.2.25:587 $v2 --auth LOGIN $bob
mail 192.0.2.11 192.0.2.25:587 $(through 1 TCP6 2001:db8::7 2001:db8::25) --auth LOGIN $bob
mail 192.0.2.11 192.0.2.25:587 $(through 2 AF_INET6 2001:db8::7 2001:db8::25) --auth LOGIN $bob
mail 192.0.2.10 192.0.2.25:2525 $v1 --auth PLAIN $alice
mail 192.0.2.10 192.0.2.25:2525 $v2 --auth PLAIN $alice
in_client_python "$alice_password" <<'PYTHON'
import smtplib
import sys


class Proxied(smtplib.SMTP):
    def _get_socket(self, *where):
        connection = super()._get_socket(*where)
        connection.sendall(b"PROXY TCP4 203.0.113.9 192.0.2.25 40000 587\r\n")
        return connection


with Proxied("192.0.2.25", 2525, local_hostname="pc.example.net") as client:
    client.getreply()
    client.login("alice@example.org", sys.argv[1])
    client.sendmail("alice@example.org", ["bob@example.org"], "Subject: from smtplib\n\ntext\n")
PYTHON
mail 192.0.2.10 192.0.2.25:587
capture_stop
