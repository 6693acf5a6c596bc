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

# A program on standard input; Debian's Python, whatever else the machine has.
in_client_python() { in_client /usr/bin/python3 - "$@" 2>&1 | tee -a "$work/python.log" >&2; }

# The right passwords of the scenario, and a wrong one of carol's.
people() {
    alice_password=$(secret Kiwi-Harbour)
    bob_password=$(secret Mango-Station)
    carol_password=$(secret Peach-Lantern)
    alice="--auth-user alice@example.org --auth-password $alice_password"
    bob="--auth-user bob@example.org --auth-password $bob_password"
    carol="--auth-user carol@example.org --auth-password $carol_password"
}

# carol_mistakes FRUIT: options for a login with a wrong password that is used nowhere else.
carol_mistakes() { printf -- '--auth-user carol@example.org --auth-password %s' "$(secret "$1-Mistake")"; }
