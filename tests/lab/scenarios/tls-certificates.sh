# Certificates of all kinds, one server each, on 993 and addresses from 192.0.2.31 on. All clients speak TLS 1.2, in which certificates
# can be seen, ask for mx.example.org and take whatever comes.
# An analyst should see: what is wrong with each but the first, the wildcard, the full chain and Ed25519.
about="TLS 1.2 on 993 with certificates: good, self-signed, expired, not yet valid, RSA of 1024 bits, signed with SHA-1 and with MD5, on P-192, wildcard, for another name, without subjectAltName, with and without the intermediate's, Ed25519, DSA"
made_with="openssl gnutls-bin"
make_authority
make_certificate
# issue NAME KEY TEMPLATE [OPTION...]: by the authority, or by another that the options name.
issue() {
    local name=$1 key=$2 template=$3
    shift 3
    certtool --generate-certificate --load-ca-certificate "$work/authority.pem" --load-ca-privkey "$work/authority-key.pem" \
        --load-privkey "$work/$key" --outfile "$work/$name.pem" --template <(printf '%b' "$template") "$@" 2>>"$work/certtool.log"
}
# key NAME ALGORITHM [OPTION...]
key() { openssl genpkey -algorithm "$2" "${@:3}" -out "$work/$1" 2>/dev/null; }
named="cn = mx.example.org\ndns_name = mx.example.org\n"
lasting="${named}expiration_days = 36500\n"
key short-key.pem RSA -pkeyopt rsa_keygen_bits:1024
key small-key.pem EC -pkeyopt ec_paramgen_curve:P-192
key edwards-key.pem ED25519
openssl dsaparam -genkey 2048 2>/dev/null | openssl pkcs8 -topk8 -nocrypt -out "$work/dsa-key.pem"
issue expired server-key.pem "${named}activation_date = \"2024-01-01\"\nexpiration_date = \"2025-01-01\"\n"
issue early server-key.pem "${named}activation_date = \"2050-01-01\"\nexpiration_date = \"2051-01-01\"\n"
issue short short-key.pem "$lasting"
issue sha1 server-key.pem "$lasting" --hash SHA1
issue md5 server-key.pem "$lasting" --hash MD5
issue wildcard server-key.pem "cn = example.org\ndns_name = *.example.org\nexpiration_days = 36500\n"
issue other server-key.pem "cn = imap.example.com\ndns_name = imap.example.com\nexpiration_days = 36500\n"
issue unnamed server-key.pem "cn = mx.example.org\nexpiration_days = 36500\n"
issue between alice-key.pem "cn = Lab Intermediate\nca\ncert_signing_key\nexpiration_days = 36500\n"
issue leaf server-key.pem "$lasting" --load-ca-certificate "$work/between.pem" --load-ca-privkey "$work/alice-key.pem"
# These keys are none that certtool reads.
for name in small edwards dsa; do
    openssl req -new -key "$work/$name-key.pem" -subj /CN=mx.example.org -out "$work/$name.csr"
    openssl x509 -req -in "$work/$name.csr" -CA "$work/authority.pem" -CAkey "$work/authority-key.pem" -days 36500 \
        -extfile <(echo "subjectAltName = DNS:mx.example.org") -out "$work/$name.pem" 2>/dev/null
done
number=30
# presents CERTIFICATE KEY [OPTION...]: one more server.
presents() {
    local cert=$1 key=$2
    shift 2
    number=$((number + 1))
    ip -n "$server_ns" addr add 192.0.2.$number/24 dev eth0
    serve openssl s_server -rev -accept 192.0.2.$number:993 -cert "$work/$cert" -key "$work/$key" -cipher ALL:@SECLEVEL=0 "$@"
    wait_for "$cert" bound 192.0.2.$number:993
}
presents server.pem server-key.pem
presents cert.pem key.pem
presents expired.pem server-key.pem
presents early.pem server-key.pem
presents short.pem short-key.pem
presents sha1.pem server-key.pem
presents md5.pem server-key.pem
presents small.pem small-key.pem -groups P-192:P-256
presents wildcard.pem server-key.pem
presents other.pem server-key.pem
presents unnamed.pem server-key.pem
presents leaf.pem server-key.pem -cert_chain "$work/between.pem"
presents leaf.pem server-key.pem
presents edwards.pem edwards-key.pem
presents dsa.pem dsa-key.pem
capture_start pcap
for number in $(seq 31 $number); do
    printf 'hello\nCLOSE\n' | in_client timeout 15 openssl s_client -quiet -connect 192.0.2.$number:993 -servername mx.example.org \
        -tls1_2 -cipher ALL:@SECLEVEL=0 -groups P-256:P-192 \
        -sigalgs RSA-PSS+SHA256:RSA+SHA256:RSA+SHA1:ECDSA+SHA256:ed25519:DSA+SHA256 >>"$work/openssl.log" 2>&1 || true
done
capture_stop
