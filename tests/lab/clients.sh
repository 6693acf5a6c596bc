# The clients, and who the people are. Sourced by record.

# mail CLIENT-ADDRESS SERVER:PORT [SWAKS OPTION...]: what the server refuses is part of the scenario, not a failure.
mail() {
    local from=$1 server=$2
    shift 2
    in_client swaks --local-interface "$from" --server "$server" --ehlo "pc-${from##*[.:]}.example.net" --timeout 20 \
        --from alice@example.org --to bob@example.org --header "Subject: hello" --body "A short text." \
        --header "Date: Tue, 24 Nov 2026 10:00:00 +0000" "$@" >>"$work/swaks.log" 2>&1 || true
}

# curl_mail [CURL OPTION...]: sends $work/mail.txt.
curl_mail() {
    in_client curl -s --mail-from alice@example.org --mail-rcpt bob@example.org -T "$work/mail.txt" "$@" \
        2>>"$work/curl.log" || true
}

# A program on standard input; Debian's Python, whatever else the machine has. It may import talk.py.
in_client_python() {
    in_client env PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - "$@" 2>&1 | tee -a "$work/python.log" >&2
}

# attempt COMMAND...: on the client's side, with a home of its own; a refusal is part of the scenario, not a failure.
attempt() { in_client env HOME="$work" "$@" >>"$work/attempt.log" 2>&1 </dev/null || true; }

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

# people NAME...: who has a password in this scenario, of alice, bob and carol. $alice is then what swaks needs to log in,
# $alice_password the password alone.
people() {
    local name word
    for name; do
        case $name in
        alice) word=$(secret Kiwi-Harbour) ;;
        bob) word=$(secret Mango-Station) ;;
        carol) word=$(secret Peach-Lantern) ;;
        esac
        printf -v "${name}_password" %s "$word"
        printf -v "$name" -- '--auth-user %s@example.org --auth-password %s' "$name" "$word"
        printf '%s@example.org:{PLAIN}%s\n' "$name" "$word" >>"$work/passwords"
    done
}

# carol_mistakes FRUIT: options for a login with a wrong password that is used nowhere else.
carol_mistakes() { printf -- '--auth-user carol@example.org --auth-password %s' "$(secret "$1-Mistake")"; }
