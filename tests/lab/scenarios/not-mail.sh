# HTTP, SSH, FTP, DNS and Redis, also on port 25, with logins: nothing of it is mail.
about="HTTP, SSH, FTP, DNS over UDP and TCP, Redis; HTTP on port 25 and SSH on 587"
echo "a page" >"$work/index.html"
mkdir -p "$work/ftp" /run/sshd
ftp_password="Nectar-Wharf-Ftp-3377"
ssh-keygen -q -t ed25519 -N "" -f "$work/host_key"
cat >"$work/vsftpd.conf" <<CF
listen=YES
background=NO
anonymous_enable=YES
anon_root=$work/ftp
ftpd_banner=SMTP is not spoken here
secure_chroot_dir=$work/ftp
seccomp_sandbox=NO
CF
serve python3 -m http.server --directory "$work" 80
serve python3 -m http.server --directory "$work" 25
serve /usr/sbin/sshd -D -f /dev/null -h "$work/host_key" -o Port=22 -o Port=587 -o PidFile=none
serve dnsmasq -k -p 53 --no-resolv --no-hosts --address=/example.org/192.0.2.25 --pid-file= --user=root
serve redis-server --port 6379 --bind 192.0.2.25 --protected-mode no --save "" --requirepass Quince-Redis-9921
serve vsftpd "$work/vsftpd.conf"
for port in 80 25 22 587 53 6379 21; do wait_for_port 192.0.2.25 $port; done
capture_start "$out/not-mail.pcap"
in_client curl -s http://192.0.2.25/ >/dev/null
in_client curl -s -u web:Damson-Web-1408 http://192.0.2.25:25/ >/dev/null || true
in_client curl -s -u "anonymous:$ftp_password" ftp://192.0.2.25/ >/dev/null || true
for port in 22 587; do
    in_client ssh -p $port -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null nobody@192.0.2.25 2>/dev/null || true
done
in_client dig +short @192.0.2.25 mx.example.org >/dev/null
in_client dig +short +tcp @192.0.2.25 mx.example.org >/dev/null
printf 'AUTH Quince-Redis-9921\nSET mail text\nQUIT\n' | in_client redis-cli -h 192.0.2.25 >/dev/null
capture_stop
