# Something stands between the clients and 192.0.2.26: it lets 192.0.2.10 alone, masks the offer of STARTTLS for 192.0.2.11, takes it
# out for 192.0.2.12, and lets 198.51.100.7 see it but spoils the command. Behind it are Postfix (25) and Dovecot (143, 110), which
# offer STARTTLS. Last a client whose command is spoiled on its own side, so that what comes to 192.0.2.25 is the spoiled one.
# An analyst should see: the mask, the spoiled command, and that the same server offers STARTTLS to some only; the passwords of alice,
# bob and carol exposed by clients that try TLS and go on without; no password of those that insist.
about="STARTTLS, STLS and their offers masked, taken out and spoiled between client and server, seen on the client's side; SMTP, IMAP and POP3, with clients that go on in clear and clients that leave; last a spoiled command seen on the server's side"
made_with="postfix dovecot-imapd dovecot-pop3d swaks curl python openssl"
people alice bob carol
start_users
start_relay "inet_interfaces = 192.0.2.25" "smtpd_sasl_auth_enable = yes"
dovecot_tls yes | dovecot_start mailboxes "imap pop3" 192.0.2.25
for port in 143 110; do wait_for_port 192.0.2.25 $port; done
serve_python 192.0.2.26:110 <<'PYTHON'
from meddle import stand_between

OFFERS = {
    25: (b"250-STARTTLS\r\n", b"250-XXXXXXXA\r\n"),
    143: (b" STARTTLS", b" XXXXXXXX"),
    110: (b"STLS\r\n", b"XXXX\r\n"),
}
COMMANDS = {25: (b"STARTTLS", b"XXXXXXXX"), 143: (b"STARTTLS", b"XXXXXXXX"), 110: (b"STLS", b"XXXX")}


def rules_of(port):
    offer, mask = OFFERS[port]
    return lambda client: {
        "192.0.2.11": ([(offer, mask)], []),
        "192.0.2.12": ([(offer, b"")], []),
        "198.51.100.7": ([], [COMMANDS[port]]),
    }.get(client, ([], []))


for port in OFFERS:
    stand_between(("192.0.2.26", port), ("192.0.2.25", port), rules_of(port))
PYTHON
ip netns exec "$client_ns" env PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - >>"$work/serve.log" 2>&1 <<'PYTHON' &
from meddle import stand_between

stand_between(("127.0.0.1", 2525), ("192.0.2.25", 25), lambda client: ([], [(b"STARTTLS", b"XXXXXXXX")]))
PYTHON
wait_for "the one on the client's side" client_listens 2525
capture_start pcap
mail 192.0.2.10 192.0.2.26:25 --tls --auth PLAIN $alice
mail 192.0.2.11 192.0.2.26:25 --tls-optional --auth PLAIN $alice
mail 192.0.2.11 192.0.2.26:25 --tls
mail 192.0.2.12 192.0.2.26:25 --tls-optional --from news@example.net
mail 192.0.2.12 192.0.2.26:25 --tls
mail 198.51.100.7 192.0.2.26:25 --tls-optional --from news@example.net
mail 198.51.100.7 192.0.2.26:25 --tls
for protocol in imap pop3; do
    case $protocol in imap) who=bob ;; pop3) who=carol ;; esac
    password=${who}_password
    curl_reads $who "${!password}" $protocol://192.0.2.26/ --ssl-reqd -k --interface 192.0.2.10
    for address in 192.0.2.11 192.0.2.12 198.51.100.7; do
        curl_reads $who "${!password}" $protocol://192.0.2.26/ --ssl -k --interface $address
        curl_reads $who "${!password}" $protocol://192.0.2.26/ --ssl-reqd -k --interface $address
    done
done
mail 127.0.0.1 127.0.0.1:2525 --tls-optional --from news@example.net
capture_stop
