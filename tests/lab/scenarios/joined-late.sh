# The capture begins in the middle of a session, after EHLO: no SYN, no banner, no offers. The login is still to be seen.
about="the capture begins after EHLO: AUTH PLAIN accepted, a mail, the end"
made_with="postfix dovecot-core smtplib"
people alice
start_users
start_submission
mkfifo "$work/go" "$work/there"
exec 4<>"$work/go" 5<>"$work/there"
in_client_python "$alice_password" "$work" <<'PYTHON' &
import smtplib
import sys

with smtplib.SMTP("192.0.2.25", 587, local_hostname="pc.example.net") as client:
    client.ehlo()
    with open(sys.argv[2] + "/there", "w") as there:
        there.write("there\n")
    with open(sys.argv[2] + "/go") as go:
        go.readline()
    client.login("alice@example.org", sys.argv[1])
    client.sendmail("alice@example.org", ["bob@example.org"], "Subject: late\n\ntext\n")
PYTHON
client_pid=$!
read -r -t 20 _ <&5 || fail "the client did not connect"
joins_late=yes
capture_start pcap
echo go >&4
wait "$client_pid"
capture_stop
