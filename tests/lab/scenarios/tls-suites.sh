# Dovecot told to do whatever this OpenSSL can, on 993; each client asks for one thing only. OpenSSL 3 as Debian builds it has no
# SSL 2 and 3, no export suites, no DES, 3DES and RC4, and takes no prime under 1024 bits, not even when told that anything goes:
# gnutls-serv does RC4 and 3DES on 465 and a prime of 512 bits on 995. There the last client, of OpenSSL, refuses the prime.
# An analyst should see: no encryption (NULL), nobody's certificate (anonymous), no forward secrecy (RSA), short primes and a small
# curve, a signature with SHA-1, RC4 and 3DES; and in between suites which are merely uncommon.
about="TLS 1.2 on 993 with NULL, anonymous, static RSA, DHE of 1024 and 2048 bits, P-192, ECDSA, a SHA-1 signature, Camellia, ARIA and CCM, without ETM, and NULL with 1.0; RC4, 3DES and DHE of 512 bits by GnuTLS on 465 and 995, the last once refused; a client without EMS, one without renegotiation_info. Neither OpenSSL 3 nor GnuTLS 3.7 has SSL 2 or 3, DES or export suites"
made_with="dovecot-imapd openssl gnutls-bin"
make_certificate
make_authority
for bits in 512 1024; do openssl dhparam -out "$work/dh$bits.pem" $bits 2>/dev/null; done
openssl genpkey -genparam -algorithm DH -pkeyopt group:modp_2048 -out "$work/dh2048.pem" 2>/dev/null
{
    dovecot_tls yes
    anything_goes
    cat <<CF
ssl_curve_list = P-192:X25519:P-256
ssl_alt_cert = <$work/elliptic.pem
ssl_alt_key = <$work/elliptic-key.pem
ssl_dh = <$work/dh2048.pem
local 192.0.2.26 {
  ssl_dh = <$work/dh1024.pem
}
CF
} | dovecot_start mailboxes imap "192.0.2.25, 192.0.2.26"
wait_for_port 192.0.2.25 993
gnutls_echo 465 NORMAL:+ARCFOUR-128:+3DES-CBC
gnutls_echo 995 NORMAL:+DHE-RSA:%PROFILE_VERY_WEAK --dhparams "$work/dh512.pem"
# says CIPHERS [OPTION...]: in TLS 1.2 with these suites only.
says() {
    local ciphers=$1
    shift
    openssl_says 993 -tls1_2 -cipher "$ciphers:@SECLEVEL=0" "$@"
}
capture_start pcap
for suite in NULL-SHA256 ECDHE-RSA-NULL-SHA AECDH-AES256-SHA ADH-AES128-GCM-SHA256 AECDH-NULL-SHA AES128-SHA AES256-GCM-SHA384 \
    DHE-RSA-AES256-GCM-SHA384; do
    says $suite
done
host=192.0.2.26 says DHE-RSA-AES128-SHA
says ECDHE-RSA-AES128-GCM-SHA256 -groups P-192
says ECDHE-ECDSA-AES128-GCM-SHA256
says ECDHE-ECDSA-AES128-CCM8
says ECDHE-RSA-AES128-SHA -sigalgs RSA+SHA1
says ECDHE-RSA-AES128-SHA -no_etm
says ECDHE-RSA-CAMELLIA256-SHA384
says ECDHE-ARIA128-GCM-SHA256
openssl_says 993 -tls1 -cipher NULL-MD5:@SECLEVEL=0
gnutls_says 465 NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+ARCFOUR-128
gnutls_says 465 NORMAL:-VERS-ALL:+VERS-TLS1.0:-CIPHER-ALL:+3DES-CBC
gnutls_says 995 NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+DHE-RSA:-GROUP-DH-ALL:%PROFILE_VERY_WEAK --dh-bits 512
gnutls_says 993 NORMAL:-VERS-ALL:+VERS-TLS1.2:%NO_SESSION_HASH
gnutls_says 465 NORMAL:-VERS-ALL:+VERS-TLS1.2:%DISABLE_SAFE_RENEGOTIATION
openssl_says 995 -tls1_2 -cipher DHE-RSA-AES128-SHA:@SECLEVEL=0
capture_stop
