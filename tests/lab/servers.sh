# Private Postfix instances, each with its own queue and configuration; Exim, OpenSMTPD, Leafnode. Sourced by record.

# postfix_start NAME [NAMESPACE]: standard input has main.cf lines, a line "--", then the inet services of master.cf.
postfix_start() {
    local name=$1 ns=${2:-$server_ns} dir=$work/postfix-$1
    mkdir -p "$dir/etc" "$dir/queue" "$dir/data" "$dir/log"
    chown postfix "$dir/data"
    cat >"$dir/wanted"
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
smtpd_sasl_path = $work/users/auth
smtpd_recipient_restrictions = check_recipient_access inline:{{nobody@example.org = 550 5.1.1 no such user}}, permit_sasl_authenticated, reject_unauth_destination
smtp_dns_support_level = disabled
smtp_host_lookup = native
CF
    # Postfix warns of a parameter said twice: the later line takes the place of the earlier.
    sed '/^--$/,$d' "$dir/wanted" | cat "$dir/etc/main.cf" - | tac | awk -F' *=' '!said[$1]++' | tac >"$dir/etc/main.cf.new"
    mv "$dir/etc/main.cf.new" "$dir/etc/main.cf"
    sed '1,/^--$/d' "$dir/wanted" >"$dir/etc/master.cf"
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
lmtp      unix  - - n - - lmtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
CF
    ip netns exec "$ns" postfix -c "$dir/etc" start >"$dir/log/start" 2>&1 ||
        { cat "$dir/log/start" >&2; fail "Postfix $name does not start"; }
}

# A certificate that nobody trusts, for the servers that do TLS.
make_certificate() {
    [ -f "$work/key.pem" ] || openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=mx.example.org \
        -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
}

# start_submission [PORT [MAIN.CF LINE...]]: AUTH offered without TLS.
start_submission() {
    local port=${1:-587}
    [ $# = 0 ] || shift
    printf '%s\n' "smtpd_sasl_auth_enable = yes" "$@" -- "$port inet n - n - - smtpd" | postfix_start submission
    wait_for_port 192.0.2.25 "$port"
}

# start_relay [MAIN.CF LINE...]: STARTTLS offered on 25, implicit TLS with AUTH on 465.
start_relay() {
    make_certificate
    {
        printf '%s\n' "smtpd_tls_cert_file = $work/cert.pem" "smtpd_tls_key_file = $work/key.pem" \
            "smtpd_tls_security_level = may" "$@"
        cat <<CF
--
25       inet  n - n - - smtpd
465      inet  n - n - - smtpd -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes
CF
    } | postfix_start relay
    wait_for_port 192.0.2.25 25
    wait_for_port 192.0.2.25 465
}

# start_outbound [MAIN.CF LINE...]: a Postfix on the client's side, 198.51.100.7, that relays whatever it gets on
# 127.0.0.1:2526 to 192.0.2.25, two mails over one connection where it can.
start_outbound() {
    {
        printf '%s\n' "myhostname = out.example.net" "mydestination =" "inet_interfaces = 127.0.0.1" \
            "inet_protocols = ipv4" "default_transport = smtp" "relayhost = [192.0.2.25]" \
            "smtpd_recipient_restrictions = permit_mynetworks, reject" "smtp_bind_address = 198.51.100.7" \
            "smtp_connection_cache_destinations = [192.0.2.25]" "default_destination_concurrency_limit = 1" "$@"
        cat <<CF
--
2526     inet  n - n - - smtpd
CF
    } | postfix_start outbound "$client_ns"
    wait_for "the outbound Postfix" client_listens 2526
}
client_listens() { [ -n "$(in_client ss -Hltn "sport = :$1")" ]; }

# hand_over RECIPIENT...: gives the outbound Postfix a mail; outbound_done COUNT waits until so many are off its hands.
hand_over() {
    local to
    to=$(IFS=,; echo "$*")
    mail 127.0.0.1 127.0.0.1:2526 --ehlo app.example.net --from news@example.net --to "$to"
}
outbound_done() { wait_for "$1 relayed mails" outbound_removed "$1"; }
outbound_removed() { [ "$(grep -c 'qmgr.*: removed' "$work/postfix-outbound/log/mail")" -ge "$1" ]; }

# unpack PACKAGE: Debian's mail servers exclude each other as packages, so all but Postfix are only unpacked, into
# $unpacked/PACKAGE/root, once; what is there stays for the next recording.
unpacked=/var/cache/mailtap-lab
unpack() {
    local dir=$unpacked/$1
    [ ! -d "$dir/root" ] || return 0
    rm -rf "$dir"
    mkdir -p "$dir"
    (cd "$dir" && apt-get -o APT::Sandbox::User=root download -qq "$1" && dpkg -x "$1"_*.deb new && mv new root) \
        >/dev/null || fail "cannot get the package $1"
}

# unpack_node PACKAGE VERSION: from npm, into $unpacked/PACKAGE/node_modules, once. No script of it is run.
unpack_node() {
    local dir=$unpacked/$1
    [ ! -d "$dir/node_modules" ] || return 0
    command -v npm >/dev/null || fail "this scenario needs npm"
    rm -rf "$dir"
    mkdir -p "$dir/new"
    (cd "$dir/new" && timeout 300 npm install --ignore-scripts --no-audit --no-fund --prefix . "$1@$2" &&
        mv node_modules ../ && cd .. && rm -rf new) >/dev/null 2>&1 || fail "cannot get $1 $2 from npm"
}

# with_users "NAME..." COMMAND...: runs it with these users in the system's files. Namespaces made by "ip netns exec" have
# their own mounts, so the files themselves stay as they are. Exported: it runs inside.
with_users() {
    local name number=64000
    for name in $1; do
        number=$((number + 1))
        echo "$name:x:$number:$number::/nonexistent:/usr/sbin/nologin" >>"$work/passwd.$BASHPID"
        echo "$name:x:$number:" >>"$work/group.$BASHPID"
    done
    cat /etc/passwd >>"$work/passwd.$BASHPID"
    cat /etc/group >>"$work/group.$BASHPID"
    mount --bind "$work/passwd.$BASHPID" /etc/passwd
    mount --bind "$work/group.$BASHPID" /etc/group
    shift
    exec "$@"
}
export -f with_users

# start_opensmtpd: standard input has the lines of smtpd.conf.
start_opensmtpd() {
    unpack opensmtpd
    cat >"$work/smtpd.conf"
    export work
    serve bash -c "set -e; $(declare -f opensmtpd_inside); opensmtpd_inside '$unpacked/opensmtpd/root' '$work/smtpd.conf'"
}
# Its paths are built in; each is given to it empty.
opensmtpd_inside() {
    mount -t tmpfs none /var/spool
    mount -t tmpfs none /var/lib
    mount -t tmpfs none /run
    mount -t tmpfs none /usr/libexec
    mkdir -p /var/spool/smtpd /var/lib/opensmtpd/empty /usr/libexec/opensmtpd
    chmod 711 /var/spool/smtpd
    mount --bind "$1/usr/libexec/opensmtpd" /usr/libexec/opensmtpd
    mount --bind "$1/usr/sbin" /usr/sbin
    with_users "opensmtpd opensmtpq" /usr/sbin/smtpd -d -f "$2"
}

# exim_config NAME HOSTNAME: standard input has what only this Exim has.
exim_config() {
    unpack exim4-daemon-heavy
    export work exim=$unpacked/exim4-daemon-heavy/root/usr/sbin/exim4
    mkdir -p "$work/$1"
    chown 64001:64001 "$work/$1"
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
    chmod 644 "$work/$1.conf"
}

# start_exim PORT: the Exim of exim_config server. with_exim NAME ARGUMENT... runs one on the client's side.
start_exim() {
    serve bash -c 'with_users Debian-exim "$exim" -C "$work/server.conf" -bdf -oX '"$1"
    wait_for_port 192.0.2.25 "$1"
}
with_exim() {
    in_client bash -c 'name=$1; shift; with_users Debian-exim "$exim" -C "$work/$name.conf" "$@"' exim "$@" \
        >>"$work/exim.log" 2>&1
}

# exim_sender NAME: the Exim NAME brings all mail to 192.0.2.25 from the relay's address, and drops bounces. Standard input goes on
# with its transport, and with sections behind that.
exim_sender() {
    exim_config "$1" out.example.net < <(
        cat <<'CF'
local_interfaces = 127.0.0.1
begin routers
bounces:
  driver = redirect
  senders = :
  data = :blackhole:
out:
  driver = manualroute
  route_list = * 192.0.2.25
  transport = out
begin transports
out:
  driver = smtp
  interface = 198.51.100.7
  hosts_try_dane =
  allow_localhost
CF
        cat
    )
}

# start_exim_with_logins PORT: the people can log in with PLAIN, LOGIN, CRAM-MD5 and NTLM, and bob from his own machine,
# 192.0.2.11, with EXTERNAL.
start_exim_with_logins() {
    sed -n 's/:{PLAIN}/: /; p; s/@example.org//; p' "$work/passwords" >"$work/exim-passwords"
    chmod 644 "$work/exim-passwords"
    exim_config server mx.example.org <<CF
local_interfaces = 192.0.2.25
acl_smtp_rcpt = to
acl_smtp_data = all
begin acl
to:
  deny message = no such user
       local_parts = nobody
  accept authenticated = *
  deny message = relay not permitted
all:
  accept
begin routers
sink:
  driver = redirect
  data = :blackhole:
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if eq{\$auth3}{\${lookup{\$auth2}lsearch{$work/exim-passwords}{\$value}{no}}}}
  server_set_id = \$auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = \${if eq{\$auth2}{\${lookup{\$auth1}lsearch{$work/exim-passwords}{\$value}{no}}}}
  server_set_id = \$auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = \${lookup{\$auth1}lsearch{$work/exim-passwords}{\$value}fail}
  server_set_id = \$auth1
ntlm:
  driver = spa
  public_name = NTLM
  server_password = \${lookup{\$auth1}lsearch{$work/exim-passwords}{\$value}fail}
  server_set_id = \$auth1
external:
  driver = external
  public_name = EXTERNAL
  server_advertise_condition = \${if eq{\$sender_host_address}{192.0.2.11}}
  server_condition = \${if eq{\$auth1}{bob@example.org}}
  server_set_id = \$auth1
CF
    start_exim "$1"
}

# start_leafnode ADDRESS PORT: a news server with one group, and an article that it makes up. Its paths are built in, so it gets
# an /etc and a /var/spool of its own. It refuses names that are reserved for documentation.
start_leafnode() {
    unpack leafnode
    if [ ! -d "$work/etc" ]; then
        cp -a /etc "$work/etc"
        mkdir -p "$work/etc/news/leafnode"
        printf '%s\n' "hostname = news.home.arpa" "server = upstream.example.org" "expire = 20" "allowSTRANGERS = 42" \
            >"$work/etc/news/leafnode/config"
        cp -a "$unpacked/leafnode/root/var/spool" "$work/spool"
        printf 'example.test 1 1 1700000000 A test\n' >"$work/spool/news/leaf.node/groupinfo"
        chown -R news:news "$work/spool/news" "$work/etc/news"
    fi
    export work unpacked
    serve bash -c 'mount --bind "$work/etc" /etc && mount --bind "$work/spool" /var/spool &&
        exec setpriv --reuid news --regid news --clear-groups --inh-caps +net_bind_service --ambient-caps +net_bind_service \
        socat TCP-LISTEN:$2,bind=$1,fork,reuseaddr EXEC:"$unpacked/leafnode/root/usr/sbin/leafnode",nofork' leafnode "$@"
    wait_for_port "$1" "$2"
}
