# A little company. An analyst should see: alice, bob and carol log in in clear on 587 (carol first with a wrong password, which
# leaks too); one mail goes to the relay by STARTTLS, one in clear although STARTTLS was offered, one comes from another
# Postfix; one client uses port 465. HTTP, DNS and SSH beside are not mail.
about="a submission server without TLS used by three people, a relay with STARTTLS used and unused, implicit TLS on 465, mail from another relay, HTTP, DNS and SSH beside"
made_with="postfix dovecot-core swaks curl smtplib openssh-server dnsmasq"
mechanisms="plain login cram-md5"
people alice bob carol
start_users
start_submission
start_relay
start_outbound "smtp_tls_security_level = none"
echo "a page" >"$work/index.html"
mkdir -p /run/sshd
ssh-keygen -q -t ed25519 -N "" -f "$work/host_key"
serve /usr/bin/python3 -m http.server --directory "$work" 80
serve dnsmasq -k -p 53 --no-resolv --no-hosts --address=/example.org/192.0.2.25 --pid-file= --user=root
serve /usr/sbin/sshd -D -f /dev/null -h "$work/host_key" -o Port=22 -o PidFile=none
for port in 80 53 22; do wait_for_port 192.0.2.25 $port; done
printf 'Subject: minutes\r\n\r\ntext\r\n' >"$work/mail.txt"
capture_start pcap
in_client dig +short @192.0.2.25 mx.example.org >/dev/null
mail 192.0.2.10 192.0.2.25:587 --auth PLAIN $alice
in_client curl -s http://192.0.2.25/ >/dev/null
mail 192.0.2.11 192.0.2.25:587 --auth LOGIN $bob --from bob@example.org --to carol@example.org,alice@example.org
mail 192.0.2.12 192.0.2.25:587 --auth LOGIN $(carol_mistakes Plum)
mail 192.0.2.12 192.0.2.25:587 --auth PLAIN $carol --from carol@example.org --to nobody@example.org,bob@example.org
curl_mail --interface 192.0.2.11 smtp://192.0.2.25:587/pc-11.example.net --login-options AUTH=CRAM-MD5 -u "bob@example.org:$bob_password"
mail 192.0.2.10 192.0.2.25:25 --tls
mail 192.0.2.11 192.0.2.25:25 --from news@example.net
hand_over bob@example.org carol@example.org
hand_over carol@example.org
outbound_done 2
mail 192.0.2.10 192.0.2.25:465 --tlsc --auth PLAIN $alice
in_client ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null nobody@192.0.2.25 2>/dev/null || true
capture_stop
