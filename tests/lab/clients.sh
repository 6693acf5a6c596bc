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

# guesses COUNT: so many wrong passwords that are used nowhere else.
guesses() {
    local number
    for number in $(seq "$1"); do printf '%s ' "$(secret "Guess-$number")"; done
}

# guess_imap NAME PASSWORD...: one connection each, with LOGIN; a program that guesses does not say LOGOUT either.
guess_imap() {
    in_client_python "$@" <<'PYTHON'
import imaplib
import sys

for password in sys.argv[2:]:
    client = imaplib.IMAP4("192.0.2.25", 143)
    try:
        client.login(f"{sys.argv[1]}@example.org", password)
    except imaplib.IMAP4.error:
        pass
    client.shutdown()
PYTHON
}
