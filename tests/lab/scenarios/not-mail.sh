# HTTP, SSH, FTP, IRC, DNS over UDP and TCP, Redis, some with passwords in the clear: nothing of it is mail, so no word of it.
about="HTTP with Basic, SSH, FTP with logins, IRC with a password, DNS over UDP and TCP, Redis AUTH; no mail"
made_with="python openssh-server vsftpd ngircd dnsmasq redis-server curl"
echo "a page" >"$work/index.html"
mkdir -p "$work/ftp" /run/sshd
redis_password=$(secret Quince-Redis)
irc_password=$(secret Lime-Irc)
ssh-keygen -q -t ed25519 -N "" -f "$work/host_key"
cat >"$work/vsftpd.conf" <<CF
listen=YES
background=NO
anonymous_enable=YES
local_enable=NO
anon_root=$work/ftp
ftpd_banner=SMTP is not spoken here
secure_chroot_dir=$work/ftp
vsftpd_log_file=$work/vsftpd.log
seccomp_sandbox=NO
CF
cat >"$work/ngircd.conf" <<CF
[Global]
Name = irc.example.org
Info = a chat
Listen = 192.0.2.25
Ports = 6667
Password = $irc_password
MotdPhrase = "hello"
ServerUID = irc
ServerGID = irc
[Options]
DNS = no
Ident = no
PAM = no
CF
chmod 644 "$work/ngircd.conf"
serve /usr/bin/python3 -m http.server --directory "$work" 80
serve /usr/sbin/sshd -D -f /dev/null -h "$work/host_key" -o Port=22 -o PidFile=none
serve dnsmasq -k -p 53 --no-resolv --no-hosts --address=/example.org/192.0.2.25 --pid-file= --user=root
serve redis-server --port 6379 --bind 192.0.2.25 --protected-mode no --save "" --dir "$work" --requirepass "$redis_password"
serve /usr/sbin/vsftpd "$work/vsftpd.conf"
serve /usr/sbin/ngircd -n -f "$work/ngircd.conf"
for port in 80 22 53 6379 21 6667; do wait_for_port 192.0.2.25 $port; done
capture_start pcap
in_client curl -s http://192.0.2.25/ >/dev/null
in_client curl -s -u "web:$(secret Damson-Web)" http://192.0.2.25/index.html >/dev/null
in_client curl -s -u "anonymous:$(secret Nectar-Wharf-Ftp)" ftp://192.0.2.25/ >/dev/null || true
in_client curl -s -u "alice:$(secret Lychee-Wharf-Ftp)" ftp://192.0.2.25/ >/dev/null || true
in_client ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null nobody@192.0.2.25 2>/dev/null || true
in_client dig +short @192.0.2.25 mx.example.org >/dev/null
in_client dig +short +tcp @192.0.2.25 mx.example.org >/dev/null
printf 'AUTH %s\nSET mail text\nQUIT\n' "$redis_password" | in_client redis-cli -h 192.0.2.25 >/dev/null
in_client_python "$irc_password" <<'PYTHON'
import socket
import sys

with socket.create_connection(("192.0.2.25", 6667)) as irc:
    irc.sendall(f"PASS {sys.argv[1]}\r\nNICK alice\r\nUSER alice 0 * :Alice\r\n".encode())
    seen = b""
    while b" 376 " not in seen and b" 422 " not in seen:
        seen += irc.recv(4096)
    irc.sendall(b"PRIVMSG alice :MAIL FROM:<alice@example.org>\r\nQUIT :bye\r\n")
    while irc.recv(4096):
        pass
PYTHON
capture_stop
