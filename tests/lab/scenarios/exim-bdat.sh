# Exim sends to Exim with CHUNKING: the mail's text comes by BDAT, no dot ends it. Exim also pipelines from the very start:
# having seen PIPECONNECT at the first mail, the second begins with EHLO, MAIL and RCPT before the server's banner.
# What follows BDAT is text of the given length, whatever it says: the third mail quotes a login.
about="Exim to Exim: BDAT, and from the second mail on everything sent before the banner; the third mail quotes an AUTH PLAIN"
made_with="exim"
# Exim and Postfix exclude each other as packages, so this one is only unpacked.
(cd "$work" && apt-get -o APT::Sandbox::User=root download -qq exim4-daemon-light && dpkg -x exim4-daemon-light*.deb exim) >/dev/null
# It wants its own user; namespaces made by "ip netns exec" have their own mounts, so the system's file stays as it is.
{ cat /etc/passwd; echo "Debian-exim:x:$(id -u nobody):$(id -g nobody)::/nonexistent:/usr/sbin/nologin"; } >"$work/passwd"
{ cat /etc/group; echo "Debian-exim:x:$(id -g nobody):"; } >"$work/group"
exim=$work/exim/usr/sbin/exim4

# exim_config SIDE HOSTNAME: standard input has what only this side has.
exim_config() {
    mkdir -p "$work/$1"
    chown nobody:nogroup "$work/$1"
    {
        cat <<CF
exim_path = $exim
spool_directory = $work/$1
log_file_path = $work/$1/%slog
pid_file_path = $work/$1/pid
primary_hostname = $2
tls_advertise_hosts =
host_lookup =
rfc1413_query_timeout = 0s
never_users =
keep_environment =
CF
        cat
    } >"$work/$1.conf"
}
exim_config server mx.example.org <<'CF'
local_interfaces = 192.0.2.25
acl_smtp_rcpt = to
acl_smtp_data = all
begin acl
to:
  deny message = no such user
       local_parts = nobody
  accept
all:
  accept
begin routers
sink:
  driver = redirect
  data = :blackhole:
CF
exim_config client out.example.net <<'CF'
local_interfaces = 127.0.0.1
begin routers
out:
  driver = manualroute
  route_list = * 192.0.2.25
  transport = out
begin transports
out:
  driver = smtp
  interface = 198.51.100.7
  hosts_try_dane =
  hosts_pipe_connect = *
  allow_localhost
CF
chmod 644 "$work"/*.conf
with_exim() { mount --bind "$work/passwd" /etc/passwd && mount --bind "$work/group" /etc/group && exec "$exim" "$@"; }
export -f with_exim
export work exim
serve bash -c 'with_exim -C "$work/server.conf" -bdf -oX 25'
wait_for_port 192.0.2.25 25
send() { in_client bash -c 'with_exim -C "$work/client.conf" -odi -oi -f "$@"' exim "$@" >>"$work/exim.log" 2>&1; }
quoted_password=$(secret Fig-Quoted)
capture_start pcap
printf 'Subject: one\n\ntext\n' | send news@example.net bob@example.org nobody@example.org
printf 'Subject: two\n\ntext\n' | send news@example.net bob@example.org carol@example.org
printf 'Subject: three\n\nAUTH PLAIN %s\n235 2.7.0 ok\n.\nQUIT\n' \
    "$(printf '\0eve@example.com\0%s' "$quoted_password" | base64 -w0)" | send news@example.net carol@example.org
capture_stop
