# What is kept of a scenario: the capture, one line about it, its secrets. Sourced by record.

# secret WORD: a password that no other scenario uses, the same at each recording, listed in secrets.txt.
secret() {
    local word
    word=$(printf '%s-%s-%04d' "$1" "$scenario" $(($(printf '%s' "$1 $scenario" | cksum | cut -d' ' -f1) % 10000)))
    known_secret "$word"
    printf '%s' "$word"
}
known_secret() { printf '%s\n' "$1" >>"$work/secrets"; }

version_of() {
    case $1 in
    postfix) echo "Postfix $(postconf -d -h mail_version)" ;;
    swaks) swaks --version | awk 'NR==1 {print "swaks", $3}' ;;
    curl) curl --version | awk 'NR==1 {print "curl", $2}' ;;
    smtplib | imaplib | poplib) echo "$(version_of python) $1" ;;
    python) /usr/bin/python3 -c 'import platform; print("Python", platform.python_version())' ;;
    exim) echo "Exim $(dpkg-deb -f "$unpacked"/exim4-daemon-heavy/*.deb Version)" ;;
    leafnode) echo "Leafnode $(dpkg-deb -f "$unpacked"/leafnode/*.deb Version)" ;;
    opensmtpd) echo "OpenSMTPD $(dpkg-deb -f "$unpacked"/opensmtpd/*.deb Version)" ;;
    cyrus) echo "Cyrus IMAP $(dpkg-deb -f "$unpacked"/cyrus-common/*.deb Version)" ;;
    imapflow) echo "imapflow $(sed -n 's/^ *"version": "\(.*\)".*/\1/p' "$unpacked/imapflow/node_modules/imapflow/package.json")" ;;
    gsasl) gsasl --version | awk 'NR==1 {print "GNU SASL", $NF}' ;;
    *) dpkg-query -W -f='${Package} ${Version}' "$1" ;;
    esac
}

# Every connection must end inside the capture, unless the scenario means it otherwise ($unfinished).
check_ended() {
    local open
    open=$(tshark -r "$capture" -T fields -e tcp.stream -e tcp.flags.fin -e tcp.flags.reset tcp 2>/dev/null |
        awk '{seen[$1] = 1; if ($2 == 1 || $3 == 1) ended[$1] = 1} END {for (s in seen) if (!ended[s]) print s}')
    [ -z "$open" ] || fail "connections without an end in the capture: $open"
}

keep_capture() {
    local tool versions=""
    [ -s "$capture" ] || fail "$scenario recorded nothing"
    [ -n "${unfinished:-}" ] || check_ended
    [ "$(stat -c %s "$capture")" -lt 102400 ] || fail "$scenario: the capture is larger than 100 kB"
    for tool in $made_with; do versions="$versions, $(version_of "$tool")"; done
    cp "$capture" "$out/"
    printf '%s; %s; recorded %s\n' "$about" "${versions#, }" "$(date -u +%F)" >"$out/$scenario.about"
    keep_secrets
    echo "recorded $scenario: $(stat -c %s "$capture") bytes"
}

# Puts the scenario's secrets in place of its former ones.
keep_secrets() {
    local list=$out/secrets.txt
    [ -f "$work/secrets" ] || return 0
    [ -f "$list" ] || echo "# Every secret that the recordings hold, by scenario; written by tests/lab/record." >"$list"
    {
        awk -v own="$scenario" '/^#/ {name = $2; next} NF && name != own {print name, $0}' "$list"
        sed "s/^/$scenario /" "$work/secrets"
    } | sort -u | awk -v head="$(head -1 "$list")" 'NR == 1 {print head} $1 != last {print "# " $1; last = $1} {print $2}' \
        >"$work/secrets.txt"
    cp "$work/secrets.txt" "$list"
}
