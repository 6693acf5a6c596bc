# Exim sends to Postfix by BDAT, a larger mail in several chunks. The first mail is accepted; of the second a chunk is refused, as it
# is too large by then; the third has no recipient left; the fourth is refused for its sender's sake. The text of a refused chunk
# crosses the wire all the same, here with a login quoted in it.
# An analyst should see: one mail delivered, three refused, and no login.
about="Exim to Postfix by BDAT: several chunks, refused for size, for want of recipients and for the sender; a quoted login"
made_with="exim postfix"
printf '%s\n' "message_size_limit = 15000" "smtpd_discard_ehlo_keywords = size" \
    "smtpd_data_restrictions = check_sender_access inline:{{mallory@example.net = 554 5.7.1 not from you}}" \
    -- "25 inet n - n - - smtpd" | postfix_start chunks
wait_for_port 192.0.2.25 25
exim_sender client </dev/null
quoted=$(printf '\0eve@example.com\0%s' "$(secret Fig-Quoted)" | base64 -w0)
# send TIMES FROM TO...: a mail that quotes the login so many times.
send() {
    local times=$1
    shift
    {
        printf 'Subject: %s times\n\n' "$times"
        for _ in $(seq "$times"); do printf 'AUTH PLAIN %s\n250 2.0.0 ok\n' "$quoted"; done
    } | with_exim client -odi -oi -f "$@" || true
}
capture_start pcap
send 100 news@example.net bob@example.org nobody@example.org
send 180 news@example.net bob@example.org
send 2 news@example.net nobody@example.org
send 2 mallory@example.net bob@example.org
capture_stop
