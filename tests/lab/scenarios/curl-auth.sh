# curl logs in without TLS: PLAIN and LOGIN, with and without initial response, right and wrong.
about="curl: AUTH PLAIN and LOGIN, with and without an initial response, right and wrong passwords, a message"
start_submission
printf 'Subject: from curl\r\n\r\n.one dot\r\ntext\r\n' >"$work/mail.txt"
send() {
    in_client curl -s "smtp://192.0.2.25:587/pc.example.net" --mail-from alice@example.org --mail-rcpt bob@example.org \
        -T "$work/mail.txt" "$@" || true
}
capture_start "$out/curl-auth.pcap"
send --login-options AUTH=PLAIN -u 'alice@example.org:Kiwi-Harbour-Alice-7141'
send --login-options AUTH=PLAIN --sasl-ir -u 'alice@example.org:Kiwi-Harbour-Alice-7141'
send --login-options AUTH=LOGIN -u 'bob@example.org:Mango-Station-Bob-2290'
send --login-options AUTH=LOGIN --sasl-ir -u 'bob@example.org:Mango-Station-Bob-2290'
send --login-options AUTH=PLAIN --sasl-ir -u 'carol@example.org:Grape-Mistake-Carol-4417'
capture_stop
