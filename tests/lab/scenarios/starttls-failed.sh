# Behind STARTTLS no TLS comes about, for one reason after the other. On 25 Postfix, on 143 and 110 Dovecot; on .26 a Dovecot that
# cannot set up TLS though it offers it, and one whose certificate has expired; on 587 a server that hangs up when it hears the
# ClientHello.
# An analyst should see: each upgrade was accepted and failed; by whom and why, where an alert says so. In TLS 1.3 OpenSSL still sends
# it in clear when it rejects a certificate, GnuTLS encrypted; curl checks the name only when the handshake is over.
about="STARTTLS accepted, then no TLS: certificate not trusted (1.2, 1.3; SMTP, IMAP, POP3), expired, wrong name; no shared version, no shared suite, Dovecot without a usable configuration, a server that hangs up; a client that leaves with FIN and with RST before, within and after its ClientHello; one that goes on in clear"
made_with="postfix dovecot-imapd dovecot-pop3d openssl gnutls-bin curl python"
make_authority
start_users
start_relay "smtpd_tls_protocols = >=TLSv1.2"
dovecot_tls yes | dovecot_start mailboxes "imap pop3" 192.0.2.25
openssl dhparam -out "$work/dh512.pem" 512 2>/dev/null
{ dovecot_tls yes; echo "ssl_dh = <$work/dh512.pem"; } | dovecot_start broken imap 192.0.2.26
certtool --generate-certificate --load-ca-certificate "$work/authority.pem" --load-ca-privkey "$work/authority-key.pem" \
    --load-privkey "$work/server-key.pem" --outfile "$work/expired.pem" --template <(printf '%s\n' "cn = mx.example.org" \
    "dns_name = mx.example.org" 'activation_date = "2024-01-01 00:00:00 UTC"' 'expiration_date = "2025-01-01 00:00:00 UTC"') \
    2>/dev/null
{ dovecot_tls yes; printf '%s\n' "ssl_cert = <$work/expired.pem" "ssl_key = <$work/server-key.pem"; } |
    dovecot_start expired pop3 192.0.2.26
for there in 192.0.2.25:143 192.0.2.25:110 192.0.2.26:143 192.0.2.26:110; do wait_for "a server on $there" bound $there; done
serve_python 192.0.2.25:587 <<'PYTHON'
from listen import listen


def hang_up(client):
    client.say("220 mx.example.org ESMTP")
    client.answer({"EHLO": ["250-mx.example.org", "250 STARTTLS"], "STARTTLS": ["220 go ahead"], "": ["500 what?"]}, "STARTTLS")
    client.socket.recv(4096)


listen(587, hang_up)
PYTHON
# upgrade PROTOCOL OPTION...: a client that trusts the authority only.
upgrade() {
    local protocol=$1 port
    shift
    case $protocol in smtp) port=25 ;; imap) port=143 ;; pop3) port=110 ;; esac
    openssl_says ${port_instead:-$port} -starttls $protocol -name pc.example.net -CAfile "$work/authority.pem" -verify_return_error "$@"
}
capture_start pcap
upgrade smtp -tls1_2
upgrade smtp -tls1_3
attempt curl -s --ssl-reqd --tls-max 1.2 -u bob@example.org:none imap://192.0.2.25/
upgrade imap -tls1_3
upgrade pop3 -tls1_2
upgrade pop3 -tls1_3
printf 'QUIT\n' | in_client timeout 15 gnutls-cli --starttls-proto=smtp --port 25 192.0.2.25 >>"$work/gnutls.log" 2>&1 || true
host=192.0.2.26 upgrade pop3 -tls1_2
host=192.0.2.26 upgrade pop3 -tls1_2 -no_check_time -verify_hostname pop.example.org
attempt curl -s --ssl-reqd --tls-max 1.2 --cacert "$work/cert.pem" -u bob@example.org:none pop3://192.0.2.25/
upgrade smtp -tls1 -cipher DEFAULT:@SECLEVEL=0
upgrade imap -tls1_1 -cipher DEFAULT:@SECLEVEL=0
upgrade smtp -tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256
upgrade pop3 -tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256
host=192.0.2.26 upgrade imap
port_instead=587 upgrade smtp
in_client_python <<'PYTHON'
import socket
import ssl
import struct

from talk import Talk


def upgraded():
    client = Talk("192.0.2.25", 25, "220 ")
    client.say("EHLO pc.example.net", "250 ")
    client.say("STARTTLS", "220 ")
    return client


def hello():
    """The bytes of a ClientHello, and what would go on with it."""
    context = ssl._create_unverified_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing, server_hostname="mx.example.org").do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()


def reset(client):
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.reader.close()
    client.socket.close()


def leave(client):
    client.socket.shutdown(socket.SHUT_WR)
    client.close()


for end in leave, reset:
    end(upgraded())
    client = upgraded()
    client.socket.sendall(hello()[:60])
    end(client)
    client = upgraded()
    client.socket.sendall(hello())
    client.socket.recv(1, socket.MSG_PEEK)
    end(client)
client = upgraded()
client.send("MAIL FROM:<alice@example.net>\r\n")
client.close()
PYTHON
capture_stop
