# Certificates of all kinds, one server each, on 993 and addresses from 192.0.2.31 on. All clients speak TLS 1.2, in which
# certificates can be seen, ask for mx.example.org and take whatever comes.
# An analyst should see: what is wrong with each but the first, the wildcard, the full chain and Ed25519.
about="TLS 1.2 on 993 with certificates: good, self-signed, expired, not yet valid, RSA of 1024 bits, signed with SHA-1 and with MD5, on P-192, wildcard, for another name, without subjectAltName, with and without the intermediate's, Ed25519, DSA"
made_with="openssl gnutls-bin"
make_authority
make_certificate
cp "$work/cert.pem" "$work/own.pem"
cp "$work/key.pem" "$work/own-key.pem"
# issue NAME KEY TEMPLATE [OPTION...]: for the key $work/KEY-key.pem, by the authority or by another that the options name.
issue() {
    local name=$1 key=$2 template=$3
    shift 3
    certtool --generate-certificate --load-ca-certificate "$work/authority.pem" --load-ca-privkey "$work/authority-key.pem" \
        --load-privkey "$work/$key-key.pem" --outfile "$work/$name.pem" --template <(printf '%b' "$template") "$@" \
        2>>"$work/certtool.log"
}
make_key() { openssl genpkey -algorithm "$2" "${@:3}" -out "$work/$1-key.pem" 2>/dev/null; }
named="cn = mx.example.org\ndns_name = mx.example.org\n"
lasting="${named}expiration_days = 36500\n"
make_key short RSA -pkeyopt rsa_keygen_bits:1024
make_key small EC -pkeyopt ec_paramgen_curve:P-192
make_key edwards ED25519
openssl dsaparam -genkey 2048 2>/dev/null | openssl pkcs8 -topk8 -nocrypt -out "$work/dsa-key.pem"
issue expired server "${named}activation_date = \"2024-01-01\"\nexpiration_date = \"2025-01-01\"\n"
issue early server "${named}activation_date = \"2050-01-01\"\nexpiration_date = \"2051-01-01\"\n"
issue short short "$lasting"
issue sha1 server "$lasting" --hash SHA1
issue md5 server "$lasting" --hash MD5
issue wildcard server "cn = example.org\ndns_name = *.example.org\nexpiration_days = 36500\n"
issue other server "cn = imap.example.com\ndns_name = imap.example.com\nexpiration_days = 36500\n"
issue unnamed server "cn = mx.example.org\nexpiration_days = 36500\n"
issue between alice "cn = Lab Intermediate\nca\ncert_signing_key\nexpiration_days = 36500\n"
issue leaf server "$lasting" --load-ca-certificate "$work/between.pem" --load-ca-privkey "$work/alice-key.pem"
# Keys other than RSA.
for name in small edwards dsa; do
    openssl req -new -key "$work/$name-key.pem" -subj /CN=mx.example.org -out "$work/$name.csr"
    openssl x509 -req -in "$work/$name.csr" -CA "$work/authority.pem" -CAkey "$work/authority-key.pem" -days 36500 \
        -extfile <(echo "subjectAltName = DNS:mx.example.org") -out "$work/$name.pem" 2>/dev/null
done
number=30
# presents NAME [OPTION...]: one more server, with the key $key where it is not called as the certificate.
presents() {
    number=$((number + 1))
    ip -n "$server_ns" addr add 192.0.2.$number/24 dev eth0
    openssl_echo 192.0.2.$number:993 "$@" -cipher ALL:@SECLEVEL=0
}
presents server
presents own
for name in expired early; do key=server presents $name; done
presents short
for name in sha1 md5; do key=server presents $name; done
presents small -groups P-192:P-256
for name in wildcard other unnamed; do key=server presents $name; done
key=server presents leaf -cert_chain "$work/between.pem"
key=server presents leaf
presents edwards
presents dsa
capture_start pcap
for number in $(seq 31 $number); do
    echoed 192.0.2.$number:993 -servername mx.example.org -tls1_2 -cipher ALL:@SECLEVEL=0 -groups P-256:P-192 \
        -sigalgs RSA-PSS+SHA256:RSA+SHA256:RSA+SHA1:ECDSA+SHA256:ed25519:DSA+SHA256
done
capture_stop
