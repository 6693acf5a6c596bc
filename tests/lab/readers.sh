# The programs with which people read their mail, and a mail to read. Sourced by record.

# quoting_mail PASSWORD: a mail that quotes dialogues of IMAP, POP3, SMTP and ManageSieve, in which eve@example.com logs in. The
# tags are those of the clients made by hand; some lines look like literals, some like the end of a text.
quoting_mail() {
    local plain
    plain=$(printf '\0eve@example.com\0%s' "$1" | base64 -w0)
    cat <<MAIL
From: alice@example.org
To: bob@example.org
Subject: logs

* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready
a1 LOGIN eve@example.com $1
a1 OK Logged in
a2 AUTHENTICATE PLAIN $plain
a2 NO [AUTHENTICATIONFAILED] failed
a3 LOGIN {15}
+ OK
eve@example.com {${#1}+}
$1
* BYE out
a4 OK Logout completed.
+OK ready <1.2@example.com>
USER eve@example.com
+OK
PASS $1
-ERR [AUTH] no
.
..two dots
. a dot and a space
+OK Logged in.
APOP eve@example.com c4c9334bac560ecc979e58001b3e22fb
220 mx.example.com ESMTP
EHLO pc.example.com
250 AUTH PLAIN
AUTH PLAIN $plain
235 2.7.0 Authentication successful
354 go
"SASL" "PLAIN"
OK "ready"
AUTHENTICATE "PLAIN" "$plain"
OK "Logged in."
a5 FETCH 1 BODY[] {4096}
MAIL
}

# curl_reads NAME PASSWORD URL [OPTION...]
curl_reads() {
    local who=$1@example.org:$2 url=$3
    shift 3
    attempt curl -s -u "$who" "$@" "$url"
}

# mutt_reads URL PASSWORD [COMMAND...]: opens a mailbox, shows its first mail, leaves. mutt wants a terminal: script is one.
mutt_reads() {
    local url=$1 password=$2 commands
    shift 2
    printf '%s\n' "set ssl_starttls = no" "set ssl_force_tls = no" "set pager = builtin" "set wait_key = no" \
        "set mail_check = 600" "set pop_delete = no" "set quit = yes" "set move = no" \
        "set folder = $work" >"$work/muttrc"
    commands=$(printf ' -e %q' "set imap_pass = $password" "set pop_pass = $password" "$@" \
        'push <display-message><exit><exit>')
    attempt timeout 20 script -qec "TERM=xterm mutt -n -F $work/muttrc$commands -f $url" /dev/null
}

# fetchmail_reads PROTOCOL NAME PASSWORD [OPTION...]: what comes goes nowhere.
fetchmail_reads() {
    printf 'poll 192.0.2.25 protocol %s user "%s@example.org" password "%s"\n' "$1" "$2" "$3" >"$work/fetchmailrc"
    chmod 600 "$work/fetchmailrc"
    shift 3
    attempt fetchmail -f "$work/fetchmailrc" --pidfile "$work/fetchmail.pid" --idfile "$work/fetchmail.ids" --keep --all \
        --sslproto "" --mda "cat" -v "$@"
}

# mbsync_reads NAME PASSWORD [LINE...]: LINE is one of the account's settings.
mbsync_reads() {
    local name=$1 password=$2
    shift 2
    mkdir -p "$work/synced/$name"
    printf '%s\n' "IMAPAccount lab" "Host 192.0.2.25" "User $name@example.org" "Pass $password" "SSLType None" "$@" "" \
        "IMAPStore far" "Account lab" "" "MaildirStore near" "Path $work/synced/$name/" "Inbox $work/synced/$name/INBOX" "" \
        "Channel all" "Far :far:" "Near :near:" "Create Near" "SyncState *" >"$work/mbsyncrc"
    attempt mbsync -c "$work/mbsyncrc" all
}

# mpop_reads NAME PASSWORD [OPTION...]
mpop_reads() {
    printf '%s\n' "account default" "host 192.0.2.25" "user $1@example.org" "password $2" "uidls_file $work/mpop.uidls" \
        "keep on" "delivery mbox $work/mpop.mbox" >"$work/mpoprc"
    chmod 600 "$work/mpoprc"
    shift 2
    attempt mpop -C "$work/mpoprc" "$@"
}
