# msmtp as the client: it pipelines after AUTH where it can.
about="msmtp: AUTH PLAIN and AUTH LOGIN in clear, mails with two recipients"
made_with="postfix dovecot-core msmtp"
people alice bob
start_users
start_submission
# send USER MECHANISM PASSWORD: the password comes from a command, so it is in no list of processes.
send() {
    printf 'Subject: from msmtp\n\n.one dot\ntext\n' | in_client msmtp --file=/dev/null --host=192.0.2.25 --port=587 \
        --domain=pc.example.net --auth="$2" --user="$1@example.org" --passwordeval="echo $3" --tls=off --from="$1@example.org" \
        bob@example.org carol@example.org 2>>"$work/msmtp.log" || true
}
capture_start pcap
send alice plain "$alice_password"
send bob login "$bob_password"
capture_stop
