# Certificates, and programs that speak TLS one way only: one version, one suite, one group. Sourced by record.

# make_authority: a certification authority that some clients trust, and the server's certificate from it: "server" with a name
# for the server, in RSA, and "elliptic" the same on P-256. What make_certificate makes nobody trusts.
make_authority() {
    local name
    openssl req -x509 -newkey rsa:2048 -nodes -days 36500 -subj "/CN=Lab Authority" \
        -keyout "$work/authority-key.pem" -out "$work/authority.pem" 2>/dev/null
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/server-key.pem" 2>/dev/null
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/elliptic-key.pem" 2>/dev/null
    for name in server elliptic; do
        openssl req -new -key "$work/$name-key.pem" -subj /CN=mx.example.org -out "$work/$name.csr" 2>/dev/null
        openssl x509 -req -in "$work/$name.csr" -CA "$work/authority.pem" -CAkey "$work/authority-key.pem" -days 36500 \
            -extfile <(echo "subjectAltName = DNS:mx.example.org, IP:192.0.2.25") -out "$work/$name.pem" 2>/dev/null
    done
}

# anything_goes: what Dovecot needs to do whatever this OpenSSL can, also what nobody should.
anything_goes() {
    printf '%s\n' "ssl_min_protocol = TLSv1" "ssl_cipher_list = ALL:eNULL:aNULL:@SECLEVEL=0" \
        "ssl_client_require_valid_cert = no"
}

# openssl_says PORT [OPTION...]: says what is understood there, in TLS, and waits until the server closes. $host is the server.
openssl_says() {
    local port=$1 words
    shift
    case $port in
    143 | 993) words='a1 CAPABILITY\r\na2 LOGOUT\r\n' ;;
    110 | 995) words='CAPA\r\nQUIT\r\n' ;;
    4190) words='CAPABILITY\r\nLOGOUT\r\n' ;;
    *) words='EHLO pc.example.net\r\nQUIT\r\n' ;;
    esac
    printf "$words" | in_client timeout 15 openssl s_client -quiet -connect "${host:-192.0.2.25}:$port" "$@" \
        >>"$work/openssl.log" 2>&1 || true
}

# gnutls_echo PORT PRIORITY: a server that sends back each line, for what OpenSSL 3 no longer can. gnutls_says the same as a client.
gnutls_echo() {
    make_certificate
    serve gnutls-serv --echo --quiet --port "$1" --x509certfile "$work/cert.pem" --x509keyfile "$work/key.pem" --priority "$2"
    wait_for_port 192.0.2.25 "$1"
}
gnutls_says() {
    printf 'NOOP\nQUIT\n' | in_client timeout 15 gnutls-cli --insecure --port "$1" --priority "$2" --disable-sni 192.0.2.25 \
        >>"$work/gnutls.log" 2>&1 || true
}
