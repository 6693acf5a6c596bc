# The same five mails twice, first one command at a time, then pipelined: a recipient refused, all recipients refused, DATA refused
# for the sender's sake, the text refused for its size, and one that goes through after a login.
# An analyst should see: the same both times, but that DATA comes after refused recipients only when it is pipelined.
about="swaks without and with pipelining: refused recipients, refused DATA, a refused text, a login and a mail"
made_with="postfix dovecot-core swaks"
people alice
start_users
start_submission 587 "message_size_limit = 2000" "smtpd_discard_ehlo_keywords = size" \
    "smtpd_data_restrictions = check_sender_access inline:{{mallory@example.net = 554 5.7.1 not from you}}"
long=$(printf 'A long text. %.0s' $(seq 160))
capture_start pcap
for how in "" --pipeline; do
    mail 192.0.2.10 192.0.2.25:587 $how --to bob@example.org,nobody@example.org
    mail 192.0.2.10 192.0.2.25:587 $how --to nobody@example.org
    mail 192.0.2.11 192.0.2.25:587 $how --from mallory@example.net
    mail 192.0.2.11 192.0.2.25:587 $how --body "$long"
    mail 192.0.2.12 192.0.2.25:587 $how --auth PLAIN $alice --to bob@example.org,carol@example.org
done
capture_stop
