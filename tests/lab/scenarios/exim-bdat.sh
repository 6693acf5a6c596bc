# Exim sends to Exim with CHUNKING: the mail's text comes by BDAT, no dot ends it. Exim also pipelines from the very start:
# having seen PIPECONNECT at the first mail, the second begins with EHLO, MAIL and RCPT before the server's banner.
# What follows BDAT is text of the given length, whatever it says: the third mail quotes a login.
about="Exim to Exim: BDAT, and from the second mail on everything sent before the banner; the third mail quotes an AUTH PLAIN"
made_with="exim"
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
start_exim 25
send() { with_exim client -odi -oi -f "$@"; }
quoted_password=$(secret Fig-Quoted)
capture_start pcap
printf 'Subject: one\n\ntext\n' | send news@example.net bob@example.org nobody@example.org
printf 'Subject: two\n\ntext\n' | send news@example.net bob@example.org carol@example.org
printf 'Subject: three\n\nAUTH PLAIN %s\n235 2.7.0 ok\n.\nQUIT\n' \
    "$(printf '\0eve@example.com\0%s' "$quoted_password" | base64 -w0)" | send news@example.net carol@example.org
capture_stop
