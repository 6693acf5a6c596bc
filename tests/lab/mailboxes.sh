# Servers with mailboxes besides Dovecot: Cyrus, with which it excludes itself as a package, and GNU Mailutils. Sourced by record.

# start_cyrus PROTOCOL...: of imap, pop3 and sieve, for those in $cyrus_users. Standard input has the lines of imapd.conf that
# only this one has. Each program serves one connection (-U 1): one that waited may not see what another wrote. Passwords are in a database that CRAM-MD5 can read; who logs in by IMAP for the first time gets a mailbox.
start_cyrus() {
    local package protocol dir=$work/cyrus
    for package in cyrus-common cyrus-imapd cyrus-pop3d; do unpack $package; done
    mkdir -p "$dir/var/socket"
    {
        cat <<CF
configdirectory: $dir/var
partition-default: $dir/spool
proc_path: $dir/proc
mboxname_lockpath: $dir/lock
sievedir: $dir/scripts
idlesocket: $dir/var/socket/idle
servername: mx.example.org
virtdomains: userid
defaultdomain: example.org
unixhierarchysep: yes
autocreate_quota: 10000
allowplaintext: yes
failedloginpause: 0
sieve_allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: $dir/sasldb
sasl_mech_list: PLAIN LOGIN CRAM-MD5
CF
        cat
    } >"$dir/imapd.conf"
    {
        # Makes the databases: servers that all make them at once do not see each other's mailboxes.
        printf 'START {\n  recover cmd="%s -C %s -r"\n}\n' "$unpacked/cyrus-common/root/usr/lib/cyrus/bin/ctl_cyrusdb" \
            "$dir/imapd.conf"
        echo "SERVICES {"
        for protocol; do
            echo "$protocol cmd=\"$(cyrus_program $protocol)\" listen=\"192.0.2.25:$(port_of $protocol)\" prefork=0"
        done
        echo "}"
    } >"$dir/cyrus.conf"
    sed -n 's/@.*{PLAIN}/ /p' "$work/passwords" | while read -r name password; do
        printf %s "$password" | saslpasswd2 -p -c -f "$dir/sasldb" -u mx.example.org "$name"
    done
    chmod 644 "$dir/sasldb"
    chown -R 64001:64001 "$dir"
    export work unpacked
    serve bash -c 'export CYRUS_USER=cyrus LD_LIBRARY_PATH=$unpacked/cyrus-common/root/usr/lib/x86_64-linux-gnu
        with_users cyrus "$unpacked/cyrus-common/root/usr/lib/cyrus/bin/master" -D -p "$work/cyrus/pid" \
            -C "$work/cyrus/imapd.conf" -M "$work/cyrus/cyrus.conf"'
    for protocol; do wait_for_port 192.0.2.25 "$(port_of $protocol)"; done
}
port_of() {
    case $1 in
    imap) echo 143 ;;
    pop3) echo 110 ;;
    sieve) echo 4190 ;;
    esac
}
cyrus_program() {
    case $1 in
    imap) echo "$unpacked/cyrus-imapd/root/usr/lib/cyrus/bin/imapd -U 1 -C $work/cyrus/imapd.conf" ;;
    pop3) echo "$unpacked/cyrus-pop3d/root/usr/lib/cyrus/bin/pop3d -U 1 -C $work/cyrus/imapd.conf" ;;
    sieve) echo "$unpacked/cyrus-common/root/usr/lib/cyrus/bin/timsieved -U 1 -C $work/cyrus/imapd.conf" ;;
    esac
}

# cyrus_mailboxes [FILE]: each of the people logs in by IMAP, which makes the mailbox, and puts the mail into it.
cyrus_mailboxes() {
    in_client_python "$work/passwords" "$@" <<'PYTHON'
import imaplib
import sys

with open(sys.argv[1]) as file:
    people = [line.strip().split(":{PLAIN}") for line in file]
for name, password in people:
    with imaplib.IMAP4("192.0.2.25") as client:
        client.login(name, password)
        for path in sys.argv[2:]:
            with open(path, "rb") as file:
                client.append("INBOX", None, None, file.read().replace(b"\n", b"\r\n"))
PYTHON
}

# start_mailutils PROTOCOL...: of imap and pop3. For GNU Mailutils the people are users of the system, with passwords in an
# /etc/shadow of its own; CRAM-MD5 and SCRAM look into a file of their own.
start_mailutils() {
    local protocol dir=$work/mailutils
    mkdir -p "$dir/spool"
    chmod 1777 "$dir/spool"
    sed 's/:{PLAIN}/\t/' "$work/passwords" >"$dir/cram"
    while read -r name password; do
        printf '%s:%s:20000:0:99999:7:::\n' "$name" "$(openssl passwd -6 "$password")"
    done <"$dir/cram" >"$dir/shadow"
    export dir users="mail $(cut -f1 "$dir/cram" | tr '\n' ' ')"
    for protocol; do
        {
            printf '%s\n' 'auth { authentication "system"; authorization "system"; };' "mailbox { mail-spool \"$dir/spool\"; };" \
                "mode daemon;" "foreground yes;" "pidfile \"$dir/$protocol.pid\";" "logging { syslog no; };" \
                "server 192.0.2.25:$(port_of $protocol) { tls-mode false; };"
            [ $protocol = pop3 ] ||
                echo "gsasl { cram-passwd \"$dir/cram\"; service imap; realm example.org; hostname mx.example.org; };"
        } >"$dir/$protocol.conf"
        serve bash -c 'mount --bind "$dir/shadow" /etc/shadow; with_users "$users" "$@"' mailutils \
            "$(mailutils_program $protocol)" --config-file "$dir/$protocol.conf"
        wait_for_port 192.0.2.25 "$(port_of $protocol)"
    done
}
mailutils_program() {
    case $1 in
    imap) echo /usr/sbin/imap4d ;;
    pop3) echo /usr/sbin/pop3d ;;
    esac
}

# mailutils_mail NAME FILE: a mail that was there before, in an mbox that belongs to its user.
mailutils_mail() {
    local mailbox=$work/mailutils/spool/$1@example.org number
    { echo "From news@example.net Tue Nov 24 10:00:00 2026"; cat "$2"; echo; } >>"$mailbox"
    # with_users counts from 64001, which is "mail".
    number=$(cut -f1 "$work/mailutils/cram" | grep -n "^$1@" | cut -d: -f1)
    chown $((64001 + number)) "$mailbox"
}
