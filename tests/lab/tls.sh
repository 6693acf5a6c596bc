# Certificates, and programs that speak TLS one way only: one version, one suite, one group. Sourced by record.

# make_authority: a certification authority that some clients trust, and what it signs: "server" and "elliptic" (P-256) for the
# server, "alice" for a client. What make_certificate makes nobody trusts.
make_authority() {
    local name
    openssl req -x509 -newkey rsa:2048 -nodes -days 36500 -subj "/CN=Lab Authority" \
        -keyout "$work/authority-key.pem" -out "$work/authority.pem" 2>/dev/null
    signed_certificate server mx.example.org RSA rsa_keygen_bits:2048
    signed_certificate elliptic mx.example.org EC ec_paramgen_curve:P-256
    signed_certificate alice alice@example.org RSA rsa_keygen_bits:2048
}
signed_certificate() {
    openssl genpkey -algorithm "$3" -pkeyopt "$4" -out "$work/$1-key.pem" 2>/dev/null
    openssl req -new -key "$work/$1-key.pem" -subj "/CN=$2" -out "$work/$1.csr"
    openssl x509 -req -in "$work/$1.csr" -CA "$work/authority.pem" -CAkey "$work/authority-key.pem" -days 36500 \
        -extfile <(echo "subjectAltName = DNS:$2, IP:192.0.2.25") -out "$work/$1.pem" 2>/dev/null
}

# anything_goes: what Dovecot needs to do whatever this OpenSSL can, also what nobody should.
anything_goes() {
    printf "%s\n" "ssl_min_protocol = TLSv1" "ssl_cipher_list = ALL:eNULL:aNULL:@SECLEVEL=0"
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

# openssl_echo ADDRESS:PORT NAME [OPTION...]: a server with the certificate NAME, of the key $key or else NAME, that sends back each
# line in reverse and closes at "CLOSE". echoed is the client for it.
openssl_echo() {
    local there=$1 name=$2
    shift 2
    serve openssl s_server -rev -accept "$there" -cert "$work/$name.pem" -key "$work/${key:-$name}-key.pem" "$@"
    wait_for "a server on $there" bound "$there"
}
echoed() {
    local there=$1
    shift
    printf 'hello\nCLOSE\n' | in_client timeout 15 openssl s_client -quiet -connect "$there" "$@" >>"$work/openssl.log" 2>&1 || true
}

# gnutls_echo PORT PRIORITY [OPTION...]: a server that sends back what it hears, for what OpenSSL 3 no longer does. gnutls_says is
# the client for it: it says something, reads it again and leaves.
gnutls_echo() {
    local port=$1 priority=$2
    shift 2
    make_certificate
    serve gnutls-serv --echo --quiet --port "$port" --x509certfile "$work/cert.pem" --x509keyfile "$work/key.pem" \
        --priority "$priority" "$@"
    wait_for_port 192.0.2.25 "$port"
}
gnutls_says() {
    local port=$1 priority=$2
    shift 2
    printf 'NOOP\nQUIT\n' | in_client timeout 15 gnutls-cli --insecure --disable-sni --port "$port" --priority "$priority" "$@" \
        192.0.2.25 >>"$work/gnutls.log" 2>&1 || true
}

# serve_python ADDRESS:PORT ARGUMENT...: a program on standard input in the server's namespace, which may import listen.py and
# meddle.py; returns once it listens there.
serve_python() {
    local there=$1
    cat >"$work/server-$there.py"
    shift
    serve env PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$work/server-$there.py" "$@"
    wait_for "a server on $there" bound "$there"
}
bound() { [ -n "$(in_server ss -Hltn "src $1")" ]; }

# start_good_tls: a server for the people alice, bob and carol as it should be. Who logs in uses TLS: STARTTLS on 587, 143, 110 and
# 4190, from the first byte on 465, 993 and 995. Those who trust $trust trust its certificate.
start_good_tls() {
    local who port
    make_authority
    trust=$work/authority.pem
    start_users
    postfix_start submission <<CF
smtpd_sasl_auth_enable = yes
smtpd_tls_cert_file = $work/server.pem
smtpd_tls_key_file = $work/server-key.pem
--
587 inet n - n - - smtpd -o smtpd_tls_security_level=encrypt
465 inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
CF
    { dovecot_tls required; printf '%s\n' "ssl_cert = <$work/server.pem" "ssl_key = <$work/server-key.pem"; } |
        dovecot_start mailboxes "imap pop3 sieve"
    printf 'Subject: inside\r\n\r\ntext\r\n' >"$work/mail.txt"
    for who in alice bob carol; do put_mail $who "$work/mail.txt"; done
    for port in 587 465 143 110 4190 993 995; do wait_for_port 192.0.2.25 $port; done
}

# with_msmtp PORT [OPTION...]: alice sends a mail in TLS.
with_msmtp() {
    local port=$1
    shift
    printf 'Subject: inside\n\ntext\n' | in_client msmtp --file=/dev/null --host=192.0.2.25 --port="$port" --domain=pc.example.net \
        --auth=plain --user=alice@example.org --passwordeval="echo $alice_password" --tls=on --tls-trust-file="$trust" \
        --from=alice@example.org "$@" bob@example.org >>"$work/msmtp.log" 2>&1 || true
}
