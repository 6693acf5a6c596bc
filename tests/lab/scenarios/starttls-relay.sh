# Servers bring mail to each other and take whatever TLS there is, as most do. Postfix and Exim as clients at 198.51.100.7; Postfix as
# the server on .25 (a certificate that nobody trusts), .26 (none: anonymous), .27 (a broken one: 454), .28 (TLS 1.3 only, for a client
# that has none); OpenSMTPD on .29 and Exim on .30. Debian's OpenSMTPD cannot sign with its certificate: TLS 1.3 fails there, an
# anonymous suite works. Postfix goes on in clear at once after 454, and at the second failure of a handshake; Exim at the first.
# An analyst should see: a refused upgrade to .27 and failed ones to .28, .29 and (of the Exim that insists on a good certificate) .25,
# each followed by the mail in clear. The others are as good as relays are.
about="relays with opportunistic STARTTLS, one mail each: Postfix to Postfix with a self-signed certificate, in full and resumed, and without one (anonymous); refused with 454, then in clear; failed for want of a shared version, then in clear; Postfix to OpenSMTPD, failed, then in clear, and anonymous; Postfix to Exim; Exim to Postfix; Exim to Exim twice with PIPECONNECT; Exim that does not trust the certificate and comes back in clear"
made_with="postfix exim opensmtpd openssl"
for number in 27 28 29 30; do ip -n "$server_ns" addr add 192.0.2.$number/24 dev eth0; done
make_certificate
make_authority
start_users
echo "not a certificate" >"$work/broken.pem"
postfix_start relay <<CF
mydestination = example.com
inet_interfaces = 192.0.2.25, 192.0.2.26, 192.0.2.27, 192.0.2.28
smtpd_tls_cert_file = $work/cert.pem
smtpd_tls_key_file = $work/key.pem
smtpd_tls_security_level = may
--
192.0.2.25:25 inet n - n - - smtpd
192.0.2.26:25 inet n - n - - smtpd -o smtpd_tls_cert_file=none -o smtpd_tls_key_file=none
192.0.2.27:25 inet n - n - - smtpd -o smtpd_tls_cert_file=$work/broken.pem
192.0.2.28:25 inet n - n - - smtpd -o smtpd_tls_protocols=>=TLSv1.3
CF
printf '%s@example.com nobody\n' to-29 again-29 >"$work/recipients"
chmod 644 "$work/recipients"
start_opensmtpd <<CF
smtp ciphers "AECDH-AES256-SHA:@SECLEVEL=0"
pki lab cert "$work/cert.pem"
pki lab key "$work/key.pem"
table recipients file:$work/recipients
listen on 192.0.2.29 port 25 tls pki lab hostname mx.example.org
action sink mda "cat >/dev/null" virtual <recipients>
match from any for domain example.com action sink
CF
exim_config server mx.example.org <<CF
local_interfaces = 192.0.2.30
tls_certificate = $work/exim-cert.pem
tls_privatekey = $work/exim-key.pem
acl_smtp_rcpt = all
acl_smtp_data = all
begin acl
all:
  accept
begin routers
sink:
  driver = redirect
  data = :blackhole:
CF
sed -i 's/^tls_advertise_hosts =$/& */' "$work/server.conf"
for file in cert key; do install -o 64001 -g 64001 -m 400 "$work/$file.pem" "$work/exim-$file.pem"; done
start_exim 25
for number in 25 26 27 28 29 30; do wait_for "192.0.2.$number" bound 192.0.2.$number:25; done
{
    printf '%s\n' "myhostname = out.example.net" "mydestination =" "inet_interfaces = 127.0.0.1" "inet_protocols = ipv4" \
        "smtpd_recipient_restrictions = permit_mynetworks, reject" "smtp_bind_address = 198.51.100.7" \
        "smtp_tls_security_level = may" 'smtp_tls_session_cache_database = btree:$data_directory/sessions'
    printf "%s\n" "minimal_backoff_time = 1s" "queue_run_delay = 1s"
    echo "transport_maps = inline:{"
    for number in 25 26 27 29 30; do echo "    to-$number@example.com=smtp:[192.0.2.$number],"; done
    cat <<CF
    to-28@example.com=old:[192.0.2.28], again-29@example.com=old:[192.0.2.29],
    }
--
2526     inet  n - n - - smtpd
old      unix  - - n - - smtp -o smtp_tls_protocols=<=TLSv1.2
CF
} | postfix_start outbound "$client_ns"
wait_for "the outbound Postfix" client_listens 2526
exim_sender sender </dev/null
exim_sender strict <<CF
  hosts_try_chunking =
  tls_verify_hosts = *
  tls_verify_certificates = $work/authority.pem
CF
exim_sender early <<CF
  hosts_pipe_connect = *
CF
sed -i 's/route_list = .*/route_list = * 192.0.2.30/' "$work/early.conf"
send() { printf 'Subject: news\n\ntext\n' | with_exim "$1" -odi -oi -f news@example.net bob@example.com; }
done=0
capture_start pcap
for number in 25 25 26 27 28 29 30; do
    hand_over to-$number@example.com
    outbound_done $((done += 1))
done
hand_over again-29@example.com
outbound_done $((done += 1))
send sender
send early
send early
send strict
capture_stop
