# Sessions taken up again, and what else a handshake may hold. The servers on 995 and 465 are OpenSSL's, which send back what they
# hear, the one on 993 is Dovecot. All clients trust the certificate, which is of an authority, and 465 asks for theirs.
# An analyst should see: nothing to worry about. A resumed session of TLS 1.2 shows no certificate, and needs none.
about="implicit TLS by OpenSSL: 1.2 in full, then resumed by session number and by ticket; 1.3 in full, resumed by PSK, without middlebox compatibility, after HelloRetryRequest; ALPN imap in 1.2 and 1.3; client certificates asked for, given and not given in 1.2 and 1.3; SNI in 1.2 and 1.3 (Dovecot), resumption by GnuTLS"
made_with="dovecot-imapd openssl gnutls-bin"
make_authority
{ dovecot_tls yes; printf '%s\n' "ssl_cert = <$work/server.pem" "ssl_key = <$work/server-key.pem"; } |
    dovecot_start mailboxes imap
wait_for_port 192.0.2.25 993
says() {
    local port=$1
    shift
    echoed 192.0.2.25:$port -CAfile "$work/authority.pem" -verify_return_error "$@"
}
# again OPTION...: once in full, once with the session of before.
again() {
    says 995 "$@" -sess_out "$work/session"
    says 995 "$@" -sess_in "$work/session"
}
openssl_echo 192.0.2.25:995 server -alpn imap,pop3
openssl_echo 192.0.2.25:465 server -groups P-384 -verify 1 -CAfile "$work/authority.pem"
capture_start pcap
again -tls1_2 -no_ticket
again -tls1_2
again -tls1_3
says 995 -tls1_3 -no_middlebox
says 465 -tls1_3 -groups X25519:P-384
says 995 -tls1_2 -alpn imap
says 995 -tls1_3 -alpn imap
says 465 -tls1_2 -groups P-384
says 465 -tls1_2 -groups P-384 -cert "$work/alice.pem" -key "$work/alice-key.pem"
says 465 -tls1_3 -groups P-384 -cert "$work/alice.pem" -key "$work/alice-key.pem"
openssl_says 993 -CAfile "$work/authority.pem" -tls1_2 -servername mx.example.org
openssl_says 993 -CAfile "$work/authority.pem" -tls1_3 -servername mx.example.org
printf 'hello\n' | in_client timeout 15 gnutls-cli --x509cafile "$work/authority.pem" --sni-hostname mx.example.org \
    --verify-hostname mx.example.org --resume --waitresumption --port 995 192.0.2.25 >>"$work/gnutls.log" 2>&1 || true
capture_stop
