# Private Postfix instances, each with its own queue, configuration and users. Sourced by record.

postfix_dirs=""

# postfix_start NAME: main.cf lines on standard input, then a line "--", then the inet services of master.cf.
postfix_start() {
    local name=$1 dir=$work/postfix-$1
    mkdir -p "$dir/etc" "$dir/queue" "$dir/data" "$dir/log" "$dir/sasl"
    chown postfix "$dir/data"
    cat >"$dir/etc/main.cf" <<CF
compatibility_level = 3.6
queue_directory = $dir/queue
data_directory = $dir/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file_prefixes = $dir/log
maillog_file = $dir/log/mail
myhostname = mx.example.org
mydestination = example.org
local_recipient_maps =
local_transport = discard:
default_transport = discard:
inet_interfaces = all
inet_protocols = all
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
smtpd_client_restrictions =
smtpd_sasl_type = dovecot
smtpd_sasl_path = $dir/auth
smtpd_recipient_restrictions = check_recipient_access inline:{{nobody@example.org = 550 5.1.1 no such user}}, permit_sasl_authenticated, reject_unauth_destination
smtp_dns_support_level = disabled
smtp_host_lookup = native
CF
    sed '/^--$/,$d' "$work/wanted-$name" >>"$dir/etc/main.cf"
    sed '1,/^--$/d' "$work/wanted-$name" >"$dir/etc/master.cf"
    cat >>"$dir/etc/master.cf" <<CF
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
CF
    start_users "$dir"
    in_server postfix -c "$dir/etc" start >"$dir/log/start" 2>&1 || { cat "$dir/log/start" >&2; fail "Postfix $name does not start"; }
    postfix_dirs="$postfix_dirs $dir"
}

# start_users FOLDER: Dovecot as the keeper of passwords, listening on FOLDER/auth. $mechanisms says what it offers.
start_users() {
    local dir=$1
    cat >"$dir/sasl/users" <<USERS
alice@example.org:{PLAIN}Kiwi-Harbour-Alice-7141
bob@example.org:{PLAIN}Mango-Station-Bob-2290
carol@example.org:{PLAIN}Peach-Lantern-Carol-5513
USERS
    cat >"$dir/sasl/dovecot.conf" <<CF
base_dir = $dir/sasl/run
protocols =
ssl = no
log_path = $dir/log/dovecot
auth_mechanisms = ${mechanisms:-plain login}
disable_plaintext_auth = no
passdb {
  driver = passwd-file
  args = $dir/sasl/users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}
service auth {
  unix_listener $dir/auth {
    mode = 0666
  }
}
CF
    serve dovecot -F -c "$dir/sasl/dovecot.conf"
    wait_for "Dovecot" test -S "$dir/auth"
}

postfix_stop_all() {
    local dir
    for dir in $postfix_dirs; do in_server postfix -c "$dir/etc" stop >/dev/null 2>&1 || true; done
    postfix_dirs=""
}

# A certificate that nobody trusts, for the servers that do TLS.
make_certificate() {
    [ -f "$work/key.pem" ] || openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=mx.example.org \
        -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
}

# submission SERVER: AUTH offered without TLS on 587.
start_submission() {
    cat >"$work/wanted-submission" <<CF
smtpd_sasl_auth_enable = yes
--
${1:-587}      inet  n - n - - smtpd
CF
    postfix_start submission
    wait_for_port 192.0.2.25 "${1:-587}"
}

# relay: STARTTLS offered on 25, implicit TLS on 465.
start_relay() {
    make_certificate
    cat >"$work/wanted-relay" <<CF
smtpd_tls_cert_file = ${1:-$work/cert.pem}
smtpd_tls_key_file = $work/key.pem
smtpd_tls_security_level = may
smtpd_sasl_auth_enable = ${2:-no}
smtpd_tls_auth_only = ${3:-no}
--
25       inet  n - n - - smtpd
465      inet  n - n - - smtpd -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes
CF
    postfix_start relay
    wait_for_port 192.0.2.25 25
    wait_for_port 192.0.2.25 465
}

# mail CLIENT-ADDRESS SERVER:PORT [SWAKS OPTION...]
mail() {
    local from=$1 server=$2
    shift 2
    in_client swaks --local-interface "$from" --server "$server" --ehlo "pc-${from##*.}.example.net" --timeout 20 \
        --from alice@example.org --to bob@example.org --header "Subject: hello" --body "A short text." \
        --header "Date: Tue, 24 Nov 2026 10:00:00 +0000" "$@" >>"$work/swaks.log" 2>&1 || true
}

alice="--auth-user alice@example.org --auth-password Kiwi-Harbour-Alice-7141"
bob="--auth-user bob@example.org --auth-password Mango-Station-Bob-2290"
carol="--auth-user carol@example.org --auth-password Peach-Lantern-Carol-5513"
carol_wrong="--auth-user carol@example.org --auth-password Plum-Mistake-Carol-8806"
