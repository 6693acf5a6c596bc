# TLS from the first byte on 465 (Postfix), 993 and 995 (Dovecot), each time with a client that can do one version only. The last
# can do all and gets 1.3.
# An analyst should see: TLS 1.0 and 1.1 in use, which nobody should use any more; the others are good.
about="implicit TLS on 465, 993 and 995 with TLS 1.0, 1.1, 1.2 and 1.3, one connection each; last a client that offers all"
made_with="postfix dovecot-core dovecot-imapd dovecot-pop3d openssl"
start_users
start_relay "smtpd_tls_protocols = >=TLSv1" "smtpd_tls_ciphers = medium" "tls_medium_cipherlist = ALL:@SECLEVEL=0"
{ dovecot_tls yes; anything_goes; } | dovecot_start mailboxes "imap pop3"
wait_for_port 192.0.2.25 993
wait_for_port 192.0.2.25 995
capture_start pcap
for version in -tls1 -tls1_1 -tls1_2 -tls1_3; do
    for port in 993 995 465; do
        openssl_says $port $version -cipher DEFAULT:@SECLEVEL=0
    done
done
openssl_says 993 -cipher DEFAULT:@SECLEVEL=0
capture_stop
