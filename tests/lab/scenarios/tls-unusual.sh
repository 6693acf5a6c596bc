# What is rare but allowed: handshake messages in many records, a second handshake within the session, new keys, early data, other
# suites and groups of TLS 1.3, keys shared beforehand; and what a server turns down: ALPN of the web, a client that comes back with
# less (FALLBACK_SCSV).
# An analyst should see: three clients that speak of the web to a mail server, and two that a server took for downgraded.
about="implicit TLS by OpenSSL: records of 512 bytes in 1.2 and 1.3, renegotiation (1.2), key update (1.3), 1.3 with ChaCha20, AES-128, CCM-8, X448, P-521 and ffdhe2048, PSK in 1.2; early data by GnuTLS; ALPN h2 turned down with alert 120 in 1.2 and 1.3, ALPN h2 passed over, FALLBACK_SCSV turned down with alert 86"
made_with="openssl gnutls-bin"
make_authority
# says PORT [OPTION...]: a line there and back.
says() {
    local port=$1
    shift
    echoed 192.0.2.25:$port "$@"
}
# commanded COMMAND PORT [OPTION...]: the same, with one of the letters that OpenSSL's client takes for a command in between.
commanded() {
    local command=$1 port=$2 answers=$work/answers-$1
    shift 2
    : >"$answers"
    {
        echo hello
        wait_for "an answer" grep -q olleh "$answers"
        echo "$command"
        sleep 0.2 # a line that comes at once would be part of the command
        echo again
        wait_for "an answer" grep -q niaga "$answers"
        echo CLOSE
        wait_for "the end" grep -q closed "$answers"
    } | in_client timeout 15 openssl s_client -connect "192.0.2.25:$port" "$@" >"$answers" 2>&1 || true
}
openssl_echo 192.0.2.25:993 server -alpn imap
openssl_echo 192.0.2.25:995 server -max_send_frag 512 -client_renegotiation
openssl_echo 192.0.2.25:465 server -psk 0123456789abcdef -cipher DEFAULT:PSK:@SECLEVEL=0 \
    -ciphersuites TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_8_SHA256 \
    -groups X25519:X448:P-521:ffdhe2048
gnutls_echo 4190 NORMAL --earlydata
capture_start pcap
says 995 -tls1_2 -max_send_frag 512
says 995 -tls1_3 -max_send_frag 512
commanded R 995 -tls1_2
commanded K 995 -tls1_3
for suite in TLS_CHACHA20_POLY1305_SHA256 TLS_AES_128_GCM_SHA256 TLS_AES_128_CCM_8_SHA256; do
    says 465 -tls1_3 -ciphersuites $suite
done
for group in X448 P-521 ffdhe2048; do says 465 -tls1_3 -groups $group; done
says 465 -tls1_2 -psk 0123456789abcdef -cipher PSK-AES128-GCM-SHA256
says 993 -tls1_2 -alpn h2,http/1.1 -servername www.example.com
says 993 -tls1_3 -alpn h2,http/1.1 -servername www.example.com
says 465 -alpn h2,http/1.1 -servername www.example.com
says 465 -tls1_2 -fallback_scsv
says 465 -tls1_1 -fallback_scsv -cipher DEFAULT:@SECLEVEL=0
printf 'early\n' >"$work/early"
printf 'hello\n' | in_client timeout 15 gnutls-cli --insecure --disable-sni --earlydata "$work/early" --resume --waitresumption \
    --port 4190 192.0.2.25 >>"$work/gnutls.log" 2>&1 || true
capture_stop
